import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor } from '../support/given';
import {
  accept,
  acceptOne,
  balancesOf,
  codeOf,
  givenLine,
  givenOrder,
  givenPlan,
  givenShop,
  type Shop,
  testNow,
  twoLevels,
  wrongBooks,
} from '../support/shop';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
});
afterAll(() => db.drop());

const count = async (table: string, column: string, value: string): Promise<number> => {
  const row = await db.read.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table} WHERE ${column} = $1`,
    [value],
  );
  return row?.count ?? 0;
};

const bindings = (shop: Shop) => count('binding', 'program_id', shop.programId);

describe('an accepted order', () => {
  test('earns each level what the plan says, held until the hold is over', async () => {
    const shop = await givenShop(db);
    const order = await acceptOne(db, shop, givenOrder(shop));
    expect(order.attribution).toEqual({ distributorId: shop.seller, by: 'code', rejected: [] });
    const releaseAt = new Date('2026-02-08T10:00:00Z');
    expect(order.commissions).toMatchObject([
      { level: 1, distributorId: shop.seller, amount: 1200n, status: 'held', releaseAt },
      { level: 2, distributorId: shop.middle, amount: 600n, status: 'held', releaseAt },
    ]);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 1200n, available: 0n });
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 600n });
    expect(await balancesOf(db, shop.top)).toMatchObject({ held: 0n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('is the same when it is read again', async () => {
    const shop = await givenShop(db);
    const input = givenOrder(shop, {
      region: 'CN-33',
      lines: [givenLine(), givenLine({ externalId: '2', tags: ['a "b" \\c', 'd,{e}'] })],
      attribution: { couponCode: 'NOBODY', distributorCode: codeOf(shop.seller), clickId: 'c1' },
    });
    const first = await acceptOne(db, shop, input);
    const [again] = await accept(db, shop, [input]);
    expect(again).toEqual({ status: 200, order: first });
    const stored = await db.read.first(
      `SELECT tags FROM order_line l JOIN orders o ON o.id = l.order_id
       WHERE o.id = $1 AND l.external_id = '2'`,
      [first.id],
    );
    expect(stored).toEqual({ tags: ['a "b" \\c', 'd,{e}'] });
  });

  test('counts the hold from the receipt, assumed after so many days, where the program says so', async () => {
    const shop = await givenShop(db, { program: { holdStartsAt: 'received' } });
    const order = await acceptOne(db, shop, givenOrder(shop));
    expect(order.commissions[0]?.releaseAt).toEqual(new Date('2026-02-23T10:00:00Z'));
  });

  test('is kept without commissions while no plan is in force', async () => {
    const shop = await givenShop(db, { planFrom: new Date('2026-02-15T00:00:00Z') });
    const order = await acceptOne(db, shop, givenOrder(shop));
    expect(order).toMatchObject({
      planId: null,
      commissions: [],
      attribution: { distributorId: shop.seller, by: 'code' },
    });
  });

  test('is decided by the plan in force when it was paid', async () => {
    const shop = await givenShop(db);
    const levels = 1;
    const rules = [{ ...twoLevels.rules[0]!, rate: { bps: 2000 } }];
    const later = await givenPlan(
      db,
      shop.programId,
      { ...twoLevels, levels, rules },
      new Date('2026-02-01T10:00:00Z'),
    );
    const before = givenOrder(shop, { paidAt: new Date('2026-02-01T09:59:59Z') });
    const after = givenOrder(shop, { paidAt: new Date('2026-02-01T10:00:00Z') });
    const outcomes = await accept(db, shop, [after, before]);
    expect(outcomes).toMatchObject([
      { order: { planId: later, commissions: [{ amount: 2400n }] } },
      { order: { planId: shop.planId, commissions: [{ amount: 1200n }, { amount: 600n }] } },
    ]);
  });

  test('pays the upline of the moment of the payment, not of today', async () => {
    const shop = await givenShop(db);
    const moved = new Date('2026-02-10T00:00:00Z');
    await db.read.run(`UPDATE distributor_standing SET valid_to = $2 WHERE distributor_id = $1`, [
      shop.seller,
      moved,
    ]);
    await db.read.insert('distributor_standing', {
      distributorId: shop.seller,
      validFrom: moved,
      status: 'active',
      tier: 'bronze',
      sponsorId: shop.top,
      cause: 'sponsor_changed',
      actor: 'test',
      recordedAt: moved,
    });
    const outcomes = await accept(db, shop, [
      givenOrder(shop, { paidAt: new Date('2026-02-09T23:59:59.999Z') }),
      givenOrder(shop, { paidAt: moved }),
    ]);
    expect(outcomes).toMatchObject([
      { order: { commissions: [{}, { distributorId: shop.middle }] } },
      { order: { commissions: [{}, { distributorId: shop.top }] } },
    ]);
  });

  test('under compress climbs as far as it must to find somebody who earns', async () => {
    const shop = await givenShop(db, { plan: { onIneligible: 'compress' } });
    let sponsorId = shop.top;
    const chain: string[] = [];
    for (let i = 0; i < 150; i += 1) {
      sponsorId = await givenDistributor(db, { ...shop, sponsorId });
      chain.push(sponsorId);
    }
    await evict(chain.slice(0, -1));
    const attribution = { distributorCode: codeOf(chain.at(-1)!) };
    const order = await acceptOne(db, shop, givenOrder(shop, { attribution }));
    expect(order.commissions).toMatchObject([
      { level: 1, distributorId: chain.at(-1) },
      { level: 2, distributorId: shop.top },
    ]);
  });
});

/** Since before the order of the tests. */
async function evict(distributorIds: readonly string[]): Promise<void> {
  const at = new Date('2026-01-15T00:00:00Z');
  await db.read.run(
    `WITH ended AS (
       UPDATE distributor_standing SET valid_to = $2
       WHERE distributor_id = ANY($1) AND valid_to IS NULL RETURNING *)
     INSERT INTO distributor_standing
       (distributor_id, valid_from, status, tier, sponsor_id, cause, actor, recorded_at)
     SELECT distributor_id, $2, 'evicted', tier, sponsor_id, 'evicted', 'test', $2 FROM ended`,
    [distributorIds, at],
  );
}

describe('attribution', () => {
  test('tries coupon, code and binding in this order and says why the others lost', async () => {
    const shop = await givenShop(db);
    await db.read.insert('coupon_code', {
      id: `cpn_${shop.top.slice(4)}`,
      programId: shop.programId,
      code: 'SUMMER',
      distributorId: shop.top,
      createdAt: testNow,
    });
    const attribution = { couponCode: 'SUMMER', distributorCode: codeOf(shop.seller) };
    const first = await acceptOne(db, shop, givenOrder(shop, { attribution }));
    expect(first.attribution).toMatchObject({
      distributorId: shop.top,
      by: 'coupon',
      rejected: [{ by: 'code', reason: 'outranked' }],
    });
    const later = givenOrder(shop, {
      attribution: { distributorCode: 'NOBODY22', clickId: 'c-9' },
      paidAt: new Date('2026-02-02T10:00:00Z'),
    });
    expect((await acceptOne(db, shop, later)).attribution).toMatchObject({
      distributorId: shop.top,
      by: 'binding',
      rejected: [
        { by: 'code', given: 'NOBODY22', reason: 'code_unknown' },
        { by: 'click', given: 'c-9', reason: 'click_unknown' },
      ],
    });
  });

  test('stays with somebody who does not earn: the plan says who earns instead, and nobody is bound', async () => {
    const shop = await givenShop(db);
    await evict([shop.seller]);
    const order = await acceptOne(db, shop, givenOrder(shop));
    expect(order.attribution).toMatchObject({
      distributorId: shop.seller,
      by: 'code',
      rejected: [],
    });
    expect(order.commissions.map(({ level, distributorId }) => [level, distributorId])).toEqual([
      [2, shop.middle],
    ]);
    expect(await bindings(shop)).toBe(0);
  });

  test('takes no code of another program', async () => {
    const shop = await givenShop(db);
    const other = await givenShop(db, { storeId: shop.storeId });
    const attribution = { distributorCode: codeOf(other.seller) };
    const order = await acceptOne(db, shop, givenOrder(shop, { attribution }));
    expect(order.attribution).toMatchObject({ by: 'none', rejected: [{ reason: 'code_unknown' }] });
  });
});

describe('bindings made by orders', () => {
  test('the second order of a new customer in one batch follows the first', async () => {
    const shop = await givenShop(db);
    const outcomes = await accept(db, shop, [
      givenOrder(shop),
      givenOrder(shop, { attribution: {}, paidAt: new Date('2026-02-02T00:00:00Z') }),
    ]);
    expect(outcomes).toMatchObject([
      { order: { attribution: { by: 'code' } } },
      { order: { attribution: { by: 'binding', distributorId: shop.seller } } },
    ]);
    expect(await bindings(shop)).toBe(1);
  });

  test('20 orders of one new customer at once make exactly one binding', async () => {
    const shop = await givenShop(db);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => accept(db, shop, [givenOrder(shop)])),
    );
    expect(outcomes.flat().map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(await bindings(shop)).toBe(1);
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('last touch takes over when nobody is protected, and past orders keep their owner', async () => {
    const shop = await givenShop(db, {
      program: { bindingTouch: 'last', bindingProtectDays: 5 },
    });
    const on = (day: string, distributorId: string) =>
      givenOrder(shop, {
        paidAt: new Date(`2026-02-${day}T00:00:00Z`),
        attribution: { distributorCode: codeOf(distributorId) },
      });
    const first = await acceptOne(db, shop, on('01', shop.seller));
    await accept(db, shop, [on('05', shop.top)]); // protected: attributed, but no takeover
    const silent = givenOrder(shop, { paidAt: new Date('2026-02-06T00:00:00Z'), attribution: {} });
    expect((await acceptOne(db, shop, silent)).attribution.distributorId).toBe(shop.seller);
    await accept(db, shop, [on('07', shop.top)]);
    const later = givenOrder(shop, { paidAt: new Date('2026-02-08T00:00:00Z'), attribution: {} });
    expect((await acceptOne(db, shop, later)).attribution.distributorId).toBe(shop.top);
    expect(first.attribution.distributorId).toBe(shop.seller);
    const rows = await db.read.rows(
      'SELECT distributor_id, starts_at, ends_at FROM binding WHERE program_id = $1 ORDER BY starts_at',
      [shop.programId],
    );
    const change = new Date('2026-02-07T00:00:00Z');
    expect(rows).toEqual([
      { distributorId: shop.seller, startsAt: new Date('2026-02-01T00:00:00Z'), endsAt: change },
      { distributorId: shop.top, startsAt: change, endsAt: null },
    ]);
  });
});

describe('one externalId', () => {
  test('posted 20 times at once is one order', async () => {
    const shop = await givenShop(db);
    const order = givenOrder(shop);
    const outcomes = (
      await Promise.all(Array.from({ length: 20 }, () => accept(db, shop, [order])))
    ).flat();
    const statuses = outcomes.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(19).fill(200), 201]);
    const ids = outcomes.map((outcome) => outcome.status !== 'refused' && outcome.order.id);
    expect(new Set(ids).size).toBe(1);
    expect(await count('orders', 'program_id', shop.programId)).toBe(1);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 1200n });
  });

  test('with other content is refused, stored or in the same batch', async () => {
    const shop = await givenShop(db);
    const order = givenOrder(shop);
    const other = { ...order, shippingAmount: 1n };
    const outcomes = await accept(db, shop, [order, other, order]);
    expect(outcomes).toMatchObject([
      { status: 201 },
      { status: 'refused', refusal: { code: 'external_id_conflict' } },
      { status: 200 },
    ]);
    const [late] = await accept(db, shop, [other]);
    expect(late).toMatchObject({ status: 'refused', refusal: { code: 'external_id_conflict' } });
  });

  test('batches that share orders and meet each other end with every order once', async () => {
    const shop = await givenShop(db);
    const orders = Array.from({ length: 40 }, (_, i) =>
      givenOrder(shop, { customerExternalId: `shared-${i}` }),
    );
    const batches = await Promise.all([
      accept(db, shop, orders),
      accept(db, shop, [...orders].reverse()),
      accept(db, shop, orders.slice(10, 30)),
    ]);
    const made = batches.flat().filter(({ status }) => status === 201);
    expect(made).toHaveLength(40);
    expect(await bindings(shop)).toBe(40);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 48_000n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });
});

describe('a refused order', () => {
  const cases: [string, (shop: Shop) => Parameters<typeof givenOrder>[1], string][] = [
    ['unknown program', () => ({ programId: 'prg_01k9zq3v5wf8r8m2t4c6x0y1za' }), 'not_found'],
    [
      'paid later than the clock',
      () => ({ paidAt: new Date(testNow.getTime() + 600_001) }),
      'in_the_future',
    ],
    [
      'paid before the start',
      () => ({ paidAt: new Date('2025-12-31T23:59:59Z') }),
      'before_program_start',
    ],
    ['another currency', () => ({ currency: 'USD' }), 'currency_mismatch'],
    [
      'discount above the line',
      () => ({ lines: [givenLine({ discountAmount: 12_001n })] }),
      'discount_exceeds_lines',
    ],
    [
      'discount above the order',
      () => ({ orderDiscountAmount: 12_001n }),
      'discount_exceeds_lines',
    ],
  ];

  test.each(cases)('%s: spoils no other order of its batch', async (_, change, code) => {
    const shop = await givenShop(db);
    const outcomes = await accept(db, shop, [
      givenOrder(shop),
      givenOrder(shop, change(shop)),
      givenOrder(shop),
    ]);
    expect(outcomes).toMatchObject([
      { status: 201 },
      { status: 'refused', refusal: { code } },
      { status: 201 },
    ]);
    expect(await count('orders', 'program_id', shop.programId)).toBe(2);
  });

  test('ten minutes ahead of the clock are allowed', async () => {
    const shop = await givenShop(db);
    const paidAt = new Date(testNow.getTime() + 600_000);
    const [outcome] = await accept(db, shop, [givenOrder(shop, { paidAt })]);
    expect(outcome?.status).toBe(201);
  });

  test('a program of another store or mode is no program', async () => {
    const shop = await givenShop(db);
    const other = await givenShop(db);
    const live = await givenShop(db, { storeId: shop.storeId, program: { mode: 'live' } });
    const outcomes = await accept(db, shop, [givenOrder(other), givenOrder(live)]);
    expect(outcomes).toMatchObject([
      { refusal: { code: 'not_found' } },
      { refusal: { code: 'not_found' } },
    ]);
  });
});

test('a designated program pays only for what it covers', async () => {
  const shop = await givenShop(db, { program: { productScope: 'designated' } });
  await db.read.insert('program_product', [
    { programId: shop.programId, kind: 'sku', value: 'TEA-1' },
    { programId: shop.programId, kind: 'tag', value: 'new' },
  ]);
  const lines = [
    givenLine(),
    givenLine({ externalId: '2', sku: 'CUP-1' }),
    givenLine({ externalId: '3', sku: 'POT-1', tags: ['new'] }),
  ];
  const order = await acceptOne(db, shop, givenOrder(shop, { lines }));
  const paid = order.commissions.filter(({ level }) => level === 1);
  expect(paid.map(({ lineExternalId }) => lineExternalId)).toEqual(['1', '3']);
});
