import { allScopes, createApiKey } from '../../src/db/api-key';
import { type TestApp, testApp } from '../support/app';
import { type Answer, testClient } from '../support/http';
import { codeOf, givenShop, type Shop, wrongBooks } from '../support/shop';
import { testStore } from '../support/store';

/** POST /v1/orders: requests that arrive together share a transaction, and nobody notices. */
let app: TestApp;
let shop: Shop;

beforeAll(async () => {
  app = await testApp();
  shop = await givenShop(app.db, { storeId: app.store.id });
  // What no check foresees: the database itself refuses one of the orders.
  await app.db.read.run(
    `CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF NEW.external_id LIKE 'poison-%' THEN
         RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation', CONSTRAINT = 'poison';
       END IF;
       RETURN NEW;
     END $$`,
  );
  await app.db.read.run(
    `CREATE TRIGGER refuse_poison BEFORE INSERT ON orders
     FOR EACH ROW EXECUTE FUNCTION refuse_poison()`,
  );
});
afterAll(() => app.close());

const order = (externalId: string, change: Record<string, unknown> = {}) => ({
  programId: shop.programId,
  externalId,
  paidAt: '2026-02-01T10:00:00+08:00',
  currency: 'CNY',
  customer: { externalId: `u-${externalId}` },
  attribution: { distributorCode: codeOf(shop.seller) },
  lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
  ...change,
});

const together = (bodies: readonly object[], keys: readonly (string | undefined)[] = []) =>
  Promise.all(
    bodies.map((body, i) =>
      app.shop.post('/v1/orders', body, {
        headers: keys[i] === undefined ? {} : { 'idempotency-key': keys[i] },
      }),
    ),
  );

