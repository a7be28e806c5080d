import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { clockMoved, decide } from '../../src/contracts/workflow';
import { dayMs } from '../support/application';
import { saveHistory } from '../support/history';
import { Life } from '../support/life';
import { root } from '../support/servers';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

jest.setTimeout(120_000);

describe('a whole life', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 240_000);
  afterAll(() => server.teardown());

  const begin = async () => {
    runs += 1;
    const id = `distributor:dst_life_${runs}`;
    const life = await new Life(() => server.currentTimeMs()).begin();
    const handle = await server.client.workflow.start('distributor', {
      ...{ workflowId: id, taskQueue: id, args: [{ distributorId: id }] },
    });
    const decision = (reviewId: string, what: 'approve' | 'reject', by = 'adm_1') =>
      handle.executeUpdate(decide, {
        updateId: `${reviewId}:${by}`,
        args: [{ reviewId, deciderId: by, decision: what, reason: 'Seen.' }],
      });
    return { id, life, handle, decision };
  };

  const daysBetween = (life: Life, from: 'inactivity_seen', to: 'window_closed') =>
    ((life.movedAt.get(to) ?? 0) - (life.movedAt.get(from) ?? 0)) / dayMs;

  /** To the beginning of the appeal window, 250 days in. */
  const toWindow = async ({ life, decision }: Awaited<ReturnType<typeof begin>>) => {
    await decision('application', 'approve');
    await server.sleep('100 days');
    expect(life.status).toBe('eviction_proposed');
    await server.sleep('150 days');
    expect(life.escalated).toEqual(['eviction']);
    expect(life.status).toBe('eviction_proposed');
    await decision('eviction', 'approve');
  };

  const saved = (name: string, handle: WorkflowHandle) =>
    saveHistory(`distributor-${name}`, handle);

  test('applied to evicted over nine months; the reviewer who never comes is only reminded of', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await toWindow(at);
      await at.handle.result();
    });
    expect(at.life.path).toEqual([
      ...['under_review', 'active', 'warned', 'eviction_proposed', 'appeal_window', 'evicted'],
    ]);
    expect(daysBetween(at.life, 'inactivity_seen', 'window_closed')).toBeGreaterThan(200);
    await saved('life-evicted', at.handle);
  });

  test('an appeal stops the window for as long as nobody decides; upheld, the life goes on', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await toWindow(at);
      await server.sleep('13 days');
      await at.life.appeal();
      await at.handle.signal(clockMoved);
      await server.sleep('60 days');
      expect(at.life.status).toBe('appealed');
      expect(at.life.escalated).toEqual(['eviction', 'appeal']);
      await at.decision('appeal', 'approve', 'adm_2');
      await server.sleep('1 day');
      expect((await at.handle.describe()).status.name).toBe('RUNNING');
      await saved('life-appeal-upheld', at.handle);
      await at.handle.terminate();
    });
    expect(at.life.path.slice(-2)).toEqual(['appealed', 'active']);
  });

  test('an appeal that is dismissed ends it', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await toWindow(at);
      await at.life.appeal();
      await at.handle.signal(clockMoved);
      await at.decision('appeal', 'reject', 'adm_2');
      await at.handle.result();
    });
    expect(at.life.path.slice(-2)).toEqual(['appealed', 'evicted']);
    await saved('life-appeal-dismissed', at.handle);
  });

  test('a sale on the last day keeps the window from ending it', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await toWindow(at);
      await server.sleep('13.9 days');
      await at.life.sell();
      await at.handle.signal(clockMoved);
      await server.sleep('2 days');
      expect(at.life.status).toBe('active');
      await saved('life-sold-on-the-last-day', at.handle);
      await at.handle.terminate();
    });
  });

  test('suspended at once and lifted; left by own wish', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await at.decision('application', 'approve');
      await at.life.move('suspended');
      at.life.openReview = 'suspension';
      await at.handle.signal(clockMoved);
      await at.decision('suspension', 'reject');
      at.life.open('depart', (await server.currentTimeMs()) + 7 * dayMs);
      await at.handle.signal(clockMoved);
      await at.handle.result();
    });
    expect(at.life.path).toEqual(['under_review', 'active', 'suspended', 'active', 'left']);
    await saved('life-suspended-then-left', at.handle);
  });

  test('an application that nobody decides ends by the policy of its program', async () => {
    const at = await begin();
    at.life.open('policy', (await server.currentTimeMs()) + 30 * dayMs);
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(() => at.handle.result());
    expect(at.life.path).toEqual(['under_review', 'rejected']);
    expect(at.life.escalated).toEqual(['application']);
    await saved('life-decided-by-policy', at.handle);
  });

  test('a departure that is withdrawn on its last day does not happen', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await at.decision('application', 'approve');
      at.life.open('depart', (await server.currentTimeMs()) + 7 * dayMs);
      await at.handle.signal(clockMoved);
      await server.sleep('6.9 days');
      at.life.withdraw('depart');
      await at.handle.signal(clockMoved);
      await server.sleep('30 days');
      expect(at.life.path).toEqual(['under_review', 'active']);
      await saved('life-departure-withdrawn', at.handle);
      await at.handle.terminate();
    });
  });

  test('an eviction that is not confirmed leaves the life as it was', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await at.decision('application', 'approve');
      await server.sleep('100 days');
      await at.decision('eviction', 'reject');
      await server.sleep('1 day');
      expect(at.life.path.slice(-2)).toEqual(['eviction_proposed', 'active']);
      await saved('life-eviction-refused', at.handle);
      await at.handle.terminate();
    });
  });

  test.each(['reinstated', 'returned'] as const)(
    '%s after the end, a new run sees it',
    async (how) => {
      const at = await begin();
      const worker = await workerFor(at.id, at.life.activities);
      await worker.runUntil(async () => {
        await toWindow(at);
        await at.handle.result();
        await server.sleep('20 days');
        await at.life.comeBack(how);
        const again = await server.client.workflow.signalWithStart('distributor', {
          ...{ workflowId: at.id, taskQueue: at.id, args: [{ distributorId: at.id }] },
          ...{ signal: clockMoved, signalArgs: [] },
        });
        await server.sleep('61 days');
        expect(at.life.path.slice(-3)).toEqual(['evicted', 'active', 'warned']);
        await saved(`life-${how}`, again);
        await again.terminate();
      });
    },
  );

  test('what is done in parts goes on part by part, with no day in between', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await at.decision('application', 'approve');
      const began = await server.currentTimeMs();
      at.life.partsLeft = 5;
      at.life.loseAnswers = 1;
      await at.handle.signal(clockMoved);
      await until(() => at.life.partsLeft === 0, 'all parts are done');
      expect((await server.currentTimeMs()) - began).toBeLessThan(dayMs);
      expect(at.life.path).toEqual(['under_review', 'active']);
      at.life.open('depart', began + 7 * dayMs);
      await at.handle.signal(clockMoved);
      await at.handle.result();
    });
    expect(at.life.path).toEqual(['under_review', 'active', 'left']);
    await saved('life-in-parts', at.handle);
  });

  test('answers that are lost after the work was done change nothing and repeat nothing', async () => {
    const at = await begin();
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      at.life.loseAnswers = 2;
      await at.decision('application', 'approve');
      at.life.loseAnswers = 2;
      await server.sleep('100 days');
      at.life.loseAnswers = 2;
      await at.decision('eviction', 'approve');
      at.life.loseAnswers = 2;
      await at.handle.result();
    });
    expect(at.life.path).toEqual([
      ...['under_review', 'active', 'warned', 'eviction_proposed', 'appeal_window', 'evicted'],
    ]);
  });

  test('a run that an older worker began is ended by this one as it began', async () => {
    const at = await begin();
    const before = await bundleWorkflowCode({
      workflowsPath: join(root, 'test', 'workflow', 'fixtures', 'distributor-before.ts'),
    });
    const connection = server.nativeConnection;
    const options = { connection, taskQueue: at.id, maxCachedWorkflows: 0 };
    const older = await Worker.create({
      ...{ ...options, workflowBundle: before, activities: at.life.activities },
    });
    await older.runUntil(async () => {
      const isWaiting = async () =>
        (await at.handle.fetchHistory()).events?.some(
          ({ timerStartedEventAttributes: timer }) => timer,
        ) === true;
      await until(isWaiting, 'waiting for the reviewer');
    });
    const worker = await workerFor(at.id, at.life.activities);
    await worker.runUntil(async () => {
      await at.decision('application', 'approve');
      await at.handle.result();
    });
    expect(at.life.path).toEqual(['under_review', 'active']);
  });
});
