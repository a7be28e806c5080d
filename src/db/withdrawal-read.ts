import { Refusal } from '../domain/kernel/refusal';
import { isFinal, type PayoutStatus, payoutStatuses } from '../domain/payout/state';
import type { Tx } from './database';
import type { SettlementRow } from './settlement';

/** A withdrawal as people read it. */
export interface WithdrawalRow extends SettlementRow {
  distributorId: string;
  statementId: string;
  /** the gross that was asked for; the totals of a rejected one are 0 */
  amount: bigint;
  payoutIds: string[];
  reviewId: string | null;
  /** by when the review is to be decided, on the program's clock */
  reviewDueAt: Date | null;
  timeZone: string;
  /** the first payout that is not at its end */
  openPayout: OpenPayout | null;
}

/** What a payout that is under way waits for; moments are real time. */
export interface OpenPayout {
  status: PayoutStatus;
  reason: string | null;
  until: string | null;
  madeAt: string;
}

const endOfPayout = payoutStatuses.filter(isFinal);

const withdrawalSelect = `
  SELECT s.*, t.id AS statement_id, t.gross_amount AS amount,
    ARRAY(SELECT p.id FROM payout p WHERE p.settlement_id = s.id ORDER BY p.id) AS payout_ids,
    r.id AS review_id, r.due_at AS review_due_at, g.time_zone,
    (SELECT jsonb_build_object('status', p.status, 'reason', p.waiting_text,
       'until', p.waiting_until, 'madeAt', p.created_at)
     FROM payout p WHERE p.settlement_id = s.id AND p.final_at IS NULL AND p.status <> ALL($1)
     ORDER BY p.id LIMIT 1) AS open_payout
  FROM settlement s JOIN statement t ON t.settlement_id = s.id
  JOIN program g ON g.id = s.program_id
  LEFT JOIN LATERAL (SELECT r.id, r.due_at FROM review_task r
    WHERE r.kind = 'settlement' AND r.subject_id = s.id ORDER BY r.id DESC LIMIT 1) r ON true
  WHERE s.kind = 'withdrawal'`;

/** @throws Refusal `not_found` when the distributor has no such withdrawal */
export async function findWithdrawal(
  read: Tx,
  distributorId: string,
  id: string,
): Promise<WithdrawalRow> {
  const row = await read.first<WithdrawalRow>(
    `${withdrawalSelect} AND s.distributor_id = $2 AND s.id = $3`,
    [endOfPayout, distributorId, id],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such withdrawal.');
  return row;
}

/** Withdrawals of a distributor, the latest first, before a cursor. */
export function withdrawalsOf(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<WithdrawalRow[]> {
  return read.rows<WithdrawalRow>(
    `${withdrawalSelect} AND s.distributor_id = $2 AND ($3::text IS NULL OR s.id < $3)
     ORDER BY s.id DESC LIMIT $4`,
    [endOfPayout, distributorId, before ?? null, limit],
  );
}
