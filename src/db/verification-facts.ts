import type { UplineMember } from '../domain/commission/calculation';
import type { PlanBody } from '../domain/commission/plan';
import type { VerifiedCommission, VerifiedOrder } from '../domain/commission/verification';
import { groupBy } from '../domain/kernel/group';
import type { HoldTerms } from '../domain/order/hold';
import type { Tx } from './database';
import { earningsOfCommission } from './earning';
import { planBodies } from './plan';
import { reversedAmount } from './reversal-read';
import { loadLineRefunds, loadStoredLines } from './stored-line';
import { loadGrounds, loadKnownHistories, loadPauses } from './verification-grounds';

/**
 * Everything stored about these orders that decides about their commissions, in a fixed number of
 * statements. Read it in one snapshot: a refund in between would look like a difference.
 */
export async function loadVerifiedOrders(
  read: Tx,
  orderIds: readonly string[],
): Promise<VerifiedOrder[]> {
  const orders = await read.rows<OrderFacts>(
    `SELECT id, program_id, plan_id, upline, order_discount_amount, paid_at, received_at, created_at,
       hold, region, customer_external_id, attributed_distributor_id
     FROM orders WHERE id = ANY($1) ORDER BY id`,
    [orderIds],
  );
  const beside = await loadBeside(read, orders);
  const pauses = await loadPauses(read, orderIds);
  const held = groupBy(await loadHeld(read, orderIds), ({ orderId }) => orderId);
  const plans = await planBodies(read, [...new Set(orders.flatMap(({ planId }) => planId ?? []))]);
  const lines = groupBy(await loadStoredLines(read, orderIds), ({ orderId }) => orderId);
  const refunds = groupBy(await loadLineRefunds(read, orderIds), ({ orderId }) => orderId);
  const commissions = groupBy(await loadCommissions(read, orderIds), ({ orderId }) => orderId);
  const uses = groupBy(await loadUses(read, orderIds), ({ orderId }) => orderId);
  const booked = await loadBooked(read, orderIds);
  const adjusted = groupBy(await loadAdjusted(read, orderIds), ({ orderId }) => orderId);
  return orders.map(({ id, planId, programId, ...order }): VerifiedOrder => ({
    ...order,
    ...beside(programId),
    id,
    pauses,
    held: held.get(id) ?? [],
    plan: planOf(plans, planId),
    lines: lines.get(id) ?? [],
    refunds: refunds.get(id) ?? [],
    commissions: commissions.get(id) ?? [],
    uses: uses.get(id) ?? [],
    bookedAmounts: booked.get(id) ?? new Map<string, bigint>(),
    adjustments: adjusted.get(id) ?? [],
  }));
}

interface OrderFacts {
  id: string;
  planId: string | null;
  programId: string;
  upline: readonly UplineMember[];
  orderDiscountAmount: bigint;
  paidAt: Date;
  receivedAt: Date | null;
  createdAt: Date;
  hold: HoldTerms;
  region: string | null;
  customerExternalId: string;
  attributedDistributorId: string | null;
}

/** Campaigns, agents and people of the orders; those of one chunk share them. */
async function loadBeside(read: Tx, orders: readonly OrderFacts[]) {
  const times = orders.map(({ paidAt }) => paidAt.getTime());
  const from = new Date(times.reduce((a, b) => Math.min(a, b), Infinity));
  const to = new Date(times.reduce((a, b) => Math.max(a, b), 0));
  const programIds = [...new Set(orders.map(({ programId }) => programId))];
  const grounds =
    orders.length === 0 ? undefined : await loadGrounds(read, programIds, { from, to });
  const people = new Set([
    ...orders.flatMap(({ upline }) => upline.map(({ distributorId }) => distributorId)),
    ...orders.flatMap(({ attributedDistributorId: id }) => id ?? []),
    ...[...(grounds?.values() ?? [])].flatMap(({ agents }) =>
      agents.map(({ distributorId }) => distributorId),
    ),
  ]);
  const histories = await loadKnownHistories(read, [...people], to);
  return (programId: string) => ({
    ...(grounds?.get(programId) ?? { campaigns: [], agents: [] }),
    histories,
  });
}

