import { doDaily } from '../../src/db/duty';
import { programById } from '../../src/db/program';
import { refundOrder } from '../../src/db/refund';
import { openVerification, type VerificationRow, verifyNext } from '../../src/db/verification';
import { type TestDatabase, testDatabase } from '../support/database';
import { acceptOne, givenOrder, givenShop, type Shop, testNow } from '../support/shop';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

async function open(shop: Shop, fromAt: Date | null = null): Promise<string> {
  const program = await programById(db.read, shop.programId);
  const input = { program, fromAt, cause: 'request' as const, requestedBy: 'key:test' };
  const now = new Date();
  const { verification } = await db.transaction((tx) => openVerification(tx, { ...input, now }));
  return verification.id;
}

async function read(id: string): Promise<VerificationRow> {
  const row = await db.read.first<VerificationRow>('SELECT * FROM verification WHERE id = $1', [
    id,
  ]);
  if (row === undefined) throw new Error(`no verification ${id}`);
  return row;
}

async function verify(shop: Shop, fromAt: Date | null = null): Promise<VerificationRow> {
  const id = await open(shop, fromAt);
  while (await verifyNext(db, id, testNow));
  return read(id);
}

/** Changes what the database guards, as somebody with a superuser's rights could. */
async function tamper(table: string, sql: string, params: unknown[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.run(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    await tx.run(sql, params);
    await tx.run(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  });
}

async function givenRefunded(shop: Shop) {
  const order = await acceptOne(db, shop, givenOrder(shop));
  await db.transaction((tx) =>
    refundOrder(tx, { caller: shop.caller, now: testNow }, order.id, {
      externalId: `R-${order.id}`,
      refundedAt: new Date('2026-02-03T10:00:00Z'),
      lines: [{ externalId: '1', quantity: 1, amount: 5555n }],
    }),
  );
  return order;
}

test('what was booked and refunded is found as it was computed, and no review is opened', async () => {
  const shop = await givenShop(db);
  await acceptOne(db, shop, givenOrder(shop));
  await givenRefunded(shop);
  expect(await verify(shop)).toMatchObject({
    status: 'done',
    progressDone: 2,
    progressTotal: 2,
    commissions: 4,
    differences: [],
    differenceCount: 0,
    reviewId: null,
  });
});

test('one fen too much on a commission opens a review, names it, and repairs nothing', async () => {
  const shop = await givenShop(db);
  const order = await givenRefunded(shop);
  const commissionId = order.commissions[0]!.id;
  const sql = 'UPDATE commission SET amount = amount + 1 WHERE id = $1';
  await tamper('commission', sql, [commissionId]);
  const found = await verify(shop);
  expect(found.differences).toEqual([
    { subject: commissionId, check: 'remaining', expected: '644', found: '645' },
    { subject: commissionId, check: 'earnings', expected: '645', found: '644' },
  ]);
  const review = await db.read.first(
    'SELECT kind, subject_id, status, facts FROM review_task WHERE id = $1',
    [found.reviewId],
  );
  expect(review).toMatchObject({
    kind: 'reconciliation',
    subjectId: found.id,
    status: 'open',
    facts: { differences: 2 },
  });
  const stored = await db.read.first('SELECT amount FROM commission WHERE id = $1', [commissionId]);
  expect(stored).toEqual({ amount: 645n });
});

test('a balance that is not the sum of its entries is named, and so is the trial balance', async () => {
  const shop = await givenShop(db);
  await acceptOne(db, shop, givenOrder(shop));
  const code = `distributor:${shop.seller}:held`;
  const sql = 'UPDATE ledger_account SET balance = balance + 1 WHERE code = $1';
  await tamper('ledger_account', sql, [code]);
  const found = await verify(shop);
  expect(found.differences).toEqual([
    { subject: code, check: 'balance', expected: '1200', found: '1201' },
    { subject: shop.programId, check: 'trial_balance', expected: '0', found: '1' },
    { subject: `${shop.seller}:held`, check: 'earnings', expected: '1200', found: '1201' },
  ]);
});

test('an entry, an earning or terms that were changed do not go unnoticed', async () => {
  const shop = await givenShop(db);
  const [first, second, third] = [
    await acceptOne(db, shop, givenOrder(shop)),
    await acceptOne(db, shop, givenOrder(shop)),
    await acceptOne(db, shop, givenOrder(shop)),
  ];
  await tamper('earning', 'UPDATE earning SET amount = amount - 1 WHERE commission_id = $1', [
    first.commissions[0]!.id,
  ]);
  await tamper(
    'ledger_entry',
    `UPDATE ledger_entry e SET amount = e.amount + 1 FROM ledger_transaction t, ledger_account a
     WHERE t.reference = $1 AND e.transaction_id = t.id AND a.id = e.account_id AND a.code = $2`,
    [`order:${second.id}:earned`, `distributor:${shop.seller}:held`],
  );
  await tamper(
    'order_line',
    `UPDATE order_line SET terms = jsonb_set(terms, '{levels,0,rate,bps}', '1001') WHERE order_id = $1`,
    [third.id],
  );
  const found = await verify(shop);
  const checks = found.differences.map(({ subject, check }) => `${subject} ${check}`);
  expect(checks).toContain(`${first.commissions[0]!.id} earnings`);
  expect(checks).toContain(`${second.id} ledger`);
  expect(checks.filter((check) => check.endsWith(' terms'))).toHaveLength(1);
});

test('killed between two chunks, it goes on where it stopped and counts nothing twice', async () => {
  const shop = await givenShop(db);
  await givenRefunded(shop);
  const id = await open(shop);
  while ((await read(id)).progressDone === 0) await verifyNext(db, id, testNow);
  expect(await read(id)).toMatchObject({ status: 'running', progressDone: 1 });
  expect(await open(shop)).toBe(id);
  while (await verifyNext(db, id, testNow));
  await verifyNext(db, id, testNow);
  expect(await read(id)).toMatchObject({ status: 'done', progressDone: 1, commissions: 2 });
});

test('every night it looks at what was stored since the night before', async () => {
  const shop = await givenShop(db);
  const round = (until: string, realNow: Date) =>
    doDaily(db, { programId: shop.programId, until: new Date(until), realNow });
  const nights = () =>
    db.read.rows<VerificationRow>('SELECT * FROM verification WHERE program_id = $1 ORDER BY id', [
      shop.programId,
    ]);
  const madeOn = 'UPDATE program SET created_at = $2 WHERE id = $1';
  await db.read.run(madeOn, [shop.programId, '2026-02-28T20:00:00Z']);
  await round('2026-03-01T15:59:00Z', testNow);
  expect(await nights()).toEqual([]);
  await round('2026-03-01T16:00:00Z', new Date()); // midnight in Shanghai
  await round('2026-03-02T15:59:00Z', new Date());
  const [first, ...others] = await nights();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ cause: 'nightly', fromAt: null });
  while (await verifyNext(db, first!.id, testNow));
  await round('2026-03-02T16:00:00Z', new Date());
  expect((await nights())[1]).toMatchObject({ status: 'running', fromAt: first!.toAt });
});
