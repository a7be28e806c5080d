import type { BookedLine } from '../domain/commission/booking';
import type { LineEarning } from '../domain/commission/calculation';
import { programNow } from '../domain/kernel/clock';
import type { LedgerTransactionInput } from '../domain/ledger/posting';
import { commissionEarned } from '../domain/ledger/posting';
import type { HoldTerms } from '../domain/order/hold';
import type { OrderInput } from '../domain/order/order';
import type { Rejection } from '../domain/referral/attribution';
import { type Columns, insertTogether, rowsOf, type TableRows } from './bulk';
import { usesOf, writeUses } from './campaign-budget';
import { type Tx, violatedConstraint } from './database';
import { type EventInput, eventRows } from './event';
import { postTransactions } from './ledger';
import type { Attributed, AttributionResult, NewBinding } from './order-attribution';
import type { ProgramRow } from './program';
import { leavingSellers, type OwnSale, type Returning } from './sale-return';

/** An order that is booked and not yet written. */
export interface BookedOrder extends Attributed {
  id: string;
  order: OrderInput;
  program: ProgramRow;
  contentHash: string;
  planId: string | null;
  hold: HoldTerms;
  releaseAt: Date;
  lines: (BookedLine & { id: string; inScope: boolean })[];
  commissions: BookedCommission[];
}

/** A commission of more than 0. */
export interface BookedCommission extends LineEarning {
  id: string;
  firstEarningId: string;
  orderLineId: string;
  lineExternalId: string;
  baseAmount: bigint;
}

export interface WriteContext {
  actor: string;
  /** real time */
  now: Date;
}

/**
 * Somebody else is storing one of these externalIds right now. The SQLSTATE makes the whole
 * transaction run again, and then it finds what the other one stored.
 */
export class ExternalIdRace extends Error {
  readonly code = '40001';

  constructor() {
    super('an externalId was taken by another request at this moment');
    this.name = 'ExternalIdRace';
  }
}

/**
 * Writes booked orders: a fixed number of statements, however many there are, and the ledger last,
 * since its account rows are what all orders of a program wait for.
 * @returns who has sold while on the way out
 * @throws ExternalIdRace
 */
export async function writeOrders(
  tx: Tx,
  booked: readonly BookedOrder[],
  attribution: Pick<AttributionResult, 'bindings' | 'ended'>,
  context: WriteContext,
): Promise<Returning> {
  if (booked.length === 0) return new Map();
  await endBindings(tx, attribution.ended);
  const events = [
    ...attribution.bindings.map((binding) => bindingEvent(binding, booked, context.now)),
    ...booked.flatMap((order) => heldEvents(order, context.now)),
  ];
  const rows = [
    orderRows(booked, context.now),
    lineRows(booked),
    bindingRows(attribution.bindings, context),
    commissionRows(booked, context.now),
    earningRows(booked, context.now),
    eventRows(events),
  ];
  const [, returning] = await Promise.all([
    insertTogether(tx, rows),
    leavingSellers(tx, booked.map(saleOf)),
    writeMoney(tx, booked),
  ]).catch((error: unknown) => {
    throw violatedConstraint(error) === 'orders_store_id_external_id_key'
      ? new ExternalIdRace()
      : error;
  });
  return returning;
}

function saleOf({ id, order, attribution }: BookedOrder): OwnSale {
  return { orderId: id, paidAt: order.paidAt, distributorId: attribution.distributorId };
}

/** What the orders took from budgets, and the ledger. */
async function writeMoney(tx: Tx, booked: readonly BookedOrder[]): Promise<void> {
  await writeUses(
    tx,
    booked.flatMap(({ lines }) => lines.flatMap(({ id, calculation }) => usesOf(id, calculation))),
  );
  const programIds = [...new Set(booked.map(({ program }) => program.id))].sort();
  for (const programId of programIds) {
    const own = booked.filter(({ program }) => program.id === programId);
    await postTransactions(tx, programId, own.map(earnedTransaction));
  }
}

