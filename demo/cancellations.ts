import { byTime } from './london';
import type { CancelledLine, Sale } from './invoices';

/** What one cancellation takes back from one order. */
export interface RefundDraft {
  readonly cancellation: string;
  readonly invoice: string;
  readonly refundedAt: string;
  /** at most one per line of the order */
  readonly lines: { line: number; quantity: number; amount: bigint }[];
}

export interface Unmatched {
  readonly line: CancelledLine;
  /** how much of the line found no purchase */
  readonly quantity: number;
  readonly why: 'unknown customer' | 'no earlier purchase of this at this price' | 'bought fewer';
}

export interface Matching {
  readonly refunds: readonly RefundDraft[];
  readonly unmatched: readonly Unmatched[];
}

/** A line of a sale that can still come back. */
interface Purchase {
  readonly invoice: string;
  readonly paidAt: string;
  readonly line: number;
  left: number;
}

/**
 * Finds the purchase that each cancelled line reverses: same customer, stock code and price, the
 * latest one before the cancellation that has something left; it may take several. What finds none
 * is listed. Both inputs are in the order of time.
 */
export function matchCancellations(
  sales: readonly Sale[],
  cancelled: readonly CancelledLine[],
): Matching {
  const purchases = purchasesByKey(sales);
  const refunds = new Map<string, RefundDraft>();
  const unmatched: Unmatched[] = [];
  for (const line of cancelled) {
    const { customer } = line;
    if (customer === undefined) {
      unmatched.push({ line, quantity: line.quantity, why: 'unknown customer' });
      continue;
    }
    const candidates = purchases.get(keyOf(customer, line.sku, line.unitPriceAmount)) ?? [];
    let open = line.quantity;
    for (let i = candidates.length - 1; i >= 0 && open > 0; i -= 1) {
      const purchase = candidates[i];
      if (purchase === undefined || purchase.left === 0) continue;
      if (byTime(purchase.paidAt, line.cancelledAt) > 0) continue;
      const quantity = Math.min(open, purchase.left);
      purchase.left -= quantity;
      open -= quantity;
      takeBack(refunds, line, purchase, quantity);
    }
    if (open === 0) continue;
    const none = open === line.quantity;
    const why = none ? 'no earlier purchase of this at this price' : 'bought fewer';
    unmatched.push({ line, quantity: open, why });
  }
  return { refunds: [...refunds.values()], unmatched };
}

function takeBack(
  refunds: Map<string, RefundDraft>,
  line: CancelledLine,
  purchase: Purchase,
  quantity: number,
): void {
  const key = `${line.invoice} ${purchase.invoice}`;
  const draft = refunds.get(key) ?? {
    refundedAt: line.cancelledAt,
    cancellation: line.invoice,
    invoice: purchase.invoice,
    lines: [],
  };
  refunds.set(key, draft);
  const amount = BigInt(quantity) * line.unitPriceAmount;
  const same = draft.lines.find((other) => other.line === purchase.line);
  if (same === undefined) {
    draft.lines.push({ line: purchase.line, quantity, amount });
  } else {
    same.quantity += quantity;
    same.amount += amount;
  }
}

function purchasesByKey(sales: readonly Sale[]): Map<string, Purchase[]> {
  const purchases = new Map<string, Purchase[]>();
  for (const { invoice, paidAt, customer, lines } of sales) {
    if (customer === undefined) continue;
    for (const { line, sku, quantity, unitPriceAmount } of lines) {
      const key = keyOf(customer, sku, unitPriceAmount);
      const list = purchases.get(key) ?? [];
      list.push({ invoice, paidAt, line, left: quantity });
      purchases.set(key, list);
    }
  }
  return purchases;
}

function keyOf(customer: string, sku: string, unitPriceAmount: bigint): string {
  return `${customer}\n${sku}\n${unitPriceAmount}`;
}
