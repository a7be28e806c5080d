import type {
  CommissionFacts,
  ExplainedEarning,
  ExplainedPayout,
  ExplainedStatement,
} from '../domain/commission/explanation-facts';
import type { LineRefund, StoredLine } from '../domain/commission/recompute';
import type { CommissionState, CommissionStatus } from '../domain/commission/view';
import { Refusal } from '../domain/kernel/refusal';
import { distributorAccount } from '../domain/ledger/account';
import type { Tx } from './database';
import type { Reach } from './program';

/** A commission with the order it belongs to. */
export interface CommissionRow extends CommissionState {
  orderId: string;
  orderExternalId: string;
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
    c.rule_id, c.amount, c.original_amount, e.release_at, e.available_at, e.statement_id
  FROM commission c
  JOIN program g ON g.id = c.program_id
  JOIN orders o ON o.id = c.order_id
  LEFT JOIN order_line l ON l.id = c.order_line_id
  LEFT JOIN earning e ON e.commission_id = c.id AND e.kind = 'commission'`;

// The same cases as `commissionStatus`, which decides what an answer says.
const statusConditions: Record<CommissionStatus, string> = {
  reversed: 'c.amount = 0',
  settled: 'c.amount <> 0 AND e.statement_id IS NOT NULL',
  available: 'c.amount <> 0 AND e.statement_id IS NULL AND e.available_at IS NOT NULL',
  held: 'c.amount <> 0 AND e.statement_id IS NULL AND e.available_at IS NULL',
};

const reachable = `g.store_id = $1 AND ($2 = 'both' OR g.mode = $2)`;

/** The commissions that the caller may see, the newest first, up to `limit` after the cursor. */
export function listCommissions(
  read: Tx,
  reach: Reach,
  query: { filter: CommissionFilter; cursor: string | undefined; limit: number },
): Promise<CommissionRow[]> {
  const { distributorId, orderId, status } = query.filter;
  const params: unknown[] = [reach.storeId, reach.mode];
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
    `${commissionSelect} WHERE ${reachable} AND c.id = $3`,
    [reach.storeId, reach.mode, id],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such commission.');
  return row;
}

/** Everything stored that decides about a commission, for its explanation. */
export async function loadCommissionFacts(
  read: Tx,
  commission: CommissionRow,
): Promise<CommissionFacts> {
  const { level, orderId } = commission;
  const order = await orderFacts(read, commission);
  const lines = await lineFacts(read, orderId);
  const earnings = await earningFacts(read, commission.id);
  const line = lines.find(({ externalId }) => externalId === commission.lineExternalId);
  if (level === null || line === undefined) {
    throw new Error(`commission ${commission.id} belongs to no line and level`);
  }
  const statementIds = new Set(earnings.flatMap(({ statementId }) => statementId ?? []));
  const { plan, timeZone, ...rest } = order;
  return {
    commission: { ...commission, level },
    plan,
    order: { ...rest, lines },
    lineId: line.id,
    refunds: await refundFacts(read, line.id),
    earnings,
    posted: await postedFacts(read, commission),
    statements: await statementFacts(read, [...statementIds]),
    payouts: await payoutFacts(read, [...statementIds]),
    timeZone,
  };
}

type OrderPart = Omit<CommissionFacts['order'], 'lines'> &
  Pick<CommissionFacts, 'plan' | 'timeZone'>;

async function orderFacts(read: Tx, { orderId, id }: CommissionRow): Promise<OrderPart> {
  interface Row extends Omit<OrderPart, 'plan'> {
    planId: string;
    planVersion: number;
    planBody: CommissionFacts['plan']['body'];
  }
  const row = await read.first<Row>(
    `SELECT o.id, o.external_id, o.paid_at, o.received_at, o.hold, o.currency,
       o.order_discount_amount, o.shipping_amount, o.tax_amount, o.upline, g.time_zone,
       p.id AS plan_id, p.version AS plan_version, p.body AS plan_body
     FROM orders o JOIN program g ON g.id = o.program_id JOIN plan p ON p.id = o.plan_id
     WHERE o.id = $1`,
    [orderId],
  );
  if (row === undefined) throw new Error(`commission ${id} has an order without a plan`);
  const { planId, planVersion, planBody, ...rest } = row;
  return { ...rest, plan: { id: planId, version: planVersion, body: planBody } };
}

async function lineFacts(read: Tx, orderId: string): Promise<StoredLine[]> {
  type Row = Omit<StoredLine, 'productId' | 'category' | 'unitCostAmount'> & {
    productId: string | null;
    category: string | null;
    unitCostAmount: bigint | null;
  };
  const rows = await read.rows<Row>(
    `SELECT id, external_id, sku, product_id, category, tags, quantity, unit_price_amount,
       discount_amount, unit_cost_amount, base_amount, terms, refunded_quantity, refunded_amount
     FROM order_line WHERE order_id = $1 ORDER BY position`,
    [orderId],
  );
  return rows.map((row) => ({
    ...row,
    productId: row.productId ?? undefined,
    category: row.category ?? undefined,
    unitCostAmount: row.unitCostAmount ?? undefined,
  }));
}

function refundFacts(read: Tx, lineId: string): Promise<LineRefund[]> {
  return read.rows<LineRefund>(
    `SELECT r.id AS refund_id, r.external_id, r.refunded_at, x.quantity, x.amount
     FROM refund_line x JOIN refund r ON r.id = x.refund_id
     WHERE x.order_line_id = $1 ORDER BY r.created_at, r.id`,
    [lineId],
  );
}

function earningFacts(read: Tx, commissionId: string): Promise<ExplainedEarning[]> {
  return read.rows<ExplainedEarning>(
    `SELECT id, kind, refund_id, amount, release_at, available_at, statement_id FROM earning
     WHERE commission_id = $1 ORDER BY id`,
    [commissionId],
  );
}

/** The ledger books an order as a whole, so the comparison is by order and distributor. */
async function postedFacts(
  read: Tx,
  { orderId, distributorId }: CommissionRow,
): Promise<CommissionFacts['posted']> {
  const row = await read.first<CommissionFacts['posted']>(
    `SELECT
       (SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_transaction t
        JOIN ledger_entry e ON e.transaction_id = t.id
        JOIN ledger_account a ON a.id = e.account_id
        WHERE t.reference = $1 AND a.code = $2) AS ledger_amount,
       (SELECT coalesce(sum(e.amount), 0)::bigint FROM commission c
        JOIN earning e ON e.commission_id = c.id
        WHERE c.order_id = $3 AND c.distributor_id = $4
          AND e.kind = 'commission' AND e.refund_id IS NULL) AS earnings_amount`,
    [`order:${orderId}:earned`, distributorAccount(distributorId, 'held'), orderId, distributorId],
  );
  return row ?? { ledgerAmount: 0n, earningsAmount: 0n };
}

async function statementFacts(
  read: Tx,
  statementIds: readonly string[],
): Promise<ExplainedStatement[]> {
  if (statementIds.length === 0) return [];
  return read.rows<ExplainedStatement>(
    `SELECT s.id, s.settlement_id, t.period, t.status AS settlement_status, t.cutoff_at, s.status,
       s.gross_amount, s.tax_amount, s.fee_amount, s.net_amount, s.tax_method, s.tax_month,
       s.tax_trace
     FROM statement s JOIN settlement t ON t.id = s.settlement_id WHERE s.id = ANY($1)`,
    [statementIds],
  );
}

async function payoutFacts(read: Tx, statementIds: readonly string[]): Promise<ExplainedPayout[]> {
  if (statementIds.length === 0) return [];
  return read.rows<ExplainedPayout>(
    `SELECT id, statement_id, status, amount, channel_id, channel_number, failure_code
     FROM payout WHERE statement_id = ANY($1) ORDER BY id`,
    [statementIds],
  );
}
