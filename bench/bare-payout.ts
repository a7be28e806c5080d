import { proxyActivities } from '@temporalio/workflow';

export interface BareActivities {
  /** hands one order over to the sandbox provider */
  submit(channelNumber: string): Promise<void>;
  nothing(channelNumber: string): Promise<void>;
}

const { submit, nothing } = proxyActivities<BareActivities>({
  startToCloseTimeout: '20 seconds',
});

/** What a payout is compared with: one activity, which makes the same call to the same provider. */
export async function bareCall(channelNumber: string): Promise<void> {
  await submit(channelNumber);
}

/** One activity that does nothing: what Temporal itself takes. */
export async function bareNothing(channelNumber: string): Promise<void> {
  await nothing(channelNumber);
}
