import { isSignOfLife } from '../domain/distributor/inactivity';
import { statusesBefore } from '../domain/distributor/state';
import type { Tx } from './database';
import { closeCases, lockLife, moveLife, tell } from './life-case';
import { wakeLife } from './life-workflow';

/** A sale that was booked. */
export interface OwnSale {
  distributorId: string | null;
  paidAt: Date;
  orderId: string;
}

const wayOut = statusesBefore('sold')
  .map((status) => `'${status}'`)
  .join(', ');

/** The latest sale of each seller who is on the way out for inactivity, by the id of the seller. */
export type Returning = ReadonlyMap<string, OwnSale>;

/**
 * One look into a small partial index for any number of sales; nearly always nobody is found. It is
 * sent behind the statement that writes the orders: it locks their sellers, so it waits for a step of a
 * life that is under way, and this sees what that step did, or that step sees the orders.
 */
export async function leavingSellers(tx: Tx, sales: readonly OwnSale[]): Promise<Returning> {
  const byId = new Map<string, OwnSale>();
  for (const sale of sales) {
    if (sale.distributorId === null) continue;
    const latest = byId.get(sale.distributorId);
    if (latest === undefined || sale.paidAt > latest.paidAt) byId.set(sale.distributorId, sale);
  }
  if (byId.size === 0) return byId;
  const found = await tx.rows<{ id: string }>(
    `SELECT id FROM distributor WHERE status IN (${wayOut}) AND id = ANY($1) ORDER BY id`,
    [[...byId.keys()]],
  );
  return new Map(found.map(({ id }) => [id, byId.get(id)!]));
}

/** Brings back who was on the way out for inactivity and has sold, in the transaction of the order. */
export async function returnBySale(tx: Tx, returning: Returning, realNow: Date): Promise<void> {
  for (const [id, sale] of returning) await comeBack(tx, id, sale, realNow);
}

async function comeBack(
  tx: Tx,
  distributorId: string,
  { paidAt, orderId }: OwnSale,
  realNow: Date,
): Promise<void> {
  const life = await lockLife(tx, distributorId, { realNow, actor: 'system:order' });
  if (!statusesBefore('sold').includes(life.distributor.status)) return;
  if (!isSignOfLife(paidAt, life.at, life.program)) return;
  await closeCases(tx, life, ['eviction', 'appeal'], 'sold');
  await moveLife(tx, life, 'sold', `The order ${orderId}.`);
  await tell(tx, life, {
    ...{ event: 'distributor.reinstated', notice: 'active_again', subjectId: orderId },
    params: { cause: 'sold', orderId },
  });
  await wakeLife(tx, distributorId);
}
