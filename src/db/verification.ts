import { workflowIds } from '../contracts/workflow';
import { explainBonus } from '../domain/commission/bonus-explanation';
import { explainReward } from '../domain/operations/assessment-explanation';
import { loadRewardFacts } from './assessment-reward';
import { type Difference, verifyOrder } from '../domain/commission/verification';
import { addDays, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { loadBonusFacts } from './bonus-explanation';
import type { Database, Tx } from './database';
import { earningsOfCommission } from './earning';
import { idFrom, newId } from './id';
import { onceADay, type Round } from './daily';
import { enqueueStart } from './outbox';
import { programById, type ProgramRow, type Reach } from './program';
import { openReview } from './review';
import { differingAccounts } from './verification-accounts';
import { loadVerifiedOrders } from './verification-facts';

/** A verification as it is stored. Times of its span are real time. */
export interface VerificationRow {
  id: string;
  storeId: string;
  programId: string;
  /** null: from the first order on */
  fromAt: Date | null;
  toAt: Date;
  cause: 'nightly' | 'request';
  status: 'running' | 'done';
  progressDone: number;
  progressTotal: number;
  cursor: string;
  commissions: number;
  accounts: number;
  differenceCount: number;
  /** the first of them */
  differences: Difference[];
  reviewId: string | null;
  requestedBy: string;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface NewVerification {
  program: ProgramRow;
  /** null: everything */
  fromAt: Date | null;
  cause: VerificationRow['cause'];
  requestedBy: string;
  /** real time */
  now: Date;
}

/** Orders of one transaction. */
const chunkSize = 500;
const bonusesAtOnce = 200;
const differencesKept = 100;
const reviewDays = 3;
/** Ids are made a little before or after the moment that is stored with them. */
const slackMs = 600_000;

/**
 * Stores a verification and asks for its workflow; where one of the program runs, that is the answer.
 */
export async function openVerification(
  tx: Tx,
  input: NewVerification,
): Promise<{ verification: VerificationRow; created: boolean }> {
  const { program, fromAt, cause, requestedBy, now } = input;
  const running = await runningOf(tx, program.id);
  if (running !== undefined) return { verification: running, created: false };
  const id = newId('verification');
  const span = { programId: program.id, fromAt, toAt: now };
  const total = await tx.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM (${touchedOrders}) AS touched`,
    touchedParams(span, { after: '', limit: null }),
  );
  const inserted = await tx.run(
    `INSERT INTO verification (id, store_id, program_id, from_at, to_at, cause, status,
       progress_total, differences, requested_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, '[]', $8, $5)
     ON CONFLICT (program_id) WHERE status = 'running' DO NOTHING`,
    [id, program.storeId, program.id, fromAt, now, cause, total?.count ?? 0, requestedBy],
  );
  const verification = inserted === 0 ? await runningOf(tx, program.id) : await byId(tx, id);
  if (verification === undefined) throw new Error(`verification ${id} is gone`);
  await enqueueStart(tx, {
    workflowType: 'verification',
    workflowId: workflowIds.verification(verification.id),
    input: { verificationId: verification.id },
  });
  return { verification, created: inserted > 0 };
}

/** The nightly verification: what was stored since the last one, and all accounts. */
export async function verifyDaily(db: Database, round: Round): Promise<void> {
  await onceADay(db, 'verification', round, async (tx) => {
    const program = await programById(tx, round.programId);
    const last = await tx.first<{ toAt: Date }>(
      `SELECT to_at FROM verification WHERE program_id = $1 AND cause = 'nightly'
       ORDER BY id DESC LIMIT 1`,
      [program.id],
    );
    await openVerification(tx, {
      program,
      fromAt: last?.toAt ?? null,
      cause: 'nightly',
      requestedBy: 'system:verification',
      now: round.realNow,
    });
  });
}

function runningOf(read: Tx, programId: string): Promise<VerificationRow | undefined> {
  return read.first<VerificationRow>(
    `SELECT * FROM verification WHERE program_id = $1 AND status = 'running'`,
    [programId],
  );
}

function byId(read: Tx, id: string): Promise<VerificationRow | undefined> {
  return read.first<VerificationRow>('SELECT * FROM verification WHERE id = $1', [id]);
}

/**
 * Up to `$7` orders after the cursor that were stored in the span, or changed by a refund or the
 * reversal of a commission in it; the limits stand in each part, so that no chunk reads what the next
 * ones will.
 */
const touchedOrders = `
  (SELECT o.id FROM orders o WHERE o.program_id = $1 AND o.id > greatest($2, $6) AND o.id < $3
   ORDER BY o.id LIMIT $7)
  UNION
  (SELECT DISTINCT r.order_id FROM refund r JOIN orders o ON o.id = r.order_id
   WHERE o.program_id = $1 AND r.id > $4 AND r.id < $5 AND r.order_id > $6
   ORDER BY r.order_id LIMIT $7)
  UNION
  (SELECT DISTINCT c.order_id FROM reversal v
   JOIN earning e ON e.reversal_id = v.id AND e.id > $8 AND e.id < $9
   JOIN commission c ON c.id = e.commission_id
   WHERE v.program_id = $1 AND c.order_id > $6 ORDER BY c.order_id LIMIT $7)
  ORDER BY id LIMIT $7`;

/**
 * The parameters of `touchedOrders`. Without a beginning every order is touched, and refunds and
 * reversals need not be looked at.
 */
function touchedParams(
  { programId, fromAt, toAt }: Span,
  { after, limit }: { after: string; limit: number | null },
): unknown[] {
  const { from, to } = spanOf({ fromAt, toAt });
  const changedFrom = fromAt === null ? to : from;
  return [
    ...[programId, idFrom('order', from), idFrom('order', to)],
    ...[idFrom('refund', changedFrom), idFrom('refund', to), after, limit],
    ...[idFrom('earning', changedFrom), idFrom('earning', to)],
  ];
}

function spanOf({ fromAt, toAt }: Omit<Span, 'programId'>): { from: Date; to: Date } {
  return {
    from: fromAt === null ? new Date(0) : new Date(fromAt.getTime() - slackMs),
    to: new Date(toAt.getTime() + slackMs),
  };
}

type Span = Pick<VerificationRow, 'programId' | 'fromAt' | 'toAt'>;

/**
 * Verifies the next orders in one snapshot; after the last of them the accounts, and then the
 * verification is done. A difference opens one review; nothing is repaired.
 * @returns whether something is left to do
 */
export async function verifyNext(db: Database, id: string, realNow: Date): Promise<boolean> {
  return db.transaction(async (tx) => {
    // One snapshot for all statements, or a refund in between would look like a difference.
    await tx.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    const verification = await tx.first<VerificationRow>(
      'SELECT * FROM verification WHERE id = $1 FOR UPDATE',
      [id],
    );
    if (verification === undefined) throw new Error(`there is no verification ${id}`);
    if (verification.status === 'done') return false;
    if (!verification.cursor.startsWith(ordersFrom)) return verifyBonuses(tx, verification);
    const orderIds = await nextOrders(tx, verification);
    if (orderIds.length === 0) return finish(tx, verification, realNow);
    const orders = await loadVerifiedOrders(tx, orderIds);
    await keep(tx, verification, {
      differences: orders.flatMap(verifyOrder),
      orders: orderIds.length,
      commissions: orders.reduce((sum, order) => sum + order.commissions.length, 0),
      cursor: orderIds.at(-1)!,
    });
    return true;
  });
}

/** Bonuses come before orders; the cursor says by its prefix how far it is. */
const ordersFrom = 'ord_';

async function verifyBonuses(tx: Tx, verification: VerificationRow): Promise<true> {
  const { programId, fromAt, toAt, cursor } = verification;
  const span = spanOf({ fromAt, toAt });
  const rows = await tx.rows<{ id: string; kind: string }>(
    `SELECT c.id, c.kind FROM commission c
     WHERE c.program_id = $1 AND (c.bonus_id IS NOT NULL OR c.kind = 'assessment') AND c.id > $2
       AND ((c.id > $3 AND c.id < $4) OR EXISTS (
         SELECT 1 FROM ${earningsOfCommission('c')} e WHERE e.id > $5 AND e.id < $6))
     ORDER BY c.id LIMIT ${bonusesAtOnce}`,
    [
      ...[programId, cursor, idFrom('commission', span.from), idFrom('commission', span.to)],
      ...[idFrom('earning', span.from), idFrom('earning', span.to)],
    ],
  );
  const differences: Difference[] = [];
  for (const { id, kind } of rows) {
    const { checks, amount } =
      kind === 'assessment'
        ? explainReward(await loadRewardFacts(tx, id), 'en')
        : explainBonus(await loadBonusFacts(tx, id), 'en');
    for (const { name, ok } of checks) {
      if (ok) continue;
      differences.push({
        subject: id,
        check: 'bonus',
        expected: `${name} agrees`,
        found: String(amount),
      });
    }
  }
  await keep(tx, verification, {
    differences,
    orders: 0,
    commissions: rows.length,
    cursor: rows.at(-1)?.id ?? ordersFrom,
  });
  return true;
}

async function nextOrders(read: Tx, verification: VerificationRow): Promise<string[]> {
  const params = touchedParams(verification, { after: verification.cursor, limit: chunkSize });
  const rows = await read.rows<{ id: string }>(touchedOrders, params);
  return rows.map(({ id }) => id);
}

async function keep(
  tx: Tx,
  { id, differences: known }: VerificationRow,
  found: { differences: Difference[]; orders: number; commissions: number; cursor: string },
): Promise<void> {
  const kept = [...known, ...found.differences].slice(0, differencesKept);
  await tx.run(
    `UPDATE verification SET cursor = $2, progress_done = progress_done + $3,
       progress_total = greatest(progress_total, progress_done + $3),
       commissions = commissions + $4, difference_count = difference_count + $5, differences = $6
     WHERE id = $1`,
    [
      ...[id, found.cursor, found.orders, found.commissions],
      ...[found.differences.length, JSON.stringify(kept)],
    ],
  );
}

async function finish(tx: Tx, verification: VerificationRow, realNow: Date): Promise<false> {
  const { id, programId } = verification;
  const { accounts, differences } = await differingAccounts(tx, programId);
  const kept = [...verification.differences, ...differences].slice(0, differencesKept);
  const count = verification.differenceCount + differences.length;
  const reviewId = count === 0 ? null : await openTask(tx, verification, { count, kept, realNow });
  await tx.run(
    `UPDATE verification SET status = 'done', accounts = $2, difference_count = $3,
       differences = $4, review_id = $5, finished_at = $6
     WHERE id = $1`,
    [id, accounts, count, JSON.stringify(kept), reviewId, realNow],
  );
  return false;
}

async function openTask(
  tx: Tx,
  { id, programId, storeId }: VerificationRow,
  found: { count: number; kept: Difference[]; realNow: Date },
): Promise<string> {
  const now = programNow(await programById(tx, programId), found.realNow);
  return openReview(tx, {
    storeId,
    programId,
    kind: 'reconciliation',
    subjectId: id,
    dueAt: addDays(now, reviewDays),
    facts: { differences: found.count, first: found.kept.slice(0, 10) },
    createdAt: now,
  });
}

/**
 * A verification that the caller may see.
 * @throws Refusal not_found
 */
export async function findVerification(read: Tx, reach: Reach, id: string) {
  const row = await read.first<VerificationRow>(
    `SELECT v.* FROM verification v JOIN program g ON g.id = v.program_id
     WHERE v.id = $3 AND g.store_id = $1 AND ($2 = 'both' OR g.mode = $2)`,
    [reach.storeId, reach.mode, id],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such verification.');
  return row;
}

/** The verifications of a program, the newest first. */
export function listVerifications(
  read: Tx,
  query: { programId: string; cursor: string | undefined; limit: number },
): Promise<VerificationRow[]> {
  return read.rows<VerificationRow>(
    `SELECT * FROM verification WHERE program_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [query.programId, query.cursor ?? null, query.limit],
  );
}
