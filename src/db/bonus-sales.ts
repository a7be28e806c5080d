import type { BonusRole } from '../domain/commission/bonus';
import { type DistributorStatus, distributorStatuses, earns } from '../domain/distributor/state';
import type { Tx } from './database';

/** A month of one program, and what its plan says about sales. */
export interface SalesSpan {
  programId: string;
  from: Date;
  /** not part of it */
  to: Date;
  /** whether what somebody bought himself does not count */
  denySelf: boolean;
  /** how many levels of the team count; 0: none */
  depth: number;
}

/** What is left of one order of the period, as it counts for one beneficiary. */
export interface SaleRow {
  beneficiaryId: string;
  orderId: string;
  role: Extract<BonusRole, 'own' | 'team'>;
  /** 0 own, 1 brought by a direct, 2 by one below, ... */
  height: number;
  netAmount: bigint;
}

const earningStatuses = distributorStatuses.filter(earns);

/**
 * Everybody who sold in the period or has somebody below who did, with the number of these orders:
 * too many where a sponsor changed meanwhile.
 */
export async function beneficiariesOf(read: Tx, span: SalesSpan): Promise<Map<string, number>> {
  type Counts = { id: string; orders: number }[];
  let level: Counts = await read.rows(
    `SELECT attributed_distributor_id AS id, count(*)::int AS orders FROM orders
     WHERE program_id = $1 AND paid_at >= $2 AND paid_at < $3
       AND attributed_distributor_id IS NOT NULL
     GROUP BY attributed_distributor_id`,
    [span.programId, span.from, span.to],
  );
  const found = new Map<string, number>();
  for (let height = 0; level.length > 0; height += 1) {
    for (const { id, orders } of level) found.set(id, (found.get(id) ?? 0) + orders);
    if (height === span.depth) break;
    level = await read.rows(
      `SELECT s.sponsor_id AS id, sum(w.orders)::int AS orders
       FROM unnest($1::text[], $2::int[]) AS w (id, orders)
       JOIN distributor_standing s ON s.distributor_id = w.id
       WHERE s.sponsor_id IS NOT NULL AND s.valid_from < $4
         AND (s.valid_to IS NULL OR s.valid_to > $3)
       GROUP BY s.sponsor_id`,
      [level.map(({ id }) => id), level.map(({ orders }) => orders), span.from, span.to],
    );
  }
  return found;
}

/** Those who earn in the last moment before `to`, with their status. */
export async function earningAt(
  read: Tx,
  distributorIds: readonly string[],
  to: Date,
): Promise<Map<string, DistributorStatus>> {
  const rows = await read.rows<{ id: string; status: DistributorStatus }>(
    `SELECT distributor_id AS id, status FROM distributor_standing
     WHERE distributor_id = ANY($1) AND valid_from < $2 AND (valid_to IS NULL OR valid_to >= $2)
       AND status = ANY($3)
     ORDER BY id`,
    [distributorIds, to, earningStatuses],
  );
  return new Map(rows.map(({ id, status }) => [id, status]));
}

/** Whether the distributor `d` bought the order itself; the path says who did when it was paid. */
const ownPurchase = `coalesce((o.upline->0->>'isBuyer')::boolean,
  d.customer_external_id = o.customer_external_id, false)`;

/**
 * The sales of the period behind these beneficiaries: their own and those of their team, by the
 * sponsors as of each payment.
 */
export async function salesBehind(
  read: Tx,
  span: SalesSpan,
  beneficiaryIds: readonly string[],
): Promise<SaleRow[]> {
  const params = [beneficiaryIds, span.from, span.to, span.denySelf];
  const own = await read.rows<SaleRow>(
    `SELECT d.id AS beneficiary_id, o.id AS order_id, 'own' AS role, 0 AS height,
       sum(l.base_amount - l.refunded_amount)::bigint AS net_amount
     FROM distributor d
     JOIN orders o ON o.attributed_distributor_id = d.id AND o.paid_at >= $2 AND o.paid_at < $3
     JOIN order_line l ON l.order_id = o.id AND l.in_scope
     WHERE d.id = ANY($1) AND NOT ($4 AND ${ownPurchase})
     GROUP BY d.id, o.id HAVING sum(l.base_amount - l.refunded_amount) > 0`,
    params,
  );
  if (span.depth === 0) return own;
  const team = await read.rows<SaleRow>(
    `WITH RECURSIVE team AS (
       SELECT s.sponsor_id AS leader_id, s.distributor_id AS member_id, 1 AS height,
         greatest(s.valid_from, $2) AS from_at, least(s.valid_to, $3) AS to_at
       FROM distributor_standing s
       WHERE s.sponsor_id = ANY($1) AND s.valid_from < $3
         AND (s.valid_to IS NULL OR s.valid_to > $2)
       UNION ALL
       SELECT t.leader_id, s.distributor_id, t.height + 1,
         greatest(s.valid_from, t.from_at), least(s.valid_to, t.to_at)
       FROM team t JOIN distributor_standing s ON s.sponsor_id = t.member_id
         AND s.valid_from < t.to_at AND (s.valid_to IS NULL OR s.valid_to > t.from_at)
       WHERE t.height < $5
     )
     SELECT t.leader_id AS beneficiary_id, o.id AS order_id, 'team' AS role, t.height,
       sum(l.base_amount - l.refunded_amount)::bigint AS net_amount
     FROM team t
     JOIN orders o ON o.attributed_distributor_id = t.member_id
       AND o.paid_at >= t.from_at AND o.paid_at < t.to_at
     JOIN distributor d ON d.id = t.member_id
     JOIN distributor leader ON leader.id = t.leader_id
     JOIN order_line l ON l.order_id = o.id AND l.in_scope
     WHERE NOT ($4 AND (${ownPurchase}
       OR coalesce(leader.customer_external_id = o.customer_external_id, false)))
     GROUP BY t.leader_id, o.id, t.height HAVING sum(l.base_amount - l.refunded_amount) > 0`,
    [...params, span.depth],
  );
  return [...own, ...team];
}
