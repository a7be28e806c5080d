import type { Tx } from './database';
import { enqueueSignal } from './outbox';
import { lockSettlementRow, moveSettlement, settlementWorkflowId, tellOutside } from './settlement';

/** Statuses in which a payout can still go either way; as in the domain's table of payout states. */
const openPayout = ['queued', 'submitting', 'unknown', 'awaiting_confirmation', 'processing'];

/** From so few on, payouts that end at the same moment must look at the rest one after the other. */
const fewPayouts = 20;

/**
 * Closes an approved settlement when every payout of it is at its end.
 * @param at on the program's clock
 * @returns false while some are open, or while the approval is not booked to the end
 */
export async function closeWhenPaid(tx: Tx, settlementId: string, at: Date): Promise<boolean> {
  const settlement = await lockSettlementRow(tx, settlementId);
  if (settlement.status !== 'paying') return true;
  if (settlement.resultHash === null || (await openPayouts(tx, settlementId)) > 0) return false;
  await moveSettlement(tx, settlement, 'paid_out');
  await tx.run('UPDATE settlement SET closed_at = $2 WHERE id = $1', [settlementId, at]);
  await tellOutside(tx, settlement, 'settlement.closed', at);
  return true;
}

/** Whether so few payouts are open that the one that has just ended may have been the last. */
export async function isNearEnd(tx: Tx, settlementId: string): Promise<boolean> {
  return (await openPayouts(tx, settlementId)) < fewPayouts;
}

/**
 * Wakes a settlement when the payout that has just ended was its last: one signal for any number of
 * payouts. Call it in the payout's transaction, after its row is written, where it `isNearEnd`.
 */
export async function tellSettlementWhenPaid(
  tx: Tx,
  payout: { settlementId: string; programId: string; period: string; run: number },
): Promise<void> {
  const { settlementId } = payout;
  // Of two that end at the same moment each would see the other as open.
  await lockSettlementRow(tx, settlementId);
  if ((await openPayouts(tx, settlementId)) > 0) return;
  await enqueueSignal(tx, {
    workflowType: 'settlement',
    workflowId: settlementWorkflowId(payout),
    signalName: 'payoutFinal',
    input: { settlementId },
  });
}

/** How many payouts are open, counted up to `fewPayouts`. */
async function openPayouts(tx: Tx, settlementId: string): Promise<number> {
  const counted = await tx.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
       SELECT 1 FROM payout WHERE settlement_id = $1 AND status = ANY($2) LIMIT $3) open`,
    [settlementId, openPayout, fewPayouts],
  );
  return counted?.count ?? 0;
}
