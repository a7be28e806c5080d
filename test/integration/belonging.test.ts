import { newId } from '../../src/db/id';
import { constraintAgainst, type TestDatabase, testDatabase } from '../support/database';
import { acceptOne, givenOrder, givenShop, type Shop } from '../support/shop';

/** What is written with an order, checked per statement instead of by foreign keys (ADR 16). */
type Table = 'orders' | 'order_line' | 'binding' | 'commission' | 'earning';
type Change = Readonly<Record<string, string | null>>;

let db: TestDatabase;
let shop: Shop;
let strangers: Shop;
/** of the last copy of a commission: no two of a line have the same */
let level = 10;

beforeAll(async () => {
  db = await testDatabase();
  shop = await givenShop(db, { program: { bindingWindowDays: 30 } });
  strangers = await givenShop(db);
  await acceptOne(db, shop, givenOrder(shop));
  await acceptOne(db, strangers, givenOrder(strangers));
});
afterAll(() => db.drop());

/** A row of the shop's order. */
async function rowOf(table: Table, program = shop.programId): Promise<{ id: string }> {
  const where =
    table === 'order_line'
      ? 'order_id IN (SELECT id FROM orders WHERE program_id = $1)'
      : 'program_id = $1';
  const row = await db.read.first<{ id: string }>(
    `SELECT id FROM ${table} WHERE ${where} ORDER BY id LIMIT 1`,
    [program],
  );
  return row!;
}

/** Writes copies of a row in one statement: a right one, and one with each of the changes. */
async function copy(table: Table, ...changes: readonly Change[]): Promise<void> {
  const { id } = await rowOf(table);
  const own = () => ({
    id: newId('event'),
    external_id: newId('event'),
    ...(table === 'commission' ? { level: (level += 1) } : {}),
    ...(table === 'earning' ? { kind: 'adjustment' } : {}),
  });
  const copies = [{}, ...changes].map((change) => ({ ...change, ...own() }));
  await db.read.run(
    `INSERT INTO ${table} SELECT (jsonb_populate_record(r, change)).*
     FROM ${table} r, unnest($2::jsonb[]) AS change WHERE r.id = $1`,
    [id, copies.map((row) => JSON.stringify(row))],
  );
}

/** The database must say no, and name the rule. */
async function refused(attempt: Promise<unknown>, constraint: string): Promise<void> {
  expect(await constraintAgainst(attempt)).toBe(constraint);
}

const tables: readonly Table[] = ['orders', 'order_line', 'binding', 'commission', 'earning'];

test.each(tables)('a copy of a row of %s that names the same is written', async (table) => {
  await copy(table);
});

type Case = [table: Table, column: string, theirs: (() => string | Promise<string>) | undefined];
const stranger = () => strangers.seller;
const cases: readonly Case[] = [
  ['orders', 'store_id', () => strangers.storeId],
  ['orders', 'program_id', () => strangers.programId],
  ['orders', 'attributed_distributor_id', stranger],
  ['orders', 'plan_id', () => strangers.planId],
  ['order_line', 'order_id', undefined],
  ['binding', 'program_id', () => strangers.programId],
  ['binding', 'distributor_id', stranger],
  ['commission', 'distributor_id', stranger],
  ['commission', 'order_line_id', async () => (await rowOf('order_line', strangers.programId)).id],
  ['commission', 'plan_id', () => strangers.planId],
  ['earning', 'program_id', () => strangers.programId],
  ['earning', 'distributor_id', stranger],
  ['earning', 'commission_id', async () => (await rowOf('commission', strangers.programId)).id],
  ['earning', 'refund_id', undefined],
  ['earning', 'payout_id', undefined],
  ['earning', 'correction_id', undefined],
  ['earning', 'reversal_id', undefined],
];

describe('one row among right ones is refused', () => {
  const ruleOf = (table: Table) => (table === 'orders' ? 'orders_belong' : `${table}_belongs`);

  test.each(cases)('%s: %s that is not there', async (table, column) => {
    await refused(copy(table, { [column]: newId('event') }), ruleOf(table));
  });

  test.each(cases.filter(([, , theirs]) => theirs !== undefined))(
    "%s: %s of somebody else's program",
    async (table, column, theirs) => {
      await refused(copy(table, { [column]: await theirs!() }), ruleOf(table));
    },
  );
});

test('the first earning of a commission is the one it names, and no other earning is', async () => {
  const { id } = await rowOf('commission');
  const write = (earningId: string, kind: string, commissionId: string) =>
    db.read.run(
      `INSERT INTO earning SELECT (jsonb_populate_record(e, $2)).* FROM commission c
       JOIN earning e ON e.id = c.first_earning_id WHERE c.id = $1`,
      [id, { id: earningId, kind, commission_id: commissionId }],
    );
  await refused(write(newId('earning'), 'commission', id), 'earning_belongs');
  const [commissionId, named] = [newId('commission'), newId('earning')];
  await db.read.run(
    `INSERT INTO commission SELECT (jsonb_populate_record(c, $2)).* FROM commission c WHERE id = $1`,
    [id, { id: commissionId, level: (level += 1), first_earning_id: named }],
  );
  await refused(write(named, 'adjustment', commissionId), 'earning_belongs');
  await write(named, 'commission', commissionId);
  await write(newId('earning'), 'adjustment', commissionId);
});

describe('nothing becomes another one, or names another one, later', () => {
  const kept: readonly [Table | 'program' | 'plan', readonly string[]][] = [
    ['program', ['id', 'store_id']],
    ['plan', ['id', 'program_id']],
    ['orders', ['id', 'store_id', 'program_id', 'attributed_distributor_id', 'plan_id']],
    ['order_line', ['id', 'order_id']],
    ['binding', ['id', 'program_id', 'distributor_id']],
    [
      'commission',
      [
        'id',
        'program_id',
        'order_id',
        'order_line_id',
        'distributor_id',
        'plan_id',
        'first_earning_id',
      ],
    ],
    [
      'earning',
      [
        ...['id', 'program_id', 'distributor_id', 'commission_id', 'refund_id', 'payout_id'],
        ...['correction_id', 'reversal_id'],
      ],
    ],
  ];

  test.each(kept.flatMap(([table, columns]) => columns.map((column) => [table, column] as const)))(
    '%s.%s',
    async (table, column) => {
      const change = db.read.run(
        `UPDATE ${table} SET ${column} = $1 WHERE id = (SELECT max(id) FROM ${table})`,
        [newId('event')],
      );
      // Tables that only a few rows are written to keep their foreign keys as well.
      expect(await constraintAgainst(change)).toMatch(/_(append_only|fixed|fkey)$/);
    },
  );
});
