import Decimal from 'decimal.js';
import { type Month, monthBefore, monthParts, monthsOfYearUntil } from '../kernel/period';
import { type Band, cumulativeTables, monthlyTables, tableOf } from './table';

/** How a payer withholds; `none` withholds nothing. */
export type TaxMethod = 'none' | 'general' | 'platformCumulative';

/**
 * What a month without income does under the cumulative method. `restart`: income, deduction and
 * withheld tax begin anew. `keepIncome`: income and withheld tax go on, only the months of the
 * deduction begin anew. The law's text leaves it open, so it is the payer's named choice.
 */
export type GapPolicy = 'restart' | 'keepIncome';

/** What one month of a person has brought and what was withheld of it; give-backs are negative. */
export interface MonthTotal {
  month: Month;
  incomeAmount: bigint;
  taxAmount: bigint;
}

export interface WithholdInput {
  method: TaxMethod;
  gapPolicy: GapPolicy;
  /** the month of the payment, in the program's zone */
  month: Month;
  /** this payment's gross before the fee, more than 0 */
  incomeAmount: bigint;
  /** earlier payments of this payer to this person; months may repeat and come in any order */
  history: readonly MonthTotal[];
}

/**
 * Why the tax is what it is, JSON-safe and short, because it is kept beside every statement;
 * `explainTax` makes the steps of it. Amounts are fen; texts are exact decimals of fen.
 */
export interface TaxRecord {
  method: TaxMethod;
  gapPolicy: GapPolicy | null;
  month: Month;
  /** the first month of the table that was used; null: no table */
  validFrom: Month | null;
  incomeAmount: number;
  runningIncomeAmount: number;
  /** the share of the income that is deducted; null: a fixed amount is */
  shareDeduction: string | null;
  /** the fixed amount that is deducted, for all months together */
  fixedDeductionAmount: number | null;
  /** how many consecutive months the fixed amount counts for */
  deductionMonths: number | null;
  taxable: string;
  rateBps: number;
  quickDeductionAmount: number;
  runningTaxAmount: number;
  withheldBeforeAmount: number;
  taxAmount: number;
  /** who is paid against an invoice, so that nothing is withheld */
  paidAgainstInvoice?: 'individualBusiness' | 'company';
  /** only when the approval came to another tax than the one that was reviewed */
  reviewed?: { taxAmount: number; month: Month };
}

export interface Withheld {
  taxAmount: bigint;
  record: TaxRecord;
}

/** Tax is rounded half up to the fen, once, on the running total. */
const toFen = (exact: Decimal) => exact.toDecimalPlaces(0, Decimal.ROUND_HALF_UP);
const wholeBps = 10_000;
/** The default of 20 digits would round the products of the largest amounts. */
const Exact = Decimal.clone({ precision: 40 });

/**
 * What is withheld from one payment: the tax of the person's running total less what was withheld
 * before, never below 0. It may be more than the payment itself; whoever pays decides what then.
 * @throws RangeError when the income is not positive or no table is known for the month
 */
export function withhold(input: WithholdInput): Withheld {
  if (input.incomeAmount <= 0n) {
    throw new RangeError(`an income of ${input.incomeAmount} cannot be taxed`);
  }
  switch (input.method) {
    case 'none':
      return withholdNothing(input);
    case 'general':
      return withholdOnMonth(input);
    case 'platformCumulative':
      return withholdOnYear(input);
  }
}

/** The months of which `withhold` needs to know: the others never change its answer. */
export function monthsThatCount(method: TaxMethod, month: Month): Month[] {
  switch (method) {
    case 'none':
      return [];
    case 'general':
      return [month];
    case 'platformCumulative':
      return monthsOfYearUntil(month);
  }
}

