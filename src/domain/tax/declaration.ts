import Decimal from 'decimal.js';
import { applyBps } from '../kernel/money';
import { type Month, monthAfter, monthParts } from '../kernel/period';
import type { DocumentType } from './id-number';
import { cumulativeTables, tableOf } from './table';
import type { TaxMethod, TaxStanding } from './withhold';

/** A method by which something is declared. */
export type DeclaredMethod = Exclude<TaxMethod, 'none'>;

/**
 * One person in the declaration of a month (全员全额扣缴申报), fen; JSON-safe. The names in brackets
 * are the columns of the form.
 */
export interface DeclarationFigures {
  /** 本期收入 */
  incomeAmount: number;
  /** 本期费用 */
  expenseAmount: number;
  /** 本期免税收入 */
  exemptAmount: number;
  /** 累计收入额: income less expense less what is exempt, of the tax period */
  cumulativeIncomeAmount: number;
  /** 累计减除费用 */
  cumulativeDeductionAmount: number;
  /** 累计应纳税所得额 */
  cumulativeTaxableAmount: number;
  /** 税率 */
  rateBps: number;
  /** 速算扣除数 */
  quickDeductionAmount: number;
  /** 应纳税额, of the tax period */
  taxAmount: number;
  /** 已缴: withheld in earlier months of the period */
  paidBeforeAmount: number;
  /** 应补(退), never below 0: what was withheld too much is offset within the period */
  dueAmount: number;
  /** what was withheld in the month indeed, give-backs taken off */
  withheldAmount: number;
  /** tax of the period less everything withheld */
  carriedAmount: number;
}

/** What is declared of a person for a month, from where the person stands. */
export function declarationFigures(
  method: DeclaredMethod,
  month: Month,
  standing: TaxStanding,
): DeclarationFigures {
  const { incomeAmount, runningTaxAmount, withheldBeforeAmount } = standing;
  const left = runningTaxAmount - withheldBeforeAmount;
  return {
    incomeAmount,
    ...(method === 'general' ? monthColumns(standing) : yearColumns(month, standing)),
    exemptAmount: 0,
    cumulativeTaxableAmount: toFen(standing.taxable),
    rateBps: standing.rateBps,
    quickDeductionAmount: standing.quickDeductionAmount,
    taxAmount: runningTaxAmount,
    paidBeforeAmount: withheldBeforeAmount,
    dueAmount: left > 0 ? left : 0,
    withheldAmount: standing.withheldAmount,
    carriedAmount: standing.carriedAmount,
  };
}

/**
 * The day by which what was withheld in a month is declared and paid: the 15th of the next one
 * (扣缴个人所得税: 次月十五日内). The bureau moves it when that is a holiday.
 */
export function declarationDueOn(month: Month): string {
  return `${monthAfter(month)}-15`;
}

type DeductionColumns = Pick<
  DeclarationFigures,
  'expenseAmount' | 'cumulativeIncomeAmount' | 'cumulativeDeductionAmount'
>;

function monthColumns(standing: TaxStanding): DeductionColumns {
  const { incomeAmount, shareDeduction, fixedDeductionAmount } = standing;
  const wanted = shareDeduction === null ? (fixedDeductionAmount ?? 0) : toFen(shareDeduction);
  const expenseAmount = Math.min(wanted, incomeAmount);
  return {
    expenseAmount,
    cumulativeIncomeAmount: incomeAmount - expenseAmount,
    cumulativeDeductionAmount: 0,
  };
}

function yearColumns(month: Month, standing: TaxStanding): DeductionColumns {
  const { shareBps } = tableOf(cumulativeTables, month).deduction;
  return {
    expenseAmount: Number(applyBps(BigInt(standing.incomeAmount), shareBps, 'halfUp')),
    cumulativeIncomeAmount: standing.runningIncomeAmount - toFen(standing.shareDeduction ?? '0'),
    cumulativeDeductionAmount: standing.fixedDeductionAmount ?? 0,
  };
}

function toFen(exact: string): number {
  return new Decimal(exact).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber();
}

