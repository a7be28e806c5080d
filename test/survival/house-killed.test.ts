import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workflowIds } from '../../src/contracts/workflow';
import { enqueueStart } from '../../src/db/outbox';
import { createVault, parseFieldKeys, type Vault } from '../../src/db/vault';
import { loadConfig } from '../../src/main/config';
import { startTemporal, type TemporalServer } from '../../src/main/servers/temporal';
import { testDatabase, type TestDatabase } from '../support/database';
import { type Answer, testClient, type TestClient } from '../support/http';
import { givenPayingSettlement, givenQueuedPayout, statusOf } from '../support/payout';
import { anyPort, startProcess, type TestProcess } from '../support/processes';
import { readBooks, startSandboxProcess, type SandboxProcess } from '../support/sandbox-process';
import { testFolder } from '../support/servers';
import { testSandboxSecret, testSettings } from '../support/settings';
import { codeOf, givenShop, type Shop, wrongBooks } from '../support/shop';
import { type TestStore, testStore } from '../support/store';
import { until } from '../support/until';

jest.setTimeout(180_000);

const patienceMs = 60_000;
const folder = join(testFolder, 'survival', randomBytes(6).toString('hex'));
const temporalFolder = join(folder, 'temporal');

describe('APIs and Temporal that die', () => {
  let db: TestDatabase;
  let vault: Vault;
  let temporal: TemporalServer;
  let sandbox: SandboxProcess;
  let settings: Record<string, string>;
  let store: TestStore;
  let shop: Shop;
  let port: number;
  const running: TestProcess[] = [];

  /** Temporal with its data in a file: killed and started again it is the same one. */
  const startOwnTemporal = () =>
    startTemporal({ folder: temporalFolder, keep: true, ui: false, env: process.env });

  async function start(part: 'api' | 'worker', env: Record<string, string> = {}) {
    const started = await startProcess(part, { ...settings, ...env });
    running.push(started);
    return started;
  }

  beforeAll(async () => {
    [db, temporal, port] = await Promise.all([testDatabase(), startOwnTemporal(), anyPort()]);
    sandbox = await startSandboxProcess({
      dataDir: join(folder, 'sandbox'),
      secret: testSandboxSecret,
    });
    settings = testSettings({
      DATABASE_URL: db.url,
      TEMPORAL_ADDRESS: temporal.address,
      SANDBOX_URL: sandbox.url,
      PORT: String(port),
      LOG_LEVEL: 'info',
    });
    const { fieldKeys, indexKey } = loadConfig(settings);
    vault = createVault({ fieldKeys: parseFieldKeys(fieldKeys), indexKey });
    store = await testStore(db);
    shop = await givenShop(db, { storeId: store.id });
  });

  afterAll(async () => {
    await Promise.all(running.map((part) => part.kill()));
    await sandbox.kill();
    await temporal.stop();
    await db.drop();
  });

  const client = (on = port): TestClient => testClient(`http://127.0.0.1:${on}`, store.apiKey);

  function order(externalId: string) {
    return {
      programId: shop.programId,
      externalId,
      paidAt: '2026-02-01T10:00:00Z',
      currency: 'CNY',
      customer: { externalId: `u-${externalId}` },
      attribution: { distributorCode: codeOf(shop.seller) },
      lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
    };
  }

  const storedOrders = async (externalId: string) =>
    (
      await db.read.rows<{ id: string; commissions: bigint }>(
        `SELECT o.id, count(c.id)::bigint AS commissions FROM orders o
       LEFT JOIN commission c ON c.order_id = o.id WHERE o.external_id = $1 GROUP BY o.id`,
        [externalId],
      )
    ).map(({ id, commissions }) => ({ id, commissions }));

  async function queuePayouts(accounts: readonly string[]) {
    const scene = await givenPayingSettlement(db, vault);
    const payouts = [];
    for (const account of accounts) {
      const payout = await givenQueuedPayout(db, vault, scene, account);
      await db.transaction((tx) =>
        enqueueStart(tx, {
          workflowType: 'payout',
          workflowId: workflowIds.payout(payout.id),
          input: { payoutId: payout.id },
        }),
      );
      payouts.push(payout);
    }
    return payouts;
  }

  const untilPaid = (id: string) =>
    until(async () => (await statusOf(db, id)) === 'paid', `${id} is paid`, patienceMs);

  describe('an API killed before its answer', () => {
    const rounds = 4;

    test('before the commit: nothing is stored, and a repeat stores the order once', async () => {
      for (let n = 1; n <= rounds; n += 1) {
        const externalId = `undone-${n}`;
        const ask = n % 2 === 0 ? {} : { headers: { 'idempotency-key': `undone-${n}` } };
        const doomed = await start('api', { TRIBUTARY_CRASH_AT: 'api.beforeCommit' });
        await expect(client().post('/v1/orders', order(externalId), ask)).rejects.toThrow();
        expect(await doomed.ended).toBe('SIGKILL');
        expect(await storedOrders(externalId)).toEqual([]);

        const api = await start('api');
        expect((await client().post('/v1/orders', order(externalId), ask)).status).toBe(201);
        expect(await storedOrders(externalId)).toMatchObject([{ commissions: 2n }]);
        await api.kill();
      }
      expect(await wrongBooks(db, shop.programId)).toEqual([]);
      console.info(`api.beforeCommit: n = ${rounds} kills, 0 orders stored by halves`);
    });

    test('after it: a repeat with the same Idempotency-Key, or externalId, gives the same order', async () => {
      let api = await start('api', { TRIBUTARY_CRASH_AT: 'api.afterCommit' });
      for (let n = 1; n <= rounds; n += 1) {
        const externalId = `killed-${n}`;
        const ask = n % 2 === 0 ? {} : { headers: { 'idempotency-key': `key-${n}` } };
        await expect(client().post('/v1/orders', order(externalId), ask)).rejects.toThrow();
        expect(await api.ended).toBe('SIGKILL');
        const [committed] = await storedOrders(externalId);
        expect(committed?.commissions).toBe(2n);

        // The first commit of the next process is the repeat; at the second it dies as well.
        api = await start('api', { TRIBUTARY_CRASH_AT: 'api.afterCommit:2' });
        const again = await client().post('/v1/orders', order(externalId), ask);
        expect(again.status).toBe(n % 2 === 0 ? 200 : 201);
        expect(again.body.id).toBe(committed?.id);
        expect(await storedOrders(externalId)).toEqual([committed]);
      }
      await api.kill();
      expect(await wrongBooks(db, shop.programId)).toEqual([]);
      console.info(`api.afterCommit: n = ${rounds} kills, 0 orders lost, 0 booked twice`);
    });
  });

  describe('with the whole house running', () => {
    const secondPort = anyPort();

    beforeAll(async () => {
      await start('api');
      await start('api', { PORT: String(await secondPort) });
      await start('worker');
    });

    test('20 parallel posts with one Idempotency-Key, over two APIs: one effect', async () => {
      const rounds = 5;
      for (let n = 1; n <= rounds; n += 1) {
        const ports = [port, await secondPort];
        const headers = { 'idempotency-key': `parallel-${n}` };
        const answers: Answer[] = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            client(ports[i % 2]).post('/v1/orders', order(`parallel-${n}`), { headers }),
          ),
        );
        // One that came while the first was still running may be told so; nobody gets another answer.
        const told = answers.filter(({ status }) => status === 201);
        const refused = answers.filter(({ status }) => status !== 201);
        expect(told.length).toBeGreaterThanOrEqual(1);
        expect(new Set(told.map(({ body }) => body.id)).size).toBe(1);
        for (const { body } of refused) expect(body.code).toBe('idempotency_in_progress');
        expect(await storedOrders(`parallel-${n}`)).toMatchObject([{ commissions: 2n }]);
      }
      expect(await wrongBooks(db, shop.programId)).toEqual([]);
      console.info(`idempotency: n = ${rounds} x 20 parallel posts, one effect each`);
    });

    test('the same callback five times, one of them before the answer of the submission: one effect', async () => {
      const payouts = await queuePayouts(Array.from({ length: 8 }, () => 'dup-callback'));
      for (const { id } of payouts) await untilPaid(id);
      // All copies are there when the sandbox has nothing left to send; the last is 3 s late at most.
      await until(
        async () => (await callbacksTaken()) >= payouts.length * 5,
        'all copies were answered',
        patienceMs,
      );
      for (const { id, channelNumber } of payouts) {
        const inbox = await db.read.rows('SELECT 1 FROM channel_inbox WHERE channel_number = $1', [
          channelNumber,
        ]);
        expect(inbox).toHaveLength(1);
        const posted = await db.read.rows(`SELECT 1 FROM ledger_transaction WHERE reference = $1`, [
          `payout:${id}:success`,
        ]);
        expect(posted).toHaveLength(1);
        const events = await db.read.rows<{ type: string }>(
          'SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence',
          [id],
        );
        expect(events.map(({ type }) => type)).toEqual(['payout.submitted', 'payout.paid']);
      }
      console.info(`dup-callback: n = ${payouts.length} payouts x 5 copies, one effect each`);
    });

    test('Temporal killed: orders are accepted, and what waits starts when it is back', async () => {
      const { pid } = JSON.parse(readFileSync(join(temporalFolder, 'server.json'), 'utf8')) as {
        pid: number;
      };
      process.kill(pid, 'SIGKILL');
      await temporal.ended;
      const ordersSent = 10;
      for (let n = 1; n <= ordersSent; n += 1) {
        const answer = await client().post('/v1/orders', order(`down-${n}`));
        expect(answer.status).toBe(201);
      }
      expect((await client().get('/readyz')).status).toBe(200);
      const payouts = await queuePayouts(['ok', 'ok', 'ok', 'ok', 'ok']);
      temporal = await startOwnTemporal();
      for (const { id } of payouts) await untilPaid(id);
      const books = await readBooks(sandbox.url);
      for (const { channelNumber } of payouts) {
        expect(books.get(channelNumber)?.paidAt).not.toBeNull();
      }
      expect(await wrongBooks(db, shop.programId)).toEqual([]);
      console.info(`Temporal down: n = ${ordersSent} orders, ${payouts.length} payouts, 0 lost`);
    });

    /** Callbacks that the first API answered with 200, by its own counters. */
    async function callbacksTaken(): Promise<number> {
      const { text } = await client().get('/metrics');
      return [
        ...text.matchAll(/^tributary_callbacks_total\{.*outcome="(?:taken|repeat)".*\} (\d+)$/gm),
      ]
        .map((match) => Number(match[1]))
        .reduce((sum, value) => sum + value, 0);
    }
  });
});
