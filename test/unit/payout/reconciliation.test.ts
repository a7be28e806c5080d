import fc from 'fast-check';
import {
  afterProviderMidnight,
  holdMs,
  nextDay,
  providerDay,
  startOfProviderDay,
} from '../../../src/domain/payout/asking';
import {
  type BilledRow,
  compareBill,
  type OurPayout,
} from '../../../src/domain/payout/reconciliation';

const payout = (n: number, more: Partial<OurPayout> = {}): OurPayout => ({
  id: `pyt_${n}`,
  channelNumber: `N${n}`,
  amount: 1000n,
  status: 'paid',
  ...more,
});
const row = (n: number, more: Partial<BilledRow> = {}): BilledRow => ({
  channelNumber: `N${n}`,
  amount: 1000n,
  kind: 'paid',
  ...more,
});
const byNumber = (...payouts: OurPayout[]) =>
  new Map(payouts.map((each) => [each.channelNumber, each]));
const nothing = { paid: [], returned: [] };

describe('a bill beside our books', () => {
  test.each<[string, BilledRow[], OurPayout[], OurPayout[], string[]]>([
    [
      'the same on both sides',
      [row(1), row(2)],
      [payout(1), payout(2)],
      [payout(1), payout(2)],
      [],
    ],
    ['nothing on both sides', [], [], [], []],
    ['missing from the bill', [row(1)], [payout(1)], [payout(1), payout(2)], ['missing N2']],
    ['a transfer that was never ours', [row(1), row(9)], [payout(1)], [], ['extra N9']],
    ['a fen too much', [row(1, { amount: 1001n })], [payout(1)], [payout(1)], ['amount N1']],
    ['a fen too little', [row(1, { amount: 999n })], [payout(1)], [payout(1)], ['amount N1']],
    ['twice in the bill', [row(1), row(1), row(1)], [payout(1)], [], ['duplicate N1']],
    ['paid there, failed here', [row(1)], [payout(1, { status: 'failed' })], [], ['status N1']],
    ['paid there, unknown here', [row(1)], [payout(1, { status: 'unknown' })], [], ['status N1']],
    [
      'paid and returned',
      [row(1), row(1, { kind: 'returned' })],
      [payout(1, { status: 'returned' })],
      [],
      [],
    ],
    ['returned there, paid here', [row(1, { kind: 'returned' })], [payout(1)], [], ['status N1']],
  ])('%s', (_, bill, ours, due, expected) => {
    const { differences, matched, rows } = compareBill(bill, byNumber(...ours), {
      paid: due,
      returned: [],
    });
    expect(differences.map(({ why, channelNumber }) => `${why} ${channelNumber}`)).toEqual(
      expected,
    );
    expect(rows).toBe(bill.length);
    expect(matched).toBeLessThanOrEqual(rows);
  });

  test('a return that no bill names is missing, though its payment was billed', () => {
    const returned = payout(1, { status: 'returned' });
    const due = { paid: [returned], returned: [returned] };
    const { differences } = compareBill([row(1)], byNumber(returned), due);
    expect(differences).toMatchObject([{ why: 'missing', kind: 'returned', theirAmount: null }]);
  });

  const bills = fc.array(
    fc.record({
      channelNumber: fc.integer({ min: 1, max: 8 }).map((n) => `N${n}`),
      amount: fc.constantFrom(999n, 1000n),
      kind: fc.constantFrom('paid' as const, 'returned' as const),
    }),
    { maxLength: 20 },
  );

  test('whatever the order of the rows, what matches and what is strange is the same', () => {
    const ours = byNumber(payout(1), payout(2), payout(3, { status: 'returned' }));
    fc.assert(
      fc.property(bills, (bill) => {
        const unique = [...new Map(bill.map((r) => [`${r.kind}${r.channelNumber}`, r])).values()];
        const keys = (rows: BilledRow[]) =>
          compareBill(rows, ours, nothing)
            .differences.map(({ why, kind, channelNumber }) => `${why} ${kind} ${channelNumber}`)
            .sort();
        expect(keys([...unique].reverse())).toEqual(keys(unique));
      }),
    );
  });

  test('every row either matches or is a difference', () => {
    const ours = byNumber(payout(1), payout(2));
    fc.assert(
      fc.property(bills, (bill) => {
        const { matched, differences } = compareBill(bill, ours, nothing);
        if (differences.length === 0) expect(matched).toBe(bill.length);
        else expect(matched).toBeLessThan(bill.length);
      }),
    );
  });
});

describe("the provider's calendar", () => {
  test.each([
    ['2026-11-02T15:59:59.999Z', '2026-11-02'],
    ['2026-11-02T16:00:00Z', '2026-11-03'],
    ['2026-12-31T16:00:00Z', '2027-01-01'],
    ['2028-02-28T16:00:00Z', '2028-02-29'],
  ])('%s is %s', (moment, day) => {
    expect(providerDay(new Date(moment))).toBe(day);
    expect(startOfProviderDay(day).getTime()).toBeLessThanOrEqual(Date.parse(moment));
    expect(startOfProviderDay(nextDay(day)).getTime()).toBeGreaterThan(Date.parse(moment));
  });

  test('a used-up limit has room five minutes after midnight in China', () => {
    const now = new Date('2026-11-02T15:59:00Z');
    expect(afterProviderMidnight(now)).toEqual(new Date('2026-11-02T16:05:00Z'));
    expect(afterProviderMidnight(new Date('2026-11-02T16:00:00Z'))).toEqual(
      new Date('2026-11-03T16:05:00Z'),
    );
  });
});

describe('how long a channel is held', () => {
  test.each([
    ['balance_short', 0, 5_000],
    ['balance_short', 40_000, 40_000],
    ['balance_short', 3_600_000, 600_000],
    ['throttled', 0, 1_000],
    ['throttled', 3_600_000, 60_000],
    ['setup', 0, 15_000],
  ] as const)('%s after %d ms: %d ms', (cause, held, expected) => {
    expect(holdMs(cause, held)).toBe(expected);
  });
});
