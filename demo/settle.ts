import { setTimeout as pause } from 'node:timers/promises';
import type { Callers, Program } from './load';
import type { Progress } from './progress';
import { readable } from './pence';
import { terms } from './setup';

export interface Settlement {
  id: string;
  status: 'locking' | 'computing' | 'review' | 'paying' | 'closed' | 'rejected';
  period: string;
  totals: Amounts & { distributors: number };
  skipped: { reason: string; count: number }[];
  resultHash: string | null;
}

export interface Amounts {
  grossAmount: number;
  taxAmount: number;
  feeAmount: number;
  netAmount: number;
}

export interface Payout {
  id: string;
  distributorId: string;
  status: string;
  amount: number;
  grossAmount: number;
  channelNumber: string;
  attempts: unknown[];
}

interface Review {
  id: string;
  status: string;
}

const dayMs = 86_400_000;
const pollMs = 500;
const patienceMs = 10 * 60_000;
/** The sandbox takes money back some seconds after it paid; all its tricks end within 60 s. */
const returnPatienceMs = 60_000;

/** The settlements of a program that were not turned down, the earliest first. */
export async function findSettlements({ admin }: Callers, program: Program): Promise<Settlement[]> {
  const path = `/v1/programs/${program.id}/settlements`;
  const all = await admin.all<Settlement>(path);
  return all.filter(({ status }) => status !== 'rejected').reverse();
}

/** Moves the program's clock past the hold of an order paid today: everything earned is released. */
export async function passHold({ admin }: Callers, program: Program): Promise<string> {
  const { now } = await admin.get<Program>(`/v1/programs/${program.id}`);
  const ahead = Date.parse(now) - Date.now();
  // A run that was interrupted had moved it already; a clock never goes back.
  if (ahead > dayMs) return now;
  const target = new Date(Date.parse(now) + (terms.holdDays + 1) * dayMs).toISOString();
  const path = `/v1/programs/${program.id}/clock`;
  return (await admin.post<{ now: string }>(path, { now: target })).now;
}

export async function startSettlement({ admin }: Callers, program: Program): Promise<Settlement> {
  const path = `/v1/programs/${program.id}/settlements`;
  const { id } = await admin.post<{ id: string }>(path, {});
  return admin.get<Settlement>(`/v1/settlements/${id}`);
}

/** Follows a settlement to its end, deciding its review as two people, and waits for the money. */
export async function seeThrough(
  callers: Callers,
  settlementId: string,
  progress: Progress,
): Promise<Settlement> {
  const path = `/v1/settlements/${settlementId}`;
  const deadline = Date.now() + patienceMs;
  let told = '';
  for (;;) {
    const settlement = await callers.admin.get<Settlement>(path);
    if (settlement.status !== told) progress.say(`  ${describe(settlement)}`);
    told = settlement.status;
    if (settlement.status === 'closed' || settlement.status === 'rejected') return settlement;
    if (settlement.status === 'review') await approve(callers, settlement, progress);
    if (settlement.status === 'paying') await showPayouts(callers, settlementId, progress);
    if (Date.now() > deadline) {
      throw new Error(`settlement ${settlementId} is still ${settlement.status}; look at ${path}`);
    }
    await pause(pollMs);
  }
}

function describe({ status, totals }: Settlement): string {
  if (status === 'locking' || status === 'computing') return status;
  const { distributors, grossAmount, netAmount } = totals;
  const gross = readable(BigInt(grossAmount));
  return `${status}: ${distributors} distributors, gross ${gross}, net ${readable(BigInt(netAmount))}`;
}

/** One person is not enough above the program's limit: the second approves as well. */
async function approve(callers: Callers, { id }: Settlement, progress: Progress): Promise<void> {
  const { admin, secondAdmin } = callers;
  const reviews = await admin.all<Review>('/v1/reviews', { kind: 'settlement', subjectId: id });
  const open = reviews.find(({ status }) => status === 'open');
  if (open === undefined) return;
  const path = `/v1/reviews/${open.id}/decisions`;
  const decision = { decision: 'approve', reason: 'The totals agree with the shop.' };
  const answer = await decide(admin, path, decision);
  progress.say(
    `  the first admin approved${answer.needs === undefined ? '' : '; a second is needed'}`,
  );
  if (answer.needs === undefined) return;
  await decide(secondAdmin, path, decision);
  progress.say('  the second admin approved');
}

/** A run that was interrupted may have decided before: then the other person is next. */
async function decide(admin: Callers['admin'], path: string, body: object) {
  try {
    return await admin.post<{ needs?: string }>(path, body);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'second_person_required') return { needs: 'second_person' };
    if (code === 'review_already_decided') return {};
    throw error;
  }
}

export function payoutsOf({ admin }: Callers, settlementId: string): Promise<Payout[]> {
  return admin.all<Payout>('/v1/payouts', { settlementId });
}

async function showPayouts(callers: Callers, settlementId: string, progress: Progress) {
  const payouts = await payoutsOf(callers, settlementId);
  if (payouts.length === 0) return; // they are being made
  const open = payouts.filter(({ status }) => !isOver(status));
  const done = payouts.length - open.length;
  const waiting = [...countBy(open, ({ status }) => status)].map(([s, n]) => `${n} ${s}`);
  const what = waiting.length === 0 ? 'payouts over' : `payouts over; ${waiting.join(', ')}`;
  progress.at(done, payouts.length, what);
}

function isOver(status: string): boolean {
  return ['paid', 'failed', 'canceled', 'returned'].includes(status);
}

/** Money comes back after it was paid; waits until the payees known for that have sent it back. */
export async function awaitReturns(
  callers: Callers,
  settlementId: string,
  returning: ReadonlySet<string>,
): Promise<void> {
  const deadline = Date.now() + returnPatienceMs;
  for (;;) {
    const payouts = await payoutsOf(callers, settlementId);
    const coming = payouts.some((p) => p.status === 'paid' && returning.has(p.distributorId));
    if (!coming || Date.now() > deadline) return;
    await pause(pollMs);
  }
}

export function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
