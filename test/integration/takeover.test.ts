import { Worker } from '@temporalio/worker';
import { clockMoved, decide } from '../../src/contracts/workflow';
import { payloadCodec } from '../../src/main/codec';
import type { distributor } from '../../workflows/distributor';
import { Application, dayMs } from '../support/application';
import { testKeys } from '../support/settings';
import { testTemporal, type TestTemporal } from '../support/temporal';
import { testBundle } from '../support/time-skipping';
import { until } from '../support/until';

jest.setTimeout(120_000);

let temporal: TestTemporal;

beforeAll(async () => {
  temporal = await testTemporal();
});
afterAll(() => temporal.close());

const taskQueue = 'takeover';

const workerFor = async (application: Application) =>
  Worker.create({
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue,
    workflowBundle: { codePath: await testBundle() },
    activities: application.activities,
    dataConverter: { payloadCodecs: [payloadCodec(testKeys())] },
  });

test('an application goes on where it was when its worker is replaced', async () => {
  const application = await new Application(() => Promise.resolve(Date.now())).begin();
  const handle = await temporal.client.workflow.start<typeof distributor>('distributor', {
    workflowId: 'distributor:dst_1',
    taskQueue,
    args: [{ distributorId: 'dst_1' }],
  });
  const first = await workerFor(application);
  await first.runUntil(async () => {
    await until(() => application.asked > 0, 'the wait has begun');
    application.offsetMs = 8 * dayMs;
    await handle.signal(clockMoved);
    await until(() => application.escalatedAt !== null, 'escalated');
  });
  const next = await workerFor(application);
  await next.runUntil(async () => {
    const decided = await handle.executeUpdate(decide, {
      args: [{ reviewId: 'rev_1', deciderId: 'adm_1', decision: 'approve', reason: null }],
    });
    expect(decided.outcome).toBe('decided');
    await handle.result();
  });
  expect(application).toMatchObject({ outcome: 'approve', effects: 1 });
});
