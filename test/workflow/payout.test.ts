import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import type { PayoutStep } from '../../src/contracts/payout';
import { decide, type DecideInput, providerNews } from '../../src/contracts/workflow';
import type { payout } from '../../workflows/payout';
import { saveHistory } from '../support/history';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

const { EventType } = temporal.api.enums.v1;
const secondMs = 1000;
const hourMs = 3_600_000;

type Next = PayoutStep['next'];

function step(
  next: Next,
  waitMs = 0,
  status: PayoutStep['status'] = 'processing',
  openReviewId: string | null = null,
): PayoutStep {
  return { status, next, waitMs, openReviewId };
}

/** A payout whose steps follow a script (the last is repeated); it writes down who was asked what, and when. */
class Scripted {
  readonly calls: string[] = [];
  readonly times: number[] = [];
  outcome: 'approve' | 'reject' | null = null;
  /** how many steps fail before one is taken */
  failures = 0;

  constructor(
    private readonly script: readonly PayoutStep[],
    private readonly now: () => Promise<number>,
  ) {}

  get activities(): Partial<Activities> {
    return {
      advancePayout: () => this.advance(),
      callPersonToPayout: () => {
        this.calls.push('call');
        return Promise.resolve('rev_1');
      },
      readReview: () => Promise.resolve({ outcome: this.outcome }),
      escalateWhenDue: () => Promise.resolve(this.outcome === null ? 48 * hourMs : null),
      decideReview: ({ decision }: DecideInput) => {
        this.outcome = decision;
        return Promise.resolve({ outcome: 'decided' as const, subject: {} });
      },
    };
  }

  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }

  private async advance(): Promise<PayoutStep> {
    if (this.count('failed') < this.failures) {
      this.calls.push('failed');
      throw new Error('PostgreSQL is away');
    }
    const answer = this.script[Math.min(this.count('advance'), this.script.length - 1)];
    this.calls.push('advance');
    this.times.push(await this.now());
    if (!answer) throw new Error('the script is empty');
    const isOpen = answer.openReviewId !== null && this.outcome === null;
    return { ...answer, openReviewId: isOpen ? answer.openReviewId : null };
  }
}

