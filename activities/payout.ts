import type {
  ChannelAdapter,
  PollingRules,
  QueryOutcome,
  SubmitOutcome,
} from '../src/channels/channel';
import type { PayoutStep } from '../src/contracts/payout';
import { channelById, openSettings } from '../src/db/channel';
import { markRead, unreadNews } from '../src/db/channel-inbox';
import type { Tx } from '../src/db/database';
import {
  accountPlace,
  isCancelRequested,
  lockPayout,
  type PayoutCase,
  type PayoutRow,
  setWaiting,
  type Source,
} from '../src/db/payout';
import { applyNews, beginSubmission, noteSilence } from '../src/db/payout-booking';
import { openPayoutReview, openPayoutReviewOf } from '../src/db/payout-review';
import { readNews } from '../src/domain/payout/news';
import { isFinal } from '../src/domain/payout/state';
import type { ActivityDeps } from './deps';

/** How often a paused payout looks whether it may go on. */
const pauseMs = 60_000;

/** What a payout's workflow asks of the outside. Every one may run twice at any point. */
export function createPayoutActivities(deps: ActivityDeps) {
  const { db, clock } = deps;
  return {
    /** Reads the row and what callbacks brought: what is there to do? */
    async beginPayout(payoutId: string): Promise<PayoutStep> {
      const { payout } = await db.transaction((tx) => takeNews(tx, payoutId, clock.now()));
      const polling = (await openChannel(deps, payout.channelId)).polling;
      if (payout.status === 'paid' && isWatchedNoMore(payout, polling, clock.now())) {
        return step(deps, payout, 'end', 0);
      }
      return nextStep(deps, payout, polling, 0);
    },

    /**
     * Books the submission, then calls the provider, once. Tried again after a crash it does not
     * call a second time: nobody knows whether the first call arrived, so the next step is to ask.
     */
    async submitPayout(payoutId: string, asked: number): Promise<PayoutStep> {
      const begun = await db.transaction((tx) => beginSubmission(tx, payoutId, clock.now()));
      const channel = await openChannel(deps, begun.payout.channelId);
      if (!begun.go) {
        return begun.why === 'not_to_be_sent'
          ? nextStep(deps, begun.payout, channel.polling, asked)
          : step(deps, begun.payout, 'pause', pauseMs);
      }
      deps.crashPoint('payout.beforeSubmitCall');
      const outcome = await channel.submit(orderOf(deps, begun.payout));
      deps.crashPoint('payout.afterSubmitCall');
      const source = { operation: 'submit', at: clock.now() } as const;
      const payout = await record(deps, payoutId, outcome, source);
      return nextStep(deps, payout, channel.polling, asked);
    },

    /**
     * Asks the provider what became of the transfer, unless a callback said it already. When an
     * admin wants it stopped, the question is whether it can be.
     * @param asked how many questions were asked before, or, once it is paid, since then
     */
    async askPayout(payoutId: string, asked: number): Promise<PayoutStep> {
      const { payout: before, wasTold } = await db.transaction((tx) =>
        takeNews(tx, payoutId, clock.now()),
      );
      const channel = await openChannel(deps, before.channelId);
      const isOver = isFinal(before.status) && before.status !== 'paid';
      if (wasTold || isOver || before.status === 'queued') {
        return nextStep(deps, before, channel.polling, asked);
      }
      const stop = await isCancelRequested(db.read, payoutId);
      const outcome =
        stop && channel.cancel
          ? await channel.cancel(before.channelNumber)
          : await channel.query(before.channelNumber);
      const operation = stop ? 'cancel' : 'query';
      const payout = await record(deps, payoutId, outcome, { operation, at: clock.now() });
      if (outcome.kind === 'not_found' && payout.status === 'unknown') {
        const waitMs = asked === 0 ? 0 : channel.polling.delayMs(asked, false);
        return step(deps, payout, 'submit', waitMs);
      }
      const watched = before.status === 'paid' ? asked + 1 : 0;
      return nextStep(deps, payout, channel.polling, asked + 1, watched);
    },

    /** Puts the payout into the review queue and answers with the id of the open task. */
    async callPersonToPayout(payoutId: string): Promise<string> {
      return db.transaction(async (tx) => {
        const payout = await lockPayout(tx, payoutId);
        await setWaiting(tx, payoutId, 'review', null);
        const facts = { why: 'no_clear_answer', status: payout.status };
        return openPayoutReview(tx, payout, facts, clock.now());
      });
    },
  };
}

