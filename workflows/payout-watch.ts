import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const { watchPayouts } = proxyActivities<Activities>({
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/**
 * Asks providers whether paid money came back, for all payouts that are due for it. The rows know
 * when; what a round does not reach the next one does. Id: payout-watch, by schedule.
 */
export async function payoutWatch(): Promise<void> {
  await watchPayouts();
}
