import { createHash } from 'node:crypto';
import {
  calculateLine,
  type Charges,
  earningsOf,
  type LineTerms,
} from '../domain/commission/calculation';
import type { PlanBody } from '../domain/commission/plan';
import type { Caller } from '../domain/kernel/access';
import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import {
  checkMoment,
  checkRefundLines,
  refundContent,
  type RefundInput,
  remaining,
} from '../domain/order/refund';
import { bonusesBehind, recomputeBonuses } from './bonus-refund';
import { type CampaignUse, loadCharges, useChanges, writeUses } from './campaign-budget';
import type { Tx } from './database';
import { newId } from './id';
import { findOrder, type OrderRow } from './order';
import { ExternalIdRace } from './order-write';
import { planBodies } from './plan';
import { adjustCommissions, type LineChange } from './refund-adjustment';

/** A refund as it is stored. */
export interface RefundRow {
  id: string;
  orderId: string;
  externalId: string;
  contentHash: string;
  refundedAt: Date;
  createdAt: Date;
}

export interface RefundContext {
  caller: Pick<Caller, 'storeId' | 'mode'>;
  /** real time */
  now: Date;
}

/** A line as far as a refund needs it. */
interface StoredLine {
  id: string;
  externalId: string;
  quantity: number;
  unitCostAmount: bigint | null;
  baseAmount: bigint;
  refundedQuantity: number;
  refundedAmount: bigint;
  terms: LineTerms;
}

/**
 * Takes back a part of an order: the commissions are computed again on what remains, with the terms
 * frozen at booking, and the difference is posted. The same externalId with the same content
 * answers the first refund.
 * @throws Refusal not_found, external_id_conflict, refund_before_payment, in_the_future,
 *   unknown_order_line, refund_exceeds_line
 */
export async function refundOrder(
  tx: Tx,
  context: RefundContext,
  reference: string,
  input: RefundInput,
): Promise<{ refundId: string; order: OrderRow; created: boolean }> {
  const { order, program } = await findOrder(tx, context.caller, reference, 'lock');
  const contentHash = createHash('sha256').update(refundContent(order.id, input)).digest('hex');
  const before = await tx.first<RefundRow>(
    'SELECT * FROM refund WHERE store_id = $1 AND external_id = $2',
    [order.storeId, input.externalId],
  );
  if (before?.contentHash === contentHash) return { refundId: before.id, order, created: false };
  if (before !== undefined) {
    throw new Refusal('external_id_conflict', 'This externalId was used for another refund.');
  }
  const at = { paidAt: order.paidAt, program, realNow: context.now };
  checkMoment(input.refundedAt, at, { code: 'refund_before_payment', pointer: '/refundedAt' });
  const lines = await tx.rows<StoredLine>(
    `SELECT id, external_id, quantity, unit_cost_amount, base_amount, refunded_quantity,
       refunded_amount, terms
     FROM order_line WHERE order_id = $1`,
    [order.id],
  );
  const taken = checkRefundLines(lines, input);
  // It may wait for bonuses that are being booked, so no campaign is held yet.
  const bonuses = await bonusesBehind(tx, order);
  const refundId = await insertRefund(tx, order, { input, contentHash, taken, now: context.now });
  const { changes, uses } = await recomputed(tx, order, { refundId, taken });
  await writeUses(tx, uses);
  const others = bonuses.map(({ distributorId }) => distributorId);
  const businessNow = programNow(program, context.now);
  const moment = { refundId, order, program, now: context.now, businessNow };
  await adjustCommissions(tx, { ...moment, changes, others });
  await recomputeBonuses(tx, moment, bonuses);
  return { refundId, order, created: true };
}

interface Taken {
  line: StoredLine;
  quantity: number;
  amount: bigint;
}

async function insertRefund(
  tx: Tx,
  order: OrderRow,
  refund: { input: RefundInput; contentHash: string; taken: readonly Taken[]; now: Date },
): Promise<string> {
  const { input, contentHash, taken, now } = refund;
  const id = newId('refund');
  const inserted = await tx.run(
    `INSERT INTO refund (id, store_id, order_id, external_id, content_hash, refunded_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (store_id, external_id) DO NOTHING`,
    [id, order.storeId, order.id, input.externalId, contentHash, input.refundedAt, now],
  );
  // A refund of another order took the externalId just now: look again, and say so.
  if (inserted === 0) throw new ExternalIdRace();
  await tx.insert(
    'refund_line',
    taken.map(({ line, quantity, amount }) => ({
      refundId: id,
      orderLineId: line.id,
      quantity,
      amount,
    })),
  );
  await tx.run(
    `UPDATE order_line l
     SET refunded_quantity = l.refunded_quantity + r.quantity,
       refunded_amount = l.refunded_amount + r.amount
     FROM refund_line r WHERE r.refund_id = $1 AND r.order_line_id = l.id`,
    [id],
  );
  return id;
}

