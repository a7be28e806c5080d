import {
  type CommissionState,
  type CommissionView,
  commissionView,
} from '../domain/commission/view';
import { groupBy } from '../domain/kernel/group';
import type { Language } from '../domain/kernel/language';
import { Refusal } from '../domain/kernel/refusal';
import { type OrderStatus, orderStatus } from '../domain/order/status';
import type { HoldTerms } from '../domain/order/hold';
import {
  type AttributedBy,
  type Rejection,
  type RejectionReason,
  rejectionWords,
} from '../domain/referral/attribution';
import type { Tx } from './database';
import type { BookedOrder, StoredAttribution } from './order-write';
import { type ProgramRow, programById, type Reach } from './program';

/** An order as answers show it. Amounts are in the minor unit. */
export interface OrderView {
  id: string;
  programId: string;
  externalId: string;
  status: OrderStatus;
  paidAt: Date;
  receivedAt: Date | null;
  currency: string;
  customer: { externalId: string };
  region: string | null;
  attribution: {
    distributorId: string | null;
    by: AttributedBy | 'none';
    rejected: { by: AttributedBy; given: string; reason: RejectionReason; message: string }[];
  };
  planId: string | null;
  orderDiscountAmount: bigint;
  shippingAmount: bigint;
  taxAmount: bigint;
  lines: OrderLineView[];
  commissions: CommissionView[];
}

export interface OrderLineView {
  externalId: string;
  sku: string;
  quantity: number;
  baseAmount: bigint;
  refundedQuantity: number;
  refundedAmount: bigint;
}

/** An order as it is stored, without its lines. */
export interface OrderRow {
  id: string;
  storeId: string;
  programId: string;
  externalId: string;
  contentHash: string;
  paidAt: Date;
  currency: string;
  customerExternalId: string;
  attributedDistributorId: string | null;
  attributedBy: AttributedBy | 'none';
  attribution: StoredAttribution;
  planId: string | null;
  hold: HoldTerms;
  region: string | null;
  orderDiscountAmount: bigint;
  shippingAmount: bigint;
  taxAmount: bigint;
  receivedAt: Date | null;
  createdAt: Date;
}

/** What stands before the caller's own id in a path. */
export const externalIdPrefix = 'ext:';

/**
 * The order that a caller names by id or `ext:<externalId>`, with its program.
 * @param lock holds the row until the end of the transaction
 * @throws Refusal `not_found`, also for another store's order and one of the other mode
 */
export async function findOrder(
  read: Tx,
  reach: Reach,
  reference: string,
  lock: '' | 'lock' = '',
): Promise<{ order: OrderRow; program: ProgramRow }> {
  const external = reference.startsWith(externalIdPrefix);
  const order = await read.first<OrderRow>(
    `SELECT o.* FROM orders o JOIN program p ON p.id = o.program_id
     WHERE ${external ? 'o.external_id' : 'o.id'} = $1
       AND o.store_id = $2 AND ($3 = 'both' OR p.mode = $3)
     ${lock === 'lock' ? 'FOR NO KEY UPDATE OF o' : ''}`,
    [external ? reference.slice(externalIdPrefix.length) : reference, reach.storeId, reach.mode],
  );
  if (order === undefined) throw new Refusal('not_found', 'There is no such order.');
  return { order, program: await programById(read, order.programId) };
}

/** Ids of the orders of a store, the newest first, up to `limit` after the cursor. */
export async function listOrderIds(
  read: Tx,
  reach: Reach,
  query: { programId: string | undefined; cursor: string | undefined; limit: number },
): Promise<string[]> {
  const rows = await read.rows<{ id: string }>(
    `SELECT o.id FROM orders o JOIN program p ON p.id = o.program_id
     WHERE o.store_id = $1 AND ($2 = 'both' OR p.mode = $2)
       AND ($3::text IS NULL OR o.program_id = $3) AND ($4::text IS NULL OR o.id < $4)
     ORDER BY o.id DESC LIMIT $5`,
    [reach.storeId, reach.mode, query.programId ?? null, query.cursor ?? null, query.limit],
  );
  return rows.map(({ id }) => id);
}

