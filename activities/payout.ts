import { setTimeout as pause } from 'node:timers/promises';
import type {
  QueryHints,
  ChannelAdapter,
  QueryOutcome,
  SubmitOutcome,
} from '../src/channels/channel';
import type { PayoutStep } from '../src/contracts/payout';
import { markRead, type UnreadNews, unreadNews } from '../src/db/channel-inbox';
import type { Tx } from '../src/db/database';
import {
  accountPlace,
  isCancelRequested,
  lastSubmissionAt,
  lockPayout,
  type PayoutCase,
  type PayoutRow,
  setWaiting,
  type Source,
} from '../src/db/payout';
import { bookNews, noteSilence } from '../src/db/payout-booking';
import { payeeKeyOf } from '../src/db/payout-payee';
import { openChannelReview, openPayoutReview } from '../src/db/payout-review';
import { beginSubmission, noteRefusal, type Submission } from '../src/db/payout-submission';
import { nextStep, todo } from '../src/domain/payout/advance';
import { readNews } from '../src/domain/payout/news';
import { isStoppable } from '../src/domain/payout/state';
import type { WaitingReason } from '../src/domain/payout/waiting';
import { adapterCache } from './channel';
import type { ActivityDeps } from './deps';

/**
 * A worker that slept this long since it booked a submission makes no call any more: the step was
 * taken over by another, which asks before it sends.
 */
const freshForMs = 8_000;
/** No call of ours is on its way any more so long after it began; then "not known" means stopped. */
const quietAfterMs = 60_000;

/** What a payout's workflow asks of the outside. Every one may run twice at any point. */
export function createPayoutActivities(deps: ActivityDeps) {
  const { db, clock } = deps;
  const adapterOf = adapterCache(deps);
  return {
    /**
     * One step of a payout: books what callbacks brought, then hands the order over or asks what
     * became of it, as its row says. The submission is booked before the call; tried again after a
     * crash the row says that it was sent, so it is asked about and not sent blindly.
     */
    async advancePayout(payoutId: string): Promise<PayoutStep> {
      const begun = await db.transaction((tx) => begin(deps, adapterOf, tx, payoutId));
      const channel = adapterOf(begun.payout);
      const payout = await carryOut(deps, channel, begun);
      return stepOf(payout, channel, clock.now());
    },

    /** Puts the payout into the review queue and answers with the id of the open task. */
    async callPersonToPayout(payoutId: string): Promise<string> {
      return db.transaction(async (tx) => {
        const payout = await lockPayout(tx, payoutId);
        const why = whyCalled(payout.waitingText);
        if (why === 'no_clear_answer') {
          await setWaiting(tx, payoutId, 'review', payout.waitingUntil);
        }
        return openPayoutReview(tx, payout, { why, status: payout.status }, clock.now());
      });
    },
  };
}

function whyCalled(reason: WaitingReason | null) {
  if (reason === 'overTransferLimit') return 'over_transfer_limit';
  return reason === 'overDayLimit' ? 'over_day_limit' : 'no_clear_answer';
}

export type PayoutActivities = ReturnType<typeof createPayoutActivities>;

type Begun =
  | { kind: 'call'; submission: Extract<Submission, { go: true }>; payout: PayoutCase }
  | { kind: 'ask' | 'stop' | 'nothing'; payout: PayoutCase };

type AdapterOf = ReturnType<typeof adapterCache>;

/** Reads the row and the inbox and decides; a submission is booked in the same transaction. */
async function begin(
  deps: ActivityDeps,
  adapterOf: AdapterOf,
  tx: Tx,
  payoutId: string,
): Promise<Begun> {
  const at = deps.clock.now();
  const { before, unread } = await lockWithNews(tx, payoutId);
  const channel = adapterOf(before);
  const payout = await takeNews(tx, before, unread, { rules: channel.polling, at });
  const wasTold = payout.status !== before.status;
  const next = wasTold ? 'nothing' : todo(payout);
  if (next === 'nothing') return { kind: next, payout };
  if (payout.status !== 'queued' && (await isCancelRequested(tx, payoutId))) {
    return beginStop(tx, payout, at);
  }
  if (next === 'ask') return { kind: 'ask', payout };
  const begun = asBegun(await handOver(deps, tx, payout, channel));
  if (begun.kind === 'call') deps.crashPoint('payout.beforeSubmitCommit');
  return begun;
}

