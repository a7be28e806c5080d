import { createHash } from 'node:crypto';
import type { PlanBody } from '../domain/commission/plan';
import { addTotals, simulateOrders } from '../domain/commission/simulation';
import { contentHash } from './content-hash';
import type { Database, Tx } from './database';
import { planBodies } from './plan';
import { type SimulationRow, simulationById } from './simulation';
import { countOrders, factsOf, type OrderCursor, readOrders } from './simulation-order';
import { addPeople, outcomeOf, packTotals, unpackTotals } from './simulation-totals';

/** Small enough that the worker's other work waits only moments. */
const ordersPerChunk = 2000;

/**
 * Begins a simulation: counts its orders and begins the hash with the plan and the period. It does
 * nothing where it has begun.
 */
export async function beginSimulation(tx: Tx, id: string): Promise<void> {
  const simulation = await simulationById(tx, id, 'lock');
  if (simulation.status !== 'queued') return;
  const plan = await planOf(tx, simulation);
  const { programId, fromAt, toAt } = simulation;
  const chainHash = contentHash({ calculation: 1, plan, programId, fromAt, toAt });
  await tx.run(
    `UPDATE simulation SET status = 'running', progress_total = $2, chain_hash = $3 WHERE id = $1`,
    [id, await countOrders(tx, simulation), chainHash],
  );
}

/**
 * Computes the next orders and keeps cursor, hash, progress and totals in the same transaction, so
 * that whoever dies anywhere loses and doubles nothing.
 * @returns whether there is more to do
 */
export async function simulateChunk(
  tx: Tx,
  id: string,
  { realNow, limit = ordersPerChunk }: { realNow: Date; limit?: number },
): Promise<boolean> {
  const simulation = await simulationById(tx, id, 'lock');
  if (simulation.status !== 'running') return false;
  if (simulation.cancelAskedAt !== null) {
    await tx.run(`UPDATE simulation SET status = 'canceled', finished_at = $2 WHERE id = $1`, [
      id,
      realNow,
    ]);
    return false;
  }
  const plan = await planOf(tx, simulation);
  const after = readCursor(simulation.cursor);
  const orders = await readOrders(tx, simulation, { after, rules: plan, limit });
  if (orders.length === 0) {
    await finish(tx, simulation, realNow);
    return false;
  }
  const { totals, people } = simulateOrders(plan, orders);
  const sum = addTotals(unpackTotals(simulation.totals?.totals), totals);
  await addPeople(tx, id, people);
  await tx.run(
    `UPDATE simulation SET cursor = $2, chain_hash = $3, totals = $4,
       progress_done = progress_done + $5 WHERE id = $1`,
    [
      id,
      writeCursor(orders.at(-1)!),
      orders.reduce((hash, order) => chained(hash, factsOf(order)), simulation.chainHash),
      JSON.stringify({ totals: packTotals(sum) }),
      orders.length,
    ],
  );
  return true;
}

/** The hash does not depend on how the orders are cut into chunks. */
function chained(hash: string, facts: string): string {
  return createHash('sha256').update(hash).update(facts).digest('hex');
}

async function finish(tx: Tx, { id, totals }: SimulationRow, realNow: Date): Promise<void> {
  const result = {
    totals: totals?.totals ?? packTotals(unpackTotals(undefined)),
    outcome: await outcomeOf(tx, id),
  };
  await tx.run(
    `UPDATE simulation SET status = 'done', finished_at = $2, totals = $3, result_hash = $4,
       progress_total = progress_done WHERE id = $1`,
    [id, realNow, JSON.stringify(result), contentHash(result)],
  );
}

async function planOf(tx: Tx, { planId }: SimulationRow): Promise<PlanBody> {
  const plan = (await planBodies(tx, [planId])).get(planId);
  if (plan === undefined) throw new Error(`the plan ${planId} is gone`);
  return plan;
}

function writeCursor({ paidAt, id }: OrderCursor): string {
  return `${paidAt.toISOString()} ${id}`;
}

function readCursor(cursor: string | null): OrderCursor | null {
  const [paidAt, id] = cursor?.split(' ') ?? [];
  return paidAt === undefined || id === undefined ? null : { paidAt: new Date(paidAt), id };
}

const settleWithinMs = 5000;
const settlePollMs = 50;

/**
 * Waits until every transaction that was under way has ended, so that an order or refund which was
 * on its way when the simulation was asked for is in. It blocks nobody; behind a transaction that
 * takes longer than 5 s it goes on, and what came later is not in the hash either.
 */
export async function untilWritersEnded({ read }: Pick<Database, 'read'>): Promise<void> {
  const now = await read.first<{ next: string }>(
    'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next',
  );
  const deadline = performance.now() + settleWithinMs;
  for (;;) {
    const state = await read.first<{ ended: boolean }>(
      'SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 AS ended',
      [now?.next],
    );
    if (state?.ended === true || performance.now() > deadline) return;
    await new Promise((resolve) => setTimeout(resolve, settlePollMs));
  }
}
