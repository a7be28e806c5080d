import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import { clockMoved, decide, type DecideInput } from '../../src/contracts/workflow';
import type { distributor } from '../../workflows/distributor';
import { testBundle, timeSkipping } from '../support/time-skipping';
import { until } from '../support/until';

const dayMs = 86_400_000;

/** One application in memory, on a clock that the test moves: what the activities see. */
class Application {
  readonly reviewId = 'rev_1';
  outcome: 'approve' | 'reject' | null = null;
  escalatedAt: number | null = null;
  waiting = true;
  offsetMs = 0;
  /** calls of decideReview that got through */
  effects = 0;
  dueAt = 0;

  constructor(private readonly realNow: () => Promise<number>) {}

  async begin(): Promise<this> {
    this.dueAt = (await this.realNow()) + 7 * dayMs;
    return this;
  }

  get activities(): Partial<Activities> {
    return {
      readApplication: () =>
        Promise.resolve({ openReviewId: this.outcome === null ? this.reviewId : null }),
      readReview: () => Promise.resolve({ outcome: this.outcome }),
      escalateWhenDue: async () => {
        if (!this.waiting) return null;
        const now = await this.realNow();
        const leftMs = this.dueAt - now - this.offsetMs;
        if (leftMs > 0) return leftMs;
        this.escalatedAt = now;
        this.waiting = false;
        return null;
      },
      decideReview: ({ decision }: DecideInput) => {
        if (this.outcome !== null) {
          const code = 'review_already_decided';
          return Promise.resolve({ outcome: 'refused' as const, code, detail: 'decided' });
        }
        this.outcome = decision;
        this.waiting = false;
        this.effects += 1;
        const status = decision === 'approve' ? 'active' : 'rejected';
        return Promise.resolve({ outcome: 'decided' as const, subject: { id: 'dst_1', status } });
      },
    };
  }
}

describe('an application waits for its reviewer', () => {
  let server: TestWorkflowEnvironment;
  let codePath: string;
  let runs = 0;

  beforeAll(async () => {
    [server, codePath] = await Promise.all([timeSkipping(), testBundle()]);
  }, 120_000);
  afterAll(() => server.teardown());

  const workerFor = (application: Application, taskQueue: string) =>
    Worker.create({
      connection: server.nativeConnection,
      taskQueue,
      workflowBundle: { codePath },
      activities: application.activities,
      maxCachedWorkflows: 0, // every step is replayed from the history
    });

  const begin = async () => {
    runs += 1;
    const id = `distributor:dst_${runs}`;
    const application = await new Application(() => server.currentTimeMs()).begin();
    const worker = await workerFor(application, id);
    const handle = await server.client.workflow.start<typeof distributor>('distributor', {
      workflowId: id,
      taskQueue: id,
      args: [{ distributorId: `dst_${runs}` }],
    });
    const decision = (by: string, what: 'approve' | 'reject' = 'approve') =>
      handle.executeUpdate(decide, {
        updateId: `${application.reviewId}:${by}`,
        args: [{ reviewId: application.reviewId, deciderId: by, decision: what, reason: null }],
      });
    return { id, application, worker, handle, decision };
  };

  test('a decision before the due moment ends it, and nothing is escalated', async () => {
    const { application, worker, handle, decision } = await begin();
    await worker.runUntil(async () => {
      const result = await decision('adm_1');
      expect(result).toEqual({ outcome: 'decided', subject: { id: 'dst_1', status: 'active' } });
      await handle.result();
    });
    expect(application).toMatchObject({ outcome: 'approve', escalatedAt: null, effects: 1 });
  });

  test('a reviewer who never comes: escalated at the due moment, still decidable 90 days later', async () => {
    const { application, worker, handle, decision } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('6 days');
      expect(application.escalatedAt).toBeNull();
      await server.sleep('91 days');
      expect(application.escalatedAt).not.toBeNull();
      const lateMs = (application.escalatedAt ?? 0) - application.dueAt;
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(0.1 * dayMs);
      expect(application.outcome).toBeNull();
      await decision('adm_1', 'reject');
      await handle.result();
    });
    expect(application.outcome).toBe('reject');
  });

  test('a moved clock wakes it although no time has passed', async () => {
    const { application, worker, handle, decision } = await begin();
    const begunAt = await server.currentTimeMs();
    await worker.runUntil(async () => {
      application.offsetMs = 3 * dayMs;
      await handle.signal(clockMoved);
      application.offsetMs = 8 * dayMs;
      await handle.signal(clockMoved);
      await until(() => application.escalatedAt !== null, 'escalated');
      expect((application.escalatedAt ?? 0) - begunAt).toBeLessThan(dayMs);
      await decision('adm_1');
      await handle.result();
    });
  });

  test('a second decision is refused, and has no effect', async () => {
    const { application, worker, handle, decision } = await begin();
    await worker.runUntil(async () => {
      const outcomes = await Promise.all(
        ['adm_1', 'adm_2', 'adm_3'].map((by) =>
          decision(by).then(
            ({ outcome }) => outcome,
            (error: unknown) =>
              error instanceof WorkflowUpdateFailedError &&
              error.cause instanceof ApplicationFailure
                ? error.cause.type
                : 'lost',
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'decided')).toHaveLength(1);
      expect(outcomes).not.toContain('lost');
      await handle.result();
    });
    expect(application.effects).toBe(1);
  });

  test('the same decision sent again gives the first result', async () => {
    const { application, worker, decision } = await begin();
    await worker.runUntil(async () => {
      const [first, again] = await Promise.all([decision('adm_1'), decision('adm_1')]);
      expect(again).toEqual(first);
    });
    expect(application.effects).toBe(1);
  });

  test('another worker takes over in the middle of the wait', async () => {
    const { id, application, worker, handle, decision } = await begin();
    await worker.runUntil(() => server.sleep('8 days'));
    expect(application.escalatedAt).not.toBeNull();
    const next = await workerFor(application, id);
    await next.runUntil(async () => {
      await server.sleep('1 minute'); // the task that the first worker had asked for goes to the next
      await decision('adm_1');
      await handle.result();
    });
    expect(application).toMatchObject({ outcome: 'approve', effects: 1 });
  });

  test('a distributor with nothing to decide ends at once', async () => {
    const { application, worker, handle } = await begin();
    application.outcome = 'approve';
    await worker.runUntil(() => handle.result());
    const { events } = await handle.fetchHistory();
    expect(events?.some(({ timerStartedEventAttributes: timer }) => timer)).toBe(false);
  });
});
