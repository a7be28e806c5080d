import fc from 'fast-check';
import {
  type BonusSales,
  bonusAfterRefund,
  bonusAmount,
  type BroughtOrder,
  firstKept,
  type InvitationBonus,
  noSales,
  rolesOf,
  salesShares,
  withinMaximum,
} from '../../../src/domain/commission/bonus';
import type { Bonus } from '../../../src/domain/commission/plan';
import { monthAfter, monthOf, monthSpan } from '../../../src/domain/kernel/period';

const sales = (more: Partial<BonusSales>): BonusSales => ({ ...noSales, ...more });

const invitation: InvitationBonus = {
  id: 'invite',
  kind: 'invitation',
  amount: 2000,
  onFirstOrderOfAtLeastAmount: 10_000,
};
const team = { id: 'team', kind: 'team' as const, bps: 150, depth: 1 };
const steps = {
  id: 'break',
  kind: 'breakthrough' as const,
  steps: [
    { ownSalesAtLeastAmount: 1000, amount: 10 },
    { ownSalesAtLeastAmount: 2000, amount: 30 },
    { ownSalesAtLeastAmount: 1000, amount: 5 },
    { ownSalesAtLeastAmount: 0, amount: 7 },
  ],
};

describe('a bonus on sales', () => {
  test.each<[string, Bonus, string, Partial<BonusSales>, bigint]>([
    ['invitation: the amount remains', invitation, 'd', { first: 10_000n }, 2000n],
    ['invitation: a fen less remains', invitation, 'd', { first: 9999n }, 0n],
    [
      'invitation: a head without a sale',
      { ...invitation, onFirstOrderOfAtLeastAmount: 0 },
      'd',
      {},
      0n,
    ],
    ['team: rounded down', team, '', { team: 999n }, 14n],
    ['team: nothing sold', team, '', { own: 5000n }, 0n],
    [
      'team: own sales reached',
      { ...team, ownSalesAtLeastAmount: 500 },
      '',
      { own: 500n, team: 10_000n },
      150n,
    ],
    [
      'team: own sales missed',
      { ...team, ownSalesAtLeastAmount: 500 },
      '',
      { own: 499n, team: 10_000n },
      0n,
    ],
    ['team: at its maximum', { ...team, maxAmount: 100 }, '', { team: 10_000n }, 100n],
    ['breakthrough: the mark passed', steps, '2000', { own: 2000n }, 30n],
    ['breakthrough: the mark missed', steps, '2000', { own: 1999n }, 0n],
    ['breakthrough: two steps of one mark', steps, '1000', { own: 1000n }, 15n],
    ['breakthrough: a mark of 0 needs a sale', steps, '0', { own: 0n }, 0n],
  ])('%s', (_, bonus, key, sold, expected) => {
    expect(bonusAmount(bonus, 'floor', key, sales(sold))).toBe(expected);
  });

  test('of a team is rounded as the plan says', () => {
    expect(bonusAmount(team, 'halfUp', '', sales({ team: 999n }))).toBe(15n);
  });

  test('an invitation that was taken back stays so; other bonuses come back', () => {
    const facts = { bonus: invitation, rounding: 'floor' as const };
    const left = sales({ first: 10_000n, team: 10_000n });
    expect(bonusAfterRefund(facts, { bonusKey: 'd', amount: 2000n }, left)).toBe(2000n);
    expect(bonusAfterRefund(facts, { bonusKey: 'd', amount: 0n }, left)).toBe(0n);
    const before = { bonusKey: '', amount: 0n };
    expect(bonusAfterRefund({ ...facts, bonus: team }, before, left)).toBe(150n);
  });

  test('makes one commission per mark that was passed', () => {
    expect(salesShares(steps, 'floor', sales({ own: 1500n }))).toEqual([
      { key: '1000', baseAmount: 1500n, amount: 15n },
      { key: '0', baseAmount: 1500n, amount: 7n },
    ]);
    expect(salesShares(team, 'floor', sales({ team: 66n }))).toEqual([]);
  });

  test('keeps own sales behind a team bonus only where it asks for them', () => {
    expect(rolesOf(team)).toEqual(['team']);
    expect(rolesOf({ ...team, ownSalesAtLeastAmount: 1 })).toEqual(['own', 'team']);
  });
});

