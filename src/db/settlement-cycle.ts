import type { SettlementCycleInput } from '../contracts/workflow';
import { programNow } from '../domain/kernel/clock';
import { nextPeriodEnd } from '../domain/kernel/period';
import { Refusal } from '../domain/kernel/refusal';
import type { Round } from './daily';
import type { Database, Tx } from './database';
import type { ProgramRow } from './program';
import { calendarActor, isCycleUndecided, openSettlement } from './settlement';

/** Under this name `program_sweep` says until when periods are opened. */
const settlementSweep = 'settlement';

/**
 * Opens the settlement of every period of a program that has ended, once and in order: what the
 * database says is opened is opened, whoever asks and however often. A period after one that nobody
 * has decided yet waits for the decision; after an outage what was missed follows one by one. Where
 * nobody has anything to settle a period passes without a settlement. Programs that settle on request
 * or pay by withdrawal have none of it.
 */
export async function openDueSettlements(
  db: Database,
  { programId, until, realNow }: Round,
): Promise<void> {
  for (;;) {
    const standing = await standingOf(db.read, programId);
    const endsAt = standing === undefined ? undefined : nextEnd(standing);
    if (endsAt === undefined || endsAt > until) return;
    const passed = await db
      .transaction((tx) => openNext(tx, { programId, until, realNow }))
      .catch((error: unknown) => {
        // Somebody asked for a settlement at this very moment: it is the one that is open now.
        if (error instanceof Refusal && error.code === 'settlement_already_open') return false;
        throw error;
      });
    if (!passed) return;
  }
}

interface Standing {
  program: ProgramRow;
  /** the end of the last period that was opened, or from when on the calendar counts */
  doneUntil: Date;
}

async function standingOf(read: Tx, programId: string): Promise<Standing | undefined> {
  const row = await read.first<ProgramRow & { doneUntil: Date }>(
    // Periods that were over when the program was made are nobody's.
    `SELECT p.*, coalesce(s.done_until, p.created_at) AS done_until FROM program p
     LEFT JOIN program_sweep s ON s.program_id = p.id AND s.name = $2
     WHERE p.id = $1`,
    [programId, settlementSweep],
  );
  return row === undefined ? undefined : { program: row, doneUntil: row.doneUntil };
}

function nextEnd({ program, doneUntil }: Standing): Date | undefined {
  return nextAutomaticEnd(program, doneUntil);
}

/** The next moment at which a program's calendar opens a settlement; undefined: it opens none. */
export function nextAutomaticEnd(program: ProgramRow, after: Date): Date | undefined {
  if (program.payoutMode === 'request') return undefined;
  return nextPeriodEnd(after, program.settlementCalendar, program.timeZone);
}

/** The next period, under the lock of the program's row of the sweep. False: it is not to be opened now. */
async function openNext(tx: Tx, { programId, until, realNow }: Round): Promise<boolean> {
  await tx.run(
    `INSERT INTO program_sweep (program_id, name, done_until)
     SELECT id, $2, created_at FROM program WHERE id = $1
     ON CONFLICT (program_id, name) DO NOTHING`,
    [programId, settlementSweep],
  );
  await tx.run('SELECT 1 FROM program_sweep WHERE program_id = $1 AND name = $2 FOR UPDATE', [
    programId,
    settlementSweep,
  ]);
  const standing = await standingOf(tx, programId);
  const endsAt = standing === undefined ? undefined : nextEnd(standing);
  if (standing === undefined || endsAt === undefined || endsAt > until) return false;
  if (await isCycleUndecided(tx, programId)) return false;
  if (await hasSomethingToSettle(tx, programId, endsAt)) {
    const input = { cutoffAt: endsAt, requestedBy: calendarActor, realNow };
    await openSettlement(tx, standing.program, input);
  }
  await tx.run('UPDATE program_sweep SET done_until = $3 WHERE program_id = $1 AND name = $2', [
    programId,
    settlementSweep,
    endsAt,
  ]);
  return true;
}

/** Also what is released only when the settlement begins. */
async function hasSomethingToSettle(tx: Tx, programId: string, cutoffAt: Date): Promise<boolean> {
  const earning = await tx.first(
    `SELECT 1 FROM earning WHERE program_id = $1 AND statement_id IS NULL AND amount > 0
       AND (available_at <= $2 OR (available_at IS NULL AND release_at <= $2)) LIMIT 1`,
    [programId, cutoffAt],
  );
  return earning !== undefined;
}

/** Lets the calendar count from now on: periods that ended under other settings stay as they were. */
export async function restartCalendar(tx: Tx, program: ProgramRow, realNow: Date): Promise<void> {
  await tx.run(
    `INSERT INTO program_sweep AS s (program_id, name, done_until) VALUES ($1, $2, $3)
     ON CONFLICT (program_id, name) DO UPDATE
       SET done_until = greatest(s.done_until, excluded.done_until)`,
    [program.id, settlementSweep, programNow(program, realNow)],
  );
}

/** Whether settings changed that decide when periods end and who opens them. */
export function movesCalendar(before: ProgramRow, after: ProgramRow): boolean {
  return (
    before.settlementCalendar !== after.settlementCalendar ||
    before.timeZone !== after.timeZone ||
    before.payoutMode !== after.payoutMode
  );
}

/** Settlements that the calendar opened and that are not yet as far as a person has to look. */
export function unfinishedCycles(
  read: Tx,
  programId: string,
): Promise<{ id: string; status: string; progressDone: number }[]> {
  return read.rows(
    `SELECT id, status, progress_done FROM settlement
     WHERE program_id = $1 AND requested_by = $2 AND status IN ('locking', 'computing')`,
    [programId, calendarActor],
  );
}

/** The calendars by which live programs settle, each with the zone whose periods it ends. */
export function automaticCalendars(read: Tx): Promise<SettlementCycleInput[]> {
  return read.rows<SettlementCycleInput>(
    `SELECT DISTINCT settlement_calendar AS calendar, time_zone FROM program
     WHERE mode = 'live' AND payout_mode = 'auto' AND settlement_calendar <> 'onRequest'
     ORDER BY 1, 2`,
  );
}

/**
 * Opens what is due in all live programs of one calendar and zone. One that fails keeps no other
 * waiting; the first failure is thrown in the end, so that it is tried again.
 */
export async function openCycles(
  db: Database,
  { calendar, timeZone }: SettlementCycleInput,
  realNow: Date,
): Promise<void> {
  const programs = await db.read.rows<{ id: string }>(
    `SELECT id FROM program WHERE mode = 'live' AND payout_mode = 'auto'
       AND settlement_calendar = $1 AND time_zone = $2 ORDER BY id`,
    [calendar, timeZone],
  );
  const failures: unknown[] = [];
  for (const { id } of programs) {
    // A live program's clock is real time.
    await openDueSettlements(db, { programId: id, until: realNow, realNow }).catch(
      (error: unknown) => failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0];
}
