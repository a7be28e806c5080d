import { createHash } from 'node:crypto';
import { baseAmounts, type OrderFacts } from '../domain/commission/calculation';
import { bookOrder } from '../domain/commission/booking';
import type { Caller } from '../domain/kernel/access';
import type { Language } from '../domain/kernel/language';
import { Refusal } from '../domain/kernel/refusal';
import { releaseAt } from '../domain/order/hold';
import {
  type OrderInput,
  type OrderLineInput,
  orderContent,
  whyRefused,
} from '../domain/order/order';
import { coverOf, covers, type ProductCover } from '../domain/order/scope';
import type { Tx } from './database';
import { newId } from './id';
import { loadOrderViews, type OrderView, viewOfBooked } from './order';
import { type Attributed, attributeOrders } from './order-attribution';
import { type BookedCommission, type BookedOrder, writeOrders } from './order-write';
import { type PlanInForce, plansAt } from './plan';
import type { ProgramRow } from './program';

/** What became of one order of a batch. */
export type OrderOutcome =
  { status: 201 | 200; order: OrderView } | { status: 'refused'; refusal: Refusal };

export interface IntakeContext {
  caller: Pick<Caller, 'storeId' | 'mode' | 'actor'>;
  /** real time */
  now: Date;
  language: Language;
}

/** An order that passed every check and is new. */
interface Accepted {
  index: number;
  order: OrderInput;
  program: ProgramRow;
  contentHash: string;
}

/** What is known of an order before anything is written. */
type Verdict =
  | { kind: 'new'; accepted: Accepted }
  | { kind: 'stored'; orderId: string }
  /** the same order stands earlier in this batch */
  | { kind: 'repeat'; of: number }
  | { kind: 'refused'; refusal: Refusal };

/**
 * Takes in 1 to 1000 orders in one transaction with a fixed number of statements. A refusal is the
 * answer of its own order and touches no other. The same externalId with the same content answers
 * the stored order; with other content it is refused, inside one batch too.
 * @throws ExternalIdRace, after which the transaction runs again
 */
export async function acceptOrders(
  tx: Tx,
  context: IntakeContext,
  orders: readonly OrderInput[],
): Promise<OrderOutcome[]> {
  const programs = await lockPrograms(tx, context.caller, orders);
  const stored = await storedOrders(tx, context.caller.storeId, orders);
  const verdicts = judge(orders, { programs, stored, now: context.now });
  const fresh = verdicts.flatMap((verdict) => (verdict.kind === 'new' ? [verdict.accepted] : []));
  const plans = await plansOf(tx, fresh);
  const covers = await coversOf(tx, fresh);
  const attributable = fresh.map(({ order, program }, i) => ({
    id: newId('order'),
    order,
    program,
    rules: plans[i]?.body ?? planless,
  }));
  const found = await attributeOrders(tx, attributable);
  const booked = fresh.map((accepted, i) =>
    book(accepted, attributable[i]!.id, {
      plan: plans[i],
      cover: covers.get(accepted.program.id),
      attributed: found.attributed[i]!,
    }),
  );
  await writeOrders(tx, booked, found, { actor: context.caller.actor, now: context.now });
  return answer(tx, verdicts, booked, context.language);
}

// Without a plan nobody earns, but the order still says who brought it.
const planless = { levels: 1, onIneligible: 'skip', selfPurchase: 'deny' } as const;

