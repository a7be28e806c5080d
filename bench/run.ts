import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Api, apiOf } from '../demo/client';
import { type Database, openDatabase } from '../src/db/database';
import { createVault, parseFieldKeys } from '../src/db/vault';
import { gather } from './crowd';
import { benchOrder, type LoadResult, type LoadTask } from './load';
import { measureBaseline } from './replay';
import { measureSettlement, type SettlementTimes } from './settlement';
import { bringUp, type Stage } from './stage';

const root = join(__dirname, '..');
const perBatch = 500;
const batchSenders = 2;
/** Small enough to be paid to the last payout within the run. */
const smallSettlement = 500;
const smallPayoutSeconds = 60;
/** However slow the machine: then only the payouts that are over are counted. */
const wholeRunSeconds = 270;
const payoutSecondsAtLeast = 5;

const twoLevels = {
  levels: 2,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: { totalBps: 3000 },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

/** For the settlement one commission for each distributor is enough. */
const oneLevel = { ...twoLevels, levels: 1, rules: twoLevels.rules.slice(0, 1) };

type Plan = typeof twoLevels;

interface Settings {
  seconds: number;
  orders: number;
  distributors: number;
  payoutSeconds: number;
}

/**
 * `npm run bench`: orders per second over HTTP beside the same rows by plain SQL in the same run, and
 * a settlement. Options: --seconds per measurement, --orders of the batch runs, --distributors,
 * --payout-seconds to watch payouts.
 */
async function main(): Promise<void> {
  const settings = readSettings();
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(
      `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}\n`,
    );
  const stage = await bringUp(say);
  const db = openDatabase(stage.databaseUrl);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stage.stop().then(() => process.exit(130)));
  }
  try {
    const result = await measure(stage, db, settings, say);
    printTable(result);
    const file = join(root, '.local', 'bench', 'result.json');
    mkdirSync(join(root, '.local', 'bench'), { recursive: true });
    writeFileSync(file, JSON.stringify(result, undefined, 2));
    console.log(`\n${JSON.stringify(result)}`);
  } finally {
    await db.close();
    await stage.stop();
  }
}

function readSettings(): Settings {
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    options: {
      seconds: option('8'),
      orders: option('20000'),
      distributors: option('20000'),
      'payout-seconds': option('40'),
    },
  });
  return {
    seconds: Number(values.seconds),
    orders: Number(values.orders),
    distributors: Number(values.distributors),
    payoutSeconds: Number(values['payout-seconds']),
  };
}

async function measure(
  stage: Stage,
  db: Database,
  settings: Settings,
  say: (line: string) => void,
) {
  const admin = apiOf(stage.baseUrl, stage.adminToken);
  const vault = createVault({
    fieldKeys: parseFieldKeys(stage.env['FIELD_KEYS'] ?? ''),
    indexKey: Buffer.from(stage.env['INDEX_KEY'] ?? '', 'base64'),
  });
  const store = await db.read.first<{ id: string }>('SELECT id FROM store');
  const channel = { kind: 'sandbox', name: 'Bench', settings: {} };
  const channelId = (await admin.post<{ id: string }>('/v1/channels', channel)).id;
  const crowdOf = async (name: string, count: number, plan: Plan) => {
    say(`${name}: ${count} distributors`);
    const program = await makeProgram(admin, name, plan);
    const joinedAt = new Date(program.startsAt);
    const crowd = { programId: program.id, storeId: store!.id, channelId, joinedAt };
    return { programId: program.id, codes: await gather(db, vault, crowd, count) };
  };
  const shop = await crowdOf('orders', 1000, twoLevels);
  const singles = [];
  for (const connections of [16, 64]) {
    const task = { ...shop, prefix: `c${connections}`, connections, seconds: settings.seconds };
    const result = await load({ ...task, baseUrl: stage.baseUrl, apiKey: stage.apiKey });
    say(`single orders, ${connections} connections: ${result.perSecond.toFixed(0)}/s`);
    singles.push({ connections, ...result });
  }
  const batch = await sendBatches(stage, shop, settings.orders, { seconds: settings.seconds });
  say(`batches of ${perBatch}: ${batch.toFixed(0)}/s`);
  const options = { prefix: 'c16', connections: 16, seconds: settings.seconds };
  const plain = await measureBaseline(stage.databaseUrl, options);
  say(`plain SQL: ${plain.statementByStatement.toFixed(0)}/s, sets ${plain.setBased.toFixed(0)}/s`);

  const settle = async (name: string, count: number, payoutSeconds: () => number) => {
    const people = await crowdOf(`${name} settlement`, count, oneLevel);
    say('one order for each distributor');
    await sendBatches(stage, people, count, { linesEach: 1 });
    const payoutPatienceMs = Math.max(payoutSeconds(), payoutSecondsAtLeast) * 1000;
    return measureSettlement({ admin, db }, { programId: people.programId, payoutPatienceMs, say });
  };
  // The small one first: the payouts of the large one go on after it was measured.
  const small = await settle(
    'small',
    Math.min(smallSettlement, settings.distributors),
    () => smallPayoutSeconds,
  );
  const left = () => wholeRunSeconds - process.uptime();
  const large = await settle('large', settings.distributors, () =>
    Math.min(settings.payoutSeconds, left()),
  );
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? '', node: process.version };
  return {
    machine,
    at: new Date().toISOString(),
    singles,
    batch: { perBatch, perSecond: batch },
    plain,
    settlements: [small, large],
  };
}

