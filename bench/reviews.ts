import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Api } from '../demo/client';
import type { Database } from '../src/db/database';
import { type Say, until } from '../src/main/servers/process';
import { verdict } from './orders';
import { bareUpdate, bareWorkflow } from './bare-update';
import { quantile } from './quantile';
import { endChild, type Stage } from './stage';

const root = join(__dirname, '..');
/** as many callers decide at the same time, and as many update */
const callers = 4;
/** The two take turns, so that what else the machine does meets both. */
const rounds = 8;
const decisionsEachRound = 20;
const target = 1.5;
const joinersAtOnce = 10;
const startPatienceMs = 120_000;

export interface ReviewTimes {
  readonly decisions: number;
  readonly callers: number;
  readonly decisionP50Ms: number;
  readonly updateP50Ms: number;
  readonly ratio: number;
}

/**
 * Decisions over HTTP beside a bare Temporal update: a workflow with one handler that calls one
 * activity, which does nothing; on the same server, from a worker process of its own.
 */
export async function measureReviews(
  stage: Stage,
  { shop, admin, db }: { shop: Api; admin: Api; db: Database },
  { programId, say }: { programId: string; say: Say },
): Promise<ReviewTimes> {
  const count = (rounds + 1) * decisionsEachRound;
  say(`reviews: ${count} applications`);
  const reviewIds = await apply(shop, admin, { programId, count });
  const bare = await startBare(stage, count);
  try {
    // The relay is in the worker: once it has started them all, the worker is there.
    await until(() => isRelayed(db), startPatienceMs, 'the workflows did not start');
    const decide = async (id: string) => {
      const body = { decision: 'approve' };
      await admin.post(`/v1/reviews/${id}/decisions`, body);
    };
    const times = { decisions: [] as number[], updates: [] as number[] };
    for (let round = 0; round <= rounds; round += 1) {
      const part = [round * decisionsEachRound, (round + 1) * decisionsEachRound] as const;
      const decisions = await timed(reviewIds.slice(...part), decide);
      const updates = await timed(bare.workflowIds.slice(...part), bare.update);
      if (round === 0) continue; // code gets hot, statements are prepared
      times.decisions.push(...decisions);
      times.updates.push(...updates);
    }
    const [decisionP50Ms, updateP50Ms] = [
      quantile(times.decisions, 0.5),
      quantile(times.updates, 0.5),
    ];
    const ratio = decisionP50Ms / updateP50Ms;
    say(`reviews: ${ratio.toFixed(2)} x a bare update`);
    return { decisions: times.decisions.length, callers, decisionP50Ms, updateP50Ms, ratio };
  } finally {
    await bare.stop();
  }
}

/** People apply, so that a workflow of each waits for an admin. @returns the tasks */
async function apply(
  shop: Api,
  admin: Api,
  { programId, count }: { programId: string; count: number },
): Promise<string[]> {
  const people = Array.from({ length: count }, (_, index) => index).values();
  const lane = async () => {
    for (const index of people) {
      await shop.post('/v1/distributors', {
        ...{ programId, externalId: `applicant-${index}`, name: `Applicant ${index}` },
        phone: `138${String(index).padStart(8, '0')}`,
      });
    }
  };
  await Promise.all(Array.from({ length: joinersAtOnce }, lane));
  const tasks = await admin.all<{ id: string }>('/v1/reviews', { programId, status: 'open' });
  if (tasks.length !== count) throw new Error(`${tasks.length} applications of ${count}`);
  return tasks.map(({ id }) => id);
}

async function isRelayed({ read }: Database): Promise<boolean> {
  return (await read.first('SELECT 1 FROM outbox WHERE done_at IS NULL LIMIT 1')) === undefined;
}

async function timed(
  items: readonly string[],
  work: (item: string) => Promise<void>,
): Promise<number[]> {
  const left = items.values();
  const took: number[] = [];
  const lane = async () => {
    for (const item of left) {
      const began = performance.now();
      await work(item);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: callers }, lane));
  return took;
}

async function startBare({ env }: Stage, count: number) {
  const address = env['TEMPORAL_ADDRESS'] ?? '';
  const taskQueue = `bare-${randomBytes(4).toString('hex')}`;
  const worker: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', join('bench', 'bare-worker.ts'), address, taskQueue],
    { cwd: root, env: { ...env }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection });
  const workflowIds = Array.from({ length: count }, (_, index) => `${taskQueue}-${index}`);
  const left = workflowIds.values();
  const lane = async () => {
    for (const workflowId of left) {
      await workflow.start(bareWorkflow, { workflowId, taskQueue, args: [] });
    }
  };
  await Promise.all(Array.from({ length: joinersAtOnce }, lane));
  return {
    workflowIds,
    update: async (workflowId: string) => {
      await workflow.getHandle(workflowId).executeUpdate(bareUpdate, { args: ['approve'] });
    },
    stop: async () => {
      await connection.close();
      await endChild(worker);
    },
  };
}

export function printReviews({ decisions, decisionP50Ms, updateP50Ms, ...rest }: ReviewTimes) {
  const line = (what: string, value: string) => console.log(`  ${what.padEnd(66)}${value}`);
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(10);
  console.log(`\nReviews: ${decisions} decisions and as many updates, ${rest.callers} at a time`);
  line('decision of an application over HTTP, p50', ms(decisionP50Ms));
  line('bare Temporal update with one activity, p50', ms(updateP50Ms));
  const judged = `target ${target} or less: ${verdict(rest.ratio <= target)}`;
  line('ratio', `${rest.ratio.toFixed(2)} x`.padStart(10) + `   ${judged}`);
}
