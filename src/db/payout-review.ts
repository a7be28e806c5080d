import { workflowIds } from '../contracts/workflow';
import { addDays, programNow } from '../domain/kernel/clock';
import type { Tx } from './database';
import { openReview } from './review';

/** Days of the program's clock until a payout's task is escalated. */
const reviewDays = 2;

interface Subject {
  id: string;
  storeId: string;
  programId: string;
  clockOffsetMs: bigint;
}

/**
 * Calls a person to a payout. There is at most one open task for each payout; what comes up while it
 * is open is in the payout's attempts.
 * @returns the id of the open task
 */
export async function openPayoutReview(
  tx: Tx,
  payout: Subject,
  facts: Record<string, string>,
  realNow: Date,
): Promise<string> {
  const open = await openPayoutReviewOf(tx, payout.id);
  if (open !== null) return open;
  const createdAt = programNow(payout, realNow);
  return openReview(tx, {
    storeId: payout.storeId,
    programId: payout.programId,
    kind: 'payout',
    subjectId: payout.id,
    workflowId: workflowIds.payout(payout.id),
    dueAt: addDays(createdAt, reviewDays),
    createdAt,
    facts,
  });
}

/** The open task of a payout, or null. */
export async function openPayoutReviewOf(read: Tx, payoutId: string): Promise<string | null> {
  const open = await read.first<{ id: string }>(
    `SELECT id FROM review_task WHERE kind = 'payout' AND subject_id = $1 AND status = 'open'`,
    [payoutId],
  );
  return open?.id ?? null;
}

/**
 * Calls finance to what keeps a whole channel from paying; at most one open task for each channel
 * and cause, however many payouts wait. The task belongs to the program of the payout that found it.
 * @returns false when there is such a task already
 */
export async function openChannelReview(
  tx: Tx,
  payout: Subject & { channelId: string },
  facts: { why: string } & Record<string, string>,
  realNow: Date,
): Promise<boolean> {
  const { channelId, storeId, programId } = payout;
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('channel-review:' || $1, 0))`, [
    channelId,
  ]);
  const open = await tx.first(
    `SELECT 1 FROM review_task WHERE kind = 'reconciliation' AND subject_id = $1
       AND status = 'open' AND facts->>'why' = $2`,
    [channelId, facts.why],
  );
  if (open !== undefined) return false;
  const createdAt = programNow(payout, realNow);
  await openReview(tx, {
    storeId,
    programId,
    kind: 'reconciliation',
    subjectId: channelId,
    dueAt: addDays(createdAt, reviewDays),
    createdAt,
    facts,
  });
  return true;
}

/**
 * A provider spoke, with a valid signature, of a transfer that this channel never made. It belongs
 * to no payout; a person of the store compares the books. Without a program of that store there
 * is no queue to put it in: it stays in the inbox. Differences of a bill file come here as well.
 * @returns the id of the task, or null
 */
export async function openStrangeBillReview(
  tx: Tx,
  channel: { id: string; storeId: string },
  facts: Record<string, string>,
  realNow: Date,
): Promise<string | null> {
  const program = await tx.first<{ id: string; clockOffsetMs: bigint }>(
    'SELECT id, clock_offset_ms FROM program WHERE store_id = $1 ORDER BY id LIMIT 1',
    [channel.storeId],
  );
  if (program === undefined) return null;
  const createdAt = programNow(program, realNow);
  return openReview(tx, {
    storeId: channel.storeId,
    programId: program.id,
    kind: 'reconciliation',
    subjectId: channel.id,
    dueAt: addDays(createdAt, reviewDays),
    createdAt,
    facts,
  });
}
