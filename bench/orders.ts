import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { apiOf } from '../demo/client';
import type { Say } from '../src/main/servers/process';
import { benchOrder, type LoadResult, type LoadTask } from './load';
import { type Baseline, measureBaseline } from './replay';
import type { Stage } from './stage';

const root = join(__dirname, '..');
export const perBatch = 500;
const batchSenders = 2;
const connectionCounts = [1, 16, 64];

export interface Shop {
  readonly programId: string;
  readonly codes: readonly string[];
}

export interface OrderTimes {
  readonly name: string;
  readonly singles: readonly (LoadResult & { readonly connections: number })[];
  /** orders a second in batches of `perBatch` */
  readonly batch: number;
  readonly plain: Baseline;
}

/** Orders one by one, in batches, and the same rows by plain SQL, one after the other. */
export async function measureOrders(
  stage: Stage,
  shop: Shop,
  { name, seconds, say }: { name: string; seconds: number; say: Say },
): Promise<OrderTimes> {
  const tag = name.split(' ')[0]!;
  await warmUp(stage, shop, tag);
  say(`${name}: warm`);
  const singles = [];
  for (const connections of connectionCounts) {
    const task = { ...shop, prefix: `${tag}${connections}`, connections, seconds };
    const result = await load({ ...task, baseUrl: stage.baseUrl, apiKey: stage.apiKey });
    say(`${name}: single orders, ${connections} connections: ${result.perSecond.toFixed(0)}/s`);
    singles.push({ connections, ...result });
  }
  const batch = await sendBatches(stage, shop, Infinity, { seconds, prefix: `${tag}b` });
  say(`${name}: batches of ${perBatch}: ${batch.toFixed(0)}/s`);
  const options = { prefix: `${tag}16`, connections: connectionCounts, seconds };
  const plain = await measureBaseline(stage.databaseUrl, options);
  say(`${name}: plain SQL ${JSON.stringify(plain)}`);
  return { name, singles, batch, plain };
}

/**
 * The first orders of all meet empty tables, and statements are planned for those. Autovacuum looks
 * at the tables within a minute; the measurement does not begin before that was done.
 */
async function warmUp(stage: Stage, shop: Shop, tag: string): Promise<void> {
  const { baseUrl, apiKey, databaseUrl } = stage;
  await load({ ...shop, prefix: `${tag}w`, connections: 64, seconds: 1, baseUrl, apiKey });
  await sendBatches(stage, shop, Infinity, { seconds: 2, prefix: `${tag}v` });
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('VACUUM ANALYZE').finally(() => client.end());
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
export async function sendBatches(
  stage: Stage,
  shop: Shop,
  count: number,
  options: { seconds?: number; linesEach?: number; prefix?: string; paidAt?: string },
): Promise<number> {
  const { seconds = Infinity, prefix = `b-${shop.programId}`, ...each } = options;
  const api = apiOf(stage.baseUrl, stage.apiKey);
  const task = { ...shop, prefix };
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
        benchOrder(task, from + i, { customer: `b-${from + i}`, ...each }),
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

const singleTargets: Readonly<Record<number, number | undefined>> = { 16: 1.2, 64: 2 };
const batchTarget = 0.4;
const p99TargetMs = 60;

/** One table: what it does, beside plain SQL in the same run, and whether the target is met. */
export function printOrders({ name, singles, batch, plain }: OrderTimes): void {
  console.log(`\nOrders of 2 lines and 2 levels, ${name} (${plain.rowsPerOrder} rows an order)`);
  const line = (...cells: [string, string, string, string, string]) =>
    console.log(
      `  ${cells[0].padEnd(36)}${cells
        .slice(1, 4)
        .map((cell) => cell.padStart(11))
        .join('')}   ${cells[4]}`,
    );
  const rate = (perSecond: number) => `${perSecond.toFixed(0)}/s`;
  line('', 'HTTP', 'plain SQL', 'ratio', '');
  for (const { connections, perSecond, p50Ms, p99Ms } of singles) {
    const base = plain.statementByStatement[connections] ?? { perSecond: 0, p99Ms: 0 };
    // The issue compares 64 connections with 16 of plain SQL as well.
    const compared = plain.statementByStatement[Math.min(connections, 16)] ?? base;
    const ratio = perSecond / compared.perSecond;
    const target = singleTargets[connections];
    const latency = `p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms (plain SQL ${base.p99Ms.toFixed(0)})`;
    const judged =
      target === undefined
        ? ''
        : `, target ${target}: ${verdict(ratio >= target)}; p99 < ${p99TargetMs}: ${verdict(p99Ms < p99TargetMs)}`;
    line(
      `one by one, ${connections} connections`,
      rate(perSecond),
      rate(base.perSecond),
      `${ratio.toFixed(2)} x`,
      `${latency}${judged}`,
    );
  }
  const ratio = batch / plain.setBased;
  line(
    `batches of ${perBatch}`,
    rate(batch),
    rate(plain.setBased),
    `${ratio.toFixed(2)} x`,
    `target ${batchTarget}: ${verdict(ratio >= batchTarget)}`,
  );
}

export function verdict(met: boolean): string {
  return met ? 'met' : 'MISSED';
}