/** Every order with its ledger transaction and its line in the audit log. */
const stored = (prefix: string) =>
  app.db.read.rows<{ id: string; externalId: string; posted: bigint; audited: bigint }>(
    `SELECT o.id, o.external_id,
       (SELECT count(*) FROM ledger_transaction t WHERE t.reference = 'order:' || o.id || ':earned') AS posted,
       (SELECT count(*) FROM audit_record a WHERE a.subject_id = o.id AND a.action = 'order.accepted') AS audited
     FROM orders o WHERE o.external_id LIKE $1 || '%' ORDER BY o.external_id`,
    [prefix],
  );

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name}-${String(n).padStart(2, '0')}`);

describe('50 orders at once', () => {
  const counted = (answers: readonly Answer[], status: number) =>
    answers.filter((answer) => answer.status === status).length;

  test('one that is refused spoils none', async () => {
    const ids = numbered('refused', 50);
    const answers = await together(
      ids.map((id, n) => order(id, n === 20 ? { currency: 'USD' } : {})),
    );
    expect(answers[20]).toMatchObject({ status: 422, body: { code: 'currency_mismatch' } });
    expect(counted(answers, 201)).toBe(49);
    answers.forEach(({ body }, n) => n === 20 || expect(body.externalId).toBe(ids[n]));
    const rows = await stored('refused');
    expect(rows).toHaveLength(49);
    for (const row of rows) expect(row).toMatchObject({ posted: 1n, audited: 1n });
  });

  test('one that makes the shared transaction fail spoils none', async () => {
    const ids = numbered('shared', 50);
    const bodies = ids.map((id, n) => order(n === 31 ? 'poison-1' : id));
    const answers = await together(bodies, ids);
    expect(answers[31]).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    expect(counted(answers, 201)).toBe(49);
    const rows = await stored('shared');
    expect(rows).toHaveLength(49);
    for (const row of rows) expect(row).toMatchObject({ posted: 1n, audited: 1n });
    expect(await stored('poison')).toEqual([]);
    // The key of the one that failed is free; the others replay.
    const again = await together(bodies.slice(30, 33), ids.slice(30, 33));
    expect(again.map(({ status }) => status)).toEqual([201, 500, 201]);
    expect(again[0]?.body).toEqual(answers[30]?.body);
    expect(again[0]?.headers.get('idempotency-replayed')).toBe('true');
  });

  test('one whose answer JSON cannot hold spoils none', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const ids = numbered('large', 12);
    const huge = { lines: [{ externalId: '1', sku: 'X', quantity: 1, unitPriceAmount: most + 1 }] };
    const answers = await together(ids.map((id, n) => order(id, n === 5 ? huge : {})));
    expect(answers[5]?.status).toBe(400);
    expect(counted(answers, 201)).toBe(11);
  });
});

describe('the same again at the same moment', () => {
  test('20 with one Idempotency-Key: one order, and nobody gets another answer', async () => {
    for (let round = 0; round < 5; round += 1) {
      const name = `same-key-${round}`;
      const bodies = Array.from({ length: 20 }, () => order(name));
      const answers = await together(
        bodies,
        bodies.map(() => name),
      );
      const told = answers.filter(({ status }) => status === 201);
      expect(told.length).toBeGreaterThanOrEqual(1);
      expect(new Set(told.map(({ text }) => text)).size).toBe(1);
      for (const { status, body } of answers) {
        if (status !== 201) expect([status, body.code]).toEqual([409, 'idempotency_in_progress']);
      }
      expect(await stored(name)).toMatchObject([{ posted: 1n, audited: 1n }]);
    }
  });

  test('one key with two bodies: one order; the other body is refused', async () => {
    const bodies = Array.from({ length: 10 }, (_, n) => order(`two-bodies-${n % 2}`));
    const keys = bodies.map(() => 'two-bodies');
    const answers = await together(bodies, keys);
    expect(await stored('two-bodies')).toHaveLength(1);
    for (const { status, body } of answers) {
      if (status === 201) continue;
      expect(['idempotency_in_progress', 'idempotency_key_reused']).toContain(body.code);
    }
    const later = await together(bodies.slice(0, 2), keys);
    expect(later.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(later.find(({ status }) => status === 422)?.body.code).toBe('idempotency_key_reused');
  });

  test('20 with one externalId: one is new, the others answer it', async () => {
    const answers = await together(Array.from({ length: 20 }, () => order('same-id')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await stored('same-id')).toMatchObject([{ posted: 1n, audited: 1n }]);
  });

  test('20 with one externalId and two contents: one wins, the other content is refused', async () => {
    const answers = await together(
      Array.from({ length: 20 }, (_, n) => order('two-contents', { shippingAmount: n % 2 })),
    );
    const refused = answers.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(10);
    for (const { body } of refused) expect(body.code).toBe('external_id_conflict');
    expect(await stored('two-contents')).toHaveLength(1);
  });
});

describe('callers at the same moment', () => {
  test('each order is written in the name of its own caller, and answered in its language', async () => {
    const other = await testStore(app.db);
    const theirs = await givenShop(app.db, { storeId: other.id });
    const { key: second } = await app.db.transaction((tx) =>
      createApiKey(tx, {
        storeId: app.store.id,
        name: 'second',
        scopes: allScopes,
        mode: 'test',
        createdBy: 'system:test',
        now: new Date(),
        tokenPepper: app.deps.config.tokenPepper,
      }),
    );
    const ids = numbered('callers', 30);
    const answers = await Promise.all(
      ids.map((id, n) => {
        const headers = { 'accept-language': n % 2 === 0 ? 'en' : 'zh-CN' };
        // The other store names this store's program in every second of its orders.
        const own = n % 6 === 2 ? {} : { programId: theirs.programId };
        switch (n % 3) {
          case 0:
            return app.shop.post('/v1/orders', order(id), { headers });
          case 1:
            return app.shop.as(second).post('/v1/orders', order(id), { headers });
          default:
            return testClient(app.url, other.apiKey).post(
              '/v1/orders',
              order(id, { ...own, attribution: { distributorCode: codeOf(theirs.seller) } }),
              { headers },
            );
        }
      }),
    );
    answers.forEach(({ status, body }, n) => {
      if (n % 6 === 2) expect([status, body.code]).toEqual([404, 'not_found']);
      else expect(status).toBe(201);
      if (status === 404) expect(body.title).toBe('There is no such thing');
    });
    const rows = await app.db.read.rows<{ externalId: string; storeId: string; actor: string }>(
      `SELECT o.external_id, o.store_id, a.actor FROM orders o
       JOIN audit_record a ON a.subject_id = o.id AND a.store_id = o.store_id
       WHERE o.external_id LIKE 'callers-%' ORDER BY o.external_id`,
    );
    expect(rows).toHaveLength(25);
    const actors = new Map<number, Set<string>>();
    for (const { externalId, storeId, actor } of rows) {
      const kind = ids.indexOf(externalId) % 3;
      expect(storeId).toBe(kind === 2 ? other.id : app.store.id);
      actors.set(kind, (actors.get(kind) ?? new Set()).add(actor));
    }
    expect([...actors.values()].map((names) => names.size)).toEqual([1, 1, 1]);
    expect(new Set([...actors.values()].flatMap((names) => [...names])).size).toBe(3);
  });
});

test('after all that the books are right', async () => {
  expect(await wrongBooks(app.db, shop.programId)).toEqual([]);
});
