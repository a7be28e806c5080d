import type { GapPolicy, MonthTotal } from '../../src/domain/tax/withhold';

export type SecondMethod = 'general' | 'platformCumulative';

/**
 * The tax of a period's total in exact integers of 1/100,000,000 fen, written apart from the code
 * under test: the announcement's formula, rounded half up once.
 */
export function taxOfTotal(method: SecondMethod, income: bigint, months: number): bigint {
  const general = income <= 400_000n ? (income - 80_000n) * 10_000n : income * 8_000n;
  const cumulative = income * 8_000n - BigInt(months) * 500_000n * 10_000n;
  const scaled = method === 'general' ? general : cumulative;
  if (scaled <= 0n) return 0n;
  const bands: [bigint, bigint, bigint][] =
    method === 'general'
      ? [
          [2_000_000n, 20n, 0n],
          [5_000_000n, 30n, 200_000n],
          [1n << 60n, 40n, 700_000n],
        ]
      : [
          [3_600_000n, 3n, 0n],
          [14_400_000n, 10n, 252_000n],
          [30_000_000n, 20n, 1_692_000n],
          [42_000_000n, 25n, 3_192_000n],
          [66_000_000n, 30n, 5_292_000n],
          [96_000_000n, 35n, 8_592_000n],
          [1n << 60n, 45n, 18_192_000n],
        ];
  const [, percent, quick] = bands.find(([upTo]) => scaled <= upTo * 10_000n)!;
  const exact = scaled * percent * 100n - quick * 100_000_000n;
  return (exact + 50_000_000n) / 100_000_000n;
}

/** Months are counted from January 2026; 13 is the January after it. */
export const monthText = (month: number) =>
  `${2026 + Math.floor((month - 1) / 12)}-${String(((month - 1) % 12) + 1).padStart(2, '0')}`;

/**
 * Income and consecutive months of the period that ends with a month, by the plain definition.
 * @param since the first month of the method, before which nothing counts
 */
export function periodOf(
  method: SecondMethod,
  gapPolicy: GapPolicy,
  history: readonly MonthTotal[],
  now: number,
  since = 1,
) {
  const incomeOf = (month: number) =>
    history
      .filter((row) => row.month === monthText(month))
      .reduce((sum, row) => sum + row.incomeAmount, 0n);
  const january = now - ((now - 1) % 12);
  const earliest = january > since ? january : since;
  let first = now;
  while (method !== 'general' && first > earliest && incomeOf(first - 1) > 0n) first -= 1;
  const from = method === 'platformCumulative' && gapPolicy === 'keepIncome' ? earliest : first;
  const rows = history.filter(({ month }) => month >= monthText(from) && month <= monthText(now));
  return {
    income: rows.reduce((sum, row) => sum + row.incomeAmount, 0n),
    withheld: rows.reduce((sum, row) => sum + row.taxAmount, 0n),
    months: now - first + 1,
  };
}
