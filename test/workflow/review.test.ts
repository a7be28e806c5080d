import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import { clockMoved, decide } from '../../src/contracts/workflow';
import { dayMs } from '../support/application';
import { saveHistory } from '../support/history';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

jest.setTimeout(120_000);

interface Moment {
  name: 'reminded' | 'escalated';
  dueAt: number;
}

/** One task in memory with its two moments: what the activities of its workflow see. */
class Task {
  outcome: 'approve' | 'reject' | null = null;
  offsetMs = 0;
  /** what was done, and how long after its moment */
  readonly done: { name: Moment['name']; lateMs: number }[] = [];
  /** as many calls fail after they have done their work */
  loseAnswers = 0;
  private moments: Moment[] = [];

  constructor(private readonly realNow: () => Promise<number>) {}

  async begin(): Promise<this> {
    const begunAt = await this.realNow();
    this.moments = [
      { name: 'reminded', dueAt: begunAt + 6 * dayMs },
      { name: 'escalated', dueAt: begunAt + 7 * dayMs },
    ];
    return this;
  }

  get names(): string[] {
    return this.done.map(({ name }) => name);
  }

  get activities(): Partial<Activities> {
    return {
      readReview: () => Promise.resolve({ outcome: this.outcome }),
      escalateWhenDue: async () => {
        const now = (await this.realNow()) + this.offsetMs;
        for (let [next] = this.moments; next !== undefined; [next] = this.moments) {
          if (next.dueAt > now) return next.dueAt - now;
          this.moments.shift();
          this.done.push({ name: next.name, lateMs: now - next.dueAt });
          if (this.loseAnswers > 0) {
            this.loseAnswers -= 1;
            throw new Error('the worker died after it had committed');
          }
        }
        return null;
      },
      decideReview: ({ decision }) => {
        this.outcome = decision;
        this.moments = [];
        return Promise.resolve({ outcome: 'decided' as const, subject: {} });
      },
    };
  }
}

describe('a task that belongs to no other workflow', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 240_000);
  afterAll(() => server.teardown());

  const begin = async () => {
    runs += 1;
    const id = `review:rev_${runs}`;
    const task = await new Task(() => server.currentTimeMs()).begin();
    const worker = await workerFor(id, task.activities);
    const handle = await server.client.workflow.start('review', {
      ...{ workflowId: id, taskQueue: id, args: [{ reviewId: 'rev_1' }] },
    });
    const approve = () =>
      handle.executeUpdate(decide, {
        args: [{ reviewId: 'rev_1', deciderId: 'adm_1', decision: 'approve', reason: null }],
      });
    return { task, worker, handle, approve };
  };

  test('reminds, is escalated a day later, and is still decidable after three months', async () => {
    const { task, worker, handle, approve } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('5.9 days');
      expect(task.names).toEqual([]);
      await server.sleep('0.6 days');
      expect(task.names).toEqual(['reminded']);
      await server.sleep('1 day');
      expect(task.names).toEqual(['reminded', 'escalated']);
      for (const { lateMs } of task.done) expect(lateMs).toBeLessThan(0.1 * dayMs);
      await server.sleep('90 days');
      expect(task.outcome).toBeNull();
      await approve();
      await handle.result();
    });
    expect(task.names).toEqual(['reminded', 'escalated']);
    await saveHistory('review-reminded-then-escalated', handle);
  });

  test('decided between the reminder and its due moment, it is not escalated', async () => {
    const { task, worker, handle, approve } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('6.5 days');
      await approve();
      await handle.result();
    });
    expect(task.names).toEqual(['reminded']);
  });

  test('a clock that is moved over both moments at once: both are done, in order', async () => {
    const { task, worker, handle, approve } = await begin();
    await worker.runUntil(async () => {
      task.offsetMs = 30 * dayMs;
      await handle.signal(clockMoved);
      await until(() => task.done.length === 2, 'both done');
      await approve();
      await handle.result();
    });
    expect(task.names).toEqual(['reminded', 'escalated']);
  });

  test('answers that are lost after the work was done repeat nothing', async () => {
    const { task, worker, handle, approve } = await begin();
    await worker.runUntil(async () => {
      task.loseAnswers = 2;
      await server.sleep('10 days');
      await approve();
      await handle.result();
    });
    expect(task.names).toEqual(['reminded', 'escalated']);
  });
});
