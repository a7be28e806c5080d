import { proxyActivities } from '@temporalio/workflow';
import type { DistributorActivities } from '../activities/distributor';
import type { DistributorInput } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, untilDecided } from './waiting';

const { readApplication } = proxyActivities<DistributorActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/** Sees an application through to an admin's decision, however late it comes. Id: distributor:<distributorId>. */
export async function distributor({ distributorId }: DistributorInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no decision is missed
  const { openReviewId } = await readApplication(distributorId);
  if (openReviewId !== null) await untilDecided(openReviewId, waiting);
  await untilAnswered();
}
