import {
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { SettlementActivities } from '../activities/settlement';
import { payoutFinal, type SettlementInput } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, untilDecided } from './waiting';

const { readSettlement, closeSettlement } = proxyActivities<SettlementActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});
const { lockSettlement, computeSettlement, approveSettlement, unlockSettlement } =
  proxyActivities<SettlementActivities>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
  });

/** The last payout wakes the workflow; looking again costs little where the wake-up was lost. */
const firstLookMs = 15_000;
const longestLookMs = 600_000;

/**
 * Settles one period of a program: nobody is paid without a decision, and nothing stays locked
 * without a payout. Id: settlement:<programId>:<period>:<run>.
 */
export async function settlement({ settlementId }: SettlementInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no decision is missed
  const payouts = receivePayoutNews();
  await lockSettlement(settlementId);
  await computeSettlement(settlementId);
  const { status, reviewId } = await readSettlement(settlementId);
  if (status === 'review' && reviewId !== null) await untilDecided(reviewId, waiting);
  await approveSettlement(settlementId);
  await unlockSettlement(settlementId);
  await untilPaid(settlementId, payouts);
  await untilAnswered();
}

/** Waits until every payout is paid, failed, canceled or returned; a rejected one has none. */
async function untilPaid(settlementId: string, payouts: PayoutNews): Promise<void> {
  let lookMs = firstLookMs;
  while (!(await closeSettlement(settlementId))) {
    if (workflowInfo().continueAsNewSuggested && !payouts.hasNews()) {
      await untilAnswered();
      await continueAsNew<typeof settlement>({ settlementId });
    }
    await payouts.within(lookMs);
    lookMs = Math.min(lookMs * 2, longestLookMs);
  }
}

interface PayoutNews {
  hasNews(): boolean;
  /** Waits for news, at most so long; what came counts as read. */
  within(ms: number): Promise<void>;
}

function receivePayoutNews(): PayoutNews {
  let unread = 0;
  setHandler(payoutFinal, () => {
    unread += 1;
  });
  return {
    hasNews: () => unread > 0,
    within: async (ms) => {
      await condition(() => unread > 0, ms);
      unread = 0;
    },
  };
}
