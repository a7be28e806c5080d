import {
  type DecidedCommission,
  givenBackBy,
  type ReversedState,
  sumOf,
  takenBy,
} from '../domain/commission/reversal';
import { distributorAccount } from '../domain/ledger/account';
import { restoredByDecision, reversedByDecision } from '../domain/ledger/posting';
import { recordAudit } from './audit';
import { type Columns, insertMany } from './bulk';
import type { Tx } from './database';
import { type EventInput, recordEvents } from './event';
import { newId } from './id';
import { postTransactions } from './ledger';
import type { Life } from './life-case';
import { lockEarners } from './refund-adjustment';
import { type ReversalRow, unpaidOf } from './reversal-read';
import type { ReversalTaskRow } from './reversal-task';

/** What was posted of one commission, with what its first earning says about the hold. */
interface MovedCommission extends DecidedCommission {
  orderId: string | null;
  /** null: an after-sale case stops the hold */
  releaseAt: Date | null;
}

/** Commissions of one step; it takes well under a second. */
export const commissionsAtOnce = 1000;

/** What one step of a task did; the amount is fen. */
export interface StepDone {
  commissions: number;
  amount: bigint;
  hasMore: boolean;
}

interface Step {
  task: Pick<ReversalTaskRow, 'caseId' | 'reviewId' | 'reason' | 'orderIds' | 'isWhole'>;
  realNow: Date;
}

/**
 * Takes the next commissions back, in one transaction: rows, one ledger transaction, events, audit.
 * What is in a statement (locked, approved or paid) stays: it settles by its own rules. A commission
 * is reversed once; nothing unpaid is no reversal.
 */
export async function takeSome(tx: Tx, life: Life, { task, realNow }: Step): Promise<StepDone> {
  const { distributor, program, at, actor } = life;
  // Refunds, releases and settlements take the same locks: what is read below stays true.
  const balances = await lockEarners(tx, program.id, [distributor.id]);
  const { caseId, reviewId, reason, isWhole, orderIds } = task;
  const only = isWhole ? null : orderIds;
  const unpaid = await unpaidOf(tx, distributor.id, { only, limit: commissionsAtOnce });
  if (unpaid.length === 0) return { commissions: 0, amount: 0n, hasMore: false };
  const moved = withFacts(takenBy(unpaid), unpaid);
  const sum = sumOf(moved);
  const row: ReversalRow = {
    ...{ id: newId('reversal'), distributorId: distributor.id, caseId, reviewId: reviewId ?? '' },
    ...{ reason: reason ?? '', actor, at, commissions: moved.length },
    amount: sum.heldAmount + sum.releasedAmount,
    ...{ restoredAt: null, restoredBy: null, restoreReason: null, restoredAmount: null },
  };
  await tx.insert('reversal', { ...row, programId: program.id, createdAt: realNow });
  await insertReversed(tx, row.id, moved);
  await tx.run('UPDATE commission SET amount = 0 WHERE id = ANY($1)', [
    moved.map(({ commissionId }) => commissionId),
  ]);
  await insertEarnings(tx, life, { reversalId: row.id, moved, sign: -1n, realNow });
  const available = balances.get(distributorAccount(distributor.id, 'available')) ?? 0n;
  await postTransactions(tx, program.id, [
    {
      ...{ reference: `reversal:${row.id}`, kind: 'commission_reversed', occurredAt: at },
      postings: reversedByDecision(distributor.id, sum, available),
    },
  ]);
  await announce(tx, life, { row, moved, realNow });
  const hasMore = unpaid.length === commissionsAtOnce;
  return { commissions: row.commissions, amount: row.amount, hasMore };
}

/**
 * Gives back what the next reversals under a suspension took: what the calculation gives by now, so
 * a refund in between is not given back. One that was restored before stays as it is.
 */
export async function giveBackSome(tx: Tx, life: Life, { task, realNow }: Step): Promise<StepDone> {
  const { distributor, program, at, actor } = life;
  const balances = await lockEarners(tx, program.id, [distributor.id]);
  const open = await tx.rows<ReversalRow>(
    'SELECT * FROM reversal WHERE case_id = $1 AND restored_at IS NULL ORDER BY id FOR UPDATE',
    [task.caseId],
  );
  let owed = -(balances.get(distributorAccount(distributor.id, 'receivable')) ?? 0n);
  const done = { commissions: 0, amount: 0n, reversals: 0 };
  for (const before of open) {
    if (done.commissions > 0 && done.commissions + before.commissions > commissionsAtOnce) break;
    const reversed = await reversedStates(tx, before.id);
    const moved = withFacts(givenBackBy(reversed), reversed);
    const sum = sumOf(moved);
    const restoredAmount = sum.heldAmount + sum.releasedAmount;
    const ended = { ...before, restoredAt: at, restoredBy: actor, restoredAmount };
    const row = { ...ended, restoreReason: task.reason };
    await endReversal(tx, row);
    await insertEarnings(tx, life, { reversalId: before.id, moved, sign: 1n, realNow });
    await postTransactions(tx, program.id, [
      {
        ...{ reference: `reversal:${before.id}:restored`, kind: 'commission_restored' },
        occurredAt: at,
        postings: restoredByDecision(distributor.id, sum, owed),
      },
    ]);
    owed = owed > sum.releasedAmount ? owed - sum.releasedAmount : 0n;
    await announce(tx, life, { row, moved, realNow });
    done.commissions += before.commissions;
    done.amount += restoredAmount;
    done.reversals += 1;
  }
  const { reversals, ...sums } = done;
  return { ...sums, hasMore: reversals < open.length };
}