/** True when two rows would be declared with the same figures. */
export function sameFigures(a: DeclarationFigures, b: DeclarationFigures): boolean {
  return (Object.keys(a) as (keyof DeclarationFigures)[]).every((name) => a[name] === b[name]);
}

/** One line of the file. */
export interface DeclarationLine {
  name: string;
  documentType: DocumentType;
  /** masked or in full, as the reader may see it */
  idNumber: string;
  month: Month;
  method: DeclaredMethod;
  figures: DeclarationFigures;
  /** null: nothing of the person was declared for the month before; undefined: no correction */
  declared?: DeclarationFigures | null;
}

const documentNames: Readonly<Record<DocumentType, string>> = {
  residentId: '居民身份证',
  hongKongMacaoPermit: '港澳居民居住证',
  taiwanPermit: '台湾居民居住证',
  creditCode: '统一社会信用代码',
};

const itemNames: Readonly<Record<DeclaredMethod, string>> = {
  general: '一般劳务报酬所得',
  platformCumulative: '平台从业人员劳务报酬所得（累计预扣）',
};

const header = [
  '姓名',
  '证照类型',
  '证照号',
  '税款所属期起',
  '税款所属期止',
  '所得项目',
  '本期收入',
  '本期费用',
  '本期免税收入',
  '累计收入额',
  '累计减除费用',
  '累计应纳税所得额',
  '税率',
  '速算扣除数',
  '应纳税额',
  '已缴',
  '应补退',
  '本期实扣税额',
  '结转税额',
  '申报类型',
  '原申报收入',
  '原申报实扣税额',
  '收入差额',
  '实扣税额差额',
];

const byteOrderMark = '\uFEFF';

/**
 * The declaration as CSV (RFC 4180) that spreadsheets open as UTF-8: amounts in yuan with two
 * decimals, first the month, then corrections of months that were declared before. A text that a
 * spreadsheet would run as a formula is made harmless.
 */
export function declarationCsv(lines: readonly DeclarationLine[]): string {
  const rows = [header, ...lines.map(cellsOf)];
  return byteOrderMark + rows.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function cellsOf(line: DeclarationLine): string[] {
  const { figures, declared } = line;
  const { from, to } = daysOf(line.month);
  return [
    harmless(line.name),
    documentNames[line.documentType],
    harmless(line.idNumber),
    from,
    to,
    itemNames[line.method],
    yuan(figures.incomeAmount),
    yuan(figures.expenseAmount),
    yuan(figures.exemptAmount),
    yuan(figures.cumulativeIncomeAmount),
    yuan(figures.cumulativeDeductionAmount),
    yuan(figures.cumulativeTaxableAmount),
    `${new Decimal(figures.rateBps).dividedBy(100).toFixed()}%`,
    yuan(figures.quickDeductionAmount),
    yuan(figures.taxAmount),
    yuan(figures.paidBeforeAmount),
    yuan(figures.dueAmount),
    yuan(figures.withheldAmount),
    yuan(figures.carriedAmount),
    ...correctionCells(figures, declared),
  ];
}

function correctionCells(
  now: DeclarationFigures,
  declared: DeclarationFigures | null | undefined,
): string[] {
  if (declared === undefined) return ['正常申报', '', '', '', ''];
  const income = declared?.incomeAmount ?? 0;
  const withheld = declared?.withheldAmount ?? 0;
  return [
    '更正申报',
    yuan(income),
    yuan(withheld),
    yuan(now.incomeAmount - income),
    yuan(now.withheldAmount - withheld),
  ];
}

function daysOf(month: Month): { from: string; to: string } {
  const { year, number } = monthParts(month);
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return { from: `${month}-01`, to: `${month}-${String(last).padStart(2, '0')}` };
}

/** Fen as yuan, `-1200.05`. */
function yuan(fen: number): string {
  return new Decimal(fen).dividedBy(100).toFixed(2);
}

// What begins like this is a formula in Excel, LibreOffice or WPS, also in full width.
const formulaStart = /^[\s]*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20|%]/u;

function harmless(text: string): string {
  return formulaStart.test(text) ? `'${text}` : text;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell;
}
