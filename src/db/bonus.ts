import { monthAfter, monthOf, monthSpan, type Month } from '../domain/kernel/period';
import { bonusesOf } from '../domain/commission/bonus';
import { addDays } from '../domain/kernel/clock';
import { bookChunk, type BonusPeriod, bonusesLock, chunksOf, earnersOf } from './bonus-chunk';
import type { Round } from './daily';
import type { Database, Tx } from './database';
import { idFrom } from './id';
import { bonusSweep, type PlanInForce, plansAt } from './plan';
import { programById } from './program';
import { sharedProgramLock } from './program-lock';

/** Beneficiaries of one transaction. */
const defaultChunk = 200;
/**
 * Outside of a clock move a month is not closed while its orders are still being reported, be it
 * the last ones at midnight or the history of a shop that just came.
 */
const quietMs = 600_000;
/**
 * And never before a day has passed: at midnight the last orders of the month are still on their
 * way, and a shop that reports by a job each night has reported them by then.
 */
const graceDays = 1;

/**
 * Books the bonuses of every month of a program that has ended, once and in order, under the plan in
 * force in the month's last moment. It works in chunks of whole beneficiaries, each committed; the
 * month is closed last, so after a crash it goes on where it stopped, and of two at once each finds
 * what the other has done.
 */
export async function bookDueBonuses(
  db: Database,
  round: Round,
  chunkSize = defaultChunk,
): Promise<void> {
  for (;;) {
    const standing = await standingOf(db.read, round.programId);
    const month = standing?.next;
    if (standing === undefined || month === undefined) return;
    const { from, to } = monthSpan(month, standing.timeZone);
    if ((round.moved ? to : addDays(to, graceDays)) > round.until) return;
    if (!round.moved && standing.paysBonuses && (await isBusy(db.read, round, { from, to })))
      return;
    await bookMonth(db, round, { month, from, to }, chunkSize);
  }
}

interface Standing {
  timeZone: string;
  /** the month to be booked next; undefined: nothing was sold yet */
  next: Month | undefined;
  /** whether any published plan has bonuses */
  paysBonuses: boolean;
}

/** One statement of index look-ups: this is asked for every program each minute. */
async function standingOf(read: Tx, programId: string): Promise<Standing | undefined> {
  const row = await read.first<{
    timeZone: string;
    last: Month | null;
    firstPaidAt: Date | null;
    paysBonuses: boolean;
  }>(
    `SELECT g.time_zone,
       (SELECT max(period) FROM bonus_period WHERE program_id = g.id) AS last,
       (SELECT min(paid_at) FROM orders WHERE program_id = g.id) AS first_paid_at,
       EXISTS (SELECT 1 FROM plan WHERE program_id = g.id AND status = 'published'
         AND jsonb_array_length(body->'bonuses') > 0) AS pays_bonuses
     FROM program g WHERE g.id = $1`,
    [programId],
  );
  if (row === undefined) return undefined;
  const { timeZone, last, firstPaidAt, paysBonuses } = row;
  const first = firstPaidAt === null ? undefined : monthOf(firstPaidAt, timeZone);
  return { timeZone, paysBonuses, next: last === null ? first : monthAfter(last) };
}

async function isBusy(
  read: Tx,
  { programId, realNow }: Round,
  { from, to }: { from: Date; to: Date },
): Promise<boolean> {
  const recent = await read.first(
    `SELECT 1 FROM orders
     WHERE program_id = $1 AND paid_at >= $2 AND paid_at < $3 AND id > $4 LIMIT 1`,
    [programId, from, to, idFrom('order', new Date(realNow.getTime() - quietMs))],
  );
  return recent !== undefined;
}

async function bookMonth(
  db: Database,
  round: Round,
  span: { month: Month; from: Date; to: Date },
  chunkSize: number,
): Promise<void> {
  const program = await programById(db.read, round.programId);
  const plan = await fixedPlan(db, program.id, span.to);
  const { invitations, onSales } = bonusesOf(plan?.body);
  if (plan !== undefined && invitations.length + onSales.length > 0) {
    const period: BonusPeriod = { program, plan, ...span };
    const earners = await earnersOf(db.read, period);
    for (const chunk of chunksOf(earners, chunkSize)) {
      const open = await db.transaction((tx) => bookChunk(tx, period, chunk, round));
      if (!open) return;
    }
  }
  await db.transaction(async (tx) => {
    await bonusesLock(tx, program.id, 'exclusive');
    await tx.run(
      `INSERT INTO bonus_period (program_id, period, plan_id, booked_at, created_at)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (program_id, period) DO NOTHING`,
      [program.id, span.month, plan?.id ?? null, round.until, round.realNow],
    );
  });
}

/**
 * The plan in force in the last moment before `to`. First it is said that bonuses are booked until
 * then: no plan is published into the month any more, so whatever goes on after a crash goes on
 * under this plan.
 */
async function fixedPlan(
  db: Database,
  programId: string,
  to: Date,
): Promise<PlanInForce | undefined> {
  return db.transaction(async (tx) => {
    // A publication that runs now is done before, or sees the mark.
    await tx.run(`SELECT ${sharedProgramLock} FROM program p WHERE p.id = $1`, [programId]);
    await tx.run(
      `INSERT INTO program_sweep AS s (program_id, name, done_until) VALUES ($1, $2, $3)
       ON CONFLICT (program_id, name) DO UPDATE SET done_until = excluded.done_until
       WHERE s.done_until < excluded.done_until`,
      [programId, bonusSweep, to],
    );
    const [plan] = await plansAt(tx, programId, [new Date(to.getTime() - 1)]);
    return plan;
  });
}
