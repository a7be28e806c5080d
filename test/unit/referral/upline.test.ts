import {
  type DistributorHistory,
  pathAtMost,
  type PathRules,
  type StandingSpan,
  standingAt,
  uplineAt,
} from '../../../src/domain/referral/upline';

const start = new Date('2026-01-01T00:00:00Z');
const at = new Date('2026-02-01T00:00:00Z');

const standing = (change: Partial<StandingSpan> = {}): StandingSpan => ({
  validFrom: start,
  validTo: null,
  status: 'active',
  tier: 'bronze',
  sponsorId: null,
  ...change,
});

const person = (
  distributorId: string,
  standings: StandingSpan[],
  customerExternalId: string | null = null,
): [string, DistributorHistory] => [
  distributorId,
  { distributorId, customerExternalId, standings },
];

const chain = (...ids: string[]) =>
  ids.map((id, index) => person(id, [standing({ sponsorId: ids[index + 1] ?? null })]));

const rules = (change: Partial<PathRules> = {}): PathRules => ({
  levels: 2,
  onIneligible: 'skip',
  selfPurchase: 'deny',
  ...change,
});

const from = { distributorId: 'a', at, customerExternalId: 'u-1' };
const idsOf = (result: ReturnType<typeof uplineAt>) =>
  'members' in result ? result.members.map(({ distributorId }) => distributorId) : result;

describe('a standing', () => {
  const [, two] = person('a', [
    standing({ validTo: at, status: 'applied' }),
    standing({ validFrom: at, validTo: at, status: 'under_review' }),
    standing({ validFrom: at }),
  ]);

  test.each([
    ['before the first', new Date('2025-12-31T23:59:59Z'), undefined],
    ['until just before its end', new Date(at.getTime() - 1), 'applied'],
    ['from its first moment, and never one without length', at, 'active'],
  ])('holds %s', (_, moment, status) => {
    expect(standingAt(two, moment)?.status).toBe(status);
  });
});

describe('the upline path', () => {
  test('has one member per level', () => {
    expect(idsOf(uplineAt(new Map(chain('a', 'b', 'c')), from, rules()))).toEqual(['a', 'b']);
  });

  test('says whose history is missing', () => {
    const histories = new Map(chain('a', 'b', 'c').slice(0, 1));
    expect(uplineAt(histories, from, rules())).toEqual({ missing: 'b' });
  });

  test('under compress goes on until as many can earn as there are levels', () => {
    const histories = new Map([
      person('a', [standing({ sponsorId: 'b' })], 'u-1'), // the buyer
      person('b', [standing({ sponsorId: 'c', status: 'evicted' })]),
      person('c', [standing({ sponsorId: 'd' })]),
      person('d', [standing({ sponsorId: 'e' })]),
      person('e', [standing()]),
    ]);
    const compress = rules({ onIneligible: 'compress' });
    expect(idsOf(uplineAt(histories, from, compress))).toEqual(['a', 'b', 'c', 'd']);
    const allow = rules({ onIneligible: 'compress', selfPurchase: 'allow' });
    expect(idsOf(uplineAt(histories, from, allow))).toEqual(['a', 'b', 'c']);
  });

  test('keeps a sponsor who joined later as one who does not earn', () => {
    const late = standing({ validFrom: new Date('2026-03-01T00:00:00Z') });
    const histories = new Map([person('a', [standing({ sponsorId: 'b' })]), person('b', [late])]);
    expect(uplineAt(histories, from, rules())).toMatchObject({
      members: [{ earns: true }, { distributorId: 'b', earns: false, status: 'not_joined' }],
    });
  });

  test('ends, whatever the data say', () => {
    const circle = new Map([
      person('a', [standing({ sponsorId: 'b', status: 'evicted' })]),
      person('b', [standing({ sponsorId: 'a', status: 'evicted' })]),
    ]);
    const result = uplineAt(circle, from, rules({ onIneligible: 'compress' }));
    expect(idsOf(result)).toHaveLength(pathAtMost);
  });
});