async function makeProgram(
  admin: Api,
  name: string,
  plan: Plan,
): Promise<{ id: string; startsAt: string }> {
  const program = await admin.post<{ id: string; startsAt: string }>('/v1/programs', {
    externalId: name,
    name,
    currency: 'CNY',
    mode: 'test',
    startsAt: '2026-01-01T00:00:00+08:00',
    settlement: {
      calendar: 'onRequest',
      payoutMode: 'auto',
      minimumPayoutAmount: 1,
      reviewAboveAmount: Number.MAX_SAFE_INTEGER,
    },
    tax: { method: 'general' },
    payer: { name: 'Bench', taxNumber: '91440300MA5DEM0R00' },
  });
  const draft = await admin.post<{ id: string }>(`/v1/programs/${program.id}/plans`, {
    plan,
    note: 'bench',
  });
  await admin.post(`/v1/plans/${draft.id}/publication`, {});
  return program;
}

async function load(task: LoadTask): Promise<LoadResult> {
  const file = join(__dirname, 'load.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', file, JSON.stringify(task)],
    { cwd: root, maxBuffer: 1024 * 1024 },
  );
  const result = JSON.parse(stdout) as LoadResult;
  if (result.refused > 0) throw new Error(`${result.refused} orders were refused`);
  return result;
}

/**
 * Sends `count` orders in batches; stops early when `seconds` are over.
 * @returns orders per second
 */
async function sendBatches(
  stage: Stage,
  shop: { programId: string; codes: readonly string[] },
  count: number,
  { seconds = Infinity, linesEach = 2 }: { seconds?: number; linesEach?: number },
): Promise<number> {
  const api = apiOf(stage.baseUrl, stage.apiKey);
  const task = { ...shop, prefix: `b-${shop.programId}` };
  const started = performance.now();
  const until = started + seconds * 1000;
  let next = 0;
  let stored = 0;
  const lane = async () => {
    while (next < count && performance.now() < until) {
      const from = next;
      next += perBatch;
      // Each order has a customer of its own, so each distributor earns from its own order.
      const orders = Array.from({ length: Math.min(perBatch, count - from) }, (_, i) =>
        benchOrder(task, from + i, { customer: `b-${from + i}`, linesEach }),
      );
      const { results } = await api.post<{ results: { status: number }[] }>('/v1/orders/batch', {
        orders,
      });
      const refused = results.filter(({ status }) => status !== 201).length;
      if (refused > 0) throw new Error(`${refused} orders of a batch were refused`);
      stored += results.length;
    }
  };
  await Promise.all(Array.from({ length: batchSenders }, lane));
  return stored / ((performance.now() - started) / 1000);
}

type Result = Awaited<ReturnType<typeof measure>>;

function printTable({ machine, singles, batch, plain, settlements }: Result): void {
  const line = (what: string, value: string) => console.log(`  ${what.padEnd(66)}${value}`);
  const rate = (perSecond: number) => `${perSecond.toFixed(0)}/s`.padStart(8);
  const beside = (perSecond: number, base: number) =>
    `${rate(perSecond)}   ${((perSecond / base) * 100).toFixed(0)} % of plain SQL`;
  console.log(
    `\nOrders of 2 lines and 2 levels (${machine.cores} cores, Node ${machine.node}, one machine)`,
  );
  line(
    `plain SQL, statement by statement, 16 connections (${plain.rowsPerOrder} rows)`,
    rate(plain.statementByStatement),
  );
  for (const { connections, perSecond, p50Ms, p99Ms } of singles) {
    const latency = `p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`;
    line(
      `HTTP, one order each, ${connections} connections (${latency})`,
      beside(perSecond, plain.statementByStatement),
    );
  }
  line(`plain SQL, ${batch.perBatch} orders per statement`, rate(plain.setBased));
  line(`HTTP, batches of ${batch.perBatch}`, beside(batch.perSecond, plain.setBased));
  settlements.forEach(printSettlement);
}

function printSettlement(times: SettlementTimes): void {
  const line = (what: string, value: string) => console.log(`  ${what.padEnd(66)}${value}`);
  const seconds = (value: number) => `${value.toFixed(2)} s`.padStart(10);
  console.log(`\nSettlement of ${times.distributors} distributors (${times.status} at the end)`);
  line('release and lock', seconds(times.lockSeconds));
  line('statements and tax', seconds(times.computeSeconds));
  line('approval, until every payout is made', seconds(times.approveSeconds));
  const over = `${times.payoutsOver} of ${times.payouts} over, ${times.payoutsPerSecond}/s`;
  line(`payouts watched for ${times.payoutSeconds} s`, `   ${over}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