describe('laws of bonuses', () => {
  const amount = fc.nat(1_000_000_000);
  const optional = fc.option(amount, { nil: undefined });
  const anyBonus: fc.Arbitrary<{ bonus: Bonus; key: string }> = fc.oneof(
    fc.record({ amount, onFirstOrderOfAtLeastAmount: amount }).map((bonus) => ({
      bonus: { id: 'b', kind: 'invitation' as const, ...bonus },
      key: 'd',
    })),
    fc
      .record({
        bps: fc.nat(10_000),
        depth: fc.constant(1),
        ownSalesAtLeastAmount: optional,
        maxAmount: optional,
      })
      .map(({ ownSalesAtLeastAmount: own, maxAmount, ...bonus }) => ({
        bonus: {
          id: 'b',
          kind: 'team' as const,
          ...bonus,
          ...(own === undefined ? {} : { ownSalesAtLeastAmount: own }),
          ...(maxAmount === undefined ? {} : { maxAmount }),
        },
        key: '',
      })),
    fc
      .array(fc.record({ ownSalesAtLeastAmount: amount, amount }), { minLength: 1, maxLength: 5 })
      .map((marks) => ({
        bonus: { id: 'b', kind: 'breakthrough' as const, steps: marks },
        key: String(marks[0]!.ownSalesAtLeastAmount),
      })),
  );
  const anySales = fc.record({
    first: fc.bigInt(0n, 10n ** 12n),
    own: fc.bigInt(0n, 10n ** 12n),
    team: fc.bigInt(0n, 10n ** 12n),
  });
  const rounding = fc.constantFrom('floor' as const, 'halfUp' as const);

  test('never below 0, never above the maximum, and nothing when all is refunded', () => {
    fc.assert(
      fc.property(anyBonus, anySales, rounding, ({ bonus, key }, sold, mode) => {
        const paid = bonusAmount(bonus, mode, key, sold);
        expect(paid >= 0n).toBe(true);
        if (bonus.kind === 'team' && bonus.maxAmount !== undefined) {
          expect(paid <= BigInt(bonus.maxAmount)).toBe(true);
        }
        expect(bonusAmount(bonus, mode, key, noSales)).toBe(0n);
      }),
    );
  });

  test('more sales never pay less', () => {
    fc.assert(
      fc.property(anyBonus, anySales, anySales, rounding, ({ bonus, key }, sold, more, mode) => {
        const together = {
          first: sold.first + more.first,
          own: sold.own + more.own,
          team: sold.team + more.team,
        };
        const less = bonusAmount(bonus, mode, key, sold);
        expect(bonusAmount(bonus, mode, key, together) >= less).toBe(true);
      }),
    );
  });
});

describe('the first order kept past its hold', () => {
  const period = { from: new Date('2026-02-01'), to: new Date('2026-03-01') };
  const brought = (orderId: string, more: Partial<BroughtOrder> = {}): BroughtOrder => ({
    orderId,
    distributorId: 'invited',
    sponsorId: 'sponsor',
    paidAt: new Date('2026-02-02'),
    releaseAt: new Date('2026-02-09'),
    netAmount: 10_000n,
    selfPurchase: false,
    ...more,
  });
  const early = new Date('2026-01-20');
  test.each<[string, BroughtOrder[], string | undefined]>([
    ['the first of two', [brought('a'), brought('b')], 'a'],
    ['not one that was refunded', [brought('a', { netAmount: 9999n }), brought('b')], 'b'],
    ['not one whose hold stands still', [brought('a', { releaseAt: null }), brought('b')], 'b'],
    [
      'not one whose hold ends with the period',
      [brought('a', { releaseAt: period.to })],
      undefined,
    ],
    ['one of an earlier period', [brought('a', { releaseAt: early }), brought('b')], 'a'],
    [
      'not one of an earlier period that was refunded since',
      [brought('a', { releaseAt: early, netAmount: 9999n }), brought('b')],
      'b',
    ],
  ])('is %s', (_, orders, expected) => {
    expect(firstKept(orders, invitation, period)?.orderId).toBe(expected);
  });

  test('counts towards the monthly maximum by the end of its hold', () => {
    const late = brought('a', { releaseAt: new Date('2026-02-20') });
    const soon = brought('b', { releaseAt: new Date('2026-02-10') });
    const tie = brought('c', { releaseAt: new Date('2026-02-20'), paidAt: new Date('2026-02-01') });
    const { paid, beyond } = withinMaximum({ ...invitation, maxPerMonth: 2 }, [late, soon, tie]);
    expect(paid.map(({ orderId }) => orderId)).toEqual(['b', 'c']);
    expect(beyond.map(({ orderId }) => orderId)).toEqual(['a']);
    expect(withinMaximum(invitation, [late, soon, tie]).beyond).toEqual([]);
  });
});

describe('a month', () => {
  test.each([
    ['2026-02', 'Asia/Shanghai', '2026-01-31T16:00:00.000Z', '2026-02-28T16:00:00.000Z'],
    ['2026-12', 'UTC', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2026-03', 'America/New_York', '2026-03-01T05:00:00.000Z', '2026-04-01T04:00:00.000Z'],
    ['2026-01', 'Pacific/Kiritimati', '2025-12-31T10:00:00.000Z', '2026-01-31T10:00:00.000Z'],
  ])('%s in %s', (month, zone, from, to) => {
    expect(monthSpan(month, zone)).toEqual({ from: new Date(from), to: new Date(to) });
  });

  test('every instant lies in the span of its month, and months follow each other', () => {
    const zone = fc.constantFrom('Asia/Shanghai', 'Asia/Kolkata', 'America/Havana', 'Africa/Cairo');
    const instant = fc.date({
      min: new Date('2000-01-01'),
      max: new Date('2040-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, zone, (moment, timeZone) => {
        const month = monthOf(moment, timeZone);
        const { from, to } = monthSpan(month, timeZone);
        expect(from <= moment && moment < to).toBe(true);
        expect(monthOf(to, timeZone)).toBe(monthAfter(month));
      }),
      { numRuns: 50 },
    );
  });
});
