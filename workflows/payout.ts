import {
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PayoutActivities } from '../activities/payout';
import type { PayoutStep } from '../src/contracts/payout';
import { type PayoutInput, providerNews } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, untilDecided, type Waiting } from './waiting';

const { beginPayout, submitPayout, askPayout, callPersonToPayout } =
  proxyActivities<PayoutActivities>({
    // A submission waits 2 s for its provider; what is cut off is asked about, never repeated blindly.
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
  });

/** Pays one payout exactly once and knows when it came back. Id: payout:<payoutId>. */
export async function payout({ payoutId }: PayoutInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no message is missed
  const inbox = receiveProviderNews();
  const begun = await beginPayout(payoutId);
  const final = await untilFinal(payoutId, begun, inbox, waiting);
  const watched = await watchForReturn(payoutId, final, inbox);
  await untilReviewed(payoutId, watched.openReviewId, inbox, waiting);
  await untilAnswered();
}

/** Submits, and asks until the provider has said how it ended. */
async function untilFinal(
  payoutId: string,
  begun: PayoutStep,
  inbox: Inbox,
  waiting: Waiting,
): Promise<PayoutStep> {
  let step = begun;
  let asked = 0;
  while (step.next !== 'watch' && step.next !== 'end') {
    await startAfreshWhenLong(payoutId, inbox);
    if (step.next === 'call') {
      await callPerson(payoutId, inbox, waiting);
      asked = 0;
      step = await askPayout(payoutId, asked);
      continue;
    }
    const woken = await inbox.newsWithin(step.waitMs);
    if (step.next === 'ask' || woken) {
      step = await askPayout(payoutId, asked);
      asked += 1;
    } else {
      step = await submitPayout(payoutId, asked);
    }
  }
  return step;
}

/** After success: money that comes back soon is noticed; later the provider calls, and this runs again. */
async function watchForReturn(
  payoutId: string,
  final: PayoutStep,
  inbox: Inbox,
): Promise<PayoutStep> {
  let step = final;
  let watched = 0;
  while (step.next === 'watch') {
    await inbox.newsWithin(step.waitMs);
    step = await askPayout(payoutId, watched);
    watched += 1;
  }
  return step;
}

/** The task stays open until somebody decides it, or the provider says something after all. */
async function callPerson(payoutId: string, inbox: Inbox, waiting: Waiting): Promise<void> {
  const reviewId = await callPersonToPayout(payoutId);
  await Promise.race([untilDecided(reviewId, waiting), inbox.news()]);
}

/** A payout at its end may still have an open task; news that comes meanwhile is booked. */
async function untilReviewed(
  payoutId: string,
  openReviewId: string | null,
  inbox: Inbox,
  waiting: Waiting,
): Promise<void> {
  let reviewId = openReviewId;
  while (reviewId !== null || inbox.hasNews()) {
    if (reviewId !== null) await Promise.race([untilDecided(reviewId, waiting), inbox.news()]);
    inbox.read();
    reviewId = (await beginPayout(payoutId)).openReviewId;
  }
}

/** A payee may take a day to confirm: a long history is cut, and the row knows the rest. */
async function startAfreshWhenLong(payoutId: string, inbox: Inbox): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested || inbox.hasNews()) return;
  await untilAnswered();
  await continueAsNew({ payoutId });
}

interface Inbox {
  hasNews(): boolean;
  news(): Promise<void>;
  read(): void;
  /** Waits at most so long; true when there was news, which then counts as read. */
  newsWithin(ms: number): Promise<boolean>;
}

function receiveProviderNews(): Inbox {
  let unread = 0;
  setHandler(providerNews, () => {
    unread += 1;
  });
  const hasNews = () => unread > 0;
  const read = () => {
    unread = 0;
  };
  return {
    hasNews,
    read,
    news: () => condition(hasNews),
    newsWithin: async (ms) => {
      const woken = ms > 0 ? await condition(hasNews, ms) : hasNews();
      read();
      return woken;
    },
  };
}
