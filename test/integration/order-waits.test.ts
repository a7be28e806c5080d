import type { Database, Tx } from '../../src/db/database';
import { acceptOrders } from '../../src/db/order-intake';
import { lockProgramAlone } from '../../src/db/program-lock';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor } from '../support/given';
import { accept, codeOf, givenOrder, givenPlan, givenShop, testNow } from '../support/shop';
import { twoLevels } from '../support/plan';
import { until } from '../support/until';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 6 });
});
afterAll(() => db.drop());

/** Runs `first` in a transaction that ends only when `second`, begun after it, waits for a lock. */
async function meet<T>(first: (tx: Tx) => Promise<unknown>, second: () => Promise<T>): Promise<T> {
  let waiting: Promise<T> | undefined;
  await db.transaction(async (tx) => {
    await first(tx);
    waiting ??= second();
    await until(somebodyWaits, 'the second waits for a lock');
  });
  return waiting!;
}

async function somebodyWaits(): Promise<boolean> {
  const row = await db.read.first(
    `SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`,
  );
  return row !== undefined;
}

/** The transaction as a database, for helpers that write outside of one. */
const within = (tx: Tx) => ({ ...db, read: tx }) as Database;

describe('an order that waits for somebody', () => {
  test('is booked by the plan that was published meanwhile', async () => {
    const shop = await givenShop(db);
    let planId = '';
    const [outcome] = await meet(
      async (tx) => {
        await lockProgramAlone(tx, shop.programId);
        const rules = [{ ...twoLevels.rules[0]!, rate: { bps: 2000 } }];
        const from = new Date('2026-01-15T00:00:00Z');
        planId = await givenPlan(within(tx), shop.programId, { ...twoLevels, rules }, from);
      },
      () => accept(db, shop, [givenOrder(shop)]),
    );
    expect(outcome).toMatchObject({
      status: 201,
      order: { planId, commissions: [{ level: 1, amount: 2400n }] },
    });
  });

  test('finds the customer with whoever got it meanwhile, and knows who that is', async () => {
    const shop = await givenShop(db);
    const { storeId, programId } = shop;
    const other = await givenDistributor(db, { storeId, programId });
    const attribution = { distributorCode: codeOf(other) };
    const context = { caller: shop.caller, now: testNow, language: 'en' as const };
    const [outcome] = await meet(
      (tx) => acceptOrders(tx, context, [givenOrder(shop, { attribution })]),
      () => accept(db, shop, [givenOrder(shop)]),
    );
    expect(outcome).toMatchObject({
      status: 201,
      order: {
        attribution: {
          distributorId: shop.seller,
          by: 'code',
          rejected: [{ by: 'binding', reason: 'outranked' }],
        },
      },
    });
    const bindings = await db.read.rows('SELECT 1 FROM binding WHERE program_id = $1', [programId]);
    expect(bindings).toHaveLength(1);
  });
});