function handOver(
  { vault, clock }: ActivityDeps,
  tx: Tx,
  payout: PayoutCase,
  { callsPerSecond }: ChannelAdapter,
): Promise<Submission> {
  const payeeKey = payeeKeyOf(vault, payout);
  return beginSubmission(tx, payout, { at: clock.now(), callsPerSecond, payeeKey });
}

function asBegun(submission: Submission): Begun {
  const { payout } = submission;
  return submission.go ? { kind: 'call', submission, payout } : { kind: 'nothing', payout };
}

/** A call that the provider has not answered for may still be on its way: that is waited out first. */
async function beginStop(tx: Tx, payout: PayoutCase, at: Date): Promise<Begun> {
  if (isStoppable(payout.status, null)) return { kind: 'stop', payout };
  const last = await lastSubmissionAt(tx, payout.id);
  const until = new Date((last ?? at).getTime() + quietAfterMs);
  if (until <= at) return { kind: 'stop', payout };
  await setWaiting(tx, payout.id, 'stopping', until);
  return { kind: 'nothing', payout: { ...payout, waitingText: 'stopping', waitingUntil: until } };
}

/** Makes the call that was decided on and books what the provider said. */
async function carryOut(
  deps: ActivityDeps,
  channel: ChannelAdapter,
  begun: Begun,
): Promise<PayoutCase> {
  switch (begun.kind) {
    case 'nothing':
      return begun.payout;
    case 'call':
      return submit(deps, channel, begun.submission);
    case 'stop':
      return stop(deps, channel, begun.payout);
    case 'ask': {
      const { id, channelNumber } = begun.payout;
      const outcome = await channel.query(channelNumber, hintsOf(deps, begun.payout));
      const payout = await record(deps, channel, id, outcome, 'query');
      // The only answer after which it goes again, under its number: a call may still be on its way.
      if (outcome.kind !== 'not_found' || payout.status !== 'unknown') return payout;
      const again = await deps.db.transaction(async (tx) =>
        asBegun(await handOver(deps, tx, await lockPayout(tx, id), channel)),
      );
      return again.kind === 'call' ? submit(deps, channel, again.submission) : again.payout;
    }
  }
}

async function submit(
  deps: ActivityDeps,
  channel: ChannelAdapter,
  { payout, waitMs, at }: Extract<Submission, { go: true }>,
): Promise<PayoutCase> {
  if (waitMs > 0) await pause(waitMs);
  deps.crashPoint('payout.beforeSubmitCall');
  // From the booking on, also where it slept before it heard of its commit.
  if (deps.clock.now().getTime() - at.getTime() > freshForMs) {
    throw new Error('this worker slept too long to make the call; the payout is asked about');
  }
  const outcome = await channel.submit(orderOf(deps, payout));
  deps.crashPoint('payout.afterSubmitCall');
  return record(deps, channel, payout.id, outcome, 'submit');
}

/** What we know of a payout when its provider is asked: another amount or payee is then noticed. */
function hintsOf(deps: ActivityDeps, payout: PayoutCase): QueryHints {
  const { submittedAt, status, confirmation } = payout;
  return {
    order: orderOf(deps, payout),
    lacksConfirmation: status !== 'paid' && confirmation === null,
    ...(submittedAt === null ? {} : { submittedAt }),
  };
}

/** An admin wants it stopped. Silence leaves the wish open; an unknown number was never taken. */
async function stop(
  deps: ActivityDeps,
  channel: ChannelAdapter,
  payout: PayoutCase,
): Promise<PayoutCase> {
  const { id, channelNumber, status } = payout;
  const hints = hintsOf(deps, payout);
  const outcome = await (channel.cancel?.(channelNumber, hints) ??
    channel.query(channelNumber, hints));
  if (outcome.kind === 'not_found' && !isStoppable(status, null)) {
    return record(deps, channel, id, { kind: 'canceled' }, 'cancel');
  }
  const silent = outcome.kind === 'unknown' || outcome.kind === 'not_found';
  const operation = silent ? 'query' : 'cancel';
  return record(deps, channel, id, outcome, operation);
}

