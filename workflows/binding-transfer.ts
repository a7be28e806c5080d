import { condition, proxyActivities } from '@temporalio/workflow';
import type { BindingTransferActivities } from '../activities/binding-transfer';
import type { BindingTransferInput } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, type Waiting } from './waiting';

const { advanceTransfer } = proxyActivities<BindingTransferActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/**
 * Lets a transfer of a customer take effect at its moment, never before, and never while somebody's
 * objection waits for an admin. Id: binding-transfer:<transferId>.
 */
export async function bindingTransfer({ transferId }: BindingTransferInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no decision is missed
  await untilOver(transferId, waiting);
  await untilAnswered();
}

async function untilOver(transferId: string, waiting: Waiting): Promise<void> {
  for (;;) {
    const seen = waiting.wakeUps();
    const { over, leftMs, reviewId } = await advanceTransfer(transferId);
    if (over) return;
    const news = () =>
      waiting.wakeUps() !== seen || (reviewId !== null && waiting.isDecided(reviewId));
    if (leftMs === null) await condition(news);
    else await condition(news, leftMs);
  }
}
