import type { StoredNews } from '../domain/payout/news';
import { isBeingSent, isFinal, type PayoutStatus, transition } from '../domain/payout/state';
import type { WaitingReason } from '../domain/payout/waiting';
import type { ChannelRow } from './channel';
import type { Tx } from './database';
import { recordAttempt, wakePayout } from './payout';
import { openPayoutReview, openStrangeBillReview } from './payout-review';

/** A verified message of a provider. The amount is fen; `receivedAt` is real time. */
export interface InboxEntry {
  eventId: string;
  channelNumber: string;
  amount: bigint;
  news: StoredNews;
  /** the provider names another payee than we did */
  toOther?: boolean;
  receivedAt: Date;
}

export type Receipt = 'taken' | 'repeat' | 'strange';

interface Billed {
  id: string;
  status: PayoutStatus;
  waitingText: WaitingReason | null;
  waitingUntil: Date | null;
  amount: bigint;
  storeId: string;
  programId: string;
  clockOffsetMs: bigint;
}

/**
 * Keeps a verified message, once by (channel, event id), and wakes the payout that it is about, in
 * one transaction. The lock on the payout's row parts it from the step that sends the order: that one
 * reads the inbox under the same lock, so nobody is woken while it is under way. A message about a
 * transfer that we never made, or about another amount or payee, is kept as read, so that no payout
 * ever books it; a person looks at it.
 */
export async function receiveCallback(
  tx: Tx,
  channel: ChannelRow,
  entry: InboxEntry,
): Promise<Receipt> {
  const payout = await tx.first<Billed>(
    `SELECT p.id, p.status, p.waiting_text, p.waiting_until, p.amount, g.store_id, p.program_id,
       g.clock_offset_ms
     FROM payout p JOIN program g ON g.id = p.program_id
     WHERE p.channel_id = $1 AND p.channel_number = $2 FOR NO KEY UPDATE OF p`,
    [channel.id, entry.channelNumber],
  );
  const fits = payout !== undefined && payout.amount === entry.amount && entry.toOther !== true;
  // What an end has heard before stays so for good: nobody is woken for it.
  const isOld = fits && endHeard(payout.status, entry.news);
  if (!(await storeEntry(tx, channel.id, entry, fits && !isOld))) return 'repeat';
  if (isOld) {
    const source = { operation: 'callback', at: entry.receivedAt } as const;
    await recordAttempt(tx, payout.id, source, entry.news.kind);
    return 'taken';
  }
  if (fits) {
    if (!isBeingSent(payout)) await wakePayout(tx, payout.id);
    return 'taken';
  }
  const facts = {
    channelId: channel.id,
    channelNumber: entry.channelNumber,
    eventId: entry.eventId,
    said: entry.news.kind,
    saidAmount: entry.amount.toString(),
  };
  if (payout === undefined) {
    await openStrangeBillReview(tx, channel, { why: 'unknown_bill', ...facts }, entry.receivedAt);
  } else {
    const why = payout.amount === entry.amount ? 'other_payee' : 'other_amount';
    const amounts = { why, amount: payout.amount.toString() };
    await openPayoutReview(tx, payout, { ...amounts, ...facts }, entry.receivedAt);
  }
  return 'strange';
}

function endHeard(status: PayoutStatus, { kind }: StoredNews): boolean {
  return isFinal(status) && transition(status, kind) === 'stay';
}

async function storeEntry(
  tx: Tx,
  channelId: string,
  entry: InboxEntry,
  unread: boolean,
): Promise<boolean> {
  const stored = await tx.run(
    `INSERT INTO channel_inbox (channel_id, event_id, channel_number, news, received_at, handled_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (channel_id, event_id) DO NOTHING`,
    [
      channelId,
      entry.eventId,
      entry.channelNumber,
      JSON.stringify(entry.news),
      entry.receivedAt,
      unread ? null : entry.receivedAt,
    ],
  );
  return stored > 0;
}

export interface UnreadNews {
  id: bigint;
  news: StoredNews;
}

/**
 * What callbacks brought for a transfer and nobody has read yet, in the order of arrival. Ask for it
 * behind the lock on the payout's row.
 */
export function unreadNews(tx: Tx, payoutId: string): Promise<UnreadNews[]> {
  return tx.rows<UnreadNews>(
    `SELECT i.id, i.news FROM payout p
     JOIN channel_inbox i ON i.channel_id = p.channel_id AND i.channel_number = p.channel_number
     WHERE p.id = $1 AND i.handled_at IS NULL ORDER BY i.id FOR UPDATE OF i`,
    [payoutId],
  );
}

export async function markRead(tx: Tx, ids: readonly bigint[], at: Date): Promise<void> {
  await tx.run('UPDATE channel_inbox SET handled_at = $2 WHERE id = ANY($1)', [ids, at]);
}
