import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { clockMoved, decide } from '../../src/contracts/workflow';
import { temporalProgram } from '../../src/main/servers/temporal-program';
import { dayMs } from '../support/application';
import { saveHistory } from '../support/history';
import { Life } from '../support/life';
import { quiet } from '../support/temporal';
import { testBundle } from '../support/time-skipping';
import { until } from '../support/until';

jest.setTimeout(180_000);

/** So many events, and the server suggests to continue as new; by default it is some thousands. */
const eventsAtMost = 60;

describe('a life whose history grows', () => {
  let server: TestWorkflowEnvironment;
  let codePath: string;

  beforeAll(async () => {
    quiet();
    const say = (line: string) => process.stdout.write(`${line}\n`);
    const path = await temporalProgram(process.env, say);
    codePath = await testBundle();
    server = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path },
        extraArgs: [
          ...['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${eventsAtMost}`],
        ],
      },
    });
  }, 240_000);
  afterAll(() => server.teardown());

  /** A life on a clock that the test moves; whoever wakes the workflow lets it look again. */
  async function begin(id: string) {
    let now = 0;
    const life = await new Life(() => Promise.resolve(now)).begin();
    let looks = 0;
    const { advanceLife, ...others } = life.activities;
    const activities = {
      ...others,
      advanceLife: (distributorId: string) => {
        looks += 1;
        return advanceLife!(distributorId);
      },
    };
    const worker = await Worker.create({
      connection: server.nativeConnection,
      taskQueue: id,
      workflowBundle: { codePath },
      activities,
      maxCachedWorkflows: 0, // every step is replayed from the history
    });
    const { client } = server;
    const first = await client.workflow.start('distributor', {
      ...{ workflowId: id, taskQueue: id, args: [{ distributorId: id }] },
    });
    // By its id alone: the run that is in force.
    const current = client.workflow.getHandle(id);
    const runId = async () => (await current.describe()).runId;
    const wake = async () => {
      const before = looks;
      await current.signal(clockMoved);
      await until(() => looks > before, 'the life looks again');
    };
    const decision = (reviewId: string, what: 'approve' | 'reject') =>
      current.executeUpdate(decide, {
        updateId: `${reviewId}:adm_1`,
        args: [{ reviewId, deciderId: 'adm_1', decision: what, reason: 'Seen.' }],
      });
    const pass = async (days: number) => {
      now += days * dayMs;
      await wake();
    };
    return { life, worker, first, current, runId, wake, decision, pass };
  }

  test('goes on in a new run: nothing is lost, done twice, or decided twice', async () => {
    const at = await begin('distributor:dst_life_continued');
    await at.worker.runUntil(async () => {
      const firstRun = await at.runId();
      while ((await at.runId()) === firstRun) await at.wake();
      expect(at.life.path).toEqual(['under_review']);
      await at.decision('application', 'approve');
      await at.pass(60);
      await at.pass(31);
      expect(at.life.status).toBe('eviction_proposed');
      const secondRun = await at.runId();
      while ((await at.runId()) === secondRun) await at.wake();
      await at.decision('eviction', 'approve');
      await at.pass(14);
      await until(
        async () => (await at.current.describe()).status.name === 'COMPLETED',
        'the life is over',
      );
    });
    expect(at.life.path).toEqual([
      ...['under_review', 'active', 'warned', 'eviction_proposed', 'appeal_window', 'evicted'],
    ]);
    const history = await server.client.workflow
      .getHandle(at.first.workflowId, at.first.firstExecutionRunId)
      .fetchHistory();
    const last = history.events?.at(-1);
    expect(last?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
    expect(history.events?.length).toBeGreaterThan(eventsAtMost - 1);
    await saveHistory(
      'distributor-life-continued',
      server.client.workflow.getHandle(at.first.workflowId, at.first.firstExecutionRunId),
    );
  });

  test('takes a decision that comes while it goes over to the new run', async () => {
    const at = await begin('distributor:dst_life_busy');
    await at.worker.runUntil(async () => {
      const runs = new Set([await at.runId()]);
      const decided = new Set<string>();
      /** Decides while the workflow is woken more often than one run may hold. */
      const decideSoon = async (reviewId: string) => {
        const wakeUps = Array.from({ length: eventsAtMost }, () => at.current.signal(clockMoved));
        const [result] = await Promise.all([at.decision(reviewId, 'approve'), ...wakeUps]);
        expect(result).toMatchObject({ outcome: 'decided' });
        decided.add(reviewId);
        await at.wake();
        runs.add(await at.runId());
      };
      await decideSoon('application');
      await at.pass(60);
      await at.pass(31);
      await decideSoon('eviction');
      await at.life.appeal();
      await decideSoon('appeal');
      expect([...decided]).toEqual(['application', 'eviction', 'appeal']);
      expect(runs.size).toBeGreaterThan(1);
      await at.current.terminate();
    });
    expect(at.life.path.slice(-3)).toEqual(['appeal_window', 'appealed', 'active']);
  });
});
