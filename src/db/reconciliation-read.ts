import type { DifferenceWhy } from '../domain/payout/reconciliation';
import type { HoldCause } from '../domain/payout/asking';
import type { Tx } from './database';

/** One day of a channel's bill beside our books. */
export interface ReconciliationRow {
  channelId: string;
  day: string;
  status: 'waiting' | 'done';
  attempts: number;
  rows: number;
  matched: number;
  differenceCount: number;
  /** differences that no person has decided yet */
  openCount: number;
  askedAt: Date | null;
  finishedAt: Date | null;
}

export interface DifferenceRow {
  channelNumber: string;
  kind: 'paid' | 'returned';
  why: DifferenceWhy;
  payoutId: string | null;
  ourAmount: bigint | null;
  theirAmount: bigint | null;
  reviewId: string | null;
}

const columns = `r.channel_id, r.day, r.status, r.attempts, r.rows, r.matched, r.difference_count,
  r.asked_at, r.finished_at,
  (SELECT count(*)::int FROM reconciliation_difference d JOIN review_task t ON t.id = d.review_id
   WHERE d.channel_id = r.channel_id AND d.day = r.day AND t.status = 'open') AS open_count`;

/** The days of a channel, the newest first, one more than a page holds. */
export function listReconciliations(
  read: Tx,
  filter: { channelId: string; limit: number; cursor?: string | undefined },
): Promise<ReconciliationRow[]> {
  return read.rows<ReconciliationRow>(
    `SELECT ${columns} FROM reconciliation r
     WHERE r.channel_id = $1 AND ($2::text IS NULL OR r.day < $2) ORDER BY r.day DESC LIMIT $3`,
    [filter.channelId, filter.cursor ?? null, filter.limit + 1],
  );
}

export function findReconciliation(
  read: Tx,
  channelId: string,
  day: string,
): Promise<ReconciliationRow | undefined> {
  return read.first<ReconciliationRow>(
    `SELECT ${columns} FROM reconciliation r WHERE r.channel_id = $1 AND r.day = $2`,
    [channelId, day],
  );
}

/** What differs on a day, in the order in which it was found; at most 1,000 rows. */
export function differencesOf(read: Tx, channelId: string, day: string): Promise<DifferenceRow[]> {
  return read.rows<DifferenceRow>(
    `SELECT channel_number, kind, why, payout_id, our_amount, their_amount, review_id
     FROM reconciliation_difference WHERE channel_id = $1 AND day = $2 ORDER BY id LIMIT 1000`,
    [channelId, day],
  );
}

/** How a channel stands. */
export interface ChannelStanding {
  /** every day up to this one is compared, and a person has decided on every difference */
  reconciledThrough: string | null;
  heldCause: HoldCause | null;
  heldSince: Date | null;
  heldUntil: Date | null;
}

/** How channels stand, by id. */
export async function standingOfChannels(
  read: Tx,
  channelIds: readonly string[],
): Promise<Map<string, ChannelStanding>> {
  const rows = await read.rows<ChannelStanding & { id: string }>(
    `SELECT c.id, h.held_cause, h.held_since, h.held_until,
       (SELECT max(r.day) FROM reconciliation r WHERE r.channel_id = c.id
          AND (f.day IS NULL OR r.day < f.day)) AS reconciled_through
     FROM channel c LEFT JOIN channel_state h ON h.channel_id = c.id
     CROSS JOIN LATERAL (
       SELECT min(o.day) AS day FROM reconciliation o
       WHERE o.channel_id = c.id AND (o.status <> 'done' OR EXISTS (
         SELECT 1 FROM reconciliation_difference d JOIN review_task t ON t.id = d.review_id
         WHERE d.channel_id = o.channel_id AND d.day = o.day AND t.status = 'open'))) f
     WHERE c.id = ANY($1)`,
    [channelIds],
  );
  return new Map(rows.map(({ id, ...standing }) => [id, standing]));
}
