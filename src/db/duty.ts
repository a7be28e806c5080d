import { programNow } from '../domain/kernel/clock';
import { longCaseMoment, reviewLongCase } from './after-sale';
import { closeDueAssessments } from './assessment';
import { bookDueBonuses } from './bonus';
import { type DueMoment, overdueMoments, waitingWorkflow } from './clock';
import { sweepDaily } from './compliance';
import type { Round } from './daily';
import type { Database, Tx } from './database';
import { sweepInactivity } from './inactivity';
import { enqueueSignal } from './outbox';
import type { ProgramRow } from './program';
import { showAnnouncedSponsor, sponsorMomentName } from './sponsor-change';
import { ensureTierSweep, tierSweepMoment } from './tier-schedule';
import { sweepTiers } from './tier-sweep';
import { verifyDaily } from './verification';

/** What a duty does, in one transaction together with the mark that it is done. */
type Duty = (tx: Tx, moment: DueMoment, realNow: Date) => Promise<void>;

/** Due moments that no workflow waits for, by name. */
const duties: Readonly<Record<string, Duty>> = {
  [longCaseMoment]: reviewLongCase,
  [sponsorMomentName]: showAnnouncedSponsor,
  [tierSweepMoment]: sweepTiers,
};

/**
 * What every program does again and again, set-based and by its own clock: books what ended, watches
 * what is watched. Each finds out from its own rows what is left, so it may run at any time, twice
 * and at once.
 */
const periodic: readonly Periodic[] = [
  (db, round) => bookDueBonuses(db, round),
  closeDueAssessments,
  (db, { programId, until }) => ensureTierSweep(db.read, programId, until),
];

/** The same for what is done once a day: a moved clock does it at its end, for all days it passed. */
const daily: readonly Periodic[] = [sweepDaily, verifyDaily, sweepInactivity];

type Periodic = (db: Database, round: Round) => Promise<void>;

/** Does a duty, once. */
export async function doDuty(db: Database, moment: DueMoment, realNow: Date): Promise<void> {
  const duty = duties[moment.name];
  if (duty === undefined) throw new Error(`nobody knows the duty ${moment.name}`);
  await db.transaction(async (tx) => {
    const taken = await tx.run(
      `UPDATE due_moment SET status = 'done' WHERE id = $1 AND status = 'waiting'`,
      [moment.id],
    );
    if (taken > 0) await duty(tx, moment, realNow);
  });
}

/** The periodic work of one program up to a moment of its clock, without what is done once a day. */
export async function doPeriodic(db: Database, round: Round): Promise<void> {
  for (const work of periodic) await work(db, round);
}

/** What one program does once a day, for all days up to a moment of its clock. */
export async function doDaily(db: Database, round: Round): Promise<void> {
  for (const work of daily) await work(db, round);
}

const momentsAtMost = 1000;

/**
 * What has fallen due in all programs, each by its own clock: duties are done, workflows that wait
 * are woken, periodic work runs. One program that fails keeps no other waiting.
 * @returns how many moments had come
 */
export async function doAllDue(db: Database, realNow: Date): Promise<number> {
  const moments = await overdueMoments(db.read, realNow, momentsAtMost);
  const failures: unknown[] = [];
  const attempt = (work: Promise<void>) => work.catch((error: unknown) => failures.push(error));
  for (const moment of moments) {
    if (waitingWorkflow(moment) === undefined) await attempt(doDuty(db, moment, realNow));
  }
  await attempt(wakeAll(db, moments));
  const programs = await db.read.rows<Pick<ProgramRow, 'id' | 'clockOffsetMs'>>(
    'SELECT id, clock_offset_ms FROM program ORDER BY id',
  );
  for (const program of programs) {
    const round = { programId: program.id, until: programNow(program, realNow), realNow };
    await attempt(doPeriodic(db, round));
    await attempt(doDaily(db, round));
  }
  if (failures.length > 0) throw failures[0];
  return moments.length;
}

/** All workflows that wait for one of these moments are asked to look again, in one statement. */
async function wakeAll(db: Database, moments: readonly DueMoment[]): Promise<void> {
  const starts = moments.map(waitingWorkflow).filter((start) => start !== undefined);
  await db.transaction((tx) =>
    enqueueSignal(tx, ...starts.map((start) => ({ ...start, signalName: 'clockMoved' as const }))),
  );
}
