import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { timeSkipping } from '../support/time-skipping';

describe('the time-skipping server', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await timeSkipping();
  }, 600_000);
  afterAll(() => env.teardown());

  it('lets ninety days pass in no time', async () => {
    const before = await env.currentTimeMs();
    await env.sleep('90 days');
    expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(90 * 86_400_000);
  });
});
