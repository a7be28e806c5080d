import { type TestApp, testApp } from '../support/app';
import { givenDistributor } from '../support/given';
import { testKey } from '../support/store';
import { codeOf, givenShop, type Shop, wrongBooks } from '../support/shop';

let app: TestApp;
let shop: Shop;

beforeAll(async () => {
  app = await testApp();
  shop = await givenShop(app.db, { storeId: app.store.id });
});
afterAll(() => app.close());

const paidAt = '2026-02-01T10:00:00+08:00';
let last = 0;

const order = (change: Record<string, unknown> = {}) => ({
  programId: shop.programId,
  externalId: `SO-${(last += 1)}`,
  paidAt,
  currency: 'CNY',
  customer: { externalId: `u-${last}` },
  attribution: { distributorCode: codeOf(shop.seller) },
  lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
  ...change,
});

const line = (change: Record<string, unknown>) => ({
  lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000, ...change }],
});

describe('POST /v1/orders', () => {
  test('answers the order with its commissions, and the same again', async () => {
    const body = order();
    const first = await app.shop.post('/v1/orders', body);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      externalId: body.externalId,
      status: 'paid',
      attribution: { distributorId: shop.seller, by: 'code', rejected: [] },
      commissions: [
        {
          kind: 'sale',
          lineExternalId: '1',
          level: 1,
          distributorId: shop.seller,
          baseAmount: 12_000,
          rateBps: 1000,
          ruleId: 'direct',
          amount: 1200,
          originalAmount: 1200,
          status: 'held',
          releaseAt: '2026-02-08T02:00:00.000Z',
        },
        { level: 2, distributorId: shop.middle, amount: 600 },
      ],
    });
    const again = await app.shop.post('/v1/orders', body);
    expect([again.status, again.body]).toEqual([200, first.body]);
    const other = await app.shop.post('/v1/orders', { ...body, region: 'CN-11' });
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict']);
    for (const path of [first.body.id as string, `ext:${body.externalId}`]) {
      expect((await app.shop.get(`/v1/orders/${path}`)).body).toEqual(first.body);
    }
  });

  const bad: [string, Record<string, unknown>, number, string][] = [
    ['no lines', { lines: [] }, 400, '/lines'],
    [
      '2001 lines',
      {
        lines: Array.from({ length: 2001 }, (_, i) => ({
          ...line({}).lines[0],
          externalId: `${i}`,
        })),
      },
      400,
      '/lines',
    ],
    [
      'two lines with one id',
      { lines: [line({}).lines[0], line({}).lines[0]] },
      400,
      '/lines/1/externalId',
    ],
    ['quantity 0', line({ quantity: 0 }), 400, '/lines/0/quantity'],
    ['quantity above a million', line({ quantity: 1_000_001 }), 400, '/lines/0/quantity'],
    ['a negative price', line({ unitPriceAmount: -1 }), 400, '/lines/0/unitPriceAmount'],
    ['a negative cost', line({ unitCostAmount: -1 }), 400, '/lines/0/unitCostAmount'],
    ['a fraction of a piece', line({ quantity: 1.5 }), 400, '/lines/0/quantity'],
    [
      'a product above 2^53-1',
      line({ unitPriceAmount: 9_007_199_254_740_991 }),
      400,
      '/lines/0/unitPriceAmount',
    ],
    [
      'a cost above 2^53-1',
      line({ unitCostAmount: 9_007_199_254_740_991 }),
      400,
      '/lines/0/unitCostAmount',
    ],
    [
      '21 tags',
      line({ tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }),
      400,
      '/lines/0/tags',
    ],
    ['an unknown field', { discount: 1 }, 400, '/discount'],
    ['no zone', { paidAt: '2026-02-01T10:00:00' }, 400, '/paidAt'],
    ['a lower-case currency', { currency: 'cny' }, 400, '/currency'],
    ['another currency', { currency: 'USD' }, 422, '/currency'],
    ['a payment in the future', { paidAt: '2199-01-01T00:00:00Z' }, 422, '/paidAt'],
    ['a payment before the start', { paidAt: '2001-01-01T00:00:00Z' }, 422, '/paidAt'],
    ['a discount above the lines', { orderDiscountAmount: 12_001 }, 422, '/orderDiscountAmount'],
    [
      'a program that is not there',
      { programId: 'prg_01k9zq3v5wf8r8m2t4c6x0y1za' },
      404,
      '/programId',
    ],
  ];

  test.each(bad)('refuses %s and says where', async (_, change, status, pointer) => {
    const answer = await app.shop.post('/v1/orders', order(change));
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([status, pointer]);
    expect((await app.shop.get(`/v1/orders/ext:SO-${last}`)).status).toBe(404);
  });

  test('needs the scope and the mode', async () => {
    const reader = await testKey(app.db, app.store.id, { scopes: ['orders:read'] });
    expect((await app.shop.as(reader).post('/v1/orders', order())).status).toBe(403);
    expect((await app.shop.as(app.store.liveKey).post('/v1/orders', order())).status).toBe(404);
    expect((await app.admin.post('/v1/orders', order())).status).toBe(201);
  });
});

