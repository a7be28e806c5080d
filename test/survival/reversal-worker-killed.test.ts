import { type TestApp, testApp } from '../support/app';
import { startProcess, type TestProcess } from '../support/processes';
import { givenScene, on } from '../support/scene';
import { testSettings } from '../support/settings';
import { type TestTemporal, testTemporal } from '../support/temporal';
import { until } from '../support/until';
import { orderBody } from '../support/world';
import { unique } from '../support/program';

jest.setTimeout(300_000);

const patienceMs = 90_000;
const plan = {
  ...{ levels: 1, rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }] },
  tiers: [{ code: 'standard', rank: 1, privileges: {} }],
};
const line = { sku: 'TEA-1', quantity: 1, unitPriceAmount: 1000 };

let temporal: TestTemporal;
let app: TestApp;
let running: TestProcess | undefined;

beforeAll(async () => {
  temporal = await testTemporal();
  app = await testApp({ temporal });
}, 120_000);
afterAll(async () => {
  await running?.kill();
  await app.close();
  await temporal.close();
});

const settings = () =>
  testSettings({
    DATABASE_URL: app.db.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'info',
  });

/** A worker that kills itself when it comes to a point. */
async function dieAt(point: string): Promise<void> {
  const crash = { ...settings(), TRIBUTARY_CRASH_AT: point };
  running = await startProcess('worker', crash, { untilReady: false });
  expect(await running.ended).toBe('SIGKILL');
}

test('a reversal of 3,500 commissions, killed before and after a step: each is taken once', async () => {
  const { programId, seller } = await givenScene(app, plan);
  for (const count of [1800, 1700]) {
    const lines = Array.from({ length: count }, (_, i) => ({ ...line, externalId: `${i}` }));
    const attribution = { distributorCode: seller.code };
    const body = orderBody(programId, { externalId: unique('O'), paidAt: on(29), attribution });
    const sold = await app.shop.post('/v1/orders', { ...body, lines });
    expect([sold.status, sold.body.code]).toEqual([201, undefined]);
  }
  const self = `/v1/distributors/${seller.id as string}`;
  await app.admin.post(`${self}/suspensions`, { reasonCode: 'fraud', reason: 'Own cards.' });
  const { body } = await app.shop.get(
    `/v1/reviews?subjectId=${seller.id as string}&kind=suspension`,
  );
  const path = `/v1/reviews/${body.data[0].id as string}/decisions`;
  const decision = { decision: 'approve', reason: 'Seen.', reverse: {} };
  const held = async () => (await app.shop.get(`${self}/balance`)).body.heldAmount as number;

  running = await startProcess('worker', settings());
  const handle = temporal.client.workflow.getHandle(`distributor:${seller.id as string}`);
  const isAsleep = async () => {
    const events = (await handle.fetchHistory()).events ?? [];
    return events.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes !== null);
  };
  await until(() => isAsleep().catch(() => false), 'its life waits for a decision', patienceMs);
  await running.kill();

  const asked = app.admin.post(path, decision);
  await dieAt('life.beforeCommit');
  expect(await held()).toBe(250_000);
  await dieAt('life.afterCommit');
  expect(await held()).toBe(150_000);
  expect([200, 503]).toContain((await asked).status);
  running = await startProcess('worker', settings());
  await until(async () => (await held()) === 0, 'all is taken', patienceMs);
  const rows = () =>
    app.db.read.first(
      `SELECT
         (SELECT array_agg(commissions ORDER BY id) FROM reversal WHERE distributor_id = $1) AS steps,
         (SELECT count(DISTINCT c.commission_id)::int FROM reversed_commission c
          JOIN reversal r ON r.id = c.reversal_id WHERE r.distributor_id = $1) AS taken,
         (SELECT -sum(amount)::int FROM earning
          WHERE distributor_id = $1 AND reversal_id IS NOT NULL) AS amount,
         (SELECT array_agg(params ->> 'commissions') FROM notice
          WHERE distributor_id = $1 AND template = 'commissions_reversed') AS told,
         (SELECT count(*)::int FROM event e JOIN commission c ON c.id = e.subject_id
          WHERE c.distributor_id = $1 AND e.type = 'commission.reversed') AS events`,
      [seller.id],
    );
  expect(await rows()).toEqual({
    ...{ steps: [1000, 1000, 1000, 500], taken: 3500, amount: 350_000 },
    ...{ told: ['3500'], events: 3500 },
  });
  const books = await app.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
  expect(books.body).toMatchObject({ balanced: true });
});
