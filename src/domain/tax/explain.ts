import type { Month } from '../kernel/period';
import { cumulativeTables, monthlyTables } from './table';
import type { TaxRecord } from './withhold';

/** Names of the steps in which the tax is explained; `words.ts` has them in Chinese and English. */
export type TaxStepCode =
  | 'no_withholding'
  | 'paid_against_invoice'
  | 'income_before'
  | 'income_of_payment'
  | 'running_income'
  | 'fixed_deduction'
  | 'share_deduction'
  | 'month_deduction'
  | 'taxable'
  | 'running_tax'
  | 'withheld_before'
  | 'tax_of_payment'
  | 'offset_later';

/** One step: an exact number of fen as a decimal text, and what it was made with. */
export interface TaxStep {
  code: TaxStepCode;
  fen: string;
  rateBps?: number;
  quickDeductionAmount?: number;
  months?: number;
}

/** A tax record with the official text behind its numbers and the way to each of them. */
export interface TaxTrace extends TaxRecord {
  source: string | null;
  steps: TaxStep[];
}

/** Spells out a tax record, number by number. */
export function explainTax(record: TaxRecord): TaxTrace {
  const table = tableBehind(record.method, record.validFrom);
  if (table === undefined) {
    const code =
      record.paidAgainstInvoice === undefined ? 'no_withholding' : 'paid_against_invoice';
    return { ...record, source: null, steps: [{ code, fen: '0' }] };
  }
  const { runningIncomeAmount, incomeAmount, rateBps, quickDeductionAmount } = record;
  const steps: TaxStep[] = [
    { code: 'income_before', fen: String(runningIncomeAmount - incomeAmount) },
    { code: 'income_of_payment', fen: String(incomeAmount) },
    { code: 'running_income', fen: String(runningIncomeAmount) },
    ...deductionSteps(record, table.deduction.shareBps),
    { code: 'taxable', fen: record.taxable },
    { code: 'running_tax', fen: String(record.runningTaxAmount), rateBps, quickDeductionAmount },
    { code: 'withheld_before', fen: String(record.withheldBeforeAmount) },
    ...offsetSteps(record),
    { code: 'tax_of_payment', fen: String(record.taxAmount) },
  ];
  return { ...record, source: table.source, steps };
}

function deductionSteps(record: TaxRecord, shareBps: number): TaxStep[] {
  const { shareDeduction, fixedDeductionAmount, deductionMonths } = record;
  const steps: TaxStep[] = [];
  if (shareDeduction !== null) {
    steps.push({ code: 'share_deduction', fen: shareDeduction, rateBps: shareBps });
  }
  if (fixedDeductionAmount === null) return steps;
  const fen = String(fixedDeductionAmount);
  steps.push(
    deductionMonths === null
      ? { code: 'fixed_deduction', fen }
      : { code: 'month_deduction', fen, months: deductionMonths },
  );
  return steps;
}

/** What was withheld too much is not paid back: later payments of the tax period are taxed less. */
function offsetSteps({ withheldBeforeAmount, runningTaxAmount }: TaxRecord): TaxStep[] {
  const left = withheldBeforeAmount - runningTaxAmount;
  return left > 0 ? [{ code: 'offset_later', fen: String(left) }] : [];
}

function tableBehind(method: TaxRecord['method'], validFrom: Month | null) {
  switch (method) {
    case 'none':
      return undefined;
    case 'general':
      return monthlyTables.find((table) => table.validFrom === validFrom);
    case 'platformCumulative':
      return cumulativeTables.find((table) => table.validFrom === validFrom);
  }
}
