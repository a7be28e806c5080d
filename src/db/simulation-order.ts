import type { LineTerms, UplineMember } from '../domain/commission/calculation';
import {
  type SimulatedLine,
  type SimulatedOrder,
  uplineUnder,
} from '../domain/commission/simulation';
import type { StoredLine } from '../domain/commission/recompute';
import { groupBy } from '../domain/kernel/group';
import type { DistributorHistory, PathRules } from '../domain/referral/upline';
import type { Tx } from './database';
import { planBodies } from './plan';
import { loadHistories } from './referral';
import { agentsAt } from './region-agent';
import { loadStoredLines } from './stored-line';

/** Which orders a simulation is about. */
export interface OrderSpan {
  programId: string;
  fromAt: Date;
  toAt: Date;
  /** what was stored at or after this moment of real time is left out: orders and refunds */
  createdAt: Date;
}

/** An order with everything about it that enters the result. */
export interface EnteringOrder extends SimulatedOrder {
  id: string;
  paidAt: Date;
  planId: string | null;
  customerExternalId: string;
}

interface OrderRow {
  id: string;
  paidAt: Date;
  customerExternalId: string;
  planId: string | null;
  region: string | null;
  upline: readonly UplineMember[];
  orderDiscountAmount: bigint;
}

const entering = `program_id = $1 AND paid_at >= $2 AND paid_at < $3 AND created_at < $4`;

export async function countOrders(read: Tx, span: OrderSpan): Promise<number> {
  const row = await read.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM orders WHERE ${entering}`,
    [span.programId, span.fromAt, span.toAt, span.createdAt],
  );
  return row?.count ?? 0;
}

/** The last order that was read, by payment and id. */
export interface OrderCursor {
  paidAt: Date;
  id: string;
}

/**
 * The next orders of the span, by payment and then id, with the uplines that a plan reads. A fixed
 * number of statements, one more per 64 levels where the plan climbs beyond what is frozen.
 */
export async function readOrders(
  tx: Tx,
  span: OrderSpan,
  query: { after: OrderCursor | null; rules: PathRules; limit: number },
): Promise<EnteringOrder[]> {
  const { after, rules, limit } = query;
  const orders = await tx.rows<OrderRow>(
    `SELECT id, paid_at, customer_external_id, plan_id, region, upline, order_discount_amount
     FROM orders WHERE ${entering} AND (paid_at, id) > ($2, $5)
     ORDER BY paid_at, id LIMIT $6`,
    [
      span.programId,
      after?.paidAt ?? span.fromAt,
      span.toAt,
      span.createdAt,
      after?.id ?? '',
      limit,
    ],
  );
  if (orders.length === 0) return [];
  const lines = await readLines(tx, orders, span.createdAt);
  const plans = await planBodies(tx, [...new Set(orders.flatMap(({ planId }) => planId ?? []))]);
  const uplines = await readUplines(tx, orders, rules);
  const { programId } = span;
  const regional = orders.map((o) => ({ ...o, programId, region: o.region ?? undefined }));
  const agents = await agentsAt(tx, regional);
  return orders.map((order, index) => ({
    ...order,
    planInForce: order.planId === null ? undefined : plans.get(order.planId),
    upline: uplines[index]!,
    agent: agents[index],
    lines: lines.get(order.id) ?? [],
  }));
}

async function readLines(
  tx: Tx,
  orders: readonly OrderRow[],
  before: Date,
): Promise<Map<string, SimulatedLine[]>> {
  const ids = orders.map(({ id }) => id);
  const rows = await loadStoredLines(tx, ids);
  const later = await refundedLater(tx, ids, before);
  const groups = groupBy(rows, ({ orderId }) => orderId);
  return new Map(
    [...groups].map(([orderId, own]) => [
      orderId,
      own.map((row) => lineOf(row, later.get(row.id))),
    ]),
  );
}

interface Refunded {
  quantity: number;
  amount: bigint;
}

/** What refunds took that were stored after the simulation was asked for. */
async function refundedLater(
  tx: Tx,
  orderIds: readonly string[],
  before: Date,
): Promise<Map<string, Refunded>> {
  const rows = await tx.rows<Refunded & { orderLineId: string }>(
    `SELECT x.order_line_id, sum(x.quantity)::int AS quantity, sum(x.amount)::bigint AS amount
     FROM refund r JOIN refund_line x ON x.refund_id = r.id
     WHERE r.order_id = ANY($1) AND r.created_at >= $2 GROUP BY x.order_line_id`,
    [orderIds, before],
  );
  return new Map(rows.map(({ orderLineId, ...refunded }) => [orderLineId, refunded]));
}

function lineOf(line: StoredLine, later: Refunded | undefined): SimulatedLine {
  return {
    ...line,
    terms: withoutOverlays(line.terms),
    refundedQuantity: line.refundedQuantity - (later?.quantity ?? 0),
    refundedAmount: line.refundedAmount - (later?.amount ?? 0n),
  };
}

/** A campaign's rewards are not what a plan costs. */
function withoutOverlays(terms: LineTerms): LineTerms {
  if (terms.levels.every(({ overlays }) => overlays === undefined)) return terms;
  const levels = terms.levels.map(({ overlays: _overlays, ...level }) => level);
  return { ...terms, levels };
}

/** How many levels are read at once where a path has to climb further than what is frozen. */
const climb = 64;

async function readUplines(
  tx: Tx,
  orders: readonly OrderRow[],
  rules: PathRules,
): Promise<(readonly UplineMember[])[]> {
  const uplines = orders.map(({ upline }) => upline);
  const histories = new Map<string, DistributorHistory>();
  const span = { from: orders[0]!.paidAt, to: orders.at(-1)!.paidAt };
  let levelsUp = rules.levels;
  let open = orders.map((_, index) => index);
  while (open.length > 0) {
    const missing = new Set<string>();
    open = open.filter((index) => {
      const order = orders[index]!;
      const found = uplineUnder(rules, order.upline, order, histories);
      if ('missing' in found) missing.add(found.missing);
      else uplines[index] = found.members;
      return 'missing' in found;
    });
    if (missing.size > 0) await loadHistories(tx, histories, [...missing], { levelsUp, ...span });
    levelsUp = climb;
  }
  return uplines;
}

/** Everything of an order that enters the result, as one text: the same for the same facts. */
export function factsOf(order: EnteringOrder): string {
  const { id, paidAt, planId, upline, agent, orderDiscountAmount, lines } = order;
  return JSON.stringify([
    id,
    paidAt.getTime(),
    planId,
    upline.map(memberFacts),
    agent === undefined ? null : [agent.region, agent.bps, memberFacts(agent)],
    String(orderDiscountAmount),
    lines.map((line) => [
      line.externalId,
      line.sku,
      line.productId,
      line.category,
      line.tags,
      line.quantity,
      String(line.unitPriceAmount),
      String(line.discountAmount),
      line.unitCostAmount === undefined ? null : String(line.unitCostAmount),
      line.inScope,
      line.refundedQuantity,
      String(line.refundedAmount),
      line.terms,
    ]),
  ]);
}

function memberFacts({ distributorId, tier, earns, isBuyer }: UplineMember) {
  return [distributorId, tier, earns, isBuyer];
}
