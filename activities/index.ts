import { createDistributorActivities } from './distributor';
import type { ActivityDeps } from './deps';
import { createPayoutActivities } from './payout';
import { createReleaseActivities } from './release';
import { createReviewActivities } from './review';
import { createSettlementActivities } from './settlement';

/** Every activity of the house under the name by which workflows call it. */
export function createActivities(deps: ActivityDeps) {
  return {
    ...createDistributorActivities(deps),
    ...createPayoutActivities(deps),
    ...createReleaseActivities(deps),
    ...createReviewActivities(deps),
    ...createSettlementActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
