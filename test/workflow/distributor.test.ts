import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { clockMoved, decide } from '../../src/contracts/workflow';
import type { distributor } from '../../workflows/distributor';
import { Application, dayMs } from '../support/application';
import { saveHistory } from '../support/history';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

describe('an application waits for its reviewer', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 120_000);
  afterAll(() => server.teardown());

  const begin = async () => {
    runs += 1;
    const id = `distributor:dst_${runs}`;
    const application = await new Application(() => server.currentTimeMs()).begin();
    const worker = await workerFor(id, application.activities);
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
    await saveHistory('distributor-life-approved', handle);
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
    await saveHistory('distributor-life-escalated-then-rejected', handle);
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

  test('a distributor with nothing to decide ends at once', async () => {
    const { application, worker, handle } = await begin();
    application.outcome = 'approve';
    await worker.runUntil(() => handle.result());
    const { events } = await handle.fetchHistory();
    expect(events?.some(({ timerStartedEventAttributes: timer }) => timer)).toBe(false);
  });
});
