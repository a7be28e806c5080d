import type { SkipReason } from '../domain/settlement/assess';
import type { Tx } from './database';

/** Somebody who is not settled this time, and why. `amount` is carried over, fen. */
export interface SkipRow {
  distributorId: string;
  reason: SkipReason;
  amount: bigint;
  /** what recorded invoices lack, fen; only for needs_invoice */
  missingAmount: bigint | null;
  /** what a person wrote who took the statement out */
  note: string | null;
  actor: string | null;
  /** the statement that was made and taken back; null: none was made */
  statementId: string | null;
  /** of an on_hold: what keeps the person out, or did */
  holdId: string | null;
  /** of a tax stop: where a person decides */
  reviewId: string | null;
}

/** Who was skipped in a settlement, in the order of ids, beyond a cursor. */
export function skipsOf(
  read: Tx,
  settlementId: string,
  query: { limit: number; after: string | undefined; reason: SkipReason | undefined },
): Promise<SkipRow[]> {
  return read.rows<SkipRow>(
    `SELECT k.distributor_id, k.reason, k.amount, k.missing_amount, k.note, k.actor,
       t.id AS statement_id,
       CASE WHEN k.reason = 'on_hold' THEN (SELECT h.id FROM settlement_hold h
         WHERE h.program_id = d.program_id AND h.distributor_id = k.distributor_id
         ORDER BY h.id DESC LIMIT 1) END AS hold_id,
       (SELECT s.review_id FROM tax_stop s
         JOIN program g ON g.payer_id = s.payer_id AND g.mode = s.mode
         WHERE g.id = d.program_id AND s.reason = k.reason
           AND (s.distributor_id = k.distributor_id OR s.person = f.id_number_index)
           -- What stopped the person in a later month is none of this settlement's.
           AND (z.closed_at IS NULL OR s.created_at <= z.closed_at)
         ORDER BY s.id DESC LIMIT 1) AS review_id
     FROM settlement_skip k JOIN distributor d ON d.id = k.distributor_id
     JOIN settlement z ON z.id = k.settlement_id
     LEFT JOIN tax_profile f ON f.distributor_id = k.distributor_id
     LEFT JOIN statement t
       ON t.settlement_id = k.settlement_id AND t.distributor_id = k.distributor_id
     WHERE k.settlement_id = $1 AND ($2::text IS NULL OR k.distributor_id > $2)
       AND ($3::text IS NULL OR k.reason = $3)
     ORDER BY k.distributor_id LIMIT $4`,
    [settlementId, query.after ?? null, query.reason ?? null, query.limit],
  );
}
