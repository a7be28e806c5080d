import { demandUnambiguous } from '../domain/commission/findings';
import type { Language } from '../domain/kernel/language';
import { isInTheFuture } from '../domain/order/order';
import { Refusal } from '../domain/kernel/refusal';
import { workflowIds } from '../contracts/workflow';
import type { Tx } from './database';
import { newId } from './id';
import { enqueueStart } from './outbox';
import type { PlanRow } from './plan';
import { lockProgram, type ProgramRow, type Reach } from './program';
import type { StoredTotals } from './simulation-totals';

export type SimulationStatus = 'queued' | 'running' | 'done' | 'canceled';

/** A plan computed over the orders that were paid from `fromAt` to before `toAt`. */
export interface SimulationRow {
  id: string;
  storeId: string;
  programId: string;
  planId: string;
  fromAt: Date;
  toAt: Date;
  status: SimulationStatus;
  /** orders */
  progressDone: number;
  progressTotal: number;
  /** the last order that is in the totals; null: none yet */
  cursor: string | null;
  /** over the plan and every order so far */
  chainHash: string;
  totals: StoredTotals | null;
  resultHash: string | null;
  cancelAskedAt: Date | null;
  /** real time; orders and refunds that were stored later are left out */
  createdAt: Date;
  finishedAt: Date | null;
}

/** Each keeps a part of a worker busy, so a program has only so many at once. */
const openAtMost = 3;

/**
 * Asks for a simulation; it runs as a workflow.
 * @throws Refusal empty_period, in_the_future, before_program_start, plan_not_compliant (two of its
 *   rules tie), too_many_simulations
 */
export async function openSimulation(
  tx: Tx,
  input: {
    program: ProgramRow;
    plan: PlanRow;
    from: Date;
    to: Date;
    requestedBy: string;
    now: Date;
    language: Language;
  },
): Promise<SimulationRow> {
  const { plan, from, to, now } = input;
  const program = await lockProgram(tx, input.program);
  checkPeriod({ from, to }, program, now);
  demandUnambiguous(plan.body, input.language);
  const open = await tx.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM simulation
     WHERE program_id = $1 AND status IN ('queued', 'running')`,
    [program.id],
  );
  if ((open?.count ?? 0) >= openAtMost) {
    throw new Refusal('too_many_simulations', `The program has ${openAtMost} that still run.`);
  }
  const id = newId('simulation');
  await tx.insert('simulation', {
    id,
    storeId: program.storeId,
    programId: program.id,
    planId: plan.id,
    fromAt: from,
    toAt: to,
    status: 'queued',
    requestedBy: input.requestedBy,
    createdAt: now,
  });
  await enqueueStart(tx, {
    workflowType: 'simulation',
    workflowId: workflowIds.simulation(id),
    input: { simulationId: id },
  });
  return simulationById(tx, id);
}

function checkPeriod(period: { from: Date; to: Date }, program: ProgramRow, realNow: Date): void {
  const { from, to } = period;
  if (from >= to) refuse('empty_period', 'The period ends before it begins.', '/to');
  if (isInTheFuture(to, program, realNow)) {
    refuse('in_the_future', 'The period ends later than the clock.', '/to');
  }
  if (to <= program.startsAt) {
    refuse('before_program_start', 'The period ends before the program began.', '/to');
  }
}

function refuse(
  code: 'empty_period' | 'in_the_future' | 'before_program_start',
  message: string,
  pointer: string,
): never {
  throw new Refusal(code, message, { errors: [{ pointer, code, message }] });
}

export async function simulationById(
  read: Tx,
  id: string,
  lock: '' | 'lock' = '',
): Promise<SimulationRow> {
  const row = await read.first<SimulationRow>(
    `SELECT * FROM simulation WHERE id = $1 ${lock === '' ? '' : 'FOR UPDATE'}`,
    [id],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such simulation.');
  return row;
}

/**
 * A simulation that the caller may see.
 * @throws Refusal not_found
 */
export async function findSimulation(read: Tx, reach: Reach, id: string): Promise<SimulationRow> {
  const row = await read.first<SimulationRow>(
    `SELECT s.* FROM simulation s JOIN program g ON g.id = s.program_id
     WHERE s.id = $1 AND s.store_id = $2 AND ($3 = 'both' OR g.mode = $3)`,
    [id, reach.storeId, reach.mode],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such simulation.');
  return row;
}

/** The simulations of a plan, the newest first, up to `limit` after the cursor. */
export function listSimulations(
  read: Tx,
  query: { planId: string; cursor: string | undefined; limit: number },
): Promise<SimulationRow[]> {
  return read.rows<SimulationRow>(
    `SELECT * FROM simulation WHERE plan_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [query.planId, query.cursor ?? null, query.limit],
  );
}

/**
 * Asks a simulation to stop. One that has not begun is canceled at once, a running one before its
 * next chunk; one that is over stays what it is.
 */
export async function cancelSimulation(
  tx: Tx,
  reach: Reach,
  id: string,
  now: Date,
): Promise<{ before: SimulationRow; after: SimulationRow }> {
  await findSimulation(tx, reach, id);
  const before = await simulationById(tx, id, 'lock');
  await tx.run(
    `UPDATE simulation SET cancel_asked_at = coalesce(cancel_asked_at, $2),
       finished_at = CASE WHEN status = 'queued' THEN $2 END,
       status = CASE WHEN status = 'queued' THEN 'canceled' ELSE status END
     WHERE id = $1 AND status IN ('queued', 'running')`,
    [id, now],
  );
  return { before, after: await simulationById(tx, id) };
}

/** One distributor of a simulation, over all tiers it had in the period. */
export interface SimulatedDistributor {
  distributorId: string;
  tiers: string[];
  inForceAmount: bigint;
  planAmount: bigint;
  differenceAmount: bigint;
}

export type DistributorOrder = 'distributorId' | 'difference' | '-difference';

/** By distributor, up to `limit` after one; `difference` begins with who loses most. */
export function simulatedDistributors(
  read: Tx,
  simulationId: string,
  query: {
    sort: DistributorOrder;
    after: { distributorId: string; differenceAmount: bigint } | undefined;
    limit: number;
  },
): Promise<SimulatedDistributor[]> {
  const { after, limit } = query;
  const [place, order] = {
    distributorId: ['distributor_id > $2 AND $3::bigint IS NOT NULL', 'distributor_id'],
    difference: [
      '(difference_amount, distributor_id) > ($3, $2)',
      'difference_amount, distributor_id',
    ],
    '-difference': [
      'difference_amount < $3 OR (difference_amount = $3 AND distributor_id > $2)',
      'difference_amount DESC, distributor_id',
    ],
  }[query.sort] as [string, string];
  return read.rows<SimulatedDistributor>(
    `SELECT * FROM (
       SELECT distributor_id, array_agg(tier ORDER BY tier) AS tiers,
         sum(in_force_amount)::bigint AS in_force_amount, sum(plan_amount)::bigint AS plan_amount,
         sum(plan_amount - in_force_amount)::bigint AS difference_amount
       FROM simulation_total WHERE simulation_id = $1 GROUP BY distributor_id
     ) d WHERE $2::text IS NULL OR (${place}) ORDER BY ${order} LIMIT $4`,
    [simulationId, after?.distributorId ?? null, after?.differenceAmount ?? null, limit],
  );
}
