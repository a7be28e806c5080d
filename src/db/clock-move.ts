import { type Clock, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Database, Tx } from './database';
import { type DueMoment, dueMomentColumns, waitingWorkflow } from './clock';
import { doDaily, doDuty, doPeriodic } from './duty';
import { planWarnings } from './inactivity';
import { advanceLife } from './life';
import { enqueueSignal } from './outbox';
import { lockProgram, programById, type ProgramRow } from './program';
import { releaseDue } from './release';
import { escalateWhenDue } from './review-due';
import { nextAutomaticEnd, unfinishedCycles } from './settlement-cycle';

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
const pollMs = 10;

/**
 * Moves the clock of a test program forwards to a moment. What falls due on the way is visited in
 * order (time, then id): the clock stands at each due moment until its workflow has acted, so
 * everything happens on the day on which it would have happened. It also stands at every end of a
 * month of the program's zone, where bonuses are booked, and at every end of a settlement period
 * until what is opened there waits for finance; what is done daily is done at the end. A move that
 * broke off half-way is repeated with the same target and goes on where it stopped.
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
  await planWarnings(deps.db.read, program.id, target);
  let from = programNow(program, deps.clock.now());
  for (let periodEnd = nextAutomaticEnd(program, from); ;) {
    const due = await nextDue(deps.db.read, program.id, target);
    const monthEnd = await nextMonth(deps.db.read, program, from);
    const ends = [monthEnd, ...(periodEnd === undefined ? [] : [periodEnd])];
    const stop = earliest([target, ...ends, ...due.map(({ dueAt }) => dueAt)]);
    const atEnd = [target, ...ends].some((end) => end.getTime() === stop.getTime());
    const now = await standAt(deps, program, stop, atEnd);
    if (stop.getTime() === monthEnd.getTime()) await planWarnings(deps.db.read, program.id, target);
    if (due[0]?.dueAt.getTime() === stop.getTime()) await visit(deps, due);
    else if (stop.getTime() === target.getTime()) {
      const round = { programId: program.id, until: target, realNow: deps.clock.now() };
      await doDaily(deps.db, round);
      // What was booked or opened just now may be due as well.
      if ((await nextDue(deps.db.read, program.id, target)).length === 0) return now;
    }
    if (stop > from) from = stop;
    if (periodEnd !== undefined && periodEnd <= from) periodEnd = nextAutomaticEnd(program, from);
  }
}

/**
 * The clock stands at a moment: what was held until then is released and, where something ends (a
 * month, a settlement's period, the move), what ended is booked.
 */
async function standAt(
  deps: ClockMoveDeps,
  program: ProgramRow,
  stop: Date,
  atEnd: boolean,
): Promise<Date> {
  const { db, clock } = deps;
  await releaseDue(db, { programId: program.id, until: stop });
  const now = await setClock(deps, program, stop);
  if (!atEnd) return now;
  const round = { programId: program.id, until: stop, realNow: clock.now(), moved: true };
  await doPeriodic(db, round);
  await untilComputed(db.read, program.id);
  // Of what was booked just now the hold may be over, too.
  await releaseDue(db, { programId: program.id, until: stop });
  return now;
}

/** What the calendar opened here is locked and computed before the clock goes on. */
async function untilComputed(read: Tx, programId: string): Promise<void> {
  let seen = '';
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    const unfinished = await unfinishedCycles(read, programId);
    if (unfinished.length === 0) return;
    const progress = JSON.stringify(unfinished);
    if (progress !== seen) waitedMs = 0;
    seen = progress;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw notDoneYet();
}

const notDoneYet = () =>
  new Refusal('temporal_unavailable', 'What fell due has not been done yet; repeat the move.');

function earliest(moments: readonly Date[]): Date {
  return new Date(Math.min(...moments.map((moment) => moment.getTime())));
}

/** The first moment after this one at which a month begins in the program's zone. */
async function nextMonth(read: Tx, { timeZone }: ProgramRow, after: Date): Promise<Date> {
  const row = await read.first<{ at: Date }>(
    `SELECT (date_trunc('month', $1::timestamptz AT TIME ZONE $2) + interval '1 month')
       AT TIME ZONE $2 AS at`,
    [after, timeZone],
  );
  if (row === undefined) throw new Error('a month has an end');
  return row.at;
}

/** A target that was passed is refused, unless an earlier move to it stands before a due moment. */
async function mustLieAhead(
  { db, clock }: ClockMoveDeps,
  program: ProgramRow,
  target: Date,
): Promise<void> {
  if (target >= programNow(program, clock.now())) return;
  if ((await nextDue(db.read, program.id, target)).length > 0) return;
  if ((await unfinishedCycles(db.read, program.id)).length > 0) return;
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
  const { db, clock } = deps;
  const others: DueMoment[] = [];
  for (const moment of due) {
    if (waitingWorkflow(moment) === undefined) await doDuty(db, moment, clock.now());
    else if (!(await actHere(deps, moment))) others.push(moment);
  }
  if (others.length === 0) return;
  await Promise.all(others.map((moment) => wakeOrStart(deps, moment)));
  let waiting = others.length;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    const before = waiting;
    waiting = await countWaiting(db.read, others);
    if (waiting === 0) return;
    if (waiting < before) waitedMs = 0;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw notDoneYet();
}

/**
 * Does what a life or a review would do at its moment: all of it is one transaction of the database,
 * the same that their workflows call, so a move need not wait for a worker's turn with each. A
 * workflow that sleeps on finds nothing left to do when its timer fires; one whose life is over is
 * told, to end. False: this moment is not of that kind.
 */
async function actHere({ db, clock }: ClockMoveDeps, moment: DueMoment): Promise<boolean> {
  const start = waitingWorkflow(moment);
  if (start === undefined) return false;
  if (start.workflowType !== 'distributor' && start.workflowType !== 'review') return false;
  await db.transaction(async (tx) => {
    const realNow = clock.now();
    if (start.workflowType === 'distributor') {
      const { over } = await advanceLife(tx, start.input.distributorId, realNow);
      if (over) await enqueueSignal(tx, { ...start, signalName: 'clockMoved' });
      return;
    }
    const at = programNow(await programById(tx, moment.programId), realNow);
    await escalateWhenDue(tx, moment.subjectId, { at, realNow });
  });
  return true;
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
