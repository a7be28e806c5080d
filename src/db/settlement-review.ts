import { addDays } from '../domain/kernel/clock';
import { monthOf } from '../domain/kernel/period';
import { tableOf, vatExemptions } from '../domain/tax/table';
import type { Tx } from './database';
import { programById, type ProgramRow } from './program';
import { openReview } from './review';
import { outliersOf } from './settlement-outlier';
import {
  lockSettlementRow,
  moveSettlement,
  reviewsOfSettlements,
  settlementById,
  settlementWorkflowId,
  type SettlementRow,
  skippedOf,
  sumUp,
  tellOutside,
} from './settlement';

/** Days of the program's clock until a settlement's task is escalated. */
const reviewDays = 3;

/**
 * Ends the computation: the totals go to finance for review, or, where nobody is to be paid, the
 * settlement is closed.
 * @param at on the program's clock
 */
export async function finishComputing(tx: Tx, settlementId: string, at: Date): Promise<void> {
  const locked = await lockSettlementRow(tx, settlementId);
  if (locked.status !== 'computing') return;
  const settlement = await sumUp(tx, settlementId);
  if (settlement.distributors === 0) {
    await moveSettlement(tx, settlement, 'nothing_to_pay');
    await tx.run('UPDATE settlement SET closed_at = $2 WHERE id = $1', [settlementId, at]);
    await tellOutside(tx, settlement, 'settlement.closed', at);
    return;
  }
  const program = await programById(tx, settlement.programId);
  const outliers = await outliersOf(tx, settlement);
  await tx.run('UPDATE settlement SET outliers = $2 WHERE id = $1', [
    settlementId,
    JSON.stringify(outliers),
  ]);
  await moveSettlement(tx, settlement, 'computed');
  await openReview(tx, {
    storeId: program.storeId,
    programId: program.id,
    kind: 'settlement',
    subjectId: settlementId,
    workflowId: settlementWorkflowId(settlement),
    dueAt: addDays(at, reviewDays),
    createdAt: at,
    facts: await factsOf(tx, program, { ...settlement, outliers }),
    // One decision always; above the program's limit another admin must approve as well.
    stepsNeeded: settlement.grossAmount > program.reviewAboveAmount ? 2 : 1,
  });
}

/**
 * Writes the facts of an open review again after statements were taken out of its settlement, whose
 * totals are summed up before.
 */
export async function refreshReview(tx: Tx, settlement: SettlementRow): Promise<void> {
  const program = await programById(tx, settlement.programId);
  const facts = await factsOf(tx, program, settlement);
  await tx.run(
    `UPDATE review_task SET facts = $2
     WHERE kind = 'settlement' AND subject_id = $1 AND status = 'open'`,
    [settlement.id, JSON.stringify(facts)],
  );
}

async function factsOf(
  tx: Tx,
  program: ProgramRow,
  settlement: SettlementRow,
): Promise<Record<string, unknown>> {
  const skipped = await skippedOf(tx, [settlement.id]);
  return {
    kind: settlement.kind,
    distributorId: settlement.distributorId,
    period: settlement.period,
    run: settlement.run,
    cutoffAt: settlement.cutoffAt.toISOString(),
    distributors: settlement.distributors,
    grossAmount: settlement.grossAmount.toString(),
    taxAmount: settlement.taxAmount.toString(),
    feeAmount: settlement.feeAmount.toString(),
    netAmount: settlement.netAmount.toString(),
    skipped: (skipped.get(settlement.id) ?? []).map(({ amount, ...total }) => ({
      ...total,
      amount: amount.toString(),
    })),
    outliers: settlement.outliers,
    peopleAboveVatExemption: await aboveVatExemption(tx, program, settlement),
  };
}

/** VAT is not computed: finance has to know of those who may owe it before anything is paid. */
async function aboveVatExemption(
  tx: Tx,
  { payerId, mode, timeZone }: ProgramRow,
  settlement: SettlementRow,
): Promise<number> {
  const month = monthOf(settlement.createdAt, timeZone);
  const counted = await tx.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
       SELECT s.person FROM statement s
       WHERE s.settlement_id = $1 AND s.status = 'computed' AND s.person IS NOT NULL
       GROUP BY s.person
       HAVING sum(s.gross_amount) + coalesce((
         SELECT sum(w.income_amount) FROM withholding w
         JOIN statement t ON t.id = w.statement_id JOIN program p ON p.id = t.program_id
         WHERE w.payer_id = $2 AND w.person = s.person AND w.month = $3 AND p.mode = $5), 0) > $4
     ) above`,
    [settlement.id, payerId, month, tableOf(vatExemptions, month).monthlyIncomeFen, mode],
  );
  return counted?.count ?? 0;
}

/** What a workflow needs to know to go on where the row stands. */
export async function settlementStep(
  read: Tx,
  settlementId: string,
): Promise<{ status: SettlementRow['status']; reviewId: string | null }> {
  const { status } = await settlementById(read, settlementId);
  const reviews = await reviewsOfSettlements(read, [settlementId]);
  return { status, reviewId: reviews.get(settlementId) ?? null };
}