describe('the workflow of a payout', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 120_000);
  afterAll(() => server.teardown());

  const begin = async (...script: PayoutStep[]) => {
    runs += 1;
    const id = `payout:pyt_${runs}`;
    const scripted = new Scripted(script, () => server.currentTimeMs());
    const worker = await workerFor(id, scripted.activities);
    const handle = await server.client.workflow.start<typeof payout>('payout', {
      workflowId: id,
      taskQueue: id,
      args: [{ payoutId: `pyt_${runs}` }],
    });
    const decision = () =>
      handle.executeUpdate(decide, {
        updateId: 'rev_1:adm_1',
        args: [{ reviewId: 'rev_1', deciderId: 'adm_1', decision: 'approve', reason: null }],
      });
    return { scripted, worker, handle, decision };
  };

  const paid = step('end', 0, 'paid');
  const unknown = step('wait', secondMs, 'unknown');
  const confirms = step('wait', hourMs, 'awaiting_confirmation');

  test.each<[string, string, PayoutStep[]]>([
    ['paid', 'success in the answer to the submission', [paid]],
    [
      'processing-then-paid',
      'success at the second question',
      [step('wait', secondMs), step('wait', secondMs), paid],
    ],
    ['failed', 'failure for good', [step('wait', secondMs), step('end', 0, 'failed')]],
    [
      'unknown-then-paid',
      'no answer: it is asked about until it is known',
      [unknown, unknown, paid],
    ],
    [
      'confirm-expired',
      'a payee who does not confirm',
      [confirms, confirms, step('end', 0, 'failed')],
    ],
    [
      'balance-short-then-paid',
      'an empty account at the provider: it goes on when there is money',
      [step('wait', 5 * secondMs, 'submitting'), step('wait', 10 * secondMs, 'submitting'), paid],
    ],
    [
      'canceled',
      'stopped while its payee had not confirmed',
      [confirms, step('end', 0, 'canceled')],
    ],
    ['nothing-left', 'nothing left to do', [step('end', 0, 'canceled')]],
  ])('%s: %s, one activity for each step', async (name, _, script) => {
    const { scripted, worker, handle } = await begin(...script);
    await worker.runUntil(() => handle.result());
    expect(scripted.calls).toEqual(script.map(() => 'advance'));
    await saveHistory(`payout-at-once-${name}`, handle);
  });

  const typesOf = async (handle: WorkflowHandle) =>
    ((await handle.fetchHistory()).events ?? []).map(({ eventType }) => Number(eventType));

  test('a payout paid at once is one step in the first task of its workflow, and nothing else', async () => {
    const { worker, handle } = await begin(paid);
    await worker.runUntil(() => handle.result());
    const types = await typesOf(handle);
    expect(types).not.toContain(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED);
    const tasks = types.filter((type) => type === EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
    expect(tasks).toHaveLength(1);
    expect(types.length).toBeLessThanOrEqual(8);
  });

  test('a first step that fails is taken again as an ordinary activity, until it is taken', async () => {
    const { scripted, worker, handle } = await begin(paid);
    scripted.failures = 3;
    await worker.runUntil(() => handle.result());
    expect(scripted.calls).toEqual(['failed', 'failed', 'failed', 'advance']);
    expect(await typesOf(handle)).toContain(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED);
    await saveHistory('payout-at-once-failed-then-taken', handle);
  });

  test('a payee who takes 20 hours to confirm is waited for', async () => {
    const asking = Array.from({ length: 21 }, () => confirms);
    const { scripted, worker, handle } = await begin(...asking, paid);
    await worker.runUntil(() => handle.result());
    expect(scripted.count('advance')).toBe(22);
    expect((scripted.times.at(-1) ?? 0) - (scripted.times[0] ?? 0)).toBeGreaterThan(20 * hourMs);
  });

  test('news ends a wait at once, and five messages cause one more step', async () => {
    const { scripted, worker, handle } = await begin(
      step('wait', hourMs),
      step('wait', hourMs),
      paid,
    );
    await worker.runUntil(async () => {
      await until(() => scripted.count('advance') === 1, 'submitted');
      await Promise.all(Array.from({ length: 5 }, () => handle.signal(providerNews)));
      await handle.result();
    });
    expect(scripted.count('advance')).toBeLessThanOrEqual(3);
    expect((scripted.times[1] ?? 0) - (scripted.times[0] ?? 0)).toBeLessThan(hourMs);
  });

  test('money that comes back days later: the news starts it again, and it ends again', async () => {
    const { scripted, worker, handle } = await begin(paid, step('end', 0, 'returned'));
    await worker.runUntil(async () => {
      await handle.result();
      const again = await server.client.workflow.signalWithStart('payout', {
        workflowId: handle.workflowId,
        taskQueue: handle.workflowId,
        args: [{ payoutId: handle.workflowId.slice('payout:'.length) }],
        signal: providerNews,
        signalArgs: [],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
      await again.result();
      await saveHistory('payout-at-once-returned', again);
    });
    expect(scripted.calls).toEqual(['advance', 'advance']);
  });

  test('when nobody answers a person is called, and the provider is asked on meanwhile', async () => {
    const { scripted, worker, handle, decision } = await begin(
      // Time is not skipped before somebody waits for the end: these are real milliseconds.
      step('call', 100, 'unknown'),
      step('wait', 100, 'unknown', 'rev_1'),
      step('wait', 100, 'unknown', 'rev_1'),
      step('wait', 100 * hourMs, 'unknown', 'rev_1'),
      paid,
    );
    await worker.runUntil(async () => {
      await until(() => scripted.count('advance') === 4, 'asked while the task is open');
      const before = await server.currentTimeMs();
      await decision();
      await handle.result();
      expect((scripted.times.at(-1) ?? 0) - before).toBeLessThan(100 * hourMs);
    });
    expect(scripted.count('call')).toBe(1);
    await saveHistory('payout-at-once-called-then-paid', handle);
  });

  test('at its end with an open task it waits for the decision', async () => {
    const { scripted, worker, handle, decision } = await begin(step('end', 0, 'paid', 'rev_1'));
    await worker.runUntil(async () => {
      await until(() => scripted.count('advance') === 1, 'at its end');
      expect((await handle.describe()).status.name).toBe('RUNNING');
      await decision();
      await handle.result();
    });
    expect(scripted.count('advance')).toBe(2);
  });
});
