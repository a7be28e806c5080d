import { distributorAccount } from '../domain/ledger/account';
import { type HeldOrder, type HoldTerms, type Pause, pausedReleaseAt } from '../domain/order/hold';
import type { Tx } from './database';
import { earningsOfCommission } from './earning';
import { lockBalances } from './ledger';

/** An order as far as its hold goes. */
export interface HoldFacts extends HeldOrder {
  id: string;
  programId: string;
  hold: HoldTerms;
}

/** When the commissions of each line of an order become available; null while a case stops the hold. */
export async function lineReleases(read: Tx, order: HoldFacts): Promise<Map<string, Date | null>> {
  const pauses = await pausesOf(read, order.id);
  return new Map(
    [...pauses].map(([lineId, own]) => [lineId, pausedReleaseAt(order.hold, order, own)]),
  );
}

/** The after-sale cases of each line of an order, by the line's id. */
export async function pausesOf(read: Tx, orderId: string): Promise<Map<string, Pause[]>> {
  const rows = await read.rows<{ lineId: string; openedAt: Date | null; closedAt: Date | null }>(
    `SELECT l.id AS line_id, a.opened_at, a.closed_at FROM order_line l
     LEFT JOIN after_sale a
       ON a.order_id = l.order_id AND l.external_id = ANY(a.line_external_ids)
     WHERE l.order_id = $1 ORDER BY l.position, a.opened_at`,
    [orderId],
  );
  const pauses = new Map<string, Pause[]>();
  for (const { lineId, openedAt, closedAt } of rows) {
    const own = pauses.get(lineId) ?? [];
    pauses.set(lineId, own);
    if (openedAt !== null) own.push({ from: openedAt, to: closedAt });
  }
  return pauses;
}

/**
 * Brings the release of what is still held of an order to what its receipt and its after-sale cases
 * say now. What was released stays released. The caller holds the order's row.
 */
export async function moveReleases(tx: Tx, order: HoldFacts): Promise<void> {
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
  const releases = [...(await lineReleases(tx, order))];
  await tx.run(
    `UPDATE earning e SET release_at = r.release_at
     FROM unnest($2::text[], $3::timestamptz[]) AS r (line_id, release_at)
     JOIN commission c ON c.order_line_id = r.line_id
     CROSS JOIN LATERAL ${earningsOfCommission('c')} known
     WHERE c.order_id = $1 AND e.id = known.id
       AND e.available_at IS NULL AND e.release_at IS DISTINCT FROM r.release_at`,
    [order.id, releases.map(([lineId]) => lineId), releases.map(([, release]) => release)],
  );
}