/** The views of stored orders by id, in three statements for any number of them. */
export async function loadOrderViews(
  read: Tx,
  ids: readonly string[],
  language: Language,
): Promise<Map<string, OrderView>> {
  if (ids.length === 0) return new Map();
  const orders = await read.rows<OrderRow>('SELECT * FROM orders WHERE id = ANY($1)', [ids]);
  const lines = await read.rows<OrderLineView & { orderId: string }>(
    `SELECT order_id, external_id, sku, quantity, base_amount, refunded_quantity, refunded_amount
     FROM order_line WHERE order_id = ANY($1) ORDER BY order_id, position`,
    [ids],
  );
  const commissions = await loadCommissions(read, ids);
  const linesOf = groupBy(lines, ({ orderId }) => orderId);
  const commissionsOf = groupBy(commissions, ({ orderId }) => orderId);
  return new Map(
    orders.map((order) => [
      order.id,
      view(order, {
        lines: (linesOf.get(order.id) ?? []).map(({ orderId: _, ...line }) => line),
        commissions: (commissionsOf.get(order.id) ?? []).map(commissionView),
        language,
      }),
    ]),
  );
}

function loadCommissions(
  read: Tx,
  orderIds: readonly string[],
): Promise<(CommissionState & { orderId: string })[]> {
  return read.rows(
    `SELECT c.order_id, c.id, c.kind, l.external_id AS line_external_id, c.level, c.distributor_id,
       c.base_amount, c.rate_bps, c.rule_id, c.amount, c.original_amount, e.release_at,
       e.available_at, e.statement_id
     FROM commission c
     LEFT JOIN order_line l ON l.id = c.order_line_id
     LEFT JOIN earning e ON e.id = c.first_earning_id
     WHERE c.order_id = ANY($1)
     ORDER BY l.position, c.level, c.id`,
    [orderIds],
  );
}

/** The view of an order that was just booked; the same as what reading it would give. */
export function viewOfBooked(booked: BookedOrder, language: Language): OrderView {
  const { order, attribution, planId, releaseAt } = booked;
  const row = {
    id: booked.id,
    programId: order.programId,
    externalId: order.externalId,
    paidAt: order.paidAt,
    receivedAt: null,
    currency: order.currency,
    customerExternalId: order.customerExternalId,
    region: order.region ?? null,
    attributedDistributorId: attribution.distributorId,
    attributedBy: attribution.by,
    attribution: { given: order.attribution, rejected: attribution.rejected },
    planId,
    orderDiscountAmount: order.orderDiscountAmount,
    shippingAmount: order.shippingAmount,
    taxAmount: order.taxAmount,
  };
  return view(row, {
    lines: order.lines.map(({ externalId, sku, quantity }, position) => ({
      externalId,
      sku,
      quantity,
      baseAmount: booked.lines[position]!.baseAmount,
      refundedQuantity: 0,
      refundedAmount: 0n,
    })),
    commissions: booked.commissions.map((commission) =>
      commissionView({
        originalAmount: commission.amount,
        releaseAt,
        availableAt: null,
        statementId: null,
        ...commission,
      }),
    ),
    language,
  });
}

function view(
  order: Omit<OrderRow, 'storeId' | 'contentHash' | 'createdAt' | 'hold'>,
  parts: { lines: OrderLineView[]; commissions: CommissionView[]; language: Language },
): OrderView {
  const { lines, commissions, language } = parts;
  return {
    id: order.id,
    programId: order.programId,
    externalId: order.externalId,
    status: orderStatus({ receivedAt: order.receivedAt, lines }),
    paidAt: order.paidAt,
    receivedAt: order.receivedAt,
    currency: order.currency,
    customer: { externalId: order.customerExternalId },
    region: order.region,
    attribution: {
      distributorId: order.attributedDistributorId,
      by: order.attributedBy,
      rejected: order.attribution.rejected.map((rejection) => inWords(rejection, language)),
    },
    planId: order.planId,
    orderDiscountAmount: order.orderDiscountAmount,
    shippingAmount: order.shippingAmount,
    taxAmount: order.taxAmount,
    lines,
    commissions,
  };
}

function inWords({ by, given, reason }: Rejection, language: Language) {
  return { by, given, reason, message: rejectionWords[reason][language] };
}
