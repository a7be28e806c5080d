import type { ReviewInput } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, untilDecided } from './waiting';

/** Waits for the decision of a task that belongs to no other workflow. Id: review:<reviewId>. */
export async function review({ reviewId }: ReviewInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no decision is missed
  await untilDecided(reviewId, waiting);
  await untilAnswered();
}
