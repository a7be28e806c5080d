import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ReviewActivities } from '../activities/review';
import { clockMoved, decide, type DecideInput, reviewClosed } from '../src/contracts/workflow';
import type { Decision } from '../src/domain/review/kind';

// All of them are short and safe to repeat; a call that was lost with its worker is made again soon.
const { readReview, decideReview, escalateWhenDue } = proxyActivities<ReviewActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/** What a workflow that waits on a program's clock hears of. Made first, so no message is missed. */
export interface Waiting {
  /** how often the clock was moved or a sweep said to look again */
  readonly wakeUps: () => number;
  /** how many decisions came in */
  readonly decisions: () => number;
  readonly isDecided: (reviewId: string) => boolean;
  /** how often a task was closed without a decision */
  readonly closures: () => number;
}

/** Listens for moves of the clock and for admins' decisions. Call it before the first await. */
export function startWaiting(): Waiting {
  let wakeUps = 0;
  let closures = 0;
  const decided = new Set<string>();
  setHandler(clockMoved, () => {
    wakeUps += 1;
  });
  setHandler(reviewClosed, () => {
    closures += 1;
  });
  setHandler(
    decide,
    async (input: DecideInput) => {
      const result = await decideReview(input);
      if (result.outcome === 'decided') decided.add(input.reviewId);
      return result;
    },
    {
      validator: ({ reviewId }: DecideInput) => {
        if (!decided.has(reviewId)) return;
        throw ApplicationFailure.nonRetryable('The review is decided.', 'review_already_decided');
      },
    },
  );
  return {
    wakeUps: () => wakeUps,
    decisions: () => decided.size,
    isDecided: (reviewId) => decided.has(reviewId),
    closures: () => closures,
  };
}

/**
 * Waits for the moments of a program's clock, or for `done`. `act` does what has fallen due and
 * answers how many milliseconds are left until the next moment, null after the last. A real timer
 * runs that long; a moved clock ends it early. So the database decides what the time is.
 */
export async function untilDueOr(
  act: () => Promise<number | null>,
  waiting: Waiting,
  done: () => boolean,
): Promise<void> {
  while (!done()) {
    const seen = waiting.wakeUps();
    const leftMs = await act();
    if (leftMs === null) return;
    await condition(() => done() || waiting.wakeUps() !== seen, leftMs);
  }
}

/**
 * Waits for a review to be decided, however long it takes: before its due moment it reminds, then
 * it is escalated and stays decidable. Answers at once when it was decided before this run began.
 */
export async function untilDecided(reviewId: string, waiting: Waiting): Promise<Decision> {
  const seen = waiting.closures();
  const decided = () => waiting.isDecided(reviewId) || waiting.closures() !== seen;
  const before = await readReview(reviewId);
  if (before.outcome !== null) return before.outcome;
  await untilDueOr(() => escalateWhenDue(reviewId), waiting, decided);
  await condition(decided);
  return (await readReview(reviewId)).outcome ?? missingOutcome(reviewId);
}

/** Waits until every decision that came in has been answered; the last thing a workflow does. */
export async function untilAnswered(): Promise<void> {
  await condition(allHandlersFinished);
}

function missingOutcome(reviewId: string): never {
  throw ApplicationFailure.nonRetryable(
    `${reviewId} is decided without an outcome`,
    'broken_invariant',
  );
}
