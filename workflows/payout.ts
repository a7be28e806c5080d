import {
  condition,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { PayoutActivities } from '../activities/payout';
import type { PayoutStep } from '../src/contracts/payout';
import { type PayoutInput, providerNews } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, untilDecided, type Waiting } from './waiting';

const { advancePayout, callPersonToPayout } = proxyActivities<PayoutActivities>({
  // A call waits some seconds for its provider; what is cut off is asked about, never repeated blindly.
  startToCloseTimeout: '20 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/**
 * The first step, which is the only one of most payouts, is taken within the workflow's first task.
 * One try: if it fails the ordinary activity goes on where the row stands.
 */
const { advancePayout: advanceAtOnce } = proxyLocalActivities<PayoutActivities>({
  startToCloseTimeout: '20 seconds',
  retry: { maximumAttempts: 1 },
});

/**
 * Pays one payout exactly once: one activity takes each step that its row says, and this waits in
 * between. Id: payout:<payoutId>. After success it ends; a sweep and the inbox see what comes back.
 */
export async function payout({ payoutId }: PayoutInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no message is missed
  const inbox = receiveProviderNews();
  const person = watchReviews(waiting);
  const take = (activity: typeof advancePayout) => {
    inbox.read(); // the activity reads what this news is about
    return activity(payoutId);
  };
  const advance = () => take(advancePayout);
  let step = await takeFirstStep(() => take(advanceAtOnce), advance);
  while (!isOver(step) || inbox.hasNews()) {
    await startAfreshWhenLong(payoutId, inbox);
    const reviewId = step.next === 'call' ? await callPersonToPayout(payoutId) : step.openReviewId;
    await untilSomethingIsDue(step, inbox, person(reviewId));
    step = await advance();
  }
  await untilAnswered();
}

type TakeStep = () => Promise<PayoutStep>;

async function takeFirstStep(atOnce: TakeStep, advance: TakeStep): Promise<PayoutStep> {
  // Payouts that were begun before took every step as an ordinary activity.
  if (!patched('first-step-at-once')) return advance();
  try {
    return await atOnce();
  } catch (error) {
    if (!(error instanceof TemporalFailure) || isCancellation(error)) throw error;
    return advance();
  }
}

/** At its end, and no task about it is open: nothing is left to do. */
const isOver = ({ next, openReviewId }: PayoutStep) => next === 'end' && openReviewId === null;

/** Ends at the next moment to look, at news, or when a person has decided. */
async function untilSomethingIsDue(
  { next, waitMs }: PayoutStep,
  inbox: Inbox,
  person: Person,
): Promise<void> {
  const isDue = () => inbox.hasNews() || person.hasDecided();
  // At its end only a person or the provider can bring something new.
  if (next === 'end') await condition(isDue);
  else if (waitMs > 0) await condition(isDue, waitMs);
}

/** A payee may take a day to confirm: a long history is cut, and the row knows the rest. */
async function startAfreshWhenLong(payoutId: string, inbox: Inbox): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested || inbox.hasNews()) return;
  await untilAnswered();
  await continueAsNew({ payoutId });
}

interface Person {
  hasDecided(): boolean;
}

/** Follows the open task, with its escalation, while the provider is still asked. */
function watchReviews(waiting: Waiting): (reviewId: string | null) => Person {
  const decided = new Map<string, boolean>();
  return (reviewId) => {
    if (reviewId !== null && !decided.has(reviewId)) {
      decided.set(reviewId, false);
      void untilDecided(reviewId, waiting).then(() => decided.set(reviewId, true));
    }
    return { hasDecided: () => reviewId !== null && decided.get(reviewId) === true };
  };
}

interface Inbox {
  hasNews(): boolean;
  read(): void;
}

function receiveProviderNews(): Inbox {
  let unread = 0;
  setHandler(providerNews, () => {
    unread += 1;
  });
  return {
    hasNews: () => unread > 0,
    read: () => {
      unread = 0;
    },
  };
}
