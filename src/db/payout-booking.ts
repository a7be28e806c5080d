import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { succeeded } from '../domain/ledger/posting';
import { happenedAt, type TransferNews } from '../domain/payout/news';
import { isFinal, type PayoutMove, type PayoutStatus, transition } from '../domain/payout/state';
import type { WaitingReason } from '../domain/payout/waiting';
import { releaseHold } from './channel-state';
import type { Tx } from './database';
import { recordEvents } from './event';
import { postTransactions } from './ledger';
import { lockPayout, type PayoutCase, type PayoutRow, recordAttempt, type Source } from './payout';
import { openPayoutReview } from './payout-review';
import { isNearEnd, tellSettlementWhenPaid } from './settlement-close';
import { giveBackPayout } from './withholding';

/** A payout that was not submitted yet is taken back; its money is available again. */
export async function withdrawPayout(tx: Tx, payoutId: string, at: Date): Promise<PayoutCase> {
  const payout = await lockPayout(tx, payoutId);
  if (payout.status !== 'queued') {
    throw new Refusal('payout_not_cancelable', `A payout that is ${payout.status} stays as it is.`);
  }
  // Nobody is asked about what was never sent.
  const rules = { delayMs: () => 0, watchForReturnMs: [] };
  const source = { operation: 'cancel', at, rules } as const;
  await book(tx, payout, 'withdraw', 'canceled', { kind: 'canceled' }, source);
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
  return bookNews(tx, await lockPayout(tx, payoutId), news, source);
}

/** The same for a payout whose row the caller has locked and read in this transaction. */
export async function bookNews(
  tx: Tx,
  payout: PayoutCase,
  news: TransferNews,
  source: Source,
): Promise<PayoutCase> {
  const detail = news.kind === 'failed' ? news.code : null;
  // Statements that do not need each other's answers are sent together.
  const [booked] = await Promise.all([
    bookMove(tx, payout, news, source),
    recordAttempt(tx, payout.id, source, news.kind, detail),
    payout.heldCause !== null && source.operation === 'submit'
      ? releaseHold(tx, payout.channelId)
      : undefined,
  ]);
  return booked;
}

async function bookMove(
  tx: Tx,
  payout: PayoutCase,
  news: TransferNews,
  source: Source,
): Promise<PayoutCase> {
  const next = transition(payout.status, news.kind);
  if (next === 'stay') {
    const known = await keepConfirmation(tx, payout, news);
    return noteAsked(tx, known, source, waitingOf(news));
  }
  if (next === 'contradiction' || next === 'illegal') {
    const facts = { why: 'contradiction', status: payout.status, said: news.kind };
    await openPayoutReview(tx, payout, facts, source.at);
    return lockPayout(tx, payout.id);
  }
  // The provider may have told us of the return only: the success before it is booked as well.
  if (news.kind === 'returned' && payout.status !== 'paid') {
    await book(tx, payout, 'paid', 'paid', { kind: 'paid', paidAt: null }, source);
  }
  return book(tx, payout, news.kind, next.to, news, source);
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
  if (typeof next === 'string') return noteAsked(tx, payout, source, payout.waitingText);
  const waitingUntil = nextLook(source, 0, false);
  await tx.run(
    `UPDATE payout SET status = $2, waiting_text = 'silent', waiting_until = $3, asked = 0
     WHERE id = $1`,
    [payoutId, next.to, waitingUntil],
  );
  return { ...payout, status: next.to, waitingText: 'silent', waitingUntil, asked: 0 };
}

/**
 * What the payee's page is opened with may come later than that the payee has to confirm, because
 * the answer that had it was lost. Without it nobody could confirm, and the transfer would expire.
 */
async function keepConfirmation(
  tx: Tx,
  payout: PayoutCase,
  news: TransferNews,
): Promise<PayoutCase> {
  if (news.kind !== 'awaiting_confirmation' || news.confirmation === undefined) return payout;
  if (payout.status !== 'awaiting_confirmation' || payout.confirmation !== null) return payout;
  const { confirmation } = news;
  const waitingUntil = news.until ?? payout.waitingUntil;
  await tx.run('UPDATE payout SET confirmation = $2, waiting_until = $3 WHERE id = $1', [
    payout.id,
    JSON.stringify(confirmation),
    waitingUntil,
  ]);
  return { ...payout, confirmation, waitingUntil };
}

/** A question that changed nothing: when is the next one, and what is known of the wait? */
async function noteAsked(
  tx: Tx,
  payout: PayoutCase,
  source: Source,
  reason: WaitingReason | null,
): Promise<PayoutCase> {
  if (source.operation === 'callback') return payout;
  if (payout.status === 'paid') return noteWatched(tx, payout, source);
  if (isFinal(payout.status) || payout.status === 'queued') return payout;
  const asked = payout.asked + 1;
  const confirms = payout.status === 'awaiting_confirmation';
  const waitingUntil = confirms ? payout.waitingUntil : nextLook(source, asked, confirms);
  const waitingText = payout.waitingText === 'review' ? 'review' : reason;
  await tx.run(
    'UPDATE payout SET asked = $2, waiting_text = $3, waiting_until = $4 WHERE id = $1',
    [payout.id, asked, waitingText, waitingUntil],
  );
  return { ...payout, asked, waitingText, waitingUntil };
}

