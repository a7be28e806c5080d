import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { workflowIds } from '../src/contracts/workflow';
import type { Database } from '../src/db/database';
import { enqueueStart } from '../src/db/outbox';
import type { Vault } from '../src/db/vault';
import { type Say, until, untilEnded } from '../src/main/servers/process';
import {
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
} from '../test/support/payout';
import type { BareResult, BareTask } from './bare-payout-worker';
import { verdict } from './orders';
import { endChild, type Stage } from './stage';

const root = join(__dirname, '..');
/** The three take turns, so that what else the machine does meets all of them. */
const rounds = 8;
const eachRound = 100;
const target = 0.8;
const givenAtOnce = 8;
const patienceMs = 120_000;
const pollMs = 20;

export interface PayoutTimes {
  /** of each kind, without the first round, in which code gets hot and statements are prepared */
  readonly count: number;
  readonly eachRound: number;
  readonly payoutsPerSecond: number;
  readonly bareCallsPerSecond: number;
  readonly bareNothingPerSecond: number;
  /** payouts over bare calls, each over all rounds */
  readonly ratio: number;
  /** the same of each round */
  readonly ratios: readonly number[];
}

interface Round {
  payouts: number;
  bareCalls: number;
  bareNothing: number;
}

/**
 * Approved payouts, from the moment when their workflows are asked for to the moment when the last
 * is booked as paid and its callback is taken; beside bare workflows of one activity that makes the
 * same signed call to the same provider, whose callback somebody takes too, and beside bare
 * workflows of one activity that does nothing. All on the same server, each kind from one worker
 * process, which starts its workflows itself.
 */
export async function measurePayouts(
  stage: Stage,
  { db, vault, storeId, say }: { db: Database; vault: Vault; storeId: string; say: Say },
): Promise<PayoutTimes> {
  const scene = await givenPayingSettlement(db, vault, {}, storeId);
  const bare = await startBare(stage);
  try {
    const times: Round[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // Made for each round: whatever waits in PostgreSQL the worker's housekeeping may ask for, too.
      const payouts = await givenPayouts(db, vault, scene, eachRound);
      await db.read.run('ANALYZE');
      times.push({
        payouts: await secondsOf(() => pay(db, scene, payouts, (round + 1) * eachRound)),
        bareCalls: (await bare.run({ workflowType: 'bareCall', count: eachRound })).seconds,
        bareNothing: (await bare.run({ workflowType: 'bareNothing', count: eachRound })).seconds,
      });
      say(`payouts: round ${round}: ${JSON.stringify(times.at(-1))}`);
    }
    return summary(times.slice(1));
  } finally {
    await bare.stop();
  }
}

function summary(times: readonly Round[]): PayoutTimes {
  const perSecond = (kind: keyof Round) =>
    (times.length * eachRound) / times.reduce((sum, round) => sum + round[kind], 0);
  const [payoutsPerSecond, bareCallsPerSecond] = [perSecond('payouts'), perSecond('bareCalls')];
  return {
    count: times.length * eachRound,
    eachRound,
    payoutsPerSecond,
    bareCallsPerSecond,
    bareNothingPerSecond: perSecond('bareNothing'),
    ratio: payoutsPerSecond / bareCallsPerSecond,
    ratios: times.map(({ payouts, bareCalls }) => bareCalls / payouts),
  };
}

async function givenPayouts(db: Database, vault: Vault, scene: Scene, count: number) {
  const left = Array.from({ length: count }, (_, index) => index).values();
  const payouts: QueuedPayout[] = [];
  const lane = async () => {
    for (const _ of left) payouts.push(await givenQueuedPayout(db, vault, scene));
  };
  await Promise.all(Array.from({ length: givenAtOnce }, lane));
  return payouts;
}

/** Asks for the workflows, as an approval does, and waits for the last payout and the last callback. */
async function pay(
  db: Database,
  { channelId }: Scene,
  payouts: readonly QueuedPayout[],
  callbacks: number,
): Promise<void> {
  const starts = payouts.map(({ id }) => ({
    workflowType: 'payout' as const,
    workflowId: workflowIds.payout(id),
    input: { payoutId: id },
  }));
  await db.transaction((tx) => enqueueStart(tx, ...starts));
  const ids = payouts.map(({ id }) => id);
  const isOver = async () => {
    const row = await db.read.first<{ over: boolean }>(
      `SELECT NOT EXISTS (SELECT 1 FROM payout WHERE id = ANY($1) AND status <> 'paid')
         AND (SELECT count(*) FROM channel_inbox WHERE channel_id = $2) >= $3 AS over`,
      [ids, channelId, callbacks],
    );
    return row?.over === true;
  };
  await until(isOver, patienceMs, 'payouts are not over', pollMs);
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function startBare({ env }: Stage) {
  const address = env['TEMPORAL_ADDRESS'] ?? '';
  const taskQueue = `bare-${randomBytes(4).toString('hex')}`;
  const worker: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', join('bench', 'bare-payout-worker.ts'), address, taskQueue],
    { cwd: root, env: { ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const ended = untilEnded(worker);
  const answer = async () => {
    const died = ended.then(() => Promise.reject(new Error('the bare worker died')));
    const [message] = (await Promise.race([once(worker, 'message'), died])) as [unknown];
    return message;
  };
  await answer();
  return {
    run: async (task: BareTask) => {
      worker.send(task);
      return (await answer()) as BareResult;
    },
    stop: () => endChild(worker),
  };
}

/** The mean of the two in the middle, where there are two. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}

export function printPayouts(times: PayoutTimes): void {
  const line = (what: string, value: string) => console.log(`  ${what.padEnd(66)}${value}`);
  const rate = (perSecond: number) => `${perSecond.toFixed(1)}/s`.padStart(10);
  console.log(
    `\nPayouts: n = ${times.count} and as many bare workflows of each kind, ${times.eachRound} at a time, by turns`,
  );
  line('payouts through the sandbox, booked, with their callbacks', rate(times.payoutsPerSecond));
  line('bare workflow, one activity that makes the same call', rate(times.bareCallsPerSecond));
  line('bare workflow, one activity that does nothing', rate(times.bareNothingPerSecond));
  const judged = `target ${target} or more: ${verdict(times.ratio >= target)}`;
  const [least, most] = [Math.min(...times.ratios), Math.max(...times.ratios)];
  const middle = median(times.ratios).toFixed(2);
  const range = `rounds ${least.toFixed(2)} to ${most.toFixed(2)}, median ${middle}`;
  line(
    'ratio to the same call',
    `${times.ratio.toFixed(2)} x`.padStart(10) + `   ${judged}; ${range}`,
  );
}