function withholdNothing({ method, month, incomeAmount }: WithholdInput): Withheld {
  const record: TaxRecord = {
    method,
    gapPolicy: null,
    month,
    validFrom: null,
    incomeAmount: safeNumber(incomeAmount),
    runningIncomeAmount: safeNumber(incomeAmount),
    shareDeduction: null,
    fixedDeductionAmount: null,
    deductionMonths: null,
    taxable: '0',
    rateBps: 0,
    quickDeductionAmount: 0,
    runningTaxAmount: 0,
    withheldBeforeAmount: 0,
    taxAmount: 0,
  };
  return { taxAmount: 0n, record };
}

function withholdOnMonth(input: WithholdInput): Withheld {
  const period = monthPeriod(input);
  return finish(input, period, assess(period, input.incomeAmount));
}

function withholdOnYear(input: WithholdInput): Withheld {
  const period = yearPeriod(input);
  return finish(input, period, assess(period, input.incomeAmount));
}

/** What a tax period has brought so far, with the table that applies to it. */
interface Period {
  before: Amounts;
  validFrom: Month;
  bands: readonly Band[];
  deductionOf: (income: bigint) => Deduction;
}

interface Deduction {
  share: Decimal | null;
  fixedFen: number | null;
  months: number | null;
}

type Asked = Pick<WithholdInput, 'gapPolicy' | 'month' | 'history'>;
type Amounts = Omit<MonthTotal, 'month'>;

function monthPeriod({ month, history }: Asked): Period {
  const table = tableOf(monthlyTables, month);
  const { fixedUpToIncomeFen, fixedFen, shareBps } = table.deduction;
  return {
    before: sumOf(history.filter((total) => total.month === month)),
    deductionOf: (income) =>
      income > BigInt(fixedUpToIncomeFen)
        ? { share: shareOf(income, shareBps), fixedFen: null, months: null }
        : { share: null, fixedFen, months: null },
    ...table,
  };
}

function yearPeriod(asked: Asked): Period {
  const table = tableOf(cumulativeTables, asked.month);
  const run = consecutiveMonths(asked);
  const months = asked.gapPolicy === 'restart' ? run : new Set(monthsOfYearUntil(asked.month));
  const { shareBps, perConsecutiveMonthFen } = table.deduction;
  return {
    before: sumOf(asked.history.filter(({ month }) => months.has(month))),
    deductionOf: (income) => ({
      share: shareOf(income, shareBps),
      fixedFen: perConsecutiveMonthFen * run.size,
      months: run.size,
    }),
    ...table,
  };
}

/** The months with income, without a gap, that end with the month of the payment; in its year. */
function consecutiveMonths({ month, history }: Asked): Set<Month> {
  const { year } = monthParts(month);
  const run = new Set([month]);
  let earlier = monthBefore(month);
  while (monthParts(earlier).year === year && incomeOf(history, earlier) > 0n) {
    run.add(earlier);
    earlier = monthBefore(earlier);
  }
  return run;
}

/** The tax of everything that a period has brought, and the way to it. */
interface Assessed extends Deduction {
  income: bigint;
  taxable: Decimal;
  rateBps: number;
  quickDeductionFen: number;
  tax: bigint;
}

function assess({ before, bands, deductionOf }: Period, incomeAmount: bigint): Assessed {
  const income = before.incomeAmount + incomeAmount;
  const deduction = deductionOf(income);
  const deducted = decimal(income)
    .minus(deduction.share ?? 0)
    .minus(deduction.fixedFen ?? 0);
  const taxable = Exact.max(deducted, 0);
  const { rateBps, quickDeductionFen } = bandOf(bands, taxable);
  const tax = toFen(taxable.times(rateBps).dividedBy(wholeBps).minus(quickDeductionFen));
  return { income, taxable, rateBps, quickDeductionFen, tax: BigInt(tax.toFixed(0)), ...deduction };
}

