import { condition, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';

export const bareUpdate = defineUpdate<string, [string]>('bareUpdate');

const { echo } = proxyActivities<{ echo(text: string): Promise<string> }>({
  startToCloseTimeout: '10 seconds',
});

/** What a decision is compared with: one update, one activity that does nothing. */
export async function bareWorkflow(): Promise<void> {
  let done = false;
  setHandler(bareUpdate, async (text) => {
    const answer = await echo(text);
    done = true;
    return answer;
  });
  await condition(() => done);
}
