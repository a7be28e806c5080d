import { isOpenForLines } from '../domain/settlement/state';
import { recordAudit } from './audit';
import type { Tx } from './database';
import { enqueueSignal } from './outbox';
import type { ProgramRow } from './program';
import { endWithoutDecider } from './review';
import {
  calendarActor,
  lockSettlementRow,
  moveSettlement,
  type SettlementRow,
  settlementWorkflowId,
  tellOutside,
} from './settlement';
import { unlockChunk } from './settlement-unlock';

/** More than this is not given back within a request: it has to be decided. */
const statementsAtMost = 10_000;

/**
 * Takes back the settlement that the calendar opened and nobody has begun to decide, so that the one
 * somebody asks for by hand has everything in it. It ends as rejected, its task is closed, its lines
 * are free. Does nothing where there is none, or where it is decided in part or too large.
 * @param at on the program's clock
 */
export async function takeBackCalendarSettlement(
  tx: Tx,
  program: ProgramRow,
  { actor, at, realNow }: { actor: string; at: Date; realNow: Date },
): Promise<void> {
  const open = await tx.first<{ id: string }>(
    `SELECT id FROM settlement WHERE program_id = $1 AND kind = 'cycle' AND requested_by = $2
       AND status IN ('locking', 'computing', 'review')`,
    [program.id, calendarActor],
  );
  if (open === undefined) return;
  const settlement = await lockSettlementRow(tx, open.id);
  if (!isOpenForLines(settlement.status)) return;
  const review = await tx.first<{ id: string }>(
    `SELECT id FROM review_task
     WHERE kind = 'settlement' AND subject_id = $1 AND status = 'open' FOR UPDATE`,
    [settlement.id],
  );
  if (!(await mayBeTakenBack(tx, settlement, review?.id))) return;
  await moveSettlement(tx, settlement, 'replaced');
  await tx.run('UPDATE settlement SET closed_at = $2 WHERE id = $1', [settlement.id, at]);
  if (review !== undefined) await closeReview(tx, review.id, at);
  for (let after: string | null = ''; after !== null;) {
    after = await unlockChunk(tx, settlement.id, after);
  }
  await tellOutside(tx, settlement, 'settlement.rejected', at);
  // The workflow looks at its rows again and ends.
  await enqueueSignal(tx, {
    workflowType: 'settlement',
    workflowId: settlementWorkflowId(settlement),
    signalName: 'reviewClosed',
    input: { settlementId: settlement.id },
  });
  await recordAudit(tx, {
    storeId: program.storeId,
    actor,
    action: 'settlement.replaced',
    subjectId: settlement.id,
    after: { period: settlement.period, run: settlement.run, status: 'rejected' },
    at: realNow,
  });
}

async function mayBeTakenBack(
  tx: Tx,
  settlement: SettlementRow,
  reviewId: string | undefined,
): Promise<boolean> {
  const row = await tx.first<{ statements: number; decisions: number }>(
    `SELECT (SELECT count(*)::int FROM statement WHERE settlement_id = $1) AS statements,
       (SELECT count(*)::int FROM review_decision WHERE review_id = $2) AS decisions`,
    [settlement.id, reviewId ?? null],
  );
  return row !== undefined && row.decisions === 0 && row.statements <= statementsAtMost;
}

async function closeReview(tx: Tx, reviewId: string, at: Date): Promise<void> {
  await endWithoutDecider(tx, {
    ...{ reviewId, outcome: 'reject', at, actor: 'system:settlement' },
    why: 'Another settlement of the same period replaced it.',
  });
}
