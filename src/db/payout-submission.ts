import { programNow } from '../domain/kernel/clock';
import { submitted } from '../domain/ledger/posting';
import { afterProviderMidnight, type HoldCause, providerDayWindow } from '../domain/payout/asking';
import { neverFits, payeeRoomAt } from '../domain/payout/limits';
import { isFinal, mayHandOver, transition } from '../domain/payout/state';
import type { WaitingReason } from '../domain/payout/waiting';
import { holdChannel, takeTurn } from './channel-state';
import type { Tx } from './database';
import { postTransactions } from './ledger';
import { lockPayout, type PayoutCase, recordAttempt, setWaiting, type Source } from './payout';
import { recordPayoutEvent } from './payout-booking';

export type Submission =
  /** the call may be made after `waitMs`; `at` is when it was booked, on real time */
  { go: true; payout: PayoutCase; waitMs: number; at: Date } | { go: false; payout: PayoutCase };

/** What the decision to hand over needs from outside. `at` is real time. */
export interface HandOver {
  at: Date;
  /** of the channel; undefined: no limit */
  callsPerSecond: number | undefined;
  /** stands for the account that is paid, the same for the same account of the channel */
  payeeKey: string;
}

/** A person is called to what can never be sent, once a day. */
const dayMs = 86_400_000;

/**
 * Decides whether the order may be handed to the provider now, and books it before the first call:
 * from then on the net lies in clearing, whatever becomes of the call. A second submission, under
 * the same number, posts nothing. The caller holds the lock on the payout's row.
 */
export async function beginSubmission(
  tx: Tx,
  payout: PayoutCase,
  { at, callsPerSecond, payeeKey }: HandOver,
): Promise<Submission> {
  if (!mayHandOver(payout.status, payout.waitingText)) return { go: false, payout };
  const first = payout.status === 'queued';
  const obstacle = first ? await obstacleOf(tx, payout, payeeKey, at) : null;
  if (obstacle !== null) return { go: false, payout: await wait(tx, payout, obstacle) };
  const turn = await takeTurn(tx, payout.channelId, payout, callsPerSecond, at);
  if (turn.kind === 'wait') {
    const reason = reasonOf[turn.cause];
    return { go: false, payout: await wait(tx, payout, { reason, until: turn.until }) };
  }
  // A provider that has it already is only reminded: its answers are counted on.
  const { status, asked } =
    payout.status === 'processing'
      ? ({ status: 'processing', asked: payout.asked } as const)
      : ({ status: 'submitting', asked: 0 } as const);
  await Promise.all([
    first ? bookSubmission(tx, payout, at) : undefined,
    recordAttempt(tx, payout.id, { operation: 'submit', at }, 'sent'),
    tx.run(
      `UPDATE payout SET status = $3, submitted_at = coalesce(submitted_at, $2),
         waiting_text = NULL, waiting_until = NULL, asked = $4, payee_key = $5 WHERE id = $1`,
      [payout.id, at, status, asked, payeeKey],
    ),
  ]);
  const submittedAt = payout.submittedAt ?? at;
  const sent = { ...payout, status, submittedAt, waitingText: null, waitingUntil: null } as const;
  return { go: true, payout: { ...sent, asked }, waitMs: turn.waitMs, at };
}

const reasonOf: Record<HoldCause | 'turn', WaitingReason> = {
  balance_short: 'balance',
  throttled: 'throttled',
  setup: 'setup',
  turn: 'turn',
};

interface Obstacle {
  reason: WaitingReason;
  until: Date | null;
}

/** What keeps a payout that was never sent from being sent now. */
async function obstacleOf(
  tx: Tx,
  payout: PayoutCase,
  payeeKey: string,
  at: Date,
): Promise<Obstacle | null> {
  if (payout.distributorStatus === 'suspended') return { reason: 'suspended', until: null };
  const never = neverFits(payout.amount, payout);
  if (never !== null) return { reason: never, until: new Date(at.getTime() + dayMs) };
  const { perDayAmount, perPayeeDayAmount } = payout;
  if (perPayeeDayAmount !== null) {
    const until = await payeeRoom(tx, payout, { payeeKey, limit: perPayeeDayAmount, at });
    if (until !== null) return { reason: 'payeeDayLimit', until };
  }
  const until = perDayAmount === null ? null : await roomAt(tx, payout, perDayAmount, at);
  return until === null ? null : { reason: 'dayLimit', until };
}