/** What everybody earns now on the touched lines, and what their campaigns take back. */
async function recomputed(
  tx: Tx,
  order: OrderRow,
  refund: { refundId: string; taken: readonly Taken[] },
): Promise<{ changes: LineChange[]; uses: CampaignUse[] }> {
  if (order.planId === null) return { changes: [], uses: [] };
  const plan = (await planBodies(tx, [order.planId])).get(order.planId);
  if (plan === undefined) throw new Error(`plan ${order.planId} of order ${order.id} is gone`);
  const { refundId, taken } = refund;
  const overlaid = taken.filter(({ line }) =>
    line.terms.levels.some(({ overlays }) => overlays !== undefined),
  );
  const charges = await loadCharges(
    tx,
    overlaid.map(({ line }) => line.id),
  );
  const lines = taken.map((item) =>
    recomputedLine(plan, item, charges.get(item.line.id), refundId),
  );
  return {
    changes: lines.flatMap((line) => line.changes),
    uses: lines.flatMap((line) => line.uses),
  };
}

const nothingCharged: Charges = new Map();

function recomputedLine(
  plan: PlanBody,
  { line, quantity, amount }: Taken,
  charges: Charges = nothingCharged,
  refundId: string,
): { changes: LineChange[]; uses: CampaignUse[] } {
  const left = remaining({
    ...line,
    refundedQuantity: line.refundedQuantity + quantity,
    refundedAmount: line.refundedAmount + amount,
  });
  const { id: orderLineId, baseAmount, terms, unitCostAmount } = line;
  const rest = { ...left, ...(unitCostAmount === null ? {} : { unitCostAmount }) };
  const calculation = calculateLine(plan, terms, rest, charges);
  return {
    changes: earningsOf(calculation).map((earning) => ({ orderLineId, baseAmount, ...earning })),
    uses: useChanges(orderLineId, refundId, charges, calculation),
  };
}

/** A refund as answers show it. */
export interface RefundView {
  id: string;
  orderId: string;
  externalId: string;
  refundedAt: Date;
  lines: { externalId: string; quantity: number; amount: bigint }[];
}

/** Refunds of an order, the newest first, up to `limit` after the cursor. */
export async function listRefunds(
  read: Tx,
  orderId: string,
  query: { cursor: string | undefined; limit: number },
): Promise<RefundView[]> {
  const refunds = await read.rows<Omit<RefundView, 'lines'>>(
    `SELECT id, order_id, external_id, refunded_at FROM refund
     WHERE order_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [orderId, query.cursor ?? null, query.limit],
  );
  return withLines(read, refunds);
}

/** A refund by its id, within its order. */
export async function findRefund(read: Tx, orderId: string, id: string): Promise<RefundView> {
  const refunds = await read.rows<Omit<RefundView, 'lines'>>(
    'SELECT id, order_id, external_id, refunded_at FROM refund WHERE order_id = $1 AND id = $2',
    [orderId, id],
  );
  const [view] = await withLines(read, refunds);
  if (view === undefined) throw new Refusal('not_found', 'There is no such refund.');
  return view;
}

async function withLines(
  read: Tx,
  refunds: readonly Omit<RefundView, 'lines'>[],
): Promise<RefundView[]> {
  const lines = await read.rows<RefundView['lines'][number] & { refundId: string }>(
    `SELECT r.refund_id, l.external_id, r.quantity, r.amount
     FROM refund_line r JOIN order_line l ON l.id = r.order_line_id
     WHERE r.refund_id = ANY($1) ORDER BY l.position`,
    [refunds.map(({ id }) => id)],
  );
  return refunds.map((refund) => ({
    ...refund,
    lines: lines
      .filter(({ refundId }) => refundId === refund.id)
      .map(({ externalId, quantity, amount }) => ({ externalId, quantity, amount })),
  }));
}
