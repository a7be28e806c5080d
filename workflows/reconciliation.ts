import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const { dueReconciliations, reconcileBill } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
});

/**
 * Compares every provider's bill of every day that is over with our books, once. A file that is not
 * there yet is asked for in the next hour, and a channel that fails keeps no other waiting.
 * Id: reconciliation, by schedule.
 */
export async function reconciliation(): Promise<void> {
  for (const due of await dueReconciliations()) {
    // Its row stays open: the next hour tries again.
    await reconcileBill(due).catch(() => undefined);
  }
}
