import { maskCustomer, maySeeTeam, privilegesOf } from '../../../src/domain/distributor/privilege';

test('where a tier says nothing, people stay hidden, money has no limit, tools are there', () => {
  const silent = {
    teamView: 'none',
    customerDetails: 'masked',
    withdrawalPerDayAmount: null,
    withdrawalPerTransferAmount: null,
    materials: true,
    campaigns: true,
    ownLinks: true,
  };
  expect(privilegesOf({ privileges: {} })).toEqual(silent);
  expect(privilegesOf(undefined)).toEqual(silent);
});

test('what a tier says holds', () => {
  const said = {
    teamView: 'all',
    customerDetails: 'full',
    withdrawalPerDayAmount: 0,
    withdrawalPerTransferAmount: 5,
    materials: false,
    campaigns: false,
    ownLinks: false,
  } as const;
  expect(privilegesOf({ privileges: said })).toEqual(said);
});

test.each([
  ['none', [false, false]],
  ['directs', [true, false]],
  ['all', [true, true]],
] as const)('team view %s: one level, and two', (teamView, expected) => {
  const granted = privilegesOf({ privileges: { teamView } });
  expect([1, 2].map((depth) => maySeeTeam(granted, depth))).toEqual(expected);
});

test.each([
  ['u-1', '***'],
  ['u-88', 'u***8'],
  ['13800138000', '13***00'],
  ['茶客一二三', '茶***三'],
])('a customer %s is shown as %s', (id, masked) => {
  expect(maskCustomer(id)).toBe(masked);
});
