import { nextDay, providerDay, startOfProviderDay } from '../domain/payout/asking';
import {
  type BilledRow,
  compareBill,
  type Comparison,
  type Difference,
  isToBeAsked,
  type OurPayout,
} from '../domain/payout/reconciliation';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { wakePayout } from './payout';
import { openStrangeBillReview } from './payout-review';
import { watchNow } from './payout-watch';

/** A day (`YYYY-MM-DD` of the provider) of a channel whose bill is to be compared. */
export interface DueDay {
  channelId: string;
  day: string;
}

interface DueRow extends DueDay {
  attempts: number;
  status: 'waiting' | 'done';
}

/** After so many times a missing file is a task for a person; it is asked for further on. */
const patienceAttempts = 24;
/** More differences of one day than this are one task for them together. */
const reviewsAtMost = 100;
const daysAtOnce = 400;

/**
 * Opens the days that are over since a channel's first payment and answers all that are not
 * compared yet, the oldest first. A day missed in an outage is caught up.
 */
export async function dueReconciliations(tx: Tx, realNow: Date): Promise<DueDay[]> {
  const channels = await tx.rows<{ id: string; last: string | null; firstPaidAt: Date | null }>(
    `SELECT c.id, (SELECT max(day) FROM reconciliation r WHERE r.channel_id = c.id) AS last,
       (SELECT min(paid_at) FROM payout p WHERE p.channel_id = c.id AND p.paid_at IS NOT NULL
          AND p.billed_on IS NULL) AS first_paid_at
     FROM channel c ORDER BY c.id`,
  );
  const today = providerDay(realNow);
  const fresh = channels.flatMap(({ id, last, firstPaidAt }) => {
    const first = firstPaidAt === null ? today : providerDay(firstPaidAt);
    return daysBefore(today, last === null ? first : nextDay(last)).map((day) => ({ id, day }));
  });
  await tx.run(
    `INSERT INTO reconciliation (channel_id, day, status)
     SELECT t.channel_id, t.day, 'waiting' FROM unnest($1::text[], $2::text[]) AS t (channel_id, day)
     ON CONFLICT (channel_id, day) DO NOTHING`,
    [fresh.map(({ id }) => id), fresh.map(({ day }) => day)],
  );
  return tx.rows<DueDay>(
    `SELECT channel_id, day FROM reconciliation WHERE status = 'waiting'
     ORDER BY day, channel_id LIMIT $1`,
    [daysAtOnce],
  );
}

function daysBefore(end: string, from: string): string[] {
  const days: string[] = [];
  for (let day = from; day < end && days.length < daysAtOnce; day = nextDay(day)) days.push(day);
  return days;
}

/** The file is not there yet, or could not be fetched: it is asked for again. A person hears of it once. */
export async function noteNoBill(
  tx: Tx,
  channel: { id: string; storeId: string },
  day: string,
  why: string,
  realNow: Date,
): Promise<void> {
  const due = await lockDay(tx, channel.id, day);
  if (due === undefined || due.status === 'done') return;
  const attempts = due.attempts + 1;
  const facts = { why: 'no_bill', channelId: channel.id, day, said: why };
  const reviewId =
    attempts === patienceAttempts ? await openStrangeBillReview(tx, channel, facts, realNow) : null;
  await tx.run(
    `UPDATE reconciliation SET attempts = $3, asked_at = $4, review_id = coalesce($5, review_id)
     WHERE channel_id = $1 AND day = $2`,
    [channel.id, day, attempts, realNow, reviewId],
  );
}

/**
 * Compares a day's bill with our books and writes down what differs, once: a day that is done stays
 * as it is. Nothing is booked; a person looks at every difference, and payouts whose end we do not
 * know are asked about.
 * @returns null when the day was done before
 */
export async function reconcileDay(
  tx: Tx,
  channel: { id: string; storeId: string },
  day: string,
  bill: readonly BilledRow[],
  realNow: Date,
): Promise<Comparison | null> {
  const locked = await lockDay(tx, channel.id, day);
  if (locked === undefined || locked.status === 'done') return null;
  const ours = await billedPayouts(tx, channel.id, bill);
  const due = await duePayouts(tx, channel.id, day);
  const comparison = compareBill(bill, ours, due);
  const { rows, matched, differences, named } = comparison;
  await tx.run('UPDATE payout SET billed_on = $2 WHERE id = ANY($1) AND billed_on IS NULL', [
    named.paid,
    day,
  ]);
  await tx.run(
    'UPDATE payout SET return_billed_on = $2 WHERE id = ANY($1) AND return_billed_on IS NULL',
    [named.returned, day],
  );
  await writeDifferences(tx, channel, day, differences, realNow);
  await askAgain(tx, differences, ours, realNow);
  await tx.run(
    `UPDATE reconciliation SET status = 'done', attempts = attempts + 1, rows = $3, matched = $4,
       difference_count = $5, asked_at = $6, finished_at = $6 WHERE channel_id = $1 AND day = $2`,
    [channel.id, day, rows, matched, differences.length, realNow],
  );
  return comparison;
}