async function noteWatched(tx: Tx, payout: PayoutCase, source: Source): Promise<PayoutCase> {
  const watched = payout.watched + 1;
  const watchAt = nextWatch(source, watched);
  await tx.run('UPDATE payout SET watched = $2, watch_at = $3 WHERE id = $1', [
    payout.id,
    watched,
    watchAt,
  ]);
  return { ...payout, watched, watchAt };
}

function nextLook({ at, rules }: Source, asked: number, confirms: boolean): Date {
  return new Date(at.getTime() + rules.delayMs(asked, confirms));
}

/** The next question whether the money came back; null: from now on the provider has to tell us. */
function nextWatch({ at, rules }: Source, watched: number): Date | null {
  const waitMs = rules.watchForReturnMs[watched];
  return waitMs === undefined ? null : new Date(at.getTime() + waitMs);
}

function waitingOf(news: TransferNews): WaitingReason | null {
  return news.kind === 'processing' ? (news.waitsFor ?? null) : null;
}

/** One move with everything that belongs to it: row, ledger, event, and who is told. */
async function book(
  tx: Tx,
  payout: PayoutCase,
  move: PayoutMove,
  to: PayoutStatus,
  news: TransferNews,
  source: Source,
): Promise<PayoutCase> {
  const { at } = source;
  const occurredAt = programNow(payout, at);
  // Sent together, the row first: what is still open is counted behind it.
  const [row, , , nearEnd] = await Promise.all([
    updateRow(tx, payout, to, news, source),
    to === 'paid' ? bookSuccess(tx, payout, occurredAt) : undefined,
    hasEvent(to) ? recordPayoutEvent(tx, payout, `payout.${to}`, occurredAt) : undefined,
    isFinal(to) && isNearEnd(tx, payout.settlementId),
  ]);
  if (to === 'returned') await giveBackPayout(tx, payout, { netAt: 'cash', realNow: at });
  if (to === 'failed' || to === 'canceled') {
    const netAt = move === 'withdraw' ? 'settling' : 'clearing';
    await giveBackPayout(tx, payout, { netAt, realNow: at });
  }
  // Behind the postings: whoever holds accounts may wait for the settlement, never the other way round.
  if (nearEnd) await tellSettlementWhenPaid(tx, payout);
  const taken = source.operation === 'submit';
  return { ...payout, ...row, ...(taken ? { heldCause: null, heldUntil: null } : {}) };
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
  source: Source,
): Promise<PayoutRow> {
  const { at } = source;
  const heard = { sentAt: payout.submittedAt, heardAt: at };
  const failure = news.kind === 'failed' ? news : null;
  const confirms = to === 'awaiting_confirmation';
  const confirmBy = news.kind === 'awaiting_confirmation' ? news.until : null;
  const confirmation = news.kind === 'awaiting_confirmation' ? news.confirmation : undefined;
  const row = await tx.first<PayoutRow>(
    `UPDATE payout SET status = $2, failure_code = $3, failure_message = $4, waiting_text = $5,
       waiting_until = $6, confirmation = $7, asked = 0, refusals = 0, watched = 0, watch_at = $8,
       paid_at = CASE WHEN $2 = 'paid' THEN $9 ELSE paid_at END,
       final_at = CASE WHEN $10 THEN coalesce(final_at, $11) ELSE final_at END,
       returned_at = CASE WHEN $2 = 'returned' THEN $12 ELSE returned_at END
     WHERE id = $1 RETURNING *`,
    [
      payout.id,
      to,
      failure?.code ?? null,
      failure?.message ?? null,
      waitingOf(news),
      isFinal(to) ? null : (confirmBy ?? nextLook(source, 0, confirms)),
      confirmation === undefined ? null : JSON.stringify(confirmation),
      to === 'paid' ? nextWatch(source, 0) : null,
      happenedAt(news.kind === 'paid' ? news.paidAt : null, heard),
      isFinal(to),
      at,
      happenedAt(news.kind === 'returned' ? news.returnedAt : null, heard),
    ],
  );
  if (row === undefined) throw new Error(`payout ${payout.id} is gone`);
  return row;
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

/** Tells the outside of a payout. `occurredAt` is on the program's clock. */
export async function recordPayoutEvent(
  tx: Tx,
  payout: PayoutCase,
  type: `payout.${'submitted' | StatusWithEvent}`,
  occurredAt: Date,
): Promise<void> {
  const { id, storeId, programId, statementId, distributorId, amount } = payout;
  const payload = { payoutId: id, statementId, distributorId, amount: amount.toString() };
  await recordEvents(tx, [{ storeId, programId, type, subjectId: id, payload, occurredAt }]);
}