describe('POST /v1/orders/batch', () => {
  test('answers each order by its index; bad ones spoil no other', async () => {
    const good = order();
    const { status, body } = await app.shop.post('/v1/orders/batch', {
      orders: [
        good,
        order({ lines: 'none', currency: 5 }),
        order({ currency: 'USD' }),
        'nonsense',
        good,
        { ...good, region: 'CN-11' },
        order(),
      ],
    });
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { index: 0, status: 201, order: { externalId: good.externalId } },
      { index: 1, status: 400, problem: { code: 'invalid_request' } },
      { index: 2, status: 422, problem: { code: 'currency_mismatch' } },
      { index: 3, status: 400, problem: { code: 'invalid_request' } },
      { index: 4, status: 200, order: { externalId: good.externalId } },
      { index: 5, status: 409, problem: { code: 'external_id_conflict' } },
      { index: 6, status: 201 },
    ]);
    const pointers = body.results[1].problem.errors.map(
      (fault: { pointer: string }) => fault.pointer,
    );
    expect(pointers.sort()).toEqual(['/currency', '/lines']);
    expect(await wrongBooks(app.db, shop.programId)).toEqual([]);
  });

  test.each([
    ['no orders', { orders: [] }],
    ['1001 orders', { orders: Array(1001).fill({}) }],
    ['no list', {}],
  ])('refuses %s', async (_, body) => {
    expect((await app.shop.post('/v1/orders/batch', body)).status).toBe(400);
  });
});

describe('receipts and refunds', () => {
  test('a refund answers the adjusted commissions and is listed', async () => {
    const body = order();
    await app.shop.post('/v1/orders', body);
    const path = `/v1/orders/ext:${body.externalId}/refunds`;
    const refund = {
      externalId: `R-${last}`,
      refundedAt: '2026-02-02T00:00:00Z',
      lines: [{ externalId: '1', quantity: 1, amount: 6000 }],
    };
    const first = await app.shop.post(path, refund);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      externalId: refund.externalId,
      orderStatus: 'partially_refunded',
      commissions: [{ amount: 600 }, { amount: 300 }],
    });
    const again = await app.shop.post(path, refund);
    expect([again.status, again.body]).toEqual([200, first.body]);
    const other = await app.shop.post(path, { ...refund, refundedAt: '2026-02-03T00:00:00Z' });
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict']);
    const list = await app.shop.get(path);
    expect(list.body.data).toMatchObject([{ id: first.body.id, lines: refund.lines }]);
    const one = await app.shop.get(`${path}/${first.body.id as string}`);
    expect(one.body).toEqual(list.body.data[0]);
  });

  test.each([
    ['more than remains', { quantity: 2, amount: 12_001 }, 422, '/lines/0/amount'],
    ['nothing', { quantity: 0, amount: 0 }, 400, '/lines/0/amount'],
    ['less than nothing', { quantity: 0, amount: -1 }, 400, '/lines/0/amount'],
  ])('a refund of %s is refused', async (_, change, status, pointer) => {
    const body = order();
    await app.shop.post('/v1/orders', body);
    const answer = await app.shop.post(`/v1/orders/ext:${body.externalId}/refunds`, {
      externalId: `R-${last}`,
      refundedAt: '2026-02-02T00:00:00Z',
      lines: [{ externalId: '1', ...change }],
    });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([status, pointer]);
  });

  test('a receipt is recorded once', async () => {
    const body = order();
    await app.shop.post('/v1/orders', body);
    const path = `/v1/orders/ext:${body.externalId}/receipts`;
    const receipt = { receivedAt: '2026-02-02T00:00:00Z' };
    expect((await app.shop.post(path, receipt)).status).toBe(201);
    expect((await app.shop.post(path, receipt)).body).toMatchObject({ status: 'received' });
    const other = await app.shop.post(path, { receivedAt: '2026-02-03T00:00:00Z' });
    expect([other.status, other.body.code]).toEqual([409, 'receipt_conflict']);
  });

  test.each(['ord_01k9zq3v5wf8r8m2t4c6x0y1za', 'ext:nobody', 'nonsense'])(
    'an order that is not there (%s) is a 404',
    async (id) => {
      const body = { receivedAt: '2026-02-02T00:00:00Z' };
      expect((await app.shop.get(`/v1/orders/${id}`)).status).toBe(404);
      expect((await app.shop.post(`/v1/orders/${id}/receipts`, body)).status).toBe(404);
    },
  );
});

