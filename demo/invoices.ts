import { byTime } from './london';
import { isCancellation, kindOfRow } from './rules';
import type { SourceRow } from './source';

export interface SoldLine {
  /** the line's place in its invoice, from 1, as in the source */
  readonly line: number;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPriceAmount: bigint;
}

/** An invoice that sells something: it becomes one order. */
export interface Sale {
  readonly invoice: string;
  readonly paidAt: string;
  readonly customer: string | undefined;
  readonly lines: readonly SoldLine[];
  readonly shippingAmount: bigint;
}

/** A line of a cancellation; the quantity is what came back, more than 0. */
export interface CancelledLine {
  readonly row: number;
  readonly invoice: string;
  readonly cancelledAt: string;
  readonly customer: string | undefined;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPriceAmount: bigint;
}

/** Where a line of the source went. Every line has exactly one of them. */
export type Fate =
  | 'sold'
  | 'present in a sale'
  | 'shipping of a sale'
  | 'cancellation of goods'
  | 'left out: carriage without goods or taken back'
  | 'left out: voucher'
  | 'left out: adjustment'
  | 'left out: stock correction or nothing but free lines';

export interface Book {
  /** in the order of time */
  readonly sales: readonly Sale[];
  /** in the order of time */
  readonly cancelled: readonly CancelledLine[];
  readonly fates: ReadonlyMap<Fate, number>;
  readonly invoices: { sale: number; cancellation: number; withoutSale: number };
  readonly roundedPrices: number;
}

/** Sorts every line of the source into sales, cancellations and what is left out, by rules.ts. */
export function bookOf(rows: readonly SourceRow[]): Book {
  const fates = new Map<Fate, number>();
  const tell = (fate: Fate, lines = 1) => fates.set(fate, (fates.get(fate) ?? 0) + lines);
  const sales: Sale[] = [];
  const cancelled: CancelledLine[] = [];
  const invoices = { sale: 0, cancellation: 0, withoutSale: 0 };
  for (const [invoice, lines] of byInvoice(rows)) {
    if (isCancellation(invoice)) {
      invoices.cancellation += 1;
      cancelled.push(...cancelledLines(lines, tell));
      continue;
    }
    const sale = saleOf(invoice, lines, tell);
    if (sale !== undefined) sales.push(sale);
    invoices[sale === undefined ? 'withoutSale' : 'sale'] += 1;
  }
  // Sorting is stable: within a second the order of the source stays.
  sales.sort((one, other) => byTime(one.paidAt, other.paidAt));
  cancelled.sort((one, other) => byTime(one.cancelledAt, other.cancelledAt));
  const roundedPrices = rows.filter((row) => row.priceRounded).length;
  return { sales, cancelled, fates, invoices, roundedPrices };
}

function byInvoice(rows: readonly SourceRow[]): Map<string, SourceRow[]> {
  const invoices = new Map<string, SourceRow[]>();
  for (const row of rows) {
    const lines = invoices.get(row.invoice);
    if (lines === undefined) invoices.set(row.invoice, [row]);
    else lines.push(row);
  }
  return invoices;
}

type Tell = (fate: Fate) => void;

function saleOf(invoice: string, rows: readonly SourceRow[], tell: Tell): Sale | undefined {
  const first = rows[0];
  const sells = rows.some((row) => kindOfRow(row) === 'goods');
  const lines: SoldLine[] = [];
  let shippingAmount = 0n;
  rows.forEach((row, index) => {
    const fate = fateInSale(row, sells);
    tell(fate);
    if (fate === 'sold' || fate === 'present in a sale') {
      const { sku, quantity, unitPriceAmount } = row;
      lines.push({ line: index + 1, sku, quantity, unitPriceAmount });
    }
    if (fate === 'shipping of a sale') {
      shippingAmount += BigInt(row.quantity) * row.unitPriceAmount;
    }
  });
  if (first === undefined || !sells) return undefined;
  return { invoice, paidAt: first.soldAt, customer: first.customer, lines, shippingAmount };
}

function fateInSale(row: SourceRow, sells: boolean): Fate {
  const kind = kindOfRow(row);
  switch (kind) {
    case 'goods':
      return 'sold';
    case 'free':
      return sells ? 'present in a sale' : 'left out: stock correction or nothing but free lines';
    case 'carriage':
      return sells && row.quantity > 0 && row.unitPriceAmount >= 0n
        ? 'shipping of a sale'
        : 'left out: carriage without goods or taken back';
    case 'stock':
      return 'left out: stock correction or nothing but free lines';
    case 'voucher':
    case 'adjustment':
      return `left out: ${kind}`;
  }
}

function cancelledLines(rows: readonly SourceRow[], tell: Tell): CancelledLine[] {
  const lines: CancelledLine[] = [];
  for (const row of rows) {
    const kind = kindOfRow(row);
    if (kind === 'goods' && row.quantity < 0) {
      tell('cancellation of goods');
      const { invoice, soldAt, customer, sku, quantity, unitPriceAmount } = row;
      const back = { row: row.row, invoice, cancelledAt: soldAt, customer, sku };
      lines.push({ ...back, quantity: -quantity, unitPriceAmount });
    } else if (kind === 'voucher' || kind === 'adjustment') {
      tell(`left out: ${kind}`);
    } else if (kind === 'carriage') {
      tell('left out: carriage without goods or taken back');
    } else {
      tell('left out: stock correction or nothing but free lines');
    }
  }
  return lines;
}
