import type { Month } from '../kernel/period';

/** One band of a withholding table: it applies to a taxable amount up to and with `upToFen`. */
export interface Band {
  /** null: the last band has no end */
  readonly upToFen: number | null;
  readonly rateBps: number;
  readonly quickDeductionFen: number;
}

/** What may be deducted from the income of a month of labour remuneration. */
export interface MonthlyDeduction {
  /** up to and with this income the fixed deduction counts, above it the share */
  readonly fixedUpToIncomeFen: number;
  readonly fixedFen: number;
  readonly shareBps: number;
}

/** What may be deducted from the income of a calendar year under the cumulative method. */
export interface CumulativeDeduction {
  readonly shareBps: number;
  readonly perConsecutiveMonthFen: number;
}

interface Dated {
  /** the first month to which the numbers apply */
  readonly validFrom: Month;
  /** the official text the numbers come from */
  readonly source: string;
}

export interface MonthlyTable extends Dated {
  readonly bands: readonly Band[];
  readonly deduction: MonthlyDeduction;
}

export interface CumulativeTable extends Dated {
  readonly bands: readonly Band[];
  readonly deduction: CumulativeDeduction;
}

/** Labour remuneration of a natural person, one item per calendar month (劳务报酬预扣). */
export const monthlyTables: readonly MonthlyTable[] = [
  {
    validFrom: '2019-01',
    source: 'STA Announcement 2018 No. 61 (国家税务总局公告2018年第61号)',
    deduction: { fixedUpToIncomeFen: 400_000, fixedFen: 80_000, shareBps: 2000 },
    bands: [
      { upToFen: 2_000_000, rateBps: 2000, quickDeductionFen: 0 },
      { upToFen: 5_000_000, rateBps: 3000, quickDeductionFen: 200_000 },
      { upToFen: null, rateBps: 4000, quickDeductionFen: 700_000 },
    ],
  },
];

/** People who work on an internet platform that has filed as one (累计预扣). */
export const cumulativeTables: readonly CumulativeTable[] = [
  {
    validFrom: '2025-10',
    source: 'STA Announcement 2025 No. 16 (国家税务总局公告2025年第16号)',
    deduction: { shareBps: 2000, perConsecutiveMonthFen: 500_000 },
    bands: [
      { upToFen: 3_600_000, rateBps: 300, quickDeductionFen: 0 },
      { upToFen: 14_400_000, rateBps: 1000, quickDeductionFen: 252_000 },
      { upToFen: 30_000_000, rateBps: 2000, quickDeductionFen: 1_692_000 },
      { upToFen: 42_000_000, rateBps: 2500, quickDeductionFen: 3_192_000 },
      { upToFen: 66_000_000, rateBps: 3000, quickDeductionFen: 5_292_000 },
      { upToFen: 96_000_000, rateBps: 3500, quickDeductionFen: 8_592_000 },
      { upToFen: null, rateBps: 4500, quickDeductionFen: 18_192_000 },
    ],
  },
];

/**
 * The table in force in a month.
 * @throws RangeError for a month before the first table: its numbers are not known here
 */
export function tableOf<T extends Dated>(tables: readonly T[], month: Month): T {
  const inForce = tables
    .filter(({ validFrom }) => validFrom <= month)
    .sort((a, b) => (a.validFrom < b.validFrom ? 1 : -1))[0];
  if (inForce === undefined) throw new RangeError(`there is no withholding table for ${month}`);
  return inForce;
}

interface VatExemption extends Dated {
  /** a person's income of a month up to which no VAT is due */
  readonly monthlyIncomeFen: number;
}

/** Above it VAT is due on the whole month. It is not computed here: a person has to look. */
export const vatExemptions: readonly VatExemption[] = [
  {
    validFrom: '2019-01',
    source: 'small-scale exemption of 100,000 yuan a month (国家税务总局公告2025年第16号)',
    monthlyIncomeFen: 10_000_000,
  },
];
