import { workflowIds } from '../contracts/workflow';
import type { Tx } from './database';
import { enqueueStart } from './outbox';

/**
 * Starts again what waits in PostgreSQL, for the day on which Temporal's data are lost: every open
 * settlement (also a rejected one that is not unlocked to the end), payout (also one at its end with
 * unread news), application and review of its own. Workflows that run are left alone, so it is safe to repeat; of several workers that
 * do it at once one does.
 * @returns how many workflows were asked for
 */
export async function resumeOpenWork(tx: Tx): Promise<number> {
  const alone = await tx.first<{ locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('resume', 0)) AS locked`,
  );
  if (alone?.locked !== true) return 0;
  const settlements = await tx.rows<{ id: string; programId: string; period: string; run: number }>(
    `SELECT s.id, s.program_id, s.period, s.run FROM settlement s
     WHERE s.status NOT IN ('closed', 'rejected') OR (s.status = 'rejected' AND EXISTS (
       SELECT 1 FROM statement t WHERE t.settlement_id = s.id AND t.status IN ('locked', 'computed')))`,
  );
  const payouts = await tx.rows<{ id: string }>(
    `SELECT p.id FROM payout p
     WHERE (p.status NOT IN ('paid', 'returned', 'failed', 'canceled')
         OR EXISTS (SELECT 1 FROM channel_inbox i WHERE i.channel_id = p.channel_id
           AND i.channel_number = p.channel_number AND i.handled_at IS NULL))
       AND NOT EXISTS (SELECT 1 FROM outbox o
         WHERE o.done_at IS NULL AND o.workflow_id = 'payout:' || p.id)`,
  );
  const applications = await tx.rows<{ id: string }>(
    `SELECT id FROM distributor WHERE status IN ('applied', 'under_review')`,
  );
  const reviews = await tx.rows<{ id: string; workflowId: string }>(
    `SELECT id, workflow_id FROM review_task WHERE status = 'open' AND workflow_id = 'review:' || id`,
  );
  await enqueueStart(
    tx,
    ...settlements.map(({ id, programId, period, run }) => ({
      workflowType: 'settlement' as const,
      workflowId: workflowIds.settlement(programId, period, run),
      input: { settlementId: id },
    })),
  );
  await enqueueStart(
    tx,
    ...payouts.map(({ id }) => ({
      workflowType: 'payout' as const,
      workflowId: workflowIds.payout(id),
      input: { payoutId: id },
    })),
  );
  await enqueueStart(
    tx,
    ...applications.map(({ id }) => ({
      workflowType: 'distributor' as const,
      workflowId: workflowIds.distributor(id),
      input: { distributorId: id },
    })),
  );
  await enqueueStart(
    tx,
    ...reviews.map(({ id, workflowId }) => ({
      workflowType: 'review' as const,
      workflowId,
      input: { reviewId: id },
    })),
  );
  return settlements.length + payouts.length + applications.length + reviews.length;
}
