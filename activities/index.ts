import { createBindingTransferActivities } from './binding-transfer';
import { createCampaignActivities } from './campaign';
import { createDistributorActivities } from './distributor';
import type { ActivityDeps } from './deps';
import { createPayoutActivities } from './payout';
import { createPayoutWatchActivities } from './payout-watch';
import { createReconciliationActivities } from './reconciliation';
import { createReleaseActivities } from './release';
import { createReviewActivities } from './review';
import { createSettlementActivities } from './settlement';
import { createSettlementCycleActivities } from './settlement-cycle';
import { createSimulationActivities } from './simulation';
import { createVerificationActivities } from './verification';

/** Every activity of the house under the name by which workflows call it. */
export function createActivities(deps: ActivityDeps) {
  return {
    ...createBindingTransferActivities(deps),
    ...createCampaignActivities(deps),
    ...createDistributorActivities(deps),
    ...createPayoutActivities(deps),
    ...createReleaseActivities(deps),
    ...createReviewActivities(deps),
    ...createSettlementActivities(deps),
    ...createSettlementCycleActivities(deps),
    ...createSimulationActivities(deps),
    ...createVerificationActivities(deps),
    ...createPayoutWatchActivities(deps),
    ...createReconciliationActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
