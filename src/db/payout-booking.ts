import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { submitted, succeeded } from '../domain/ledger/posting';
import type { TransferNews } from '../domain/payout/news';
import { isFinal, type PayoutMove, type PayoutStatus, transition } from '../domain/payout/state';
import type { Tx } from './database';
import { recordEvents } from './event';
import { postTransactions } from './ledger';
import { lockPayout, type PayoutCase, recordAttempt, setWaiting, type Source } from './payout';
import { openPayoutReview } from './payout-review';
import { tellSettlementWhenPaid } from './settlement-close';
import { giveBackPayout } from './withholding';

export type Submission =
  | { go: true; payout: PayoutCase }
  | { go: false; payout: PayoutCase; why: 'suspended' | 'day_limit' | 'not_to_be_sent' };

/**
 * Decides whether the order may be handed to the provider now, and books it before the first call:
 * from then on the net lies in clearing, whatever becomes of the call. A second submission, under
 * the same number, posts nothing.
 */
export async function beginSubmission(tx: Tx, payoutId: string, at: Date): Promise<Submission> {
  const payout = await lockPayout(tx, payoutId);
  if (typeof transition(payout.status, 'submit') === 'string') {
    return { go: false, payout, why: 'not_to_be_sent' };
  }
  const first = payout.status === 'queued';
  if (first && payout.distributorStatus === 'suspended') {
    await setWaiting(tx, payoutId, 'suspended', null);
    return { go: false, payout, why: 'suspended' };
  }
  if (first && (await isDayFull(tx, payout, at))) {
    await setWaiting(tx, payoutId, 'dayLimit', null);
    return { go: false, payout, why: 'day_limit' };
  }
  if (first) await bookSubmission(tx, payout, at);
  await recordAttempt(tx, payoutId, { operation: 'submit', at }, 'sent');
  await tx.run(
    `UPDATE payout SET status = 'submitting', submitted_at = coalesce(submitted_at, $2),
       waiting_text = NULL, waiting_until = NULL WHERE id = $1`,
    [payoutId, at],
  );
  return { go: true, payout: { ...payout, status: 'submitting' } };
}

const dayMs = 86_400_000;

/**
 * Whether this payout would pass its channel's limit for a day. Any 24 hours count as one, so the
 * limit holds in whatever zone the provider counts its days. Submissions of a limited channel take
 * turns, or two could see the same room.
 */
