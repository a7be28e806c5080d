import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Api, apiOf } from '../demo/client';
import { acceptOrders } from '../src/db/order-intake';
import { type Database, openDatabase } from '../src/db/database';
import { createVault, parseFieldKeys } from '../src/db/vault';
import { pause, type Say } from '../src/main/servers/process';
import { gather } from './crowd';
import { bringUp, type Stage } from './stage';

export interface SimulationTimes {
  readonly lines: number;
  readonly distributors: number;
  readonly seconds: number;
  readonly linesPerSecond: number;
  /** of the worker process, before and at its largest while it ran */
  readonly residentMiB: { readonly before: number; readonly largest: number };
}

interface View {
  id: string;
  status: string;
  progress: { done: number; total: number };
  result: { lines: number; planAmount: number; inForceAmount: number } | null;
}

const pollMs = 250;
const patienceMs = 600_000;

/** A plan over a past period by the real workflow, with the worker's memory watched meanwhile. */
export async function measureSimulation(
  admin: Api,
  { planId, say, distributors }: { planId: string; say: Say; distributors: number },
): Promise<SimulationTimes> {
  const before = workerMiB();
  let largest = before;
  const started = performance.now();
  const span = { from: '2026-01-01T00:00:00+08:00', to: new Date().toISOString() };
  const { id } = await admin.post<View>(`/v1/plans/${planId}/simulations`, span);
  for (let told = 0; ;) {
    const view = await admin.get<View>(`/v1/simulations/${id}`);
    const seconds = (performance.now() - started) / 1000;
    largest = Math.max(largest, workerMiB());
    if (view.result !== null) {
      const { lines } = view.result;
      const linesPerSecond = Math.round(lines / seconds);
      say(`${lines} lines simulated in ${seconds.toFixed(1)} s`);
      const residentMiB = { before, largest };
      return { lines, distributors, seconds, linesPerSecond, residentMiB };
    }
    if (seconds * 1000 > patienceMs) throw new Error(`the simulation is ${view.status} for long`);
    if (seconds - told > 2) {
      told = seconds;
      const { done, total } = view.progress;
      say(`${done} of ${total} orders, worker ${workerMiB()} MiB`);
    }
    await pause(pollMs);
  }
}

/** Resident memory of the worker that this process started, in MiB; 0 where /proc is not there. */
function workerMiB(): number {
  try {
    const own = `/proc/${process.pid}/task`;
    const children = readdirSync(own).flatMap((task) =>
      readFileSync(`${own}/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    const sizes = children
      .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker.ts'))
      .map((pid) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return Math.round(Math.max(0, ...sizes.map(Number)) / 1024);
  } catch {
    return 0;
  }
}

const rule = (id: string, level: number, bps: number, match = {}) => ({
  id,
  level,
  match,
  rate: { bps },
});

/** One level only: it is published without waivers. */
const inForce = {
  levels: 1,
  caps: { totalBps: 3000 },
  rules: [rule('direct', 1, 1000)],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

/** Two levels more than were frozen with the orders, and rules for many products. */
const draft = {
  ...inForce,
  levels: 3,
  rules: [
    ...inForce.rules,
    rule('second', 2, 500),
    rule('third', 3, 200),
    ...Array.from({ length: 40 }, (_, n) => rule(`cup-${n}`, 1, 1100 + n, { sku: `CUP-${n}` })),
  ],
};

/**
 * `npx tsx bench/simulation.ts`: 200,000 order lines by default, over two months and many
 * distributors, simulated by a worker of its own. Options: --lines, --distributors.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: '200000' },
      distributors: { type: 'string', default: '10000' },
    },
  });
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s  ${line}\n`);
  const stage = await bringUp(say);
  const db = openDatabase(stage.databaseUrl);
  try {
    const admin = apiOf(stage.baseUrl, stage.adminToken);
    const options = { lines: Number(values.lines), distributors: Number(values.distributors), say };
    const planId = await furnish(stage, db, admin, options);
    console.log(JSON.stringify(await measureSimulation(admin, { planId, ...options })));
  } finally {
    await db.close();
    await stage.stop();
  }
}

/** @returns the id of the draft */
async function furnish(
  stage: Stage,
  db: Database,
  admin: Api,
  options: { lines: number; distributors: number; say: Say },
): Promise<string> {
  const { lines, distributors, say } = options;
  const vault = createVault({
    fieldKeys: parseFieldKeys(stage.env['FIELD_KEYS'] ?? ''),
    indexKey: Buffer.from(stage.env['INDEX_KEY'] ?? '', 'base64'),
  });
  const store = (await db.read.first<{ id: string }>('SELECT id FROM store'))!;
  const idOf = async (path: string, body: unknown) =>
    (await admin.post<{ id: string }>(path, body)).id;
  const channelId = await idOf('/v1/channels', { kind: 'sandbox', name: 'B', settings: {} });
  const startsAt = '2026-01-01T00:00:00+08:00';
  const programId = await idOf('/v1/programs', programBody(startsAt));
  const plan = await idOf(`/v1/programs/${programId}/plans`, { plan: inForce, note: 'bench' });
  await admin.post(`/v1/plans/${plan}/publication`, {});
  say(`${distributors} distributors, ${lines} lines`);
  const crowd = { programId, storeId: store.id, channelId, joinedAt: new Date(startsAt) };
  const codes = await gather(db, vault, crowd, distributors);
  const orders = Math.ceil(lines / 2);
  const caller = { storeId: store.id, mode: 'both', actor: 'system:bench' } as const;
  for (let from = 0; from < orders; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, orders - from) }, (_, i) =>
      orderOf(programId, codes, from + i),
    );
    const context = { caller, now: new Date(), language: 'en' } as const;
    await db.transaction((tx) => acceptOrders(tx, context, batch));
  }
  say('orders are in');
  // As the housekeeping of the database would have done by itself after some minutes.
  await db.read.run('ANALYZE');
  return idOf(`/v1/programs/${programId}/plans`, { plan: draft, note: 'draft' });
}

function programBody(startsAt: string) {
  return {
    externalId: 'simulated',
    name: 'Simulated',
    currency: 'CNY',
    mode: 'test',
    startsAt,
    settlement: {
      calendar: 'onRequest',
      payoutMode: 'auto',
      minimumPayoutAmount: 1,
      reviewAboveAmount: Number.MAX_SAFE_INTEGER,
    },
    tax: { method: 'general' },
    payer: { name: 'Bench', taxNumber: '91440300MA5DEM0R00' },
  };
}

/** One order about every 52 s of two months; two lines, every second one with a cost. */
function orderOf(programId: string, codes: readonly string[], n: number) {
  const line = { tags: [], discountAmount: 0n };
  return {
    programId,
    externalId: `sim-${n}`,
    paidAt: new Date(Date.UTC(2026, 0, 5) + n * 52_000),
    currency: 'CNY',
    customerExternalId: `c-${n % 50_000}`,
    attribution: { distributorCode: codes[(n * 7919) % codes.length]! },
    lines: [
      { ...line, externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000n },
      {
        ...line,
        externalId: '2',
        sku: `CUP-${n % 50}`,
        quantity: 1,
        unitPriceAmount: 4990n,
        unitCostAmount: 2000n,
      },
    ],
    orderDiscountAmount: BigInt(n % 500),
    shippingAmount: 800n,
    taxAmount: 0n,
  };
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
}