/**
 * When a payee has room for this payout within the limit of a day; null: now. What was handed over
 * today counts, and what was under way when the day began: the provider may take either for today's.
 * Submissions to one payee take turns, or two could see the same room.
 */
async function payeeRoom(
  tx: Tx,
  payout: PayoutCase,
  { payeeKey, limit, at }: { payeeKey: string; limit: bigint; at: Date },
): Promise<Date | null> {
  const { channelId, id, amount } = payout;
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('payee-day:' || $1 || $2, 0))`, [
    channelId,
    payeeKey,
  ]);
  const day = providerDayWindow(at);
  const sent = await tx.first<{ amount: bigint }>(
    `SELECT coalesce(sum(amount), 0)::bigint AS amount FROM payout
     WHERE channel_id = $1 AND payee_key = $2 AND id <> $3 AND status NOT IN ('failed', 'canceled')
       AND (submitted_at >= $4 OR final_at IS NULL OR final_at >= $4)`,
    [channelId, payeeKey, id, day.since],
  );
  return payeeRoomAt(amount, { sentAmount: sent?.amount ?? 0n, limit }, day);
}

async function wait(tx: Tx, payout: PayoutCase, obstacle: Obstacle): Promise<PayoutCase> {
  const { reason, until } = obstacle;
  await setWaiting(tx, payout.id, reason, until);
  return { ...payout, waitingText: reason, waitingUntil: until };
}

/**
 * When this payout would not pass its channel's limit for a day; null: now. Any 24 hours count as
 * one, so the limit holds in whatever zone the provider counts its days. Submissions of a limited
 * channel take turns, or two could see the same room.
 */
async function roomAt(tx: Tx, payout: PayoutCase, limit: bigint, at: Date): Promise<Date | null> {
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('channel-day:' || $1, 0))`, [
    payout.channelId,
  ]);
  // What is too much has room once all that was sent up to some moment is a day old.
  const full = await tx.first<{ until: Date }>(
    `SELECT min(s.submitted_at) + interval '24 hours' AS until FROM (
       SELECT submitted_at, sum(amount) OVER () - sum(amount) OVER (ORDER BY submitted_at, id) AS later,
         sum(amount) OVER () AS total
       FROM payout WHERE channel_id = $1 AND submitted_at > $2
         AND status NOT IN ('failed', 'canceled')) s
     WHERE s.later + $3 <= $4 AND s.total + $3 > $4 HAVING count(*) > 0`,
    [payout.channelId, new Date(at.getTime() - dayMs), payout.amount, limit],
  );
  return full?.until ?? null;
}

async function bookSubmission(tx: Tx, payout: PayoutCase, at: Date): Promise<void> {
  const occurredAt = programNow(payout, at);
  await Promise.all([
    postTransactions(tx, payout.programId, [
      {
        reference: `payout:${payout.id}:submit`,
        kind: 'payout_submitted',
        occurredAt,
        postings: submitted(payout.distributorId, payout.channelId, payout.amount),
      },
    ]),
    recordPayoutEvent(tx, payout, 'payout.submitted', occurredAt),
  ]);
}

/**
 * The provider did not take the order: nothing moved, and the same order goes again under the same
 * number when the cause is gone. What concerns the whole channel holds the channel.
 */
export async function noteRefusal(
  tx: Tx,
  payoutId: string,
  source: Source,
  refusal: { cause: HoldCause | 'limit'; code: string },
): Promise<PayoutCase> {
  const payout = await lockPayout(tx, payoutId);
  await recordAttempt(tx, payoutId, source, 'not_taken', refusal.code);
  const next = transition(payout.status, 'refusal');
  if (isFinal(payout.status) || next === 'illegal') return payout;
  const { cause } = refusal;
  const waitingUntil =
    cause === 'limit'
      ? afterProviderMidnight(source.at)
      : await holdChannel(tx, payout.channelId, cause, source.at);
  const waitingText = cause === 'limit' ? 'limit' : reasonOf[cause];
  const status = typeof next === 'string' ? payout.status : next.to;
  await tx.run(
    `UPDATE payout SET status = $2, waiting_text = $3, waiting_until = $4, asked = 0,
       refusals = refusals + 1 WHERE id = $1`,
    [payoutId, status, waitingText, waitingUntil],
  );
  return { ...payout, status, waitingText, waitingUntil, asked: 0, refusals: payout.refusals + 1 };
}