/** Locks a payout; what callbacks brought is read behind the lock, in the same flight. */
async function lockWithNews(
  tx: Tx,
  payoutId: string,
): Promise<{ before: PayoutCase; unread: UnreadNews[] }> {
  const [before, unread] = await Promise.all([lockPayout(tx, payoutId), unreadNews(tx, payoutId)]);
  return { before, unread };
}

/** Books everything that lay unread in the inbox for this payout, in the order of arrival. */
async function takeNews(
  tx: Tx,
  before: PayoutCase,
  unread: readonly UnreadNews[],
  { rules, at }: Pick<Source, 'rules' | 'at'>,
): Promise<PayoutCase> {
  if (unread.length === 0) return before;
  let payout = before;
  for (const { news } of unread) {
    const source = { operation: 'callback', at, rules } as const;
    payout = await bookNews(tx, payout, readNews(news), source);
  }
  await markRead(
    tx,
    unread.map(({ id }) => id),
    at,
  );
  return payout;
}

/** Books what the provider answered, and what it said by callbacks meanwhile. */
async function record(
  deps: ActivityDeps,
  channel: ChannelAdapter,
  payoutId: string,
  outcome: SubmitOutcome | QueryOutcome,
  operation: Source['operation'],
): Promise<PayoutCase> {
  const source = { operation, at: deps.clock.now(), rules: channel.polling };
  const payout = await deps.db.transaction(async (tx) => {
    const { before, unread } = await lockWithNews(tx, payoutId);
    const answered = await bookOutcome(deps, tx, before, outcome, source);
    const told = await takeNews(tx, answered, unread, source);
    deps.crashPoint('payout.beforeCommit');
    return told;
  });
  deps.crashPoint('payout.afterCommit');
  return payout;
}

async function bookOutcome(
  deps: ActivityDeps,
  tx: Tx,
  before: PayoutCase,
  outcome: SubmitOutcome | QueryOutcome,
  source: Source,
): Promise<PayoutCase> {
  switch (outcome.kind) {
    case 'unknown':
    case 'not_found':
      return noteSilence(tx, before.id, source, outcome);
    case 'not_taken': {
      const payout = await noteRefusal(tx, before.id, source, outcome);
      const { cause, code } = outcome;
      if (cause === 'balance_short' || cause === 'setup') {
        await alert(deps, tx, payout, { why: cause, code }, source.at);
      }
      return payout;
    }
    case 'processing': {
      const payout = await bookNews(tx, before, outcome, source);
      if (outcome.waitsFor === 'balance') {
        await alert(deps, tx, payout, { why: 'balance_short', code: 'PROCESSING' }, source.at);
      }
      return payout;
    }
    case 'awaiting_confirmation':
    case 'paid':
    case 'failed':
    case 'canceled':
    case 'returned':
      return bookNews(tx, before, outcome, source);
  }
}

/** Finance is told once of what concerns a whole channel, however many payouts wait for it. */
async function alert(
  { log }: ActivityDeps,
  tx: Tx,
  payout: PayoutCase,
  { why, code }: { why: 'balance_short' | 'setup'; code: string },
  at: Date,
): Promise<void> {
  const { channelId, id: payoutId } = payout;
  if (await openChannelReview(tx, payout, { why, code, channelId, payoutId }, at)) {
    log.warn({ channelId, why, code }, 'a payout channel takes no orders');
  }
}

function stepOf(payout: PayoutCase, channel: ChannelAdapter, now: Date): PayoutStep {
  const { status, openReviewId } = payout;
  return { status, ...nextStep(payout, channel.polling, now), openReviewId };
}

function orderOf({ vault }: ActivityDeps, payout: PayoutRow) {
  return {
    channelNumber: payout.channelNumber,
    account: vault.open(accountPlace(payout.id), payout.accountCipher),
    holderName: payout.holderName,
    amount: payout.amount,
  };
}