function planOf(plans: ReadonlyMap<string, PlanBody>, planId: string | null): PlanBody | null {
  return planId === null ? null : (plans.get(planId) ?? null);
}

function loadCommissions(read: Tx, orderIds: readonly string[]) {
  return read.rows<VerifiedCommission & { orderId: string }>(
    `SELECT c.order_id, c.id, c.order_line_id, c.kind, c.level, c.distributor_id, c.base_amount,
       c.rate_bps, c.rule_id, c.amount, c.original_amount,
       coalesce(sum(e.amount) FILTER (WHERE e.kind IN ('commission', 'adjustment')), 0)::bigint
         AS earned_amount,
       ${reversedAmount} AS reversed_amount
     FROM commission c LEFT JOIN LATERAL ${earningsOfCommission('c')} e ON true
     WHERE c.order_id = ANY($1) AND c.kind IN ('sale', 'region')
     GROUP BY c.id`,
    [orderIds],
  );
}

/** The moments for which what is still held waits; almost always one for each commission. */
function loadHeld(read: Tx, orderIds: readonly string[]) {
  return read.rows<VerifiedOrder['held'][number] & { orderId: string }>(
    `SELECT DISTINCT c.order_id, c.id AS commission_id, c.order_line_id, e.release_at
     FROM commission c CROSS JOIN LATERAL ${earningsOfCommission('c')} e
     WHERE c.order_id = ANY($1) AND c.kind IN ('sale', 'region') AND e.available_at IS NULL
       AND e.kind IN ('commission', 'adjustment')`,
    [orderIds],
  );
}

function loadUses(read: Tx, orderIds: readonly string[]) {
  return read.rows<VerifiedOrder['uses'][number] & { orderId: string }>(
    `SELECT l.order_id, u.order_line_id, u.level, u.campaign_id, u.amount
     FROM order_line l JOIN campaign_use u ON u.order_line_id = l.id
     WHERE l.order_id = ANY($1)`,
    [orderIds],
  );
}

/** What the ledger says that the booking of each order brought each distributor. */
async function loadBooked(read: Tx, orderIds: readonly string[]) {
  const rows = await read.rows<{ orderId: string; distributorId: string; amount: bigint }>(
    `SELECT o.id AS order_id, a.distributor_id, sum(e.amount)::bigint AS amount
     FROM unnest($1::text[]) AS o (id)
     JOIN ledger_transaction t ON t.reference = 'order:' || o.id || ':earned'
     JOIN ledger_entry e ON e.transaction_id = t.id
     JOIN ledger_account a ON a.id = e.account_id AND a.role = 'held'
     GROUP BY o.id, a.distributor_id`,
    [orderIds],
  );
  return new Map(
    [...groupBy(rows, ({ orderId }) => orderId)].map(([orderId, own]) => [
      orderId,
      new Map(own.map(({ distributorId, amount }) => [distributorId, amount])),
    ]),
  );
}

/** Per refund: what its earnings took (minus) or gave, and what the ledger moved for it. */
function loadAdjusted(read: Tx, orderIds: readonly string[]) {
  return read.rows<{
    orderId: string;
    refundId: string;
    earnedAmount: bigint;
    expenseAmount: bigint;
  }>(
    `SELECT r.order_id, r.id AS refund_id,
       (SELECT coalesce(sum(e.amount), 0)::bigint
        FROM commission c CROSS JOIN LATERAL ${earningsOfCommission('c')} e
        WHERE c.order_id = r.order_id AND c.kind IN ('sale', 'region') AND e.refund_id = r.id)
         AS earned_amount,
       (SELECT coalesce(sum(e.amount), 0)::bigint
        FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
        JOIN ledger_account a ON a.id = e.account_id AND a.role = 'commission-expense'
        WHERE t.reference = 'refund:' || r.id) AS expense_amount
     FROM refund r WHERE r.order_id = ANY($1)`,
    [orderIds],
  );
}
