import { workflowIds } from '../contracts/workflow';
import type { Tx } from './database';
import { enqueueStart } from './outbox';

/**
 * Starts again what waits in PostgreSQL, for the day on which Temporal's data are lost: every open
 * settlement, payout and application. Workflows that run are left alone, so it is safe to repeat.
 * @returns how many workflows were asked for
 */
export async function resumeOpenWork(tx: Tx): Promise<number> {
  const settlements = await tx.rows<{ id: string; programId: string; period: string; run: number }>(
    `SELECT id, program_id, period, run FROM settlement WHERE status NOT IN ('closed', 'rejected')`,
  );
  const payouts = await tx.rows<{ id: string }>(
    `SELECT id FROM payout WHERE status NOT IN ('paid', 'returned', 'failed', 'canceled')`,
  );
  const applications = await tx.rows<{ id: string }>(
    `SELECT id FROM distributor WHERE status IN ('applied', 'under_review')`,
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
  return settlements.length + payouts.length + applications.length;
}
