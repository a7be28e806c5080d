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
  const table = tableOf(monthlyTables, input.month);
  const before = sumOf(input.history.filter(({ month }) => month === input.month));
  const income = before.incomeAmount + input.incomeAmount;
  const { fixedUpToIncomeFen, fixedFen, shareBps } = table.deduction;
  const takesShare = income > BigInt(fixedUpToIncomeFen);
  return finish(input, table, before, {
    income,
    share: takesShare ? shareOf(income, shareBps) : null,
    fixedFen: takesShare ? null : fixedFen,
    months: null,
  });
}

function withholdOnYear(input: WithholdInput): Withheld {
  const table = tableOf(cumulativeTables, input.month);
  const run = consecutiveMonths(input);
  const counted = input.gapPolicy === 'restart' ? run : new Set(monthsOfYearUntil(input.month));
  const before = sumOf(input.history.filter(({ month }) => counted.has(month)));
  const income = before.incomeAmount + input.incomeAmount;
  const { shareBps, perConsecutiveMonthFen } = table.deduction;
  return finish(input, table, before, {
    income,
    share: shareOf(income, shareBps),
    fixedFen: perConsecutiveMonthFen * run.size,
    months: run.size,
  });
}

/** The months with income, without a gap, that end with the month of the payment; in its year. */
function consecutiveMonths({ month, history }: WithholdInput): Set<Month> {
  const { year } = monthParts(month);
  const incomeOf = (wanted: Month) =>
    sumOf(history.filter((total) => total.month === wanted)).incomeAmount;
  const run = new Set([month]);
  let earlier = monthBefore(month);
  while (monthParts(earlier).year === year && incomeOf(earlier) > 0n) {
    run.add(earlier);
    earlier = monthBefore(earlier);
  }
  return run;
}

interface Base {
  income: bigint;
  share: Decimal | null;
  fixedFen: number | null;
  months: number | null;
}

function finish(
  input: WithholdInput,
  table: { validFrom: Month; bands: readonly Band[] },
  before: Omit<MonthTotal, 'month'>,
  { income, share, fixedFen, months }: Base,
): Withheld {
  const deducted = decimal(income)
    .minus(share ?? 0)
    .minus(fixedFen ?? 0);
  const taxable = Exact.max(deducted, 0);
  const { rateBps, quickDeductionFen } = bandOf(table.bands, taxable);
  const running = toFen(taxable.times(rateBps).dividedBy(wholeBps).minus(quickDeductionFen));
  const runningTax = BigInt(running.toFixed(0));
  const taxAmount = runningTax > before.taxAmount ? runningTax - before.taxAmount : 0n;
  const record: TaxRecord = {
    method: input.method,
    gapPolicy: input.method === 'platformCumulative' ? input.gapPolicy : null,
    month: input.month,
    validFrom: table.validFrom,
    incomeAmount: safeNumber(input.incomeAmount),
    runningIncomeAmount: safeNumber(income),
    shareDeduction: share?.toFixed() ?? null,
    fixedDeductionAmount: fixedFen,
    deductionMonths: months,
    taxable: taxable.toFixed(),
    rateBps,
    quickDeductionAmount: quickDeductionFen,
    runningTaxAmount: safeNumber(runningTax),
    withheldBeforeAmount: safeNumber(before.taxAmount),
    taxAmount: safeNumber(taxAmount),
  };
  return { taxAmount, record };
}

function bandOf(bands: readonly Band[], taxable: Decimal): Band {
  const band = bands.find(({ upToFen }) => upToFen === null || taxable.lessThanOrEqualTo(upToFen));
  if (band === undefined)
    throw new RangeError(`no band takes a taxable amount of ${taxable.toFixed()}`);
  return band;
}

function sumOf(totals: readonly MonthTotal[]): Omit<MonthTotal, 'month'> {
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
