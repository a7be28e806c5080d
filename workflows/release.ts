import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const { releaseAllDue, doAllDue } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/**
 * The minute's round over all programs: moves what is over its hold to `available`, does duties,
 * wakes workflows whose due moment has passed, runs periodic work.
 * Id: release, one at a time by the schedule's overlap policy.
 */
export async function release(): Promise<void> {
  await releaseAllDue();
  await doAllDue();
}
