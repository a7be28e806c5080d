import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import { checkMoment } from '../domain/order/refund';
import type { Tx } from './database';
import { moveReleases } from './hold';
import { findOrder, type OrderRow } from './order';

/**
 * Records when the customer received the order. Where the hold counts from the receipt, it moves
 * the release of what is still held; what was released stays released. The same receipt again
 * changes nothing.
 * @returns the order's id
 * @throws Refusal not_found, receipt_conflict, receipt_before_payment, in_the_future
 */
export async function recordReceipt(
  tx: Tx,
  context: { caller: Pick<Caller, 'storeId' | 'mode'>; now: Date },
  reference: string,
  receivedAt: Date,
): Promise<{ order: OrderRow; recorded: boolean }> {
  const { order, program } = await findOrder(tx, context.caller, reference, 'lock');
  if (order.receivedAt !== null) {
    if (order.receivedAt.getTime() === receivedAt.getTime()) return { order, recorded: false };
    throw new Refusal(
      'receipt_conflict',
      `The receipt is recorded as of ${order.receivedAt.toISOString()}.`,
    );
  }
  const at = { paidAt: order.paidAt, program, realNow: context.now };
  checkMoment(receivedAt, at, { code: 'receipt_before_payment', pointer: '/receivedAt' });
  await tx.run('UPDATE orders SET received_at = $2 WHERE id = $1', [order.id, receivedAt]);
  if (order.hold.startsAt === 'received') {
    await moveReleases(tx, { ...order, receivedAt });
  }
  return { order, recorded: true };
}