/** Also keeps plans from being published until the orders are in: they would be the wrong ones. */
async function lockPrograms(
  tx: Tx,
  { storeId, mode }: IntakeContext['caller'],
  orders: readonly OrderInput[],
): Promise<Map<string, ProgramRow>> {
  const ids = [...new Set(orders.map(({ programId }) => programId))];
  const rows = await tx.rows<ProgramRow>(
    `SELECT * FROM program WHERE id = ANY($1) AND store_id = $2 AND ($3 = 'both' OR mode = $3)
     ORDER BY id FOR KEY SHARE`,
    [ids, storeId, mode],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

interface StoredOrder {
  id: string;
  externalId: string;
  contentHash: string;
}

async function storedOrders(
  tx: Tx,
  storeId: string,
  orders: readonly OrderInput[],
): Promise<Map<string, StoredOrder>> {
  const rows = await tx.rows<StoredOrder>(
    'SELECT id, external_id, content_hash FROM orders WHERE store_id = $1 AND external_id = ANY($2)',
    [storeId, orders.map(({ externalId }) => externalId)],
  );
  return new Map(rows.map((row) => [row.externalId, row]));
}

function judge(
  orders: readonly OrderInput[],
  known: { programs: Map<string, ProgramRow>; stored: Map<string, StoredOrder>; now: Date },
): Verdict[] {
  const seen = new Map<string, Accepted>();
  return orders.map((order, index): Verdict => {
    const contentHash = createHash('sha256').update(orderContent(order)).digest('hex');
    const program = known.programs.get(order.programId);
    if (program === undefined) return refused(noSuchProgram());
    const before = known.stored.get(order.externalId);
    const earlier = seen.get(order.externalId);
    if ((before ?? earlier ?? { contentHash }).contentHash !== contentHash) {
      return refused(
        new Refusal('external_id_conflict', 'This externalId was used for another order.'),
      );
    }
    if (before !== undefined) return { kind: 'stored', orderId: before.id };
    if (earlier !== undefined) return { kind: 'repeat', of: earlier.index };
    const refusal = whyRefused(order, program, known.now) ?? discountRefusal(order);
    if (refusal !== undefined) return refused(refusal);
    const accepted = { index, order, program, contentHash };
    seen.set(order.externalId, accepted);
    return { kind: 'new', accepted };
  });
}

function refused(refusal: Refusal): Verdict {
  return { kind: 'refused', refusal };
}

function noSuchProgram(): Refusal {
  const message = 'There is no such program.';
  return new Refusal('not_found', message, {
    errors: [{ pointer: '/programId', code: 'not_found', message }],
  });
}

function discountRefusal(order: OrderInput): Refusal | undefined {
  try {
    baseAmounts(factsOf(order, undefined));
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function factsOf(order: OrderInput, cover: ProductCover): OrderFacts {
  return {
    lines: order.lines.map((line) => ({ ...defined(line), inScope: covers(cover, line) })),
    orderDiscountAmount: order.orderDiscountAmount,
  };
}

function defined({ productId, category, unitCostAmount, ...line }: OrderLineInput) {
  return {
    ...line,
    ...(productId === undefined ? {} : { productId }),
    ...(category === undefined ? {} : { category }),
    ...(unitCostAmount === undefined ? {} : { unitCostAmount }),
  };
}

async function plansOf(tx: Tx, fresh: readonly Accepted[]): Promise<(PlanInForce | undefined)[]> {
  const plans: (PlanInForce | undefined)[] = fresh.map(() => undefined);
  for (const programId of programIdsOf(fresh)) {
    const own = fresh.map((_, i) => i).filter((i) => fresh[i]!.program.id === programId);
    const moments = own.map((i) => fresh[i]!.order.paidAt);
    const found = await plansAt(tx, programId, moments);
    own.forEach((i, position) => (plans[i] = found[position]));
  }
  return plans;
}

async function coversOf(tx: Tx, fresh: readonly Accepted[]): Promise<Map<string, ProductCover>> {
  const designated = fresh.filter(({ program }) => program.productScope === 'designated');
  const ids = programIdsOf(designated);
  if (ids.length === 0) return new Map();
  const rows = await tx.rows<{ programId: string; kind: string; value: string }>(
    'SELECT program_id, kind, value FROM program_product WHERE program_id = ANY($1)',
    [ids],
  );
  return new Map(ids.map((id) => [id, coverOf(rows.filter(({ programId }) => programId === id))]));
}

function programIdsOf(fresh: readonly Accepted[]): string[] {
  return [...new Set(fresh.map(({ program }) => program.id))].sort();
}

function book(
  { order, program, contentHash }: Accepted,
  id: string,
  by: { plan: PlanInForce | undefined; cover: ProductCover; attributed: Attributed },
): BookedOrder {
  const hold = {
    startsAt: program.holdStartsAt,
    days: program.holdDays,
    assumeReceivedAfterDays: program.assumeReceivedAfterDays,
  };
  const { plan, cover, attributed } = by;
  const lines = bookOrder(plan?.body, attributed.upline, factsOf(order, cover)).map((line) => ({
    id: newId('orderLine'),
    ...line,
  }));
  const commissions = lines.flatMap((line, position) =>
    line.commissions
      .filter(({ amount }) => amount > 0n)
      .map((commission): BookedCommission => ({
        id: newId('commission'),
        orderLineId: line.id,
        lineExternalId: order.lines[position]!.externalId,
        baseAmount: line.baseAmount,
        ...commission,
      })),
  );
  return {
    ...attributed,
    id,
    order,
    program,
    contentHash,
    planId: plan?.id ?? null,
    hold,
    releaseAt: releaseAt(hold, { paidAt: order.paidAt, receivedAt: null }),
    lines,
    commissions,
  };
}

async function answer(
  tx: Tx,
  verdicts: readonly Verdict[],
  booked: readonly BookedOrder[],
  language: Language,
): Promise<OrderOutcome[]> {
  const storedIds = verdicts.flatMap((v) => (v.kind === 'stored' ? [v.orderId] : []));
  const stored = await loadOrderViews(tx, storedIds, language);
  const made = new Map<number, OrderView>();
  let next = 0;
  verdicts.forEach((verdict, index) => {
    if (verdict.kind !== 'new') return;
    made.set(index, viewOfBooked(booked[next]!, language));
    next += 1;
  });
  return verdicts.map((verdict, index): OrderOutcome => {
    switch (verdict.kind) {
      case 'new':
        return { status: 201, order: made.get(index)! };
      case 'repeat':
        return { status: 200, order: made.get(verdict.of)! };
      case 'stored':
        return { status: 200, order: stored.get(verdict.orderId)! };
      case 'refused':
        return { status: 'refused', refusal: verdict.refusal };
    }
  });
}