async function isDayFull(tx: Tx, payout: PayoutCase, at: Date): Promise<boolean> {
  if (payout.perDayAmount === null) return false;
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('channel-day:' || $1, 0))`, [
    payout.channelId,
  ]);
  const sent = await tx.first<{ amount: bigint }>(
    `SELECT coalesce(sum(amount), 0)::bigint AS amount FROM payout
     WHERE channel_id = $1 AND submitted_at > $2 AND status NOT IN ('failed', 'canceled')`,
    [payout.channelId, new Date(at.getTime() - dayMs)],
  );
  return (sent?.amount ?? 0n) + payout.amount > payout.perDayAmount;
}

async function bookSubmission(tx: Tx, payout: PayoutCase, at: Date): Promise<void> {
  const occurredAt = programNow(payout, at);
  await postTransactions(tx, payout.programId, [
    {
      reference: `payout:${payout.id}:submit`,
      kind: 'payout_submitted',
      occurredAt,
      postings: submitted(payout.distributorId, payout.channelId, payout.amount),
    },
  ]);
  await recordPayoutEvent(tx, payout, 'payout.submitted', occurredAt);
}

/** A payout that was not submitted yet is taken back; its money is available again. */
export async function withdrawPayout(tx: Tx, payoutId: string, at: Date): Promise<PayoutCase> {
  const payout = await lockPayout(tx, payoutId);
  if (payout.status !== 'queued') {
    throw new Refusal('payout_not_cancelable', `A payout that is ${payout.status} stays as it is.`);
  }
  await book(tx, payout, 'withdraw', 'canceled', { kind: 'canceled' }, at);
  return lockPayout(tx, payoutId);
}

/**
 * Books what a provider said, once: the row under lock decides, and every posting has its own
 * reference. Old news changes nothing; news that contradicts what is booked goes to a person.
 */
export async function applyNews(
  tx: Tx,
  payoutId: string,
  news: TransferNews,
  source: Source,
): Promise<PayoutCase> {
  const payout = await lockPayout(tx, payoutId);
  const detail = news.kind === 'failed' ? news.code : null;
  await recordAttempt(tx, payoutId, source, news.kind, detail);
  const next = transition(payout.status, news.kind);
  if (next === 'stay') return payout;
  if (next === 'contradiction' || next === 'illegal') {
    const facts = { why: 'contradiction', status: payout.status, said: news.kind };
    await openPayoutReview(tx, payout, facts, source.at);
    return payout;
  }
  // The provider may have told us of the return only: the success before it is booked as well.
  if (news.kind === 'returned' && payout.status !== 'paid') {
    await book(tx, payout, 'paid', 'paid', { kind: 'paid', paidAt: null }, source.at);
  }
  await book(tx, payout, news.kind, next.to, news, source.at);
  return lockPayout(tx, payoutId);
}

/** The provider did not answer, or does not know the number: nothing is booked. */
export async function noteSilence(
  tx: Tx,
  payoutId: string,
  source: Source,
  silence: { kind: 'unknown'; detail: string } | { kind: 'not_found' },
): Promise<PayoutCase> {
  const payout = await lockPayout(tx, payoutId);
  const detail = silence.kind === 'unknown' ? silence.detail : null;
  await recordAttempt(tx, payoutId, source, silence.kind, detail);
  const next = transition(payout.status, 'silence');
  if (typeof next === 'string') return payout;
  await tx.run(
    `UPDATE payout SET status = $2, waiting_text = 'silent', waiting_until = NULL WHERE id = $1`,
    [payoutId, next.to],
  );
  return { ...payout, status: next.to };
}

/** One move with everything that belongs to it: row, ledger, event, and who is told. */
async function book(
  tx: Tx,
  payout: PayoutCase,
  move: PayoutMove,
  to: PayoutStatus,
  news: TransferNews,
  at: Date,
): Promise<void> {
  const occurredAt = programNow(payout, at);
  await updateRow(tx, payout, to, news, at);
  if (to === 'paid') await bookSuccess(tx, payout, occurredAt);
  if (to === 'returned') await giveBackPayout(tx, payout, { netAt: 'cash', realNow: at });
  if (to === 'failed' || to === 'canceled') {
    const netAt = move === 'withdraw' ? 'settling' : 'clearing';
    await giveBackPayout(tx, payout, { netAt, realNow: at });
  }
  if (hasEvent(to)) await recordPayoutEvent(tx, payout, `payout.${to}`, occurredAt);
  if (isFinal(to)) await tellSettlementWhenPaid(tx, payout);
}

async function bookSuccess(tx: Tx, payout: PayoutCase, occurredAt: Date): Promise<void> {
  await postTransactions(tx, payout.programId, [
    {
      reference: `payout:${payout.id}:success`,
      kind: 'payout_succeeded',
      occurredAt,
      postings: succeeded(payout.channelId, payout.amount),
    },
  ]);
}

async function updateRow(
  tx: Tx,
  payout: PayoutCase,
  to: PayoutStatus,
  news: TransferNews,
  at: Date,
): Promise<void> {
  const failure = news.kind === 'failed' ? news : null;
  await tx.run(
    `UPDATE payout SET status = $2, failure_code = $3, failure_message = $4, waiting_text = NULL,
       waiting_until = $5, final_at = CASE WHEN $6 THEN coalesce(final_at, $7) ELSE final_at END,
       returned_at = CASE WHEN $2 = 'returned' THEN $7 ELSE returned_at END
     WHERE id = $1`,
    [
      payout.id,
      to,
      failure?.code ?? null,
      failure?.message ?? null,
      news.kind === 'awaiting_confirmation' ? news.until : null,
      isFinal(to),
      at,
    ],
  );
}

const statusesWithEvent = [
  'awaiting_confirmation',
  'paid',
  'failed',
  'canceled',
  'returned',
] as const;

type StatusWithEvent = (typeof statusesWithEvent)[number];

function hasEvent(status: PayoutStatus): status is StatusWithEvent {
  return statusesWithEvent.some((one) => one === status);
}

async function recordPayoutEvent(
  tx: Tx,
  payout: PayoutCase,
  type: `payout.${'submitted' | StatusWithEvent}`,
  occurredAt: Date,
): Promise<void> {
  const { id, storeId, programId, statementId, distributorId, amount } = payout;
  const payload = { payoutId: id, statementId, distributorId, amount: amount.toString() };
  await recordEvents(tx, [{ storeId, programId, type, subjectId: id, payload, occurredAt }]);
}
