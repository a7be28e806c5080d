import { readFileSync } from 'node:fs';
import type { Api } from '../demo/client';
import type { Database } from '../src/db/database';
import { pause, type Say } from '../src/main/servers/process';
import type { PlainTimes } from './settlement-seed';

export interface SettlementTimes {
  readonly distributors: number;
  readonly lockSeconds: number;
  readonly computeSeconds: number;
  readonly approveSeconds: number;
  readonly payouts: number;
  readonly payoutsOver: number;
  readonly payoutSeconds: number;
  readonly payoutsPerSecond: number;
  readonly status: string;
  /** resident memory of the worker in MB: before, and at most during each stage */
  readonly workerMb: {
    readonly before: number;
    readonly lock: number;
    readonly compute: number;
    readonly approve: number;
  };
  /** the same by plain SQL, where it was measured */
  readonly plain?: readonly PlainTimes[];
}

interface SettlementView {
  status: string;
  reviewId: string | null;
  totals: { distributors: number };
}

const pollMs = 100;
const stagePatienceMs = 600_000;

/**
 * A settlement by the real workflow: locked, computed, approved by an admin, paid through the
 * sandbox. Payouts are watched for at most `payoutPatienceMs`; the answer says how many were over.
 */
export async function measureSettlement(
  { admin, db }: { admin: Api; db: Database },
  options: { programId: string; payoutPatienceMs: number; workerPid: number; say: Say },
): Promise<SettlementTimes> {
  const { programId, payoutPatienceMs, say } = options;
  const memory = watchMemory(options.workerPid);
  const started = performance.now();
  const { id } = await admin.post<{ id: string }>(`/v1/programs/${programId}/settlements`, {});
  const read = () => admin.get<SettlementView>(`/v1/settlements/${id}`);
  await untilStatus(read, ({ status }) => status !== 'locking', 'locking');
  const locked = performance.now();
  const lock = memory.most();
  say(`locked in ${seconds(started, locked)} s`);
  const inReview = await untilStatus(
    read,
    (s) => s.status === 'review' && s.reviewId !== null,
    'computing',
  );
  const computed = performance.now();
  const compute = memory.most();
  say(`computed in ${seconds(locked, computed)} s`);
  const decision = { decision: 'approve', reason: 'benchmark' };
  await admin.post(`/v1/reviews/${inReview.reviewId}/decisions`, decision);
  const made = () => payoutCounts(db, id);
  await untilStatus(made, ({ all }) => all >= inReview.totals.distributors, 'making payouts');
  const approved = performance.now();
  const workerMb = { before: memory.before, lock, compute, approve: memory.most() };
  memory.stop();
  say(`approved, payouts made in ${seconds(computed, approved)} s`);
  const counts = await watchPayouts(made, payoutPatienceMs, say);
  const ended = performance.now();
  const all = counts.over >= counts.all;
  const { status } = all
    ? await untilStatus(read, (settlement) => settlement.status === 'closed', 'closing')
    : await read();
  return {
    distributors: inReview.totals.distributors,
    lockSeconds: seconds(started, locked),
    computeSeconds: seconds(locked, computed),
    approveSeconds: seconds(computed, approved),
    payouts: counts.all,
    payoutsOver: counts.over,
    payoutSeconds: seconds(approved, ended),
    payoutsPerSecond: Math.round((counts.over / seconds(approved, ended)) * 10) / 10,
    status,
    workerMb,
  };
}

async function untilStatus<T>(
  read: () => Promise<T>,
  done: (value: T) => boolean,
  stage: string,
): Promise<T> {
  const deadline = performance.now() + stagePatienceMs;
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    if (performance.now() > deadline) throw new Error(`${stage} took over ${stagePatienceMs} ms`);
    await pause(pollMs);
  }
}

interface PayoutCounts {
  all: number;
  over: number;
}

async function payoutCounts(db: Database, settlementId: string): Promise<PayoutCounts> {
  const row = await db.read.first<{ every: bigint; over: bigint }>(
    `SELECT count(*) AS every, count(*) FILTER (WHERE final_at IS NOT NULL) AS over
     FROM payout WHERE settlement_id = $1`,
    [settlementId],
  );
  return { all: Number(row?.every ?? 0n), over: Number(row?.over ?? 0n) };
}

async function watchPayouts(
  read: () => Promise<PayoutCounts>,
  patienceMs: number,
  say: Say,
): Promise<PayoutCounts> {
  const deadline = performance.now() + patienceMs;
  let toldAt = 0;
  for (;;) {
    const counts = await read();
    if (counts.over >= counts.all || performance.now() > deadline) return counts;
    if (performance.now() - toldAt > 5000) say(`${counts.over} of ${counts.all} payouts over`);
    if (performance.now() - toldAt > 5000) toldAt = performance.now();
    await pause(250);
  }
}

function seconds(from: number, to: number): number {
  return Math.round((to - from) / 10) / 100;
}

const sampleMs = 100;

/** Samples a process's resident memory until it is stopped; `most` begins anew with each answer. */
function watchMemory(pid: number): { before: number; most(): number; stop(): void } {
  const before = residentMb(pid);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentMb(pid));
  }, sampleMs);
  return {
    before,
    most: () => {
      const answer = most;
      most = residentMb(pid);
      return answer;
    },
    stop: () => clearInterval(timer),
  };
}

/** 0 where the system does not say. */
function residentMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  } catch {
    return 0;
  }
}
