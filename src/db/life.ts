import { workflowIds } from '../contracts/workflow';
import { programNow } from '../domain/kernel/clock';
import { type DueMoment, dueMomentColumns } from './clock';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { lifeSteps, stepsThatMoveTeams } from './life-steps';
import { programById, type ProgramRow } from './program';
import { lockProgramAlone } from './program-lock';
import { isReviewMoment, takeReviewMoment } from './review-due';

export { lifeWorkflow, wakeLife } from './life-workflow';

/** For what the life of a distributor waits. */
export interface LifeProgress {
  /** nothing can happen to it any more by itself, and nobody has to decide anything */
  over: boolean;
  /** milliseconds until something falls due; 0: there is more to do now; null: only for a person, or for news */
  leftMs: number | null;
}

/**
 * Does what has fallen due for a distributor, in order (time, then id), under the lock of its row:
 * steps of its life by the name of their moment, reminders and escalations of its reviews. Each moment is
 * closed together with what it did, so it is safe to repeat.
 */
export async function advanceLife(
  tx: Tx,
  distributorId: string,
  realNow: Date,
): Promise<LifeProgress> {
  const program = await programOf(tx, distributorId);
  const at = programNow(program, realNow);
  if (await movesTeam(tx, distributorId, at)) await lockProgramAlone(tx, program.id);
  await lockDistributor(tx, distributorId);
  for (;;) {
    const moment = await nextMoment(tx, distributorId);
    if (moment === undefined) return { over: await isOver(tx, distributorId), leftMs: null };
    if (moment.dueAt > at) return { over: false, leftMs: moment.dueAt.getTime() - at.getTime() };
    // What is done in parts is committed part by part.
    const isDone = await take(tx, moment, { at, realNow });
    if (!isDone) return { over: false, leftMs: 0 };
  }
}

/** @returns whether it is done; else it waits on for its next part */
async function take(tx: Tx, moment: DueMoment, now: { at: Date; realNow: Date }): Promise<boolean> {
  if (isReviewMoment(moment)) {
    await takeReviewMoment(tx, moment, now);
    return true;
  }
  const step = lifeSteps[moment.name];
  if (step === undefined) throw new Error(`nobody knows the step ${moment.name} of a life`);
  const status = (done: boolean) =>
    tx.run('UPDATE due_moment SET status = $2 WHERE id = $1', [
      moment.id,
      done ? 'done' : 'waiting',
    ]);
  await status(true);
  const isDone = (await step(tx, { moment, ...now })) !== 'more';
  if (!isDone) await status(false);
  return isDone;
}

async function programOf(read: Tx, distributorId: string): Promise<ProgramRow> {
  const row = await read.first<Pick<DistributorRow, 'programId'>>(
    'SELECT program_id FROM distributor WHERE id = $1',
    [distributorId],
  );
  if (row === undefined) throw new Error(`distributor ${distributorId} does not exist`);
  return programById(read, row.programId);
}

/** Whether something is due that can change who is above whom. */
async function movesTeam(read: Tx, distributorId: string, at: Date): Promise<boolean> {
  const due = await read.first(
    `SELECT 1 FROM due_moment WHERE workflow_id = $1 AND status = 'waiting' AND due_at <= $2
       AND name = ANY($3)`,
    [workflowIds.distributor(distributorId), at, stepsThatMoveTeams],
  );
  return due !== undefined;
}

async function lockDistributor(tx: Tx, id: string): Promise<void> {
  await tx.run('SELECT 1 FROM distributor WHERE id = $1 FOR UPDATE', [id]);
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
