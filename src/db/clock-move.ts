import { type Clock, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Database, Tx } from './database';
import { type DueMoment, dueMomentColumns, waitingWorkflow } from './clock';
import { doDuty, doPeriodic } from './duty';
import { enqueueSignal } from './outbox';
import { lockProgram, type ProgramRow } from './program';
import { releaseDue } from './release';

export interface ClockMoveDeps {
  db: Database;
  clock: Clock;
  /** Wakes a running workflow; false when none runs. Throws `temporal_unavailable`. */
  wake(workflowId: string): Promise<boolean>;
}

/** Workflows that wait for one moment are woken in portions of this size. */
const togetherAtMost = 100;
/** A workflow that does not act within this time has no worker; the move can be repeated. */
const patienceMs = 15_000;
const pollMs = 20;

/**
 * Moves the clock of a test program forwards to a moment. What falls due on the way is visited in
 * order (time, then id): the clock stands at each due moment until its workflow has acted, so
 * everything happens on the day on which it would have happened. A move that broke off half-way is
 * repeated with the same target and goes on where it stopped.
 * @returns the program's clock after the move
 * @throws Refusal `live_program`, `clock_backwards`, `temporal_unavailable`
 */
export async function moveClock(
  deps: ClockMoveDeps,
  program: ProgramRow,
  target: Date,
): Promise<Date> {
  if (program.mode === 'live') {
    throw new Refusal('live_program', 'The clock of a live program is real time.');
  }
  await mustLieAhead(deps, program, target);
  for (;;) {
    const due = await nextDue(deps.db.read, program.id, target);
    const stop = due[0]?.dueAt ?? target;
    await releaseDue(deps.db, { programId: program.id, until: stop });
    const now = await setClock(deps, program, stop);
    await doPeriodic(deps.db, program.id, stop);
    if (due.length === 0) return now;
    await visit(deps, due);
  }
}

/** A target that was passed is refused, unless an earlier move to it stands before a due moment. */
async function mustLieAhead(
  { db, clock }: ClockMoveDeps,
  program: ProgramRow,
  target: Date,
): Promise<void> {
  if (target >= programNow(program, clock.now())) return;
  if ((await nextDue(db.read, program.id, target)).length > 0) return;
  throw new Refusal('clock_backwards', 'The clock of a program only moves forwards.');
}

/** All that waits for the earliest moment up to the target, by id. */
function nextDue(read: Tx, programId: string, target: Date): Promise<DueMoment[]> {
  return read.rows<DueMoment>(
    `SELECT ${dueMomentColumns} FROM due_moment d
     WHERE program_id = $1 AND status = 'waiting' AND due_at = (
       SELECT min(due_at) FROM due_moment
       WHERE program_id = $1 AND status = 'waiting' AND due_at <= $2)
     ORDER BY id LIMIT ${togetherAtMost}`,
    [programId, target],
  );
}

/** Puts the clock at a moment, never back: two moves at the same time cannot undo each other. */
function setClock({ db, clock }: ClockMoveDeps, program: ProgramRow, stop: Date): Promise<Date> {
  return db.transaction(async (tx) => {
    const { clockOffsetMs } = await lockProgram(tx, program);
    const realNow = clock.now();
    const wanted = BigInt(stop.getTime() - realNow.getTime());
    const offset = wanted > clockOffsetMs ? wanted : clockOffsetMs;
    await tx.run('UPDATE program SET clock_offset_ms = $2 WHERE id = $1', [program.id, offset]);
    return programNow({ clockOffsetMs: offset }, realNow);
  });
}

/** Does the duties of this moment, wakes the workflows that wait for it, and stays until all have acted. */
async function visit(deps: ClockMoveDeps, due: readonly DueMoment[]): Promise<void> {
  const { db } = deps;
  for (const moment of due) {
    if (waitingWorkflow(moment) === undefined) await doDuty(db, moment);
  }
  await Promise.all(due.map((moment) => wakeOrStart(deps, moment)));
  let waiting = due.length;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    const before = waiting;
    waiting = await countWaiting(db.read, due);
    if (waiting === 0) return;
    if (waiting < before) waitedMs = 0;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Refusal(
    'temporal_unavailable',
    'What fell due has not been done yet; repeat the move.',
  );
}

async function countWaiting(read: Tx, due: readonly DueMoment[]): Promise<number> {
  const rows = await read.rows(
    `SELECT 1 FROM due_moment WHERE id = ANY($1) AND status = 'waiting'`,
    [due.map(({ id }) => id)],
  );
  return rows.length;
}

/** Where the workflow does not run (yet, or Temporal lost it), the outbox starts it from its row. */
async function wakeOrStart({ db, wake }: ClockMoveDeps, moment: DueMoment): Promise<void> {
  const start = waitingWorkflow(moment);
  if (start === undefined || (await wake(start.workflowId))) return;
  await db.transaction((tx) => enqueueSignal(tx, { ...start, signalName: 'clockMoved' }));
}