describe('bindings and coupon codes', () => {
  test('a customer is bound, found, and not taken over under first touch', async () => {
    const body = {
      programId: shop.programId,
      customerExternalId: 'bound-1',
      distributorCode: codeOf(shop.seller).toLowerCase(),
    };
    const first = await app.shop.post('/v1/bindings', body);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      distributorId: shop.seller,
      endsAt: null,
      cause: 'request',
    });
    const again = await app.shop.post('/v1/bindings', body);
    expect([again.status, again.body]).toEqual([200, first.body]);
    const taken = await app.shop.post('/v1/bindings', {
      ...body,
      distributorCode: codeOf(shop.top),
    });
    expect([taken.status, taken.body.code]).toEqual([409, 'binding_conflict']);
    expect(taken.body.detail).toMatch(/first touch/);
    const list = await app.shop.get('/v1/bindings?customerExternalId=bound-1');
    expect(list.body.data).toEqual([first.body]);
    const bought = order({ customer: { externalId: 'bound-1' }, attribution: {} });
    const now = new Date().toISOString();
    expect((await app.shop.post('/v1/orders', { ...bought, paidAt: now })).body).toMatchObject({
      attribution: { by: 'binding', distributorId: shop.seller },
    });
  });

  test('20 requests for one customer at once make one binding', async () => {
    const body = {
      programId: shop.programId,
      customerExternalId: 'bound-2',
      distributorCode: codeOf(shop.seller),
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => app.shop.post('/v1/bindings', body)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
  });

  test('a past moment needs the right scope, and a distributor who had joined', async () => {
    const body = {
      programId: shop.programId,
      customerExternalId: 'bound-3',
      distributorCode: codeOf(shop.seller),
      boundAt: '2026-01-05T00:00:00Z',
    };
    const scopes = ['bindings:write', 'bindings:read'] as const;
    const key = await testKey(app.db, app.store.id, { scopes });
    expect((await app.shop.as(key).post('/v1/bindings', body)).body.code).toBe('scope_required');
    const before = { ...body, boundAt: '2025-12-31T00:00:00Z' };
    expect((await app.shop.post('/v1/bindings', before)).body.code).toBe('before_program_start');
    const ahead = { ...body, boundAt: '2199-12-31T00:00:00Z' };
    expect((await app.shop.post('/v1/bindings', ahead)).body.code).toBe('in_the_future');
    const made = await app.shop.post('/v1/bindings', body);
    expect(made.body.startsAt).toBe('2026-01-05T00:00:00.000Z');
  });

  test('a coupon code belongs to one distributor', async () => {
    const body = { programId: shop.programId, code: 'SUMMER', distributorId: shop.top };
    const first = await app.shop.post('/v1/coupon-codes', body);
    expect(first.status).toBe(201);
    expect((await app.shop.post('/v1/coupon-codes', body)).status).toBe(200);
    const other = { ...body, distributorId: shop.seller };
    expect((await app.shop.post('/v1/coupon-codes', other)).body.code).toBe('coupon_code_taken');
    const list = await app.shop.get(`/v1/coupon-codes?distributorId=${shop.top}`);
    expect(list.body.data).toEqual([first.body]);
    const sold = await app.shop.post(
      '/v1/orders',
      order({ attribution: { couponCode: 'SUMMER' } }),
    );
    expect(sold.body.attribution).toMatchObject({ by: 'coupon', distributorId: shop.top });
    const stranger = await givenShop(app.db);
    const foreign = { ...body, code: 'X', distributorId: stranger.top };
    expect((await app.shop.post('/v1/coupon-codes', foreign)).status).toBe(404);
  });
});

test('orders are listed by program, page by page, the newest first', async () => {
  const other = await givenShop(app.db, { storeId: app.store.id });
  const seller = await givenDistributor(app.db, other);
  const ids: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    const body = order({
      programId: other.programId,
      attribution: { distributorCode: codeOf(seller) },
    });
    ids.unshift((await app.shop.post('/v1/orders', body)).body.id as string);
  }
  const path = `/v1/orders?programId=${other.programId}&limit=2`;
  const first = await app.shop.get(path);
  const second = await app.shop.get(`${path}&cursor=${first.body.nextCursor as string}`);
  const found = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
  expect(found).toEqual(ids);
  expect(second.body.nextCursor).toBeNull();
});
