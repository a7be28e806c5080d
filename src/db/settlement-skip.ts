import type { SkipReason } from '../domain/settlement/assess';
import type { Tx } from './database';

/** Somebody who is not settled this time, and why. `amount` is carried over, fen. */
export interface SkipRow {
  distributorId: string;
  reason: SkipReason;
  amount: bigint;
  /** what a person wrote who took the statement out */
  note: string | null;
  actor: string | null;
}

/** Who was skipped in a settlement, in the order of ids, beyond a cursor. */
export function skipsOf(
  read: Tx,
  settlementId: string,
  query: { limit: number; after: string | undefined; reason: SkipReason | undefined },
): Promise<SkipRow[]> {
  return read.rows<SkipRow>(
    `SELECT distributor_id, reason, amount, note, actor FROM settlement_skip
     WHERE settlement_id = $1 AND ($2::text IS NULL OR distributor_id > $2)
       AND ($3::text IS NULL OR reason = $3)
     ORDER BY distributor_id LIMIT $4`,
    [settlementId, query.after ?? null, query.reason ?? null, query.limit],
  );
}
