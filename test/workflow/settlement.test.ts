import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import {
  decide,
  type DecideInput,
  type DecideResult,
  payoutFinal,
} from '../../src/contracts/workflow';
import { type SettlementStatus, transition } from '../../src/domain/settlement/state';
import type { settlement } from '../../workflows/settlement';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

/** One settlement in memory: what the activities see. */
class Books {
  readonly reviewId = 'rev_1';
  status: SettlementStatus = 'locking';
  outcome: 'approve' | 'reject' | null = null;
  stepsNeeded = 1;
  people = 3;
  deciders: string[] = [];
  payoutsOpen = 0;
  unlocked = 0;
  looks = 0;
  /** calls of lockSettlement that die half-way */
  crashes = 0;
  readonly calls: string[] = [];

  get activities(): Partial<Activities> {
    const called = (name: string) => this.calls.push(name);
    return {
      readSettlement: () =>
        Promise.resolve({
          status: this.status,
          reviewId: this.outcome === null ? this.reviewId : null,
        }),
      lockSettlement: () => {
        called('lock');
        if (this.crashes > 0) {
          this.crashes -= 1;
          return Promise.reject(new Error('killed between two chunks'));
        }
        this.move('locked');
        return Promise.resolve();
      },
      computeSettlement: () => {
        called('compute');
        this.move(this.people > 0 ? 'computed' : 'nothing_to_pay');
        return Promise.resolve();
      },
      approveSettlement: () => {
        if (this.status !== 'paying') return Promise.resolve();
        called('approve');
        this.payoutsOpen = this.people;
        return Promise.resolve();
      },
      unlockSettlement: () => {
        if (this.status === 'rejected') this.unlocked = this.people;
        return Promise.resolve();
      },
      closeSettlement: () => {
        this.looks += 1;
        if (this.status !== 'paying') return Promise.resolve(true);
        if (this.payoutsOpen > 0) return Promise.resolve(false);
        this.move('paid_out');
        return Promise.resolve(true);
      },
      readReview: () => Promise.resolve({ outcome: this.outcome }),
      escalateWhenDue: () => Promise.resolve(null),
      decideReview: (input: DecideInput) => Promise.resolve(this.decide(input)),
    };
  }

  private decide({ deciderId, decision }: DecideInput): DecideResult {
    if (this.deciders.includes(deciderId)) {
      return { outcome: 'refused', code: 'second_person_required', detail: 'another one' };
    }
    this.deciders.push(deciderId);
    if (decision === 'approve' && this.deciders.length < this.stepsNeeded) {
      return { outcome: 'needs_second_person' };
    }
    this.outcome = decision;
    this.move(decision === 'approve' ? 'approved' : 'rejected');
    return { outcome: 'decided', subject: { id: 'set_1', status: this.status } };
  }

  private move(move: Parameters<typeof transition>[1]): void {
    this.status = transition(this.status, move) ?? this.status;
  }
}

