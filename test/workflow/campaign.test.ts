import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import { budgetUsed, clockMoved } from '../../src/contracts/workflow';
import { type CampaignState, dueSteps, endOf } from '../../src/domain/promotion/campaign';
import { transition } from '../../src/domain/promotion/state';
import type { campaign } from '../../workflows/campaign';
import { saveHistory } from '../support/history';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

const dayMs = 86_400_000;

/** One campaign in memory, as its row and its activity would have it: a day off, then a week. */
class Promotion {
  state: CampaignState;
  told: string[] = [];
  looks = 0;
  offsetMs = 0;
  /** calls that die before they have done anything */
  crashes = 0;

  constructor(
    readonly now: () => Promise<number>,
    begunAt: number,
  ) {
    this.state = {
      startsAt: new Date(begunAt + dayMs),
      endsAt: new Date(begunAt + 8 * dayMs),
      stoppedAt: null,
      budgetAmount: 1000n,
      usedAmount: 0n,
      status: 'scheduled',
      lowAt: null,
    };
  }

  get activities(): Partial<Activities> {
    return { advanceCampaign: () => this.advance() };
  }

  private async advance(): Promise<number | null> {
    const at = new Date((await this.now()) + this.offsetMs);
    this.looks += 1;
    if (this.crashes > 0) {
      this.crashes -= 1;
      throw new Error('killed');
    }
    for (const step of dueSteps(this.state, at)) {
      this.told.push(step);
      if (step === 'budget_low') this.state.lowAt = at;
      else this.state.status = transition(this.state.status, step) ?? this.state.status;
    }
    const { status, startsAt } = this.state;
    if (status === 'ended') return null;
    return (status === 'scheduled' ? startsAt : endOf(this.state)).getTime() - at.getTime();
  }
}

describe('a campaign', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 120_000);
  afterAll(() => server.teardown());

  async function begin(own: Partial<CampaignState> = {}) {
    runs += 1;
    const id = `campaign:cmp_${runs}`;
    const promotion = new Promotion(() => server.currentTimeMs(), await server.currentTimeMs());
    Object.assign(promotion.state, own);
    const worker = await workerFor(id, promotion.activities);
    const handle = await server.client.workflow.start<typeof campaign>('campaign', {
      workflowId: id,
      taskQueue: id,
      args: [{ campaignId: `cmp_${runs}` }],
    });
    return { id, promotion, worker, handle };
  }

  test('starts at its start and ends at its end, in few looks', async () => {
    const { promotion, worker, handle } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('23 hours');
      expect(promotion.told).toEqual([]);
      await server.sleep('2 days');
      expect(promotion.told).toEqual(['started']);
      await handle.result();
    });
    expect(promotion.told).toEqual(['started', 'ended']);
    expect(promotion.looks).toBeLessThanOrEqual(4);
  });

  test('warns when it hears that the budget is used, and once', async () => {
    const { promotion, worker, handle } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('2 days');
      promotion.state.usedAmount = 800n;
      await handle.signal(budgetUsed);
      await until(() => promotion.told.includes('budget_low'), 'low');
      await handle.signal(budgetUsed);
      await handle.signal(budgetUsed);
      await handle.result();
    });
    expect(promotion.told).toEqual(['started', 'budget_low', 'ended']);
    await saveHistory('campaign-started-low-ended', handle);
  });

  test('a moved clock carries it through its life although no time has passed', async () => {
    const { promotion, worker, handle } = await begin();
    const begunAt = await server.currentTimeMs();
    await worker.runUntil(async () => {
      promotion.offsetMs = dayMs;
      await handle.signal(clockMoved);
      await until(() => promotion.told.length === 1, 'started');
      promotion.offsetMs = 8 * dayMs;
      await handle.signal(clockMoved);
      await until(() => promotion.told.length === 2, 'ended');
      expect((await server.currentTimeMs()) - begunAt).toBeLessThan(dayMs);
      await handle.result();
    });
    await saveHistory('campaign-clock-moved', handle);
  });

  test('a stop ends it before its time', async () => {
    const { promotion, worker, handle } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('2 days');
      promotion.state.stoppedAt = new Date(await server.currentTimeMs());
      await handle.signal(clockMoved);
      await handle.result();
    });
    expect(promotion.told).toEqual(['started', 'ended']);
    expect(promotion.state.stoppedAt).not.toBeNull();
  });

  test('a look that dies is made again, and nothing is told twice', async () => {
    const { promotion, worker, handle } = await begin();
    promotion.crashes = 3;
    await worker.runUntil(() => handle.result());
    expect(promotion.told).toEqual(['started', 'ended']);
  });

  test('started again while it runs elsewhere, it goes on where its row stands', async () => {
    const { promotion, worker, handle } = await begin({ status: 'running' });
    await worker.runUntil(() => handle.result());
    expect(promotion.told).toEqual(['ended']);
  });

  test('started again after its end, it ends at once', async () => {
    const { promotion, worker, handle } = await begin({ status: 'ended' });
    await worker.runUntil(() => handle.result());
    expect(promotion.told).toEqual([]);
    const { events } = await handle.fetchHistory();
    expect(events?.some(({ timerStartedEventAttributes: timer }) => timer)).toBe(false);
  });
});
