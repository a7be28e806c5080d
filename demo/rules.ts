import type { SourceRow } from './source';

/** What a line of the source is. The rules are also told in demo/README.md. */
export type RowKind =
  | 'goods'
  /** goods at a price of 0: a present in the parcel when the invoice sells something too */
  | 'free'
  /** postage and carriage: the order's shipping, outside the base of a commission */
  | 'carriage'
  /** a gift voucher is a means of payment; what it buys later is the sale */
  | 'voucher'
  /** fees, manual corrections, discounts, samples, bad debt: bookkeeping, not a sale */
  | 'adjustment'
  /** stock written off or found again: a quantity below 1 on an invoice that is no cancellation */
  | 'stock';

const carriageCodes = new Set(['POST', 'DOT', 'C2', 'C3']);
const adjustmentCodes = new Set([
  ...['M', 'D', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK'],
  ...['ADJUST', 'ADJUST2', 'TEST001', 'TEST002'],
]);

/** An invoice with a leading C takes an earlier sale back. */
export function isCancellation(invoice: string): boolean {
  return /^C\d+$/i.test(invoice);
}

/** Decides by invoice number, stock code, price and quantity, in this order. */
export function kindOfRow(row: SourceRow): RowKind {
  const cancellation = isCancellation(row.invoice);
  // An invoice that is neither a number nor a cancellation (A563185: "Adjust bad debt").
  if (!cancellation && !/^\d+$/.test(row.invoice)) return 'adjustment';
  if (carriageCodes.has(row.sku)) return 'carriage';
  if (adjustmentCodes.has(row.sku) || row.unitPriceAmount < 0n) return 'adjustment';
  if (row.sku.startsWith('GIFT_')) return 'voucher';
  if (!cancellation && row.quantity <= 0) return 'stock';
  return row.unitPriceAmount === 0n ? 'free' : 'goods';
}
