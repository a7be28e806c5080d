import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import { releaseAt } from '../domain/order/hold';
import { checkMoment } from '../domain/order/refund';
import type { Tx } from './database';
import { distributorAccount } from '../domain/ledger/account';
import { lockBalances } from './ledger';
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
    await moveRelease(tx, order, releaseAt(order.hold, { paidAt: order.paidAt, receivedAt }));
  }
  return { order, recorded: true };
}

async function moveRelease(tx: Tx, order: OrderRow, to: Date): Promise<void> {
  const earners = await tx.rows<{ distributorId: string }>(
    'SELECT DISTINCT distributor_id FROM commission WHERE order_id = $1',
    [order.id],
  );
  // A release of the same people that runs now is finished before, or sees the new moment.
  await lockBalances(
    tx,
    order.programId,
    earners.map(({ distributorId }) => distributorAccount(distributorId, 'held')),
  );
  await tx.run(
    `UPDATE earning e SET release_at = $2 FROM commission c
     WHERE c.order_id = $1 AND e.commission_id = c.id AND e.available_at IS NULL`,
    [order.id, to],
  );
}
