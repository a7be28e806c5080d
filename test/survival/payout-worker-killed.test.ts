import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { workflowIds } from '../../src/contracts/workflow';
import { enqueueStart } from '../../src/db/outbox';
import { createVault, parseFieldKeys, type Vault } from '../../src/db/vault';
import { loadConfig } from '../../src/main/config';
import { testDatabase, type TestDatabase } from '../support/database';
import {
  balancesOf,
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
  statusOf,
} from '../support/payout';
import { startProcess, type TestProcess } from '../support/processes';
import { readBooks, startSandboxProcess, type SandboxProcess } from '../support/sandbox-process';
import { testFolder } from '../support/servers';
import { testSandboxSecret, testSettings } from '../support/settings';
import { type TestTemporal, testTemporal } from '../support/temporal';
import { until } from '../support/until';

jest.setTimeout(180_000);

/** Where a worker dies, and how often each. */
const points = ['payout.beforeSubmitCall', 'payout.afterSubmitCall', 'payout.beforeCommit'];
const killsPerPoint = 3;
const payoutsPerKill = 3;
const patienceMs = 90_000;

describe('workers that die', () => {
  let db: TestDatabase;
  let temporal: TestTemporal;
  let sandbox: SandboxProcess;
  let vault: Vault;
  let settings: Record<string, string>;
  let running: TestProcess | undefined;

  beforeAll(async () => {
    [db, temporal] = await Promise.all([testDatabase(), testTemporal()]);
    sandbox = await startSandboxProcess({
      dataDir: join(testFolder, 'sandbox', randomBytes(6).toString('hex')),
      secret: testSandboxSecret,
    });
    settings = testSettings({
      DATABASE_URL: db.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      SANDBOX_URL: sandbox.url,
      LOG_LEVEL: 'info',
      // Nobody listens there: what a payout learns here it learns by asking.
      CALLBACK_BASE_URL: 'http://127.0.0.1:9',
    });
    const { fieldKeys, indexKey } = loadConfig(settings);
    vault = createVault({ fieldKeys: parseFieldKeys(fieldKeys), indexKey });
  });

  afterAll(async () => {
    await running?.kill();
    await sandbox.kill();
    await temporal.close();
    await db.drop();
  });

  async function queue(scene: Scene): Promise<QueuedPayout> {
    const payout = await givenQueuedPayout(db, vault, scene);
    await db.transaction((tx) =>
      enqueueStart(tx, {
        workflowType: 'payout',
        workflowId: workflowIds.payout(payout.id),
        input: { payoutId: payout.id },
      }),
    );
    return payout;
  }

  test('a worker killed before the call, after it, before the commit: paid once', async () => {
    const scene = await givenPayingSettlement(db, vault);
    const payouts: QueuedPayout[] = [];
    for (let kill = 1; kill <= killsPerPoint; kill += 1) {
      for (const point of points) {
        for (let n = 0; n < payoutsPerKill; n += 1) payouts.push(await queue(scene));
        // Each time it dies at another hit, with more or fewer payouts on their way.
        running = await startProcess(
          'worker',
          { ...settings, TRIBUTARY_CRASH_AT: `${point}:${kill}` },
          { untilReady: false },
        );
        expect(await running.ended).toBe('SIGKILL');
      }
    }
    running = await startProcess('worker', settings);
    for (const { id } of payouts) {
      await until(async () => (await statusOf(db, id)) === 'paid', `${id} is paid`, patienceMs);
    }
    await running.kill();

    const books = await readBooks(sandbox.url);
    for (const { channelNumber, distributorId } of payouts) {
      expect(books.get(channelNumber)).toMatchObject({ amount: 9_000, returnedAt: null });
      expect(books.get(channelNumber)?.paidAt).not.toBeNull();
      expect((await balancesOf(db, scene, distributorId))['settling'] ?? 0n).toBe(0n);
    }
    // Nothing was ever paid under a number that is not ours.
    expect(books.size).toBe(payouts.length);
    const { cash, clearing = 0n } = await balancesOf(db, scene, payouts[0]!.distributorId);
    expect({ cash, clearing }).toEqual({ cash: 9_000n * BigInt(payouts.length), clearing: 0n });
    const kills = points.map((point) => `${point} n = ${killsPerPoint} kills`).join(', ');
    console.info(`${kills}: ${payouts.length} payouts, each paid once`);
  });
});