export type PayoutActivities = ReturnType<typeof createPayoutActivities>;

/** Books everything that lies unread in the inbox for this payout, in the order of arrival. */
async function takeNews(
  tx: Tx,
  payoutId: string,
  now: Date,
): Promise<{ payout: PayoutCase; wasTold: boolean }> {
  const before = await lockPayout(tx, payoutId);
  const unread = await unreadNews(tx, before.channelId, before.channelNumber);
  let payout = before;
  for (const { news } of unread) {
    payout = await applyNews(tx, payoutId, readNews(news), { operation: 'callback', at: now });
  }
  await markRead(
    tx,
    unread.map(({ id }) => id),
    now,
  );
  return { payout, wasTold: payout.status !== before.status };
}

async function record(
  deps: ActivityDeps,
  payoutId: string,
  outcome: SubmitOutcome | QueryOutcome,
  source: Source,
): Promise<PayoutCase> {
  return deps.db.transaction(async (tx) => {
    const payout =
      outcome.kind === 'unknown' || outcome.kind === 'not_found'
        ? await noteSilence(tx, payoutId, source, outcome)
        : outcome.kind === 'not_taken'
          ? await noteSilence(tx, payoutId, source, { kind: 'unknown', detail: outcome.code })
          : await applyNews(tx, payoutId, outcome, source);
    deps.crashPoint('payout.beforeCommit');
    return payout;
  });
}

async function nextStep(
  deps: ActivityDeps,
  payout: PayoutRow,
  polling: PollingRules,
  asked: number,
  watched = 0,
): Promise<PayoutStep> {
  switch (payout.status) {
    case 'queued':
      return step(deps, payout, 'submit', 0);
    case 'submitting':
    case 'unknown': {
      const next = asked >= polling.giveUpAfter ? 'call' : 'ask';
      return step(deps, payout, next, next === 'call' ? 0 : polling.delayMs(asked, false));
    }
    case 'processing':
    case 'awaiting_confirmation': {
      const waitMs = polling.delayMs(asked, payout.status === 'awaiting_confirmation');
      return step(deps, payout, 'ask', waitMs);
    }
    case 'paid': {
      const waitMs = polling.watchForReturnMs[watched];
      return waitMs === undefined
        ? step(deps, payout, 'end', 0)
        : step(deps, payout, 'watch', waitMs);
    }
    case 'returned':
    case 'failed':
    case 'canceled':
      return step(deps, payout, 'end', 0);
  }
}

async function step(
  deps: ActivityDeps,
  payout: PayoutRow,
  next: PayoutStep['next'],
  waitMs: number,
): Promise<PayoutStep> {
  const openReviewId = await openPayoutReviewOf(deps.db.read, payout.id);
  return { status: payout.status, next, waitMs, openReviewId };
}

function isWatchedNoMore(payout: PayoutRow, polling: PollingRules, now: Date): boolean {
  const watchMs = polling.watchForReturnMs.reduce((sum, ms) => sum + ms, 0);
  return payout.finalAt !== null && now.getTime() - payout.finalAt.getTime() > watchMs;
}

async function openChannel(deps: ActivityDeps, channelId: string): Promise<ChannelAdapter> {
  const channel = await channelById(deps.db.read, channelId);
  if (channel === undefined) throw new Error(`channel ${channelId} of a payout does not exist`);
  return deps.channels.open(openSettings(deps.vault, channel));
}

function orderOf({ vault }: ActivityDeps, payout: PayoutRow) {
  return {
    channelNumber: payout.channelNumber,
    account: vault.open(accountPlace(payout.id), payout.accountCipher),
    holderName: payout.holderName,
    amount: payout.amount,
  };
}