describe('a settlement', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 120_000);
  afterAll(() => server.teardown());

  async function begin(own: Partial<Books> = {}) {
    runs += 1;
    const id = `settlement:prg_${runs}:2026-11:1`;
    const books = Object.assign(new Books(), own);
    const worker = await workerFor(id, books.activities);
    const handle = await server.client.workflow.start<typeof settlement>('settlement', {
      workflowId: id,
      taskQueue: id,
      args: [{ settlementId: 'set_1' }],
    });
    const decision = (by: string, what: 'approve' | 'reject' = 'approve') =>
      handle.executeUpdate(decide, {
        updateId: `rev_1:${by}`,
        args: [{ reviewId: 'rev_1', deciderId: by, decision: what, reason: null }],
      });
    const payAll = async () => {
      books.payoutsOpen = 0;
      await handle.signal(payoutFinal);
    };
    return { id, books, worker, handle, decision, payAll };
  }

  test('pays after one decision, and is closed when the last payout has ended', async () => {
    const { books, worker, handle, decision, payAll } = await begin();
    await worker.runUntil(async () => {
      await until(() => books.status === 'review', 'in review');
      await decision('adm_1');
      await until(() => books.payoutsOpen === 3, 'paying');
      expect(books.status).toBe('paying');
      await payAll();
      await handle.result();
    });
    expect(books.status).toBe('closed');
    expect(books.calls).toEqual(['lock', 'compute', 'approve']);
  });

  test('above the limit pays nobody before a second person has approved', async () => {
    const { books, worker, handle, decision, payAll } = await begin({ stepsNeeded: 2 });
    await worker.runUntil(async () => {
      await until(() => books.status === 'review', 'in review');
      expect(await decision('adm_1')).toEqual({ outcome: 'needs_second_person' });
      await server.sleep('30 days');
      expect(books.status).toBe('review');
      expect(books.calls).not.toContain('approve');
      await decision('adm_2');
      await until(() => books.payoutsOpen === 3, 'paying');
      await payAll();
      await handle.result();
    });
    expect(books.deciders).toEqual(['adm_1', 'adm_2']);
  });

  test('rejected gives everything back and pays nobody', async () => {
    const { books, worker, handle, decision } = await begin();
    await worker.runUntil(async () => {
      await until(() => books.status === 'review', 'in review');
      await decision('adm_1', 'reject');
      await handle.result();
    });
    expect(books).toMatchObject({ status: 'rejected', unlocked: 3, payoutsOpen: 0 });
    expect(books.calls).not.toContain('approve');
  });

  test('with nobody to pay ends without a review', async () => {
    const { books, worker, handle } = await begin({ people: 0 });
    await worker.runUntil(() => handle.result());
    expect(books).toMatchObject({ status: 'closed', deciders: [] });
  });

  test('a lost wake-up costs a look, not a payout', async () => {
    const { books, worker, handle, decision } = await begin();
    await worker.runUntil(async () => {
      await until(() => books.status === 'review', 'in review');
      await decision('adm_1');
      await until(() => books.payoutsOpen === 3, 'paying');
      await server.sleep('2 hours');
      books.payoutsOpen = 0; // and nobody says so
      await server.sleep('1 hour');
      await handle.result();
    });
    expect(books.status).toBe('closed');
    expect(books.looks).toBeLessThan(40);
  });

  test('a stage that dies half-way is called again', async () => {
    const { books, worker, handle, decision, payAll } = await begin({ crashes: 2 });
    await worker.runUntil(async () => {
      await server.sleep('1 minute');
      await until(() => books.status === 'review', 'in review');
      await decision('adm_1');
      await until(() => books.payoutsOpen === 3, 'paying');
      await payAll();
      await handle.result();
    });
    expect(books.calls).toEqual(['lock', 'lock', 'lock', 'compute', 'approve']);
  });

  test('another worker takes over during the review', async () => {
    const { id, books, worker, handle, decision, payAll } = await begin();
    // A task that goes to a worker on its way out is lost until its time is over, an activity's for a minute.
    const isAtRest = async () =>
      (await handle.fetchHistory()).events?.at(-1)?.workflowTaskCompletedEventAttributes != null;
    await worker.runUntil(() => until(isAtRest, 'waiting for a decision'));
    expect(books.status).toBe('review');
    const next = await workerFor(id, books.activities);
    await next.runUntil(async () => {
      await server.sleep('1 minute'); // the task that the first worker had asked for goes to the next
      await decision('adm_1');
      await until(() => books.payoutsOpen === 3, 'paying');
      await payAll();
      await handle.result();
    });
    expect(books.status).toBe('closed');
    expect(books.calls.filter((call) => call === 'approve')).toHaveLength(1);
  });

  test('started again after its end, it ends at once', async () => {
    const { books, worker, handle } = await begin({ status: 'closed', outcome: 'approve' });
    await worker.runUntil(() => handle.result());
    expect(books.status).toBe('closed');
    const { events } = await handle.fetchHistory();
    expect(events?.some(({ timerStartedEventAttributes: timer }) => timer)).toBe(false);
  });
});
