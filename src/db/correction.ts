import { addDays, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { distributorAccount } from '../domain/ledger/account';
import { corrected } from '../domain/ledger/posting';
import type { Decision } from '../domain/review/kind';
import type { Tx } from './database';
import { newId } from './id';
import { lockBalances, postTransactions } from './ledger';
import { programById, type Reach } from './program';
import { openReview } from './review';
import type { SettlementRow } from './settlement';

/** What was wrong in a settlement that was approved. Moments are those of the program's clock. */
export interface CorrectionRow {
  id: string;
  programId: string;
  settlementId: string;
  statementId: string;
  distributorId: string;
  /** fen; plus: the distributor gets more */
  amount: bigint;
  reason: string;
  requestedBy: string;
  status: 'proposed' | 'booked' | 'rejected';
  createdAt: Date;
  decidedAt: Date | null;
  reviewId: string;
}

/** Days of the program's clock until the task is escalated. */
const reviewDays = 3;

/**
 * Reopens one statement of an approved settlement, without touching it: proposes an amount more or
 * less, which another person has to approve. Booked, it is an earning of its own and settles in the
 * next period.
 * @throws Refusal `settlement_not_approved`, `not_found` when the settlement has no such statement
 */
export async function proposeCorrection(
  tx: Tx,
  settlement: SettlementRow,
  input: {
    statementId: string;
    amount: bigint;
    reason: string;
    /** `key:<id>` or `admin:<id>` */
    actor: string;
    /** of an admin, who may not decide it */
    adminId: string | undefined;
    realNow: Date;
  },
): Promise<CorrectionRow> {
  if (settlement.resultHash === null) {
    throw new Refusal('settlement_not_approved', 'What is not approved needs no correction.');
  }
  const { statementId, amount, reason, actor, adminId } = input;
  const statement = await tx.first<{ distributorId: string; grossAmount: bigint }>(
    `SELECT distributor_id, gross_amount FROM statement
     WHERE id = $1 AND settlement_id = $2 AND status = 'approved'`,
    [statementId, settlement.id],
  );
  if (statement === undefined) throw new Refusal('not_found', 'There is no such statement in it.');
  const program = await programById(tx, settlement.programId);
  const createdAt = programNow(program, input.realNow);
  const id = newId('correction');
  const { distributorId, grossAmount } = statement;
  await tx.insert('correction', {
    ...{ id, programId: program.id, settlementId: settlement.id, statementId, distributorId },
    ...{ amount, reason, requestedBy: actor, status: 'proposed', createdAt },
  });
  await openReview(tx, {
    storeId: program.storeId,
    programId: program.id,
    kind: 'settlement',
    subjectId: id,
    dueAt: addDays(createdAt, reviewDays),
    createdAt,
    facts: {
      correction: id,
      settlementId: settlement.id,
      period: settlement.period,
      statementId,
      distributorId,
      grossAmount: String(grossAmount),
      amount: String(amount),
      reason,
      requestedBy: actor,
    },
    excludedDeciders: adminId === undefined ? [] : [adminId],
  });
  return correctionById(tx, id);
}

export const isCorrectionId = (id: string) => id.startsWith('cor_');

/**
 * What the second person's decision does: an approval books the amount, at once available (or, taken,
 * gone or owed), under a reference of its own.
 * @param at on the program's clock
 * @throws Refusal `correction_decided`
 */
export async function decideCorrection(
  tx: Tx,
  { correctionId, outcome, at }: { correctionId: string; outcome: Decision; at: Date },
): Promise<{ id: string; status: string }> {
  const correction = await tx.first<Omit<CorrectionRow, 'reviewId'>>(
    'SELECT * FROM correction WHERE id = $1 FOR UPDATE',
    [correctionId],
  );
  if (correction === undefined) throw new Refusal('not_found', 'There is no such correction.');
  if (correction.status !== 'proposed') {
    throw new Refusal('correction_decided', `The correction is ${correction.status}.`);
  }
  const status = outcome === 'approve' ? 'booked' : 'rejected';
  await tx.run('UPDATE correction SET status = $2, decided_at = $3 WHERE id = $1', [
    correctionId,
    status,
    at,
  ]);
  if (outcome === 'approve') await bookCorrection(tx, correction, at);
  return { id: correctionId, status };
}

async function bookCorrection(
  tx: Tx,
  { id, programId, distributorId, amount }: Omit<CorrectionRow, 'reviewId'>,
  at: Date,
): Promise<void> {
  const available = distributorAccount(distributorId, 'available');
  const receivable = distributorAccount(distributorId, 'receivable');
  const balances = await lockBalances(tx, programId, ['commission-expense', available, receivable]);
  await tx.insert('earning', {
    ...{ id: newId('earning'), programId, distributorId, kind: 'adjustment', correctionId: id },
    ...{ amount, releaseAt: at, availableAt: at, createdAt: at },
  });
  await postTransactions(tx, programId, [
    {
      reference: `correction:${id}`,
      kind: 'settlement_corrected',
      occurredAt: at,
      postings: corrected(distributorId, amount, {
        availableAmount: balances.get(available) ?? 0n,
        owedAmount: -(balances.get(receivable) ?? 0n),
      }),
    },
  ]);
}

const correctionSelect = `
  SELECT c.*, r.id AS review_id FROM correction c
  JOIN review_task r ON r.kind = 'settlement' AND r.subject_id = c.id
  JOIN program g ON g.id = c.program_id`;

async function correctionById(read: Tx, id: string): Promise<CorrectionRow> {
  const row = await read.first<CorrectionRow>(`${correctionSelect} WHERE c.id = $1`, [id]);
  if (row === undefined) throw new Refusal('not_found', 'There is no such correction.');
  return row;
}

/** @throws Refusal `not_found`, also for another store's correction and one of the other mode */
export async function findCorrection(read: Tx, caller: Reach, id: string): Promise<CorrectionRow> {
  const row = await read.first<CorrectionRow>(
    `${correctionSelect} WHERE c.id = $1 AND g.store_id = $2 AND ($3 = 'both' OR g.mode = $3)`,
    [id, caller.storeId, caller.mode],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such correction.');
  return row;
}

/** Corrections of a settlement, the latest first, before a cursor. */
export function correctionsOf(
  read: Tx,
  settlementId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<CorrectionRow[]> {
  return read.rows<CorrectionRow>(
    `${correctionSelect} WHERE c.settlement_id = $1 AND ($2::text IS NULL OR c.id < $2)
     ORDER BY c.id DESC LIMIT $3`,
    [settlementId, before ?? null, limit],
  );
}
