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

/** Names of the steps in which the tax is explained; pages translate them. */
export type TaxStepCode =
  | 'no_withholding'
  | 'income_before'
  | 'income_of_payment'
  | 'running_income'
  | 'fixed_deduction'
  | 'share_deduction'
  | 'month_deduction'
  | 'taxable'
  | 'running_tax'
  | 'withheld_before'
  | 'tax_of_payment';

/** One step: an exact number of fen as a decimal text, and what it was made with. */
export interface TaxStep {
  code: TaxStepCode;
  fen: string;
  rateBps?: number;
  quickDeductionAmount?: number;
  months?: number;
}

/** Why the tax is what it is, JSON-safe. Amounts are fen. */
export interface TaxTrace {
  method: TaxMethod;
  gapPolicy: GapPolicy | null;
  month: Month;
  /** the official text behind the numbers, and the first month it applies to */
  source: string | null;
  validFrom: Month | null;
  incomeAmount: number;
  runningIncomeAmount: number;
  deductionMonths: number | null;
  rateBps: number;
  quickDeductionAmount: number;
  runningTaxAmount: number;
  withheldBeforeAmount: number;
  taxAmount: number;
  steps: TaxStep[];
  /** only when the approval came to another tax than the one that was reviewed */
  reviewed?: { taxAmount: number; month: Month };
}

export interface Withheld {
  taxAmount: bigint;
  trace: TaxTrace;
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
  return {
    taxAmount: 0n,
    trace: {
      method,
      gapPolicy: null,
      month,
      source: null,
      validFrom: null,
      incomeAmount: safeNumber(incomeAmount),
      runningIncomeAmount: safeNumber(incomeAmount),
      deductionMonths: null,
      rateBps: 0,
      quickDeductionAmount: 0,
      runningTaxAmount: 0,
      withheldBeforeAmount: 0,
      taxAmount: 0,
      steps: [{ code: 'no_withholding', fen: '0' }],
    },
  };
}

function withholdOnMonth(input: WithholdInput): Withheld {
  const table = tableOf(monthlyTables, input.month);
  const before = sumOf(input.history.filter(({ month }) => month === input.month));
  const income = before.incomeAmount + input.incomeAmount;
  const { fixedUpToIncomeFen, fixedFen, shareBps } = table.deduction;
  const share = income > BigInt(fixedUpToIncomeFen);
  const deduction = share ? shareOf(income, shareBps) : new Exact(fixedFen);
  const deductionStep: TaxStep = share
    ? { code: 'share_deduction', fen: deduction.toFixed(), rateBps: shareBps }
    : { code: 'fixed_deduction', fen: deduction.toFixed() };
  return finish(input, table, before, {
    income,
    taxable: atLeastZero(decimal(income).minus(deduction)),
    deductionMonths: null,
    deductionSteps: [deductionStep],
  });
}

function withholdOnYear(input: WithholdInput): Withheld {
  const table = tableOf(cumulativeTables, input.month);
  const run = consecutiveMonths(input);
  const counted = input.gapPolicy === 'restart' ? run : new Set(monthsOfYearUntil(input.month));
  const before = sumOf(input.history.filter(({ month }) => counted.has(month)));
  const income = before.incomeAmount + input.incomeAmount;
  const { shareBps, perConsecutiveMonthFen } = table.deduction;
  const share = shareOf(income, shareBps);
  const monthly = new Exact(perConsecutiveMonthFen).times(run.size);
  return finish(input, table, before, {
    income,
    taxable: atLeastZero(decimal(income).minus(share).minus(monthly)),
    deductionMonths: run.size,
    deductionSteps: [
      { code: 'share_deduction', fen: share.toFixed(), rateBps: shareBps },
      { code: 'month_deduction', fen: monthly.toFixed(), months: run.size },
    ],
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
  taxable: Decimal;
  deductionMonths: number | null;
  deductionSteps: readonly TaxStep[];
}

function finish(
  input: WithholdInput,
  table: { source: string; validFrom: Month; bands: readonly Band[] },
  before: Omit<MonthTotal, 'month'>,
  { income, taxable, deductionMonths, deductionSteps }: Base,
): Withheld {
  const { rateBps, quickDeductionFen } = bandOf(table.bands, taxable);
  const running = toFen(taxable.times(rateBps).dividedBy(wholeBps).minus(quickDeductionFen));
  const runningTax = BigInt(running.toFixed(0));
  const taxAmount = runningTax > before.taxAmount ? runningTax - before.taxAmount : 0n;
  return {
    taxAmount,
    trace: {
      method: input.method,
      gapPolicy: input.method === 'platformCumulative' ? input.gapPolicy : null,
      month: input.month,
      source: table.source,
      validFrom: table.validFrom,
      incomeAmount: safeNumber(input.incomeAmount),
      runningIncomeAmount: safeNumber(income),
      deductionMonths,
      rateBps,
      quickDeductionAmount: quickDeductionFen,
      runningTaxAmount: safeNumber(runningTax),
      withheldBeforeAmount: safeNumber(before.taxAmount),
      taxAmount: safeNumber(taxAmount),
      steps: [
        { code: 'income_before', fen: before.incomeAmount.toString() },
        { code: 'income_of_payment', fen: input.incomeAmount.toString() },
        { code: 'running_income', fen: income.toString() },
        ...deductionSteps,
        { code: 'taxable', fen: taxable.toFixed() },
        {
          code: 'running_tax',
          fen: runningTax.toString(),
          rateBps,
          quickDeductionAmount: quickDeductionFen,
        },
        { code: 'withheld_before', fen: before.taxAmount.toString() },
        { code: 'tax_of_payment', fen: taxAmount.toString() },
      ],
    },
  };
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

function atLeastZero(value: Decimal): Decimal {
  return Exact.max(value, 0);
}

function safeNumber(amount: bigint): number {
  const number = Number(amount);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${amount} is not exact as a number`);
  return number;
}