function finish(input: WithholdInput, { before, validFrom }: Period, found: Assessed): Withheld {
  const taxAmount = found.tax > before.taxAmount ? found.tax - before.taxAmount : 0n;
  const record: TaxRecord = {
    method: input.method,
    gapPolicy: input.method === 'platformCumulative' ? input.gapPolicy : null,
    month: input.month,
    validFrom,
    incomeAmount: safeNumber(input.incomeAmount),
    runningIncomeAmount: safeNumber(found.income),
    shareDeduction: found.share?.toFixed() ?? null,
    fixedDeductionAmount: found.fixedFen,
    deductionMonths: found.months,
    taxable: found.taxable.toFixed(),
    rateBps: found.rateBps,
    quickDeductionAmount: found.quickDeductionFen,
    runningTaxAmount: safeNumber(found.tax),
    withheldBeforeAmount: safeNumber(before.taxAmount),
    taxAmount: safeNumber(taxAmount),
  };
  return { taxAmount, record };
}

/**
 * Where a person stands in a month, all payments and give-backs counted. `tax of the period =
 * withheld + carried`, always. Amounts are fen, texts exact decimals of fen; JSON-safe.
 */
export interface TaxStanding {
  /** of the month alone */
  incomeAmount: number;
  /** withheld in the month alone */
  withheldAmount: number;
  /** of the tax period up to the end of the month */
  runningIncomeAmount: number;
  shareDeduction: string | null;
  fixedDeductionAmount: number | null;
  deductionMonths: number | null;
  taxable: string;
  rateBps: number;
  quickDeductionAmount: number;
  runningTaxAmount: number;
  /** withheld in the earlier months of the tax period */
  withheldBeforeAmount: number;
  /**
   * Tax of the period less all that was withheld: above 0 it is caught up with the next payment of
   * the period, below 0 offset against the next ones.
   */
  carriedAmount: number;
}

/**
 * Where a person stands at the end of a month, by the payments of `history`.
 * @throws RangeError when no table is known for the month
 */
export function standingOf(
  method: Exclude<TaxMethod, 'none'>,
  { gapPolicy, month, history }: Asked,
): TaxStanding {
  const asked = { gapPolicy, month, history };
  const period = method === 'general' ? monthPeriod(asked) : yearPeriod(asked);
  const found = assess(period, 0n);
  const ofMonth = sumOf(history.filter((total) => total.month === month));
  const withheld = period.before.taxAmount;
  return {
    incomeAmount: safeNumber(ofMonth.incomeAmount),
    withheldAmount: safeNumber(ofMonth.taxAmount),
    runningIncomeAmount: safeNumber(found.income),
    shareDeduction: found.share?.toFixed() ?? null,
    fixedDeductionAmount: found.fixedFen,
    deductionMonths: found.months,
    taxable: found.taxable.toFixed(),
    rateBps: found.rateBps,
    quickDeductionAmount: found.quickDeductionFen,
    runningTaxAmount: safeNumber(found.tax),
    withheldBeforeAmount: safeNumber(withheld - ofMonth.taxAmount),
    carriedAmount: safeNumber(found.tax - withheld),
  };
}

function bandOf(bands: readonly Band[], taxable: Decimal): Band {
  const band = bands.find(({ upToFen }) => upToFen === null || taxable.lessThanOrEqualTo(upToFen));
  if (band === undefined)
    throw new RangeError(`no band takes a taxable amount of ${taxable.toFixed()}`);
  return band;
}

/** The income of one month. */
export function incomeOf(history: readonly MonthTotal[], month: Month): bigint {
  return sumOf(history.filter((total) => total.month === month)).incomeAmount;
}

function sumOf(totals: readonly MonthTotal[]): Amounts {
  return {
    incomeAmount: totals.reduce((sum, { incomeAmount }) => sum + incomeAmount, 0n),
    taxAmount: totals.reduce((sum, { taxAmount }) => sum + taxAmount, 0n),
  };
}

function shareOf(income: bigint, bps: number): Decimal {
  return decimal(income).times(bps).dividedBy(wholeBps);
}

function decimal(amount: bigint): Decimal {
  return new Exact(amount.toString());
}

function safeNumber(amount: bigint): number {
  const number = Number(amount);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${amount} is not exact as a number`);
  return number;
}
