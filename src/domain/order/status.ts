export type OrderStatus = 'paid' | 'received' | 'partially_refunded' | 'refunded';

/** A line as far as it says how much of it came back. */
export interface RefundedLine {
  quantity: number;
  baseAmount: bigint;
  refundedQuantity: number;
  refundedAmount: bigint;
}

/**
 * Where an order stands. It is refunded when no money of it remains (for a line that cost nothing:
 * when no piece remains), whatever happened to the goods.
 */
export function orderStatus(order: {
  receivedAt: Date | null;
  lines: readonly RefundedLine[];
}): OrderStatus {
  const touched = order.lines.some(
    ({ refundedQuantity, refundedAmount }) => refundedQuantity > 0 || refundedAmount > 0n,
  );
  if (touched) return order.lines.every(isGone) ? 'refunded' : 'partially_refunded';
  return order.receivedAt === null ? 'paid' : 'received';
}

function isGone(line: RefundedLine): boolean {
  return line.baseAmount === 0n
    ? line.refundedQuantity === line.quantity
    : line.refundedAmount === line.baseAmount;
}
