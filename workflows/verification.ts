import { proxyActivities } from '@temporalio/workflow';
import type { VerificationActivities } from '../activities/verification';
import type { VerificationInput } from '../src/contracts/workflow';

const { verify } = proxyActivities<VerificationActivities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * Computes stored commissions again and sums all accounts again; a difference opens a review, and
 * nothing is repaired. Id: verification:<verificationId>.
 */
export async function verification({ verificationId }: VerificationInput): Promise<void> {
  await verify(verificationId);
}
