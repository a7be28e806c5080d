import { Refusal } from '../domain/kernel/refusal';
import type { TaxMethod, TaxRecord } from '../domain/tax/withhold';
import type { Tx } from './database';
import type { Reach } from './program';

/** A statement as people read it. Amounts are fen. */
export interface StatementRow {
  id: string;
  settlementId: string;
  programId: string;
  distributorId: string;
  status: 'locked' | 'computed' | 'approved' | 'unlocked';
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  netAmount: bigint;
  taxMethod: TaxMethod | null;
  taxMonth: string | null;
  taxTrace: TaxRecord | null;
  createdAt: Date;
  payoutIds: string[];
}

/** One line of a statement: an earning, settled here and nowhere else. */
export interface LineRow {
  id: string;
  kind: 'commission' | 'adjustment' | 'part' | 'giveBack';
  amount: bigint;
  commissionId: string | null;
  refundId: string | null;
  payoutId: string | null;
  /** of a settlement that was paid before */
  correctionId: string | null;
  correctionReason: string | null;
  /** what a decision about a suspension took back, or gave back */
  reversalId: string | null;
  orderId: string | null;
  orderExternalId: string | null;
  availableAt: Date;
}

const columns = `t.id, t.settlement_id, t.program_id, t.distributor_id, t.status, t.gross_amount,
  t.tax_amount, t.fee_amount, t.net_amount, t.tax_method, t.tax_month, t.tax_trace, t.created_at,
  ARRAY(SELECT p.id FROM payout p WHERE p.statement_id = t.id ORDER BY p.id) AS payout_ids`;

/** Who was dropped after all is listed with those who were never locked, not here. */
const notDropped = `NOT EXISTS (SELECT 1 FROM settlement_skip k
  WHERE k.settlement_id = t.settlement_id AND k.distributor_id = t.distributor_id)`;

interface Slice {
  limit: number;
  before: string | undefined;
}

/** Statements of a settlement, by id descending, before a cursor. */
export function statementsOfSettlement(
  read: Tx,
  settlementId: string,
  { limit, before }: Slice,
): Promise<StatementRow[]> {
  return read.rows<StatementRow>(
    `SELECT ${columns} FROM statement t
     WHERE t.settlement_id = $1 AND ($2::text IS NULL OR t.id < $2) AND ${notDropped}
     ORDER BY t.id DESC LIMIT $3`,
    [settlementId, before ?? null, limit],
  );
}

/** Statements of a distributor, the latest first, before a cursor. */
export function statementsOfDistributor(
  read: Tx,
  distributorId: string,
  { limit, before }: Slice,
): Promise<StatementRow[]> {
  return read.rows<StatementRow>(
    `SELECT ${columns} FROM statement t
     WHERE t.distributor_id = $1 AND ($2::text IS NULL OR t.id < $2) AND ${notDropped}
     ORDER BY t.id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}

/** @throws Refusal `not_found`, also for another store's statement and one of the other mode */
export async function findStatement(read: Tx, caller: Reach, id: string): Promise<StatementRow> {
  const statement = await read.first<StatementRow>(
    `SELECT ${columns} FROM statement t JOIN program g ON g.id = t.program_id
     WHERE t.id = $1 AND g.store_id = $2 AND ($3 = 'both' OR g.mode = $3)
       AND ($4::text IS NULL OR t.distributor_id = $4)`,
    [id, caller.storeId, caller.mode, caller.distributorId ?? null],
  );
  if (statement === undefined) throw new Refusal('not_found', 'There is no such statement.');
  return statement;
}

/** The lines of a statement in the order in which they became available. */
export function linesOfStatement(
  read: Tx,
  statementId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<LineRow[]> {
  return read.rows<LineRow>(
    `SELECT e.id, e.kind, e.amount, e.commission_id, e.refund_id, e.payout_id, e.correction_id,
       k.reason AS correction_reason, e.reversal_id, c.order_id,
       o.external_id AS order_external_id, e.available_at
     FROM earning e LEFT JOIN commission c ON c.id = e.commission_id
     LEFT JOIN orders o ON o.id = c.order_id LEFT JOIN correction k ON k.id = e.correction_id
     WHERE e.statement_id = $1 ORDER BY e.available_at, e.id LIMIT $2 OFFSET $3`,
    [statementId, limit, offset],
  );
}

export async function countLines(read: Tx, statementId: string): Promise<number> {
  const counted = await read.first<{ count: number }>(
    'SELECT count(*)::int AS count FROM earning WHERE statement_id = $1',
    [statementId],
  );
  return counted?.count ?? 0;
}
