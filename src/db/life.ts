import { workflowIds, type WorkflowStart } from '../contracts/workflow';
import { programNow } from '../domain/kernel/clock';
import { type DueMoment, dueMomentColumns } from './clock';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { lifeSteps } from './life-steps';
import { enqueueSignal } from './outbox';
import { programById } from './program';
import { escalateWhenDue, escalationMoment } from './review';

/** For what the life of a distributor waits. */
export interface LifeProgress {
  /** nothing can happen to it any more by itself, and nobody has to decide anything */
  over: boolean;
  /** milliseconds until something falls due; null: only for a person, or for news */
  leftMs: number | null;
}

/**
 * Does what has fallen due for a distributor, in order (time, then id), under the lock of its row:
 * steps of its life by the name of their moment, and escalations of its reviews. Each moment is
 * closed together with what it did, so it is safe to repeat.
 */
export async function advanceLife(
  tx: Tx,
  distributorId: string,
  realNow: Date,
): Promise<LifeProgress> {
  const distributor = await lockDistributor(tx, distributorId);
  const program = await programById(tx, distributor.programId);
  const at = programNow(program, realNow);
  for (;;) {
    const moment = await nextMoment(tx, distributorId);
    if (moment === undefined) return { over: await isOver(tx, distributorId), leftMs: null };
    if (moment.dueAt > at) return { over: false, leftMs: moment.dueAt.getTime() - at.getTime() };
    await take(tx, moment, { at, realNow });
  }
}

async function take(tx: Tx, moment: DueMoment, now: { at: Date; realNow: Date }): Promise<void> {
  if (moment.name === escalationMoment) {
    await escalateWhenDue(tx, moment.subjectId, now);
    return;
  }
  const step = lifeSteps[moment.name];
  if (step === undefined) throw new Error(`nobody knows the step ${moment.name} of a life`);
  await tx.run(`UPDATE due_moment SET status = 'done' WHERE id = $1`, [moment.id]);
  await step(tx, { moment, ...now });
}

/** The workflow that sees this distributor's life. */
export function lifeWorkflow(distributorId: string): WorkflowStart {
  return {
    workflowType: 'distributor',
    workflowId: workflowIds.distributor(distributorId),
    input: { distributorId },
  };
}

/** Something concerns this distributor: its workflow, started where it does not run, looks again. */
export async function wakeLife(tx: Tx, ...distributorIds: readonly string[]): Promise<void> {
  for (const id of distributorIds) {
    await enqueueSignal(tx, { ...lifeWorkflow(id), signalName: 'clockMoved' });
  }
}

async function lockDistributor(tx: Tx, id: string): Promise<DistributorRow> {
  const row = await tx.first<DistributorRow>('SELECT * FROM distributor WHERE id = $1 FOR UPDATE', [
    id,
  ]);
  if (row === undefined) throw new Error(`distributor ${id} does not exist`);
  return row;
}

function nextMoment(tx: Tx, distributorId: string): Promise<DueMoment | undefined> {
  return tx.first<DueMoment>(
    `SELECT ${dueMomentColumns} FROM due_moment d
     WHERE d.workflow_id = $1 AND d.status = 'waiting' ORDER BY d.due_at, d.id LIMIT 1`,
    [workflowIds.distributor(distributorId)],
  );
}

/** Whoever is out has nothing to wait for, unless a review of theirs is still open. */
async function isOver(tx: Tx, distributorId: string): Promise<boolean> {
  const living = await tx.first(
    `SELECT 1 FROM distributor d WHERE d.id = $1 AND (d.status NOT IN ('rejected', 'evicted', 'left')
       OR EXISTS (SELECT 1 FROM review_task r WHERE r.workflow_id = $2 AND r.status = 'open'))`,
    [distributorId, workflowIds.distributor(distributorId)],
  );
  return living === undefined;
}
