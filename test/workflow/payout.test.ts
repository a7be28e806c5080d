import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import type { PayoutStep } from '../../src/contracts/payout';
import { decide, type DecideInput, providerNews } from '../../src/contracts/workflow';
import type { payout } from '../../workflows/payout';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

const secondMs = 1000;
const hourMs = 3_600_000;

type Next = PayoutStep['next'];

/** What the activities answer, one after the other; the last answer is repeated. */
interface Script {
  begin?: PayoutStep[];
  submit?: PayoutStep[];
  ask?: PayoutStep[];
}

function step(
  next: Next,
  waitMs = 0,
  status: PayoutStep['status'] = 'processing',
  openReviewId: string | null = null,
): PayoutStep {
  return { status, next, waitMs, openReviewId };
}

/** A payout whose provider and database follow a script; it writes down who was asked what, and when. */
class Scripted {
  readonly calls: string[] = [];
  readonly times: number[] = [];
  outcome: 'approve' | 'reject' | null = null;

  constructor(
    private readonly script: Script,
    private readonly now: () => Promise<number>,
  ) {}

  get activities(): Partial<Activities> {
    return {
      beginPayout: () => this.answer('begin', this.script.begin ?? [step('submit', 0, 'queued')]),
      submitPayout: () => this.answer('submit', this.script.submit ?? [step('ask', secondMs)]),
      askPayout: () => this.answer('ask', this.script.ask ?? [step('end', 0, 'paid')]),
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

  private async answer(name: string, answers: PayoutStep[]): Promise<PayoutStep> {
    const nth = this.count(name);
    this.calls.push(name);
    this.times.push(await this.now());
    const answer = answers[Math.min(nth, answers.length - 1)];
    if (!answer) throw new Error(`the script has no answer to ${name}`);
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

  const begin = async (script: Script) => {
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

  test.each<[string, Script, string[]]>([
    ['success at the first question', {}, ['begin', 'submit', 'ask']],
    [
      'success in the answer to the submission',
      { submit: [step('end', 0, 'paid')] },
      ['begin', 'submit'],
    ],
    ['failure', { ask: [step('end', 0, 'failed')] }, ['begin', 'submit', 'ask']],
    [
      'no answer, and the number is not known: sent again, under the same number',
      {
        submit: [step('ask', secondMs, 'unknown'), step('end', 0, 'failed')],
        ask: [step('submit', 0, 'unknown')],
      },
      ['begin', 'submit', 'ask', 'submit'],
    ],
    [
      'no answer, and it was paid: asked, not sent again',
      {
        submit: [step('ask', secondMs, 'unknown')],
        ask: [step('ask', secondMs, 'unknown'), step('end', 0, 'paid')],
      },
      ['begin', 'submit', 'ask', 'ask'],
    ],
    [
      'a run that was lost after its call: it asks before it sends',
      { begin: [step('ask', secondMs, 'submitting')] },
      ['begin', 'ask'],
    ],
    [
      'watched after success, and returned',
      {
        submit: [step('watch', secondMs, 'paid')],
        ask: [step('watch', secondMs, 'paid'), step('end', 0, 'returned')],
      },
      ['begin', 'submit', 'ask', 'ask'],
    ],
    ['nothing left to do', { begin: [step('end', 0, 'paid')] }, ['begin']],
  ])('%s', async (_, script, calls) => {
    const { scripted, worker, handle } = await begin(script);
    await worker.runUntil(() => handle.result());
    expect(scripted.calls).toEqual(calls);
  });

  test('a payee who takes 20 hours to confirm is waited for', async () => {
    const asking = Array.from({ length: 20 }, () => step('ask', hourMs, 'awaiting_confirmation'));
    const { scripted, worker, handle } = await begin({
      submit: [step('ask', hourMs, 'awaiting_confirmation')],
      ask: [...asking, step('end', 0, 'paid')],
    });
    await worker.runUntil(() => handle.result());
    expect(scripted.count('ask')).toBe(21);
    expect((scripted.times.at(-1) ?? 0) - (scripted.times[0] ?? 0)).toBeGreaterThan(20 * hourMs);
  });

  test('a suspended distributor is looked at again, and paid when it may be', async () => {
    const pause = step('pause', 60 * secondMs, 'queued');
    const { scripted, worker, handle } = await begin({
      submit: [pause, pause, step('end', 0, 'paid')],
    });
    await worker.runUntil(() => handle.result());
    expect(scripted.calls).toEqual(['begin', 'submit', 'submit', 'submit']);
  });

  test('news ends a wait at once, and five messages cause no second submission', async () => {
    const { scripted, worker, handle } = await begin({
      submit: [step('ask', hourMs)],
      ask: [step('ask', hourMs), step('end', 0, 'paid')],
    });
    await worker.runUntil(async () => {
      await until(() => scripted.count('submit') === 1, 'submitted');
      await Promise.all(Array.from({ length: 5 }, () => handle.signal(providerNews)));
      await handle.result();
    });
    expect(scripted.count('submit')).toBe(1);
    expect(scripted.count('ask')).toBe(2);
    expect((scripted.times[2] ?? 0) - (scripted.times[1] ?? 0)).toBeLessThan(hourMs);
  });

  test('when nobody answers a person is called, and after the decision it is asked again', async () => {
    const { scripted, worker, handle, decision } = await begin({
      submit: [step('call', 0, 'unknown')],
      ask: [step('end', 0, 'paid')],
    });
    await worker.runUntil(async () => {
      await until(() => scripted.count('call') === 1, 'called');
      expect(scripted.count('ask')).toBe(0);
      await decision();
      await handle.result();
    });
    expect(scripted.calls).toEqual(['begin', 'submit', 'call', 'ask']);
  });

  test('the provider speaks while a person is called: booked at once, and the task stays', async () => {
    const { scripted, worker, handle, decision } = await begin({
      submit: [step('call', 0, 'unknown')],
      ask: [step('end', 0, 'paid', 'rev_1')],
      begin: [step('submit', 0, 'queued'), step('end', 0, 'paid', 'rev_1')],
    });
    await worker.runUntil(async () => {
      await until(() => scripted.count('call') === 1, 'called');
      await handle.signal(providerNews);
      await until(() => scripted.count('ask') === 1, 'asked');
      expect((await handle.describe()).status.name).toBe('RUNNING');
      await decision();
      await handle.result();
    });
    expect(scripted.count('submit')).toBe(1);
  });
});