const orderColumns = {
  id: 'text',
  storeId: 'text',
  programId: 'text',
  externalId: 'text',
  contentHash: 'text',
  paidAt: 'timestamptz',
  currency: 'text',
  customerExternalId: 'text',
  attributedDistributorId: 'text',
  attributedBy: 'text',
  attribution: 'jsonb',
  planId: 'text',
  upline: 'jsonb',
  hold: 'jsonb',
  region: 'text',
  orderDiscountAmount: 'int8',
  shippingAmount: 'int8',
  taxAmount: 'int8',
  createdAt: 'timestamptz',
} as const;

/** What is kept of how an order was attributed. */
export interface StoredAttribution {
  given: OrderInput['attribution'];
  rejected: Rejection[];
}

function orderRow(booked: BookedOrder, createdAt: Date) {
  const { order, program, attribution } = booked;
  const stored: StoredAttribution = { given: order.attribution, rejected: attribution.rejected };
  return {
    id: booked.id,
    storeId: program.storeId,
    programId: program.id,
    externalId: order.externalId,
    contentHash: booked.contentHash,
    paidAt: order.paidAt,
    currency: order.currency,
    customerExternalId: order.customerExternalId,
    attributedDistributorId: attribution.distributorId,
    attributedBy: attribution.by,
    attribution: stored,
    planId: booked.planId,
    upline: booked.upline,
    hold: booked.hold,
    region: order.region ?? null,
    orderDiscountAmount: order.orderDiscountAmount,
    shippingAmount: order.shippingAmount,
    taxAmount: order.taxAmount,
    createdAt,
  };
}

function orderRows(booked: readonly BookedOrder[], now: Date): TableRows {
  // Two batches that share externalIds meet them in the same order, so neither waits in a circle.
  const rows = booked
    .map((order) => orderRow(order, now))
    .sort((a, b) => (a.externalId < b.externalId ? -1 : 1));
  return rowsOf('orders', orderColumns, rows);
}

const lineColumns = {
  id: 'text',
  orderId: 'text',
  position: 'int4',
  externalId: 'text',
  sku: 'text',
  productId: 'text',
  category: 'text',
  tags: 'text[]',
  quantity: 'int4',
  unitPriceAmount: 'int8',
  discountAmount: 'int8',
  unitCostAmount: 'int8',
  baseAmount: 'int8',
  inScope: 'bool',
  terms: 'jsonb',
} as const;

function lineRows(booked: readonly BookedOrder[]): TableRows {
  const rows = booked.flatMap((item) =>
    item.order.lines.map((line, position) => ({
      id: item.lines[position]!.id,
      orderId: item.id,
      position,
      externalId: line.externalId,
      sku: line.sku,
      productId: line.productId ?? null,
      category: line.category ?? null,
      tags: line.tags,
      quantity: line.quantity,
      unitPriceAmount: line.unitPriceAmount,
      discountAmount: line.discountAmount,
      unitCostAmount: line.unitCostAmount ?? null,
      baseAmount: item.lines[position]!.baseAmount,
      inScope: item.lines[position]!.inScope,
      terms: item.lines[position]!.terms,
    })),
  );
  return rowsOf('order_line', lineColumns, rows);
}

export const commissionColumns = {
  id: 'text',
  programId: 'text',
  orderId: 'text',
  orderLineId: 'text',
  level: 'int4',
  kind: 'text',
  distributorId: 'text',
  baseAmount: 'int8',
  rateBps: 'int4',
  ruleId: 'text',
  amount: 'int8',
  originalAmount: 'int8',
  firstEarningId: 'text',
  createdAt: 'timestamptz',
} as const;

