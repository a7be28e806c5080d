import { Worker } from '@temporalio/worker';
import { readHistory, savedHistories } from '../support/history';
import { quiet } from '../support/temporal';
import { testBundle } from '../support/time-skipping';

jest.setTimeout(120_000);

/**
 * Workflows that were begun by an older version are finished by this one: today's code must take the
 * same steps on the histories that were saved (test/support/history.ts).
 */
describe('a workflow begun before goes on', () => {
  const histories = savedHistories();
  let codePath: string;

  beforeAll(async () => {
    quiet();
    codePath = await testBundle();
  });

  test('there are histories of every kind that waits for people', () => {
    const workflows = new Set(histories.map(({ name }) => name.split('-')[0]));
    expect([...workflows]).toEqual(expect.arrayContaining(['campaign', 'distributor', 'payout']));
  });

  const replay = (text: string) =>
    Worker.runReplayHistory({ workflowBundle: { codePath } }, readHistory(text));

  test.each(histories)('$name', async ({ text }) => {
    await replay(text);
  });

  test('a history that took other steps is noticed', async () => {
    const saved = histories.find(({ name }) => name === 'distributor-approved')?.text ?? '';
    const text = saved.replaceAll('"readApplication"', '"somethingElse"');
    expect(text).toContain('somethingElse');
    await expect(replay(text)).rejects.toThrow();
  });
});
