import { setTimeout as pause } from 'node:timers/promises';
import { type Api, inParallel } from './client';
import type { Callers, Distributor, Program } from './load';
import type { Progress } from './progress';
import { findSettlements, type Payout, payoutsOf, type Settlement } from './settle';

export interface Commission {
  id: string;
  distributorId: string;
  level: number | null;
  baseAmount: number;
  amount: number;
  originalAmount: number;
  status: string;
  orderExternalId: string;
}

export interface Balance {
  heldAmount: number;
  availableAmount: number;
  settlingAmount: number;
  receivableAmount: number;
  paidAmount: number;
}

export interface TrialBalance {
  balanced: boolean;
  accounts: { account: string; balanceAmount: number }[];
}

export interface Statement {
  id: string;
  distributorId: string;
  grossAmount: number;
  taxAmount: number;
  feeAmount: number;
  netAmount: number;
}

/** A payment in the sandbox provider's own books. */
export interface BookEntry {
  channelNumber: string;
  amount: number;
  paidAt: string | null;
  returnedAt: string | null;
  submissions: number;
}

/** The server's own check: every commission computed again, every account summed again. */
export interface Verification {
  id: string;
  status: 'running' | 'done';
  progress: { done: number; total: number };
  commissions: number;
  differenceCount: number;
}

/** What the server says at the end. */
export interface Outcome {
  readonly commissions: readonly Commission[];
  readonly balances: readonly Balance[];
  readonly trialBalance: TrialBalance;
  /** the demo's own first; others are somebody's who went on from there */
  readonly settlements: readonly Settlement[];
  readonly statements: readonly Statement[];
  readonly payouts: readonly Payout[];
  readonly books: readonly BookEntry[];
  readonly verification: Verification;
}

const width = 4;

export async function readOutcome(
  callers: Callers,
  context: {
    program: Program;
    distributors: readonly Distributor[];
    sandboxUrl: string;
    progress: Progress;
  },
): Promise<Outcome> {
  const { shop } = callers;
  const { program, distributors, sandboxUrl, progress } = context;
  const verification = await verify(shop, program, progress);
  const commissions = await inParallel(distributors, width, ({ id }) =>
    shop.all<Commission>('/v1/commissions', { distributorId: id }),
  );
  const balances = await inParallel(distributors, width, ({ id }) =>
    shop.get<Balance>(`/v1/distributors/${id}/balance`),
  );
  const query = { programId: program.id };
  const trialBalance = await shop.get<TrialBalance>('/v1/ledger/trial-balance', query);
  const settlements = await findSettlements(callers, program);
  const statements = await inParallel(settlements, 1, ({ id }) =>
    shop.all<Statement>(`/v1/settlements/${id}/statements`),
  );
  const paid = await inParallel(settlements, 1, ({ id }) => payoutsOf(callers, id));
  const payouts = paid.flat();
  const books = await readBooks(sandboxUrl, payouts);
  return {
    commissions: commissions.flat(),
    balances,
    trialBalance,
    settlements,
    statements: statements.flat(),
    payouts,
    books,
    verification,
  };
}

const verificationPollMs = 250;

async function verify(shop: Api, program: Program, progress: Progress): Promise<Verification> {
  const path = `/v1/programs/${program.id}/verifications`;
  let found = await shop.post<Verification>(path, {});
  while (found.status === 'running') {
    await pause(verificationPollMs);
    found = await shop.get<Verification>(`/v1/verifications/${found.id}`);
    progress.at(found.progress.done, found.progress.total, 'orders verified');
  }
  return found;
}

async function readBooks(sandboxUrl: string, payouts: readonly Payout[]): Promise<BookEntry[]> {
  const response = await fetch(`${sandboxUrl}/books`);
  if (!response.ok) throw new Error(`the books of ${sandboxUrl}: ${response.status}`);
  const { payments } = (await response.json()) as { payments: BookEntry[] };
  const ours = new Set(payouts.map(({ channelNumber }) => channelNumber));
  return payments.filter(({ channelNumber }) => ours.has(channelNumber));
}