function reversedStates(
  read: Tx,
  reversalId: string,
): Promise<(ReversedState & Pick<MovedCommission, 'orderId' | 'releaseAt'>)[]> {
  return read.rows(
    `SELECT r.commission_id, r.amount, c.order_id, e.release_at,
       e.available_at IS NOT NULL AS is_released
     FROM reversed_commission r
     JOIN commission c ON c.id = r.commission_id
     JOIN earning e ON e.id = c.first_earning_id
     WHERE r.reversal_id = $1 ORDER BY r.commission_id`,
    [reversalId],
  );
}

function withFacts(
  decided: readonly DecidedCommission[],
  known: readonly (Pick<MovedCommission, 'orderId' | 'releaseAt'> & { commissionId: string })[],
): MovedCommission[] {
  return decided.map((one, index) => {
    const { orderId, releaseAt } = known[index]!;
    return { ...one, orderId, releaseAt };
  });
}

const reversedColumns = {
  reversalId: 'text',
  commissionId: 'text',
  takenAmount: 'int8',
  amount: 'int8',
} as const;

async function insertReversed(
  tx: Tx,
  reversalId: string,
  moved: readonly MovedCommission[],
): Promise<void> {
  const rows = moved.map(({ commissionId, heldAmount, releasedAmount }) => {
    const amount = heldAmount + releasedAmount;
    return { reversalId, commissionId, takenAmount: amount, amount };
  });
  const columns: Columns<(typeof rows)[number]> = reversedColumns;
  await insertMany(tx, 'reversed_commission', columns, rows);
}

const earningColumns = {
  id: 'text',
  programId: 'text',
  distributorId: 'text',
  kind: 'text',
  commissionId: 'text',
  reversalId: 'text',
  amount: 'int8',
  releaseAt: 'timestamptz',
  availableAt: 'timestamptz',
  createdAt: 'timestamptz',
} as const;

/** What is held of a commission is released with it; what was released counts at once. */
async function insertEarnings(
  tx: Tx,
  { distributor, program, at }: Life,
  input: {
    reversalId: string;
    moved: readonly MovedCommission[];
    /** -1: taken; 1: given back */
    sign: 1n | -1n;
    realNow: Date;
  },
): Promise<void> {
  const rows = input.moved.flatMap((one) =>
    [
      { amount: one.heldAmount, availableAt: null },
      { amount: one.releasedAmount, availableAt: at },
    ]
      .filter(({ amount }) => amount > 0n)
      .map(({ amount, availableAt }) => ({
        ...{ id: newId('earning'), programId: program.id, distributorId: distributor.id },
        ...{ kind: 'adjustment', commissionId: one.commissionId, reversalId: input.reversalId },
        ...{ amount: input.sign * amount, releaseAt: one.releaseAt, availableAt },
        createdAt: input.realNow,
      })),
  );
  const columns: Columns<(typeof rows)[number]> = earningColumns;
  await insertMany(tx, 'earning', columns, rows);
}

async function endReversal(
  tx: Tx,
  { id, restoredAt, restoredBy, restoreReason, restoredAmount }: ReversalRow,
): Promise<void> {
  await tx.run(
    `UPDATE commission c SET amount = r.amount FROM reversed_commission r
     WHERE r.reversal_id = $1 AND r.commission_id = c.id`,
    [id],
  );
  await tx.run('UPDATE reversed_commission SET restored_amount = amount WHERE reversal_id = $1', [
    id,
  ]);
  await tx.run(
    `UPDATE reversal SET restored_at = $2, restored_by = $3, restore_reason = $4,
       restored_amount = $5
     WHERE id = $1`,
    [id, restoredAt, restoredBy, restoreReason, restoredAmount],
  );
}

/** Events for the outside, a record of who did it and why; the person is told of the whole task. */
async function announce(
  tx: Tx,
  life: Life,
  done: { row: ReversalRow; moved: readonly MovedCommission[]; realNow: Date },
): Promise<void> {
  const { row, moved, realNow } = done;
  const restored = row.restoredAt !== null;
  const amount = row.restoredAmount ?? row.amount;
  const reason = restored ? row.restoreReason : row.reason;
  await recordEvents(
    tx,
    moved.map((one) => eventOf(life, row, one)),
  );
  await recordAudit(tx, {
    storeId: life.program.storeId,
    actor: life.actor,
    action: restored ? 'commissions.restored' : 'commissions.reversed',
    subjectId: row.id,
    reason: reason ?? undefined,
    after: {
      ...{ distributorId: row.distributorId, suspensionId: row.caseId, reviewId: row.reviewId },
      ...{ commissions: row.commissions, amount },
    },
    at: realNow,
  });
}

function eventOf({ program, distributor, at }: Life, row: ReversalRow, one: MovedCommission) {
  const amount = one.heldAmount + one.releasedAmount;
  const restored = row.restoredAt !== null;
  return {
    storeId: program.storeId,
    programId: program.id,
    type: restored ? 'commission.adjusted' : 'commission.reversed',
    subjectId: one.commissionId,
    payload: {
      ...{ orderId: one.orderId, reversalId: row.id, distributorId: distributor.id },
      ...{ amount: String(restored ? amount : 0n) },
      differenceAmount: String(restored ? amount : -amount),
    },
    occurredAt: at,
  } satisfies EventInput;
}
