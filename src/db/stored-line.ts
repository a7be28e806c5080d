import type { LineRefund, StoredLine } from '../domain/commission/recompute';
import type { Tx } from './database';

type Row = Omit<StoredLine, 'productId' | 'category' | 'unitCostAmount'> & {
  orderId: string;
  productId: string | null;
  category: string | null;
  unitCostAmount: bigint | null;
};

/** The lines of orders as the calculation wants them, those of one order by their position. */
export async function loadStoredLines(
  read: Tx,
  orderIds: readonly string[],
): Promise<(StoredLine & { orderId: string })[]> {
  const rows = await read.rows<Row>(
    `SELECT order_id, id, external_id, sku, product_id, category, tags, quantity, in_scope,
       unit_price_amount, discount_amount, unit_cost_amount, base_amount, terms,
       refunded_quantity, refunded_amount
     FROM order_line WHERE order_id = ANY($1) ORDER BY order_id, position`,
    [orderIds],
  );
  return rows.map((row) => ({
    ...row,
    productId: row.productId ?? undefined,
    category: row.category ?? undefined,
    unitCostAmount: row.unitCostAmount ?? undefined,
  }));
}

/** What refunds took from the lines of orders, in the order in which they were booked. */
export function loadLineRefunds(
  read: Tx,
  orderIds: readonly string[],
): Promise<(LineRefund & { orderId: string; orderLineId: string })[]> {
  return read.rows(
    `SELECT r.order_id, x.order_line_id, r.id AS refund_id, r.external_id, r.refunded_at, x.quantity,
       x.amount
     FROM refund r JOIN refund_line x ON x.refund_id = r.id
     WHERE r.order_id = ANY($1) ORDER BY r.sequence`,
    [orderIds],
  );
}
