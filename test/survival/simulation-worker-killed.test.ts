import { findPlan } from '../../src/db/plan';
import { programById } from '../../src/db/program';
import { openSimulation, simulationById } from '../../src/db/simulation';
import { beginSimulation, simulateChunk } from '../../src/db/simulation-run';
import { type TestDatabase, testDatabase } from '../support/database';
import { startProcess, type TestProcess } from '../support/processes';
import { testSettings } from '../support/settings';
import { accept, codeOf, givenOrder, givenShop, type Shop } from '../support/shop';
import { type TestTemporal, testTemporal } from '../support/temporal';
import { until } from '../support/until';

jest.setTimeout(180_000);

let db: TestDatabase;
let temporal: TestTemporal;
let running: TestProcess | undefined;

beforeAll(async () => {
  [db, temporal] = await Promise.all([testDatabase(), testTemporal()]);
});
afterAll(async () => {
  await running?.kill();
  await temporal.close();
  await db.drop();
});

/** Enough for three chunks. */
const orders = 5000;

async function givenOrders(shop: Shop): Promise<void> {
  for (let from = 0; from < orders; from += 1000) {
    const batch = Array.from({ length: 1000 }, (_, i) =>
      givenOrder(shop, {
        externalId: `o-${from + i}`,
        paidAt: new Date(Date.UTC(2026, 0, 5) + (from + i) * 60_000),
        attribution: { distributorCode: codeOf(i % 2 === 0 ? shop.seller : shop.middle) },
      }),
    );
    await accept(db, shop, batch);
  }
}

async function ask(shop: Shop): Promise<string> {
  const program = await programById(db.read, shop.programId);
  const now = new Date();
  const plan = await findPlan(db.read, shop.caller, shop.planId, now);
  const span = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-03-01T00:00:00Z') };
  const asking = { requestedBy: 'test', language: 'en' as const, now };
  const input = { program, plan, ...span, ...asking };
  return (await db.transaction((tx) => openSimulation(tx, input))).id;
}

test('a worker killed between chunks, twice: every order counts once', async () => {
  const shop = await givenShop(db);
  await givenOrders(shop);
  const undisturbed = await ask(shop);
  await db.read.run('DELETE FROM outbox');
  await db.transaction((tx) => beginSimulation(tx, undisturbed));
  const chunk = () =>
    db.transaction((tx) => simulateChunk(tx, undisturbed, { realNow: new Date(), limit: 999 }));
  while (await chunk());

  const id = await ask(shop);
  const settings = testSettings({
    DATABASE_URL: db.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'info',
  });
  const crash = { ...settings, TRIBUTARY_CRASH_AT: 'simulation.afterChunk' };
  for (const done of [2000, 4000]) {
    running = await startProcess('worker', crash, { untilReady: false });
    expect(await running.ended).toBe('SIGKILL');
    const { status, progressDone } = await simulationById(db.read, id);
    expect({ status, progressDone }).toEqual({ status: 'running', progressDone: done });
  }
  running = await startProcess('worker', settings);
  const isDone = async () => (await simulationById(db.read, id)).status === 'done';
  await until(isDone, 'the simulation is done', 90_000);
  const [killed, whole] = [
    await simulationById(db.read, id),
    await simulationById(db.read, undisturbed),
  ];
  expect(killed).toMatchObject({
    progressDone: orders,
    chainHash: whole.chainHash,
    resultHash: whole.resultHash,
    totals: whole.totals,
  });
  console.info(`killed after chunks 1 and 2 of 3: ${orders} orders, each counted once`);
});