function commissionRows(booked: readonly BookedOrder[], createdAt: Date): TableRows {
  const rows = booked.flatMap((item) =>
    item.commissions.map((commission) => ({
      programId: item.program.id,
      orderId: item.id,
      originalAmount: commission.amount,
      createdAt,
      ...commission,
    })),
  );
  return rowsOf('commission', commissionColumns as Columns<(typeof rows)[number]>, rows);
}

export const earningColumns = {
  id: 'text',
  programId: 'text',
  distributorId: 'text',
  kind: 'text',
  commissionId: 'text',
  refundId: 'text',
  amount: 'int8',
  releaseAt: 'timestamptz',
  availableAt: 'timestamptz',
  createdAt: 'timestamptz',
} as const;

/** The first earning of a commission, held until `releaseAt`. */
export function heldEarning(
  commission: { id: string; firstEarningId: string; distributorId: string; amount: bigint },
  held: { programId: string; releaseAt: Date; createdAt: Date },
) {
  return {
    id: commission.firstEarningId,
    programId: held.programId,
    distributorId: commission.distributorId,
    kind: 'commission',
    commissionId: commission.id,
    refundId: null,
    amount: commission.amount,
    releaseAt: held.releaseAt,
    availableAt: null,
    createdAt: held.createdAt,
  };
}

function earningRows(booked: readonly BookedOrder[], createdAt: Date): TableRows {
  const rows = booked.flatMap(({ program, releaseAt, commissions }) => {
    const held = { programId: program.id, releaseAt, createdAt };
    return commissions.map((commission) => heldEarning(commission, held));
  });
  return rowsOf('earning', earningColumns, rows);
}

export const bindingColumns = {
  id: 'text',
  programId: 'text',
  customerExternalId: 'text',
  distributorId: 'text',
  startsAt: 'timestamptz',
  endsAt: 'timestamptz',
  protectedUntil: 'timestamptz',
  cause: 'text',
  causeId: 'text',
  actor: 'text',
  createdAt: 'timestamptz',
} as const;

async function endBindings(tx: Tx, ended: AttributionResult['ended']): Promise<void> {
  if (ended.length === 0) return;
  await tx.run(
    `UPDATE binding b SET ends_at = e.ends_at
     FROM unnest($1::text[], $2::timestamptz[]) AS e (id, ends_at) WHERE b.id = e.id`,
    [ended.map(({ id }) => id), ended.map(({ endsAt }) => endsAt)],
  );
}

function bindingRows(bindings: readonly NewBinding[], { actor, now }: WriteContext): TableRows {
  const rows = bindings.map((binding) => ({ cause: 'order', actor, createdAt: now, ...binding }));
  return rowsOf('binding', bindingColumns as Columns<(typeof rows)[number]>, rows);
}

function bindingEvent(
  { id, programId, distributorId, causeId }: NewBinding,
  booked: readonly BookedOrder[],
  now: Date,
): EventInput {
  const { program } = booked.find((order) => order.id === causeId)!;
  return {
    storeId: program.storeId,
    programId,
    type: 'binding.created',
    subjectId: id,
    payload: { distributorId, orderId: causeId },
    occurredAt: programNow(program, now),
  };
}

function heldEvents({ id, program, releaseAt, commissions }: BookedOrder, now: Date): EventInput[] {
  return commissions.map((commission) => ({
    storeId: program.storeId,
    programId: program.id,
    type: 'commission.held',
    subjectId: commission.id,
    payload: {
      orderId: id,
      distributorId: commission.distributorId,
      amount: String(commission.amount),
      releaseAt: releaseAt.toISOString(),
    },
    occurredAt: programNow(program, now),
  }));
}

/** One transaction per order: what it earns whom, dated by its payment. */
function earnedTransaction({ id, order, commissions }: BookedOrder): LedgerTransactionInput {
  return {
    reference: `order:${id}:earned`,
    kind: 'commission_earned',
    occurredAt: order.paidAt,
    postings: commissions.flatMap(({ distributorId, amount }) =>
      commissionEarned(distributorId, amount),
    ),
  };
}
