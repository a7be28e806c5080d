import type { PlanBody } from '../../src/domain/commission/plan';
import type { OrderInput, OrderLineInput } from '../../src/domain/order/order';
import type { RefundInput } from '../../src/domain/order/refund';
import { acceptOrders, type OrderOutcome } from '../../src/db/order-intake';
import { loadOrderViews, type OrderView } from '../../src/db/order';
import { refundOrder } from '../../src/db/refund';
import type { Database } from '../../src/db/database';
import { newId } from '../../src/db/id';
import { givenDistributor, givenProgram, givenStore } from './given';
import { twoLevels } from './plan';

export { twoLevels };

/** A program with a plan of two levels (10 % and 5 %) and three people: top <- middle <- seller. */
export interface Shop {
  storeId: string;
  programId: string;
  planId: string;
  top: string;
  middle: string;
  seller: string;
  caller: { storeId: string; mode: 'test'; actor: string };
}

export async function givenShop(
  db: Database,
  options: {
    plan?: Partial<PlanBody>;
    planFrom?: Date;
    program?: Record<string, unknown>;
    storeId?: string;
  } = {},
): Promise<Shop> {
  const storeId = options.storeId ?? (await givenStore(db));
  const programId = await givenProgram(db, storeId, options.program);
  const planId = await givenPlan(
    db,
    programId,
    { ...twoLevels, ...options.plan },
    options.planFrom,
  );
  const owner = { storeId, programId };
  const top = await givenDistributor(db, owner);
  const middle = await givenDistributor(db, { ...owner, sponsorId: top });
  const seller = await givenDistributor(db, { ...owner, sponsorId: middle });
  const caller = { storeId, mode: 'test' as const, actor: 'key:test' };
  return { storeId, programId, planId, top, middle, seller, caller };
}

export async function givenPlan(
  db: Database,
  programId: string,
  body: PlanBody,
  effectiveAt = new Date('2026-01-01T00:00:00Z'),
): Promise<string> {
  const id = newId('plan');
  const count = await db.read.first<{ count: number }>(
    'SELECT count(*)::int AS count FROM plan WHERE program_id = $1',
    [programId],
  );
  await db.read.insert('plan', {
    id,
    programId,
    version: (count?.count ?? 0) + 1,
    status: 'published',
    body: JSON.stringify(body),
    note: '',
    findings: '[]',
    authorId: 'admin:test',
    createdAt: effectiveAt,
    effectiveAt,
    publishedAt: effectiveAt,
  });
  return id;
}

/** The code that `givenDistributor` gives. */
export function codeOf(distributorId: string): string {
  return distributorId.slice(-8).toUpperCase();
}

/** The real time of these tests: some weeks after the program's start. */
export const testNow = new Date('2026-03-01T00:00:00Z');

export function givenLine(line: Partial<OrderLineInput> = {}): OrderLineInput {
  return {
    externalId: '1',
    sku: 'TEA-1',
    tags: [],
    quantity: 2,
    unitPriceAmount: 6000n,
    discountAmount: 0n,
    ...line,
  };
}

/** An order by the seller's code: 2 x 60.00, paid on 1 February 2026. */
export function givenOrder(shop: Shop, order: Partial<OrderInput> = {}): OrderInput {
  return {
    programId: shop.programId,
    externalId: newId('order'),
    paidAt: new Date('2026-02-01T10:00:00Z'),
    currency: 'CNY',
    customerExternalId: 'u-1',
    attribution: { distributorCode: codeOf(shop.seller) },
    lines: [givenLine()],
    orderDiscountAmount: 0n,
    shippingAmount: 0n,
    taxAmount: 0n,
    ...order,
  };
}

export function accept(
  db: Database,
  shop: Shop,
  orders: readonly OrderInput[],
  now = testNow,
): Promise<OrderOutcome[]> {
  const context = { caller: shop.caller, now, language: 'en' as const };
  return db.transaction((tx) => acceptOrders(tx, context, orders));
}

/** Takes one order in, which must not be refused. */
export async function acceptOne(
  db: Database,
  shop: Shop,
  order: OrderInput,
  now = testNow,
): Promise<OrderView> {
  const [outcome] = await accept(db, shop, [order], now);
  if (outcome === undefined || outcome.status === 'refused') {
    throw outcome?.refusal ?? new Error('no outcome');
  }
  return outcome.order;
}

export async function readOrder(db: Database, orderId: string): Promise<OrderView> {
  return (await loadOrderViews(db.read, [orderId], 'en')).get(orderId)!;
}

/** A refund of lines on 3 February 2026. */
export function givenRefund(
  lines: RefundInput['lines'],
  more: Partial<RefundInput> = {},
): RefundInput {
  const refundedAt = new Date('2026-02-03T00:00:00Z');
  return { externalId: newId('refund'), refundedAt, lines, ...more };
}

export function acceptRefund(
  db: Database,
  { caller }: Shop,
  orderId: string,
  refund: RefundInput,
  now = testNow,
) {
  return db.transaction((tx) => refundOrder(tx, { caller, now }, orderId, refund));
}

export interface Balances {
  held: bigint;
  available: bigint;
  settling: bigint;
  receivable: bigint;
}

export async function balancesOf(db: Database, distributorId: string): Promise<Balances> {
  const rows = await db.read.rows<{ role: keyof Balances; balance: bigint }>(
    'SELECT role, balance FROM ledger_account WHERE distributor_id = $1',
    [distributorId],
  );
  const of = (role: keyof Balances) => rows.find((row) => row.role === role)?.balance ?? 0n;
  return {
    held: of('held'),
    available: of('available'),
    settling: of('settling'),
    receivable: of('receivable'),
  };
}

/**
 * What the books must say at every moment: all balances of a program sum to 0, each is the sum of
 * its entries, held is what no release took yet, and available with receivable is what was
 * released and not settled. Answers every disagreement.
 */
export async function wrongBooks(db: Database, programId: string): Promise<object[]> {
  const sums = await db.read.rows(
    `SELECT 'trial balance' AS wrong, sum(balance)::bigint AS difference FROM ledger_account
     WHERE program_id = $1 HAVING sum(balance) <> 0
     UNION ALL
     SELECT a.code, a.balance - coalesce(sum(e.amount), 0)::bigint
     FROM ledger_account a LEFT JOIN ledger_entry e ON e.account_id = a.id
     WHERE a.program_id = $1 GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0)`,
    [programId],
  );
  const earnings = await db.read.rows(
    `WITH earned AS (
       SELECT distributor_id,
         coalesce(sum(amount) FILTER (WHERE available_at IS NULL), 0)::bigint AS held,
         coalesce(sum(amount) FILTER (WHERE available_at IS NOT NULL AND statement_id IS NULL), 0)::bigint
           AS free
       FROM earning WHERE program_id = $1 GROUP BY distributor_id
     ), booked AS (
       SELECT distributor_id,
         coalesce(sum(balance) FILTER (WHERE role = 'held'), 0)::bigint AS held,
         coalesce(sum(balance) FILTER (WHERE role IN ('available', 'receivable')), 0)::bigint AS free
       FROM ledger_account WHERE program_id = $1 AND distributor_id IS NOT NULL
       GROUP BY distributor_id
     )
     SELECT distributor_id, e.held AS held_earned, b.held AS held_booked, e.free AS free_earned,
       b.free AS free_booked
     FROM earned e FULL JOIN booked b USING (distributor_id)
     WHERE coalesce(e.held, 0) <> coalesce(b.held, 0) OR coalesce(e.free, 0) <> coalesce(b.free, 0)`,
    [programId],
  );
  return [...sums, ...earnings];
}
