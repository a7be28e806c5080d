import type { CommissionState, CommissionStatus } from '../domain/commission/view';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import type { Reach } from './program';

/** A commission with the order it belongs to, and for a bonus with its period. */
export interface CommissionRow extends CommissionState {
  /** null: a bonus that no single order earned */
  orderId: string | null;
  orderExternalId: string | null;
  bonusId: string | null;
  /** of a bonus, YYYY-MM in the program's zone */
  period: string | null;
}

export interface CommissionFilter {
  distributorId?: string | undefined;
  orderId?: string | undefined;
  status?: CommissionStatus | undefined;
}

// The status of a commission follows its first earning; a refund adds others after it.
const commissionSelect = `
  SELECT c.id, c.order_id, o.external_id AS order_external_id, c.kind,
    l.external_id AS line_external_id, c.level, c.distributor_id, c.base_amount, c.rate_bps,
    c.rule_id, c.amount, c.original_amount, c.bonus_id, c.period, e.release_at, e.available_at,
    e.statement_id
  FROM commission c
  JOIN program g ON g.id = c.program_id
  LEFT JOIN orders o ON o.id = c.order_id
  LEFT JOIN order_line l ON l.id = c.order_line_id
  LEFT JOIN earning e ON e.id = c.first_earning_id`;

// The same cases as `commissionStatus`, which decides what an answer says.
const statusConditions: Record<CommissionStatus, string> = {
  reversed: 'c.amount = 0',
  settled: 'c.amount <> 0 AND e.statement_id IS NOT NULL',
  available: 'c.amount <> 0 AND e.statement_id IS NULL AND e.available_at IS NOT NULL',
  held: 'c.amount <> 0 AND e.statement_id IS NULL AND e.available_at IS NULL',
};

const reachable = `g.store_id = $1 AND ($2 = 'both' OR g.mode = $2)
  AND ($3::text IS NULL OR c.distributor_id = $3)`;

function reachParams({ storeId, mode, distributorId }: Reach): unknown[] {
  return [storeId, mode, distributorId ?? null];
}

/** The commissions that the caller may see, the newest first, up to `limit` after the cursor. */
export function listCommissions(
  read: Tx,
  reach: Reach,
  query: { filter: CommissionFilter; cursor: string | undefined; limit: number },
): Promise<CommissionRow[]> {
  const { distributorId, orderId, status } = query.filter;
  const params = reachParams(reach);
  const bound = (value: unknown) => `$${params.push(value)}`;
  const conditions = [
    reachable,
    ...(distributorId === undefined ? [] : [`c.distributor_id = ${bound(distributorId)}`]),
    ...(orderId === undefined ? [] : [`c.order_id = ${bound(orderId)}`]),
    ...(status === undefined ? [] : [statusConditions[status]]),
    ...(query.cursor === undefined ? [] : [`c.id < ${bound(query.cursor)}`]),
  ];
  return read.rows<CommissionRow>(
    `${commissionSelect} WHERE ${conditions.join(' AND ')}
     ORDER BY c.id DESC LIMIT ${bound(query.limit)}`,
    params,
  );
}

/**
 * A commission that the caller may see.
 * @throws Refusal not_found
 */
export async function findCommission(read: Tx, reach: Reach, id: string): Promise<CommissionRow> {
  const row = await read.first<CommissionRow>(
    `${commissionSelect} WHERE ${reachable} AND c.id = $4`,
    [...reachParams(reach), id],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such commission.');
  return row;
}