function lockDay(tx: Tx, channelId: string, day: string): Promise<DueRow | undefined> {
  return tx.first<DueRow>(
    `SELECT channel_id, day, attempts, status FROM reconciliation
     WHERE channel_id = $1 AND day = $2 FOR UPDATE`,
    [channelId, day],
  );
}

const ourColumns = 'id, channel_number, amount, status';

async function billedPayouts(
  tx: Tx,
  channelId: string,
  bill: readonly BilledRow[],
): Promise<Map<string, OurPayout>> {
  const rows = await tx.rows<OurPayout>(
    `SELECT ${ourColumns} FROM payout WHERE channel_id = $1 AND channel_number = ANY($2)`,
    [channelId, bill.map(({ channelNumber }) => channelNumber)],
  );
  return new Map(rows.map((row) => [row.channelNumber, row]));
}

/** What our books say happened on that day and no bill has named. */
async function duePayouts(tx: Tx, channelId: string, day: string) {
  const bounds = [channelId, startOfProviderDay(day), startOfProviderDay(nextDay(day))];
  const paid = await tx.rows<OurPayout>(
    `SELECT ${ourColumns} FROM payout WHERE channel_id = $1 AND paid_at >= $2 AND paid_at < $3
       AND billed_on IS NULL ORDER BY id`,
    bounds,
  );
  const returned = await tx.rows<OurPayout>(
    `SELECT ${ourColumns} FROM payout WHERE channel_id = $1 AND returned_at >= $2
       AND returned_at < $3 AND return_billed_on IS NULL ORDER BY id`,
    bounds,
  );
  return { paid, returned };
}

const differenceColumns = {
  channelId: 'text',
  day: 'text',
  channelNumber: 'text',
  kind: 'text',
  why: 'text',
  payoutId: 'text',
  ourAmount: 'int8',
  theirAmount: 'int8',
  reviewId: 'text',
} as const;

async function writeDifferences(
  tx: Tx,
  channel: { id: string; storeId: string },
  day: string,
  differences: readonly Difference[],
  realNow: Date,
): Promise<void> {
  const together = differences.length > reviewsAtMost;
  const count = String(differences.length);
  const facts = { why: 'bill_differs', channelId: channel.id, day, count };
  const shared = together ? await openStrangeBillReview(tx, channel, facts, realNow) : null;
  const rows = [];
  for (const each of differences) {
    const reviewId =
      shared ?? (await openStrangeBillReview(tx, channel, factsOf(channel.id, day, each), realNow));
    rows.push({ channelId: channel.id, day, ...each, reviewId });
  }
  await insertMany(tx, 'reconciliation_difference', differenceColumns, rows);
}

function factsOf(channelId: string, day: string, difference: Difference): FactsOfDifference {
  const { why, kind, channelNumber, payoutId, ourAmount, theirAmount } = difference;
  return {
    why: `bill_${why}`,
    channelId,
    day,
    channelNumber,
    said: kind,
    ...(payoutId === null ? {} : { payoutId }),
    ...(ourAmount === null ? {} : { amount: ourAmount.toString() }),
    ...(theirAmount === null ? {} : { saidAmount: theirAmount.toString() }),
  };
}

type FactsOfDifference = Record<string, string>;

/** Where the bill knows more than we do the provider is asked; only its own answer is booked. */
async function askAgain(
  tx: Tx,
  differences: readonly Difference[],
  ours: ReadonlyMap<string, OurPayout>,
  realNow: Date,
): Promise<void> {
  const behind = differences.flatMap(({ why, channelNumber }) => {
    const payout = why === 'status' ? ours.get(channelNumber) : undefined;
    return payout === undefined ? [] : [payout];
  });
  for (const { id } of behind.filter(isToBeAsked)) await wakePayout(tx, id);
  await watchNow(
    tx,
    behind.map(({ id }) => id),
    realNow,
  );
}
