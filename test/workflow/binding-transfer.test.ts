import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import { clockMoved, decide, type DecideInput } from '../../src/contracts/workflow';
import type { TransferStatus } from '../../src/domain/referral/transfer';
import type { bindingTransfer } from '../../workflows/binding-transfer';
import { saveHistory } from '../support/history';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';
import { until } from '../support/until';

const dayMs = 86_400_000;
const decision: DecideInput = {
  ...{ reviewId: 'rev_1', deciderId: 'adm_1', decision: 'approve', reason: null },
};

/** One transfer in memory, as its row and its activity would have it: due in 7 days. */
class Transfer {
  status: TransferStatus = 'open';
  escalated = false;
  offsetMs = 0;
  crashes = 0;
  looks = 0;

  constructor(
    readonly now: () => Promise<number>,
    readonly effectiveAt: number,
  ) {}

  get activities(): Partial<Activities> {
    return {
      advanceTransfer: async () => {
        const at = (await this.now()) + this.offsetMs;
        this.looks += 1;
        if (this.crashes > 0) {
          this.crashes -= 1;
          throw new Error('killed');
        }
        return this.step(at);
      },
      decideReview: async ({ decision: outcome }) => {
        const at = (await this.now()) + this.offsetMs;
        if (outcome === 'reject') this.status = 'rejected';
        else this.status = at >= this.effectiveAt ? 'effective' : 'open';
        return { outcome: 'decided', subject: { status: this.status } };
      },
    };
  }

  private step(at: number) {
    if (this.status === 'objected') {
      const leftMs = this.effectiveAt + 7 * dayMs - at;
      if (leftMs <= 0) this.escalated = true;
      return { over: false, leftMs: this.escalated ? null : leftMs, reviewId: 'rev_1' };
    }
    const leftMs = this.effectiveAt - at;
    if (this.status === 'open' && leftMs > 0) return { over: false, leftMs, reviewId: null };
    if (this.status === 'open') this.status = 'effective';
    return { over: true, leftMs: null, reviewId: null };
  }
}

describe('the transfer of a customer', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];
  let runs = 0;

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 120_000);
  afterAll(() => server.teardown());

  async function begin() {
    runs += 1;
    const id = `binding-transfer:btr_${runs}`;
    const dueAt = (await server.currentTimeMs()) + 7 * dayMs;
    const transfer = new Transfer(() => server.currentTimeMs(), dueAt);
    const worker = await workerFor(id, transfer.activities);
    const handle = await server.client.workflow.start<typeof bindingTransfer>('bindingTransfer', {
      ...{ workflowId: id, taskQueue: id },
      args: [{ transferId: `btr_${runs}` }],
    });
    return { transfer, worker, handle };
  }

  test('takes effect after its window and not before, in two looks', async () => {
    const { transfer, worker, handle } = await begin();
    await worker.runUntil(async () => {
      await server.sleep('6 days');
      expect(transfer.status).toBe('open');
      await handle.result();
    });
    expect([transfer.status, transfer.looks]).toEqual(['effective', 2]);
    await saveHistory('bindingTransfer-effective', handle);
  });

  test('a moved clock ends its wait although no time has passed', async () => {
    const { transfer, worker, handle } = await begin();
    await worker.runUntil(async () => {
      await until(() => transfer.looks === 1, 'it waits');
      transfer.offsetMs = 7 * dayMs;
      await handle.signal(clockMoved);
      await handle.result();
    });
    expect(transfer.status).toBe('effective');
  });

  test('an objection holds it for as long as it takes, and a decision ends it', async () => {
    const { transfer, worker, handle } = await begin();
    await worker.runUntil(async () => {
      transfer.status = 'objected';
      await handle.signal(clockMoved);
      await server.sleep('60 days');
      expect([transfer.status, transfer.escalated]).toEqual(['objected', true]);
      const result = await handle.executeUpdate(decide, { args: [decision] });
      expect(result).toMatchObject({ subject: { status: 'effective' } });
      await handle.result();
    });
    await saveHistory('bindingTransfer-objected-then-approved', handle);
  });

  test('an approval before its moment does not bring the moment forward', async () => {
    const { transfer, worker, handle } = await begin();
    await worker.runUntil(async () => {
      transfer.status = 'objected';
      await handle.signal(clockMoved);
      await handle.executeUpdate(decide, { args: [decision] });
      await server.sleep('6 days');
      expect(transfer.status).toBe('open');
      await handle.result();
    });
    expect(transfer.status).toBe('effective');
  });

  test('taken back, it ends; a look that dies is made again', async () => {
    const { transfer, worker, handle } = await begin();
    transfer.crashes = 2;
    await worker.runUntil(async () => {
      transfer.status = 'withdrawn';
      await handle.signal(clockMoved);
      await handle.result();
    });
    expect(transfer.status).toBe('withdrawn');
  });
});
