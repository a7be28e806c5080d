import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { call, type Reply } from '../support/api';
import { testApp, type TestApp } from '../support/app';
import { programBody, unique } from '../support/program';
import { snapshot } from '../support/snapshot';
import { givenWorld, orderBody, planBody, type World } from '../support/world';

// Inputs that must be refused, or do nothing, with no row of any table changed. Groups are numbered
// as in the list that the project keeps of them: amounts 1-11, identity and order 12-18,
// protocol 19-26, time 36.

let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await testApp();
  world = await givenWorld(app);
}, 60_000);
afterAll(() => app.close());

interface Ask {
  path: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  token?: string;
}

const send = (ask: Ask): Promise<Reply> =>
  call(app.url + ask.path, { token: world.store.apiKey, ...ask });

/** Sends it and expects one of the statuses, a problem, and not one row changed. */
async function refused(ask: Ask, ...statuses: number[]): Promise<Reply> {
  const before = await snapshot(app.db);
  const reply = await send(ask);
  const said = { ask: short(ask), status: reply.status, text: reply.text.slice(0, 300) };
  if (!statuses.includes(reply.status)) expect(said).toEqual({ ...said, status: statuses });
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  expect(await snapshot(app.db)).toEqual(before);
  return reply;
}

function short({ path, body }: Ask): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  return `${path} ${text.slice(0, 200)}`;
}

/** A body in which the value `"@"` is replaced by a token that no JSON writer would write. */
const withToken = (body: object, token: string) => JSON.stringify(body).replace('"@"', token);

const orderWith = (settings: Record<string, unknown>) => orderBody(world.programId, settings);
const line = (settings: Record<string, unknown> = {}) => ({
  externalId: '1',
  sku: 'TEA-1',
  quantity: 2,
  unitPriceAmount: 6000,
  ...settings,
});
const refund = (settings: Record<string, unknown> = {}, lineSettings = {}) => ({
  externalId: unique('R'),
  refundedAt: '2026-11-12T10:00:00+08:00',
  lines: [{ externalId: '1', quantity: 0, amount: 1, ...lineSettings }],
  ...settings,
});
const plan = (rate: object) => ({
  plan: { ...planBody, rules: [{ ...planBody.rules[0], rate }] },
  note: 'bad',
});
const settlement = programBody().settlement ?? {};

/** Every amount, rate and count that can be posted, as a body with the value "@" there. */
const numberFields: [string, () => Ask][] = [
  [
    'price',
    () => ({ path: '/v1/orders', body: orderWith({ lines: [line({ unitPriceAmount: '@' })] }) }),
  ],
  [
    'quantity',
    () => ({ path: '/v1/orders', body: orderWith({ lines: [line({ quantity: '@' })] }) }),
  ],
  [
    'cost',
    () => ({ path: '/v1/orders', body: orderWith({ lines: [line({ unitCostAmount: '@' })] }) }),
  ],
  [
    'line discount',
    () => ({ path: '/v1/orders', body: orderWith({ lines: [line({ discountAmount: '@' })] }) }),
  ],
  ['order discount', () => ({ path: '/v1/orders', body: orderWith({ orderDiscountAmount: '@' }) })],
  ['shipping', () => ({ path: '/v1/orders', body: orderWith({ shippingAmount: '@' }) })],
  [
    'refund amount',
    () => ({ path: `/v1/orders/${world.orderId}/refunds`, body: refund({}, { amount: '@' }) }),
  ],
  [
    'refund quantity',
    () => ({ path: `/v1/orders/${world.orderId}/refunds`, body: refund({}, { quantity: '@' }) }),
  ],
  [
    'minimum payout',
    () => ({
      path: '/v1/programs',
      body: programBody({ settlement: { ...settlement, minimumPayoutAmount: '@' } }),
    }),
  ],
  [
    'fee rate',
    () => ({
      path: '/v1/programs',
      body: programBody({ settlement: { ...settlement, fee: { fixedAmount: 0, bps: '@' } } }),
    }),
  ],
  [
    'hold days',
    () => ({ path: '/v1/programs', body: programBody({ hold: { startsAt: 'paid', days: '@' } }) }),
  ],
  [
    'plan rate',
    () => ({ path: `/v1/programs/${world.programId}/plans`, body: plan({ bps: '@' }) }),
  ],
  [
    'plan amount',
    () => ({ path: `/v1/programs/${world.programId}/plans`, body: plan({ amountPerUnit: '@' }) }),
  ],
];

describe('amounts', () => {
  it.each([
    ['2: -1', '-1'],
    ['3: 0.1', '0.1'],
    ['3: 1.005', '1.005'],
    ['3: 1.0', '1.0'],
    ['3: "1e3"', '"1e3"'],
    ['3: 1e3', '1e3'],
    ['3: full-width digits', '"１００"'],
    ['4: 2^53 + 1', '9007199254740993'],
    ['4: 2^63', '9223372036854775808'],
    ['4: 10^30', `1${'0'.repeat(30)}`],
    ['4: 1e400', '1e400'],
    ['5: NaN', 'NaN'],
    ['5: Infinity', 'Infinity'],
    ['5: null', 'null'],
    ['5: true', 'true'],
    ['5: []', '[]'],
    ['5: {}', '{}'],
    ['6: "100 "', '"100 "'],
    ['6: "+100"', '"+100"'],
    ['6: +100', '+100'],
    ['6: "0x64"', '"0x64"'],
    ['6: 0x64', '0x64'],
    ['6: "1,000"', '"1,000"'],
    ['6: "100"', '"100"'],
    ['7: -0', '-0'],
  ])('%s in every field that takes a number', async (_name, token) => {
    for (const [name, make] of numberFields) {
      const { path, body } = make();
      const reply = await refused({ path, body: withToken(body as object, token) }, 400);
      expect({ name, code: reply.json['code'] }).toEqual({
        name,
        code: expect.stringMatching(/^(invalid_request|malformed_json)$/) as string,
      });
    }
  });

  it.each<[string, () => Ask, number[]]>([
    [
      '1: a quantity of 0',
      () => ({ path: '/v1/orders', body: orderWith({ lines: [line({ quantity: 0 })] }) }),
      [400],
    ],
    ['1: no lines', () => ({ path: '/v1/orders', body: orderWith({ lines: [] }) }), [400]],
    [
      '1: a refund of nothing',
      () => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: refund({}, { amount: 0, quantity: 0 }),
      }),
      [400, 422],
    ],
    [
      '8: a line beyond 2^53',
      () => ({
        path: '/v1/orders',
        body: orderWith({
          lines: [line({ quantity: 1_000_000, unitPriceAmount: Number.MAX_SAFE_INTEGER })],
        }),
      }),
      [400],
    ],
    [
      '8: lines that sum to more than 2^53',
      () => ({
        path: '/v1/orders',
        body: orderWith({
          lines: ['1', '2', '3'].map((externalId) =>
            line({ externalId, quantity: 1, unitPriceAmount: 2 ** 52 }),
          ),
        }),
      }),
      [400],
    ],
    [
      '9: a rate of 100.01 %',
      () => ({
        path: `/v1/programs/${world.programId}/plans`,
        body: plan({ bps: 10_001 }),
      }),
      [400],
    ],
    [
      '9: a fee of 100.01 %',
      () => ({
        path: '/v1/programs',
        body: programBody({ settlement: { ...settlement, fee: { fixedAmount: 0, bps: 10_001 } } }),
      }),
      [400],
    ],
    [
      '9: a discount above the lines',
      () => ({
        path: '/v1/orders',
        body: orderWith({ orderDiscountAmount: 12_001 }),
      }),
      [422],
    ],
    [
      '9: a line discount above the line',
      () => ({
        path: '/v1/orders',
        body: orderWith({ lines: [line({ discountAmount: 12_001 })] }),
      }),
      [422],
    ],
    [
      '9: a refund above the line, by 1 fen',
      () => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: refund({}, { amount: 12_000 - 100 + 1, quantity: 2 }),
      }),
      [422],
    ],
    [
      '9: a refund of more pieces than sold',
      () => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: refund({}, { amount: 1, quantity: 3 }),
      }),
      [422],
    ],
    [
      '11: no currency',
      () => ({ path: '/v1/orders', body: orderWith({ currency: undefined }) }),
      [400],
    ],
    [
      '11: another currency',
      () => ({ path: '/v1/orders', body: orderWith({ currency: 'USD' }) }),
      [422],
    ],
    ['11: lower case', () => ({ path: '/v1/orders', body: orderWith({ currency: 'cny' }) }), [400]],
  ])('%s', async (_name, ask, statuses) => {
    await refused(ask(), ...statuses);
  });

  it('9: an order is refunded once, and never by more than it was', async () => {
    const path = await newOrder();
    const half = { quantity: 1, amount: 6000 };
    expect((await send({ path, body: refund({}, half) })).status).toBe(201);
    await refused({ path, body: refund({}, { quantity: 1, amount: 6001 }) }, 422);
    expect((await send({ path, body: refund({}, half) })).status).toBe(201);
    await refused({ path, body: refund({}, { quantity: 0, amount: 1 }) }, 422);
    await refused({ path, body: refund({}, { quantity: 1, amount: 0 }) }, 422);
  });

  it('10: a fen earns nobody a fen that was not there', async () => {
    const attribution = { distributorCode: world.distributorCode };
    const lines = Array.from({ length: 50 }, (_, n) =>
      line({ externalId: String(n), quantity: 1, unitPriceAmount: 1 }),
    );
    const reply = await send({ path: '/v1/orders', body: orderWith({ attribution, lines }) });
    const commissions = reply.json['commissions'] as { amount: number }[];
    expect(reply.status).toBe(201);
    expect(commissions.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
  });
});

async function newOrder(): Promise<string> {
  const attribution = { distributorCode: world.distributorCode };
  const made = await send({ path: '/v1/orders', body: orderWith({ attribution }) });
  return `/v1/orders/${String(made.json['id'])}/refunds`;
}

describe('identity and order', () => {
  const person = (settings: Record<string, unknown>) => ({
    programId: world.programId,
    externalId: unique('u'),
    name: '王芳',
    phone: '13900139000',
    ...settings,
  });

  it.each<[string, () => Ask, number[]]>([
    [
      '12: a sponsor that nobody is',
      () => ({ path: '/v1/distributors', body: person({ sponsorCode: 'NOBODY' }) }),
      [422],
    ],
    ['14: the next id', () => ({ path: `/v1/orders/${nextId(world.orderId)}` }), [404]],
    ['14: a UUID', () => ({ path: '/v1/orders/018f3b5c-0000-7000-8000-000000000000' }), [404]],
    ['14: a number', () => ({ path: '/v1/distributors/1' }), [404]],
    ['14: a path out of the collection', () => ({ path: '/v1/orders/..%2f..%2fadmins' }), [404]],
    ['14: SQL', () => ({ path: `/v1/orders/${encodeURIComponent("x' OR '1'='1")}` }), [404]],
    [
      '15: an id in the body beside the path',
      () => ({
        path: `/v1/programs/${world.programId}/plans`,
        body: { plan: planBody, note: 'x', programId: world.reviewProgramId },
      }),
      [400],
    ],
    [
      '16: status of a distributor',
      () => ({ path: '/v1/distributors', body: person({ status: 'active' }) }),
      [400],
    ],
    [
      '16: balance of a distributor',
      () => ({ path: '/v1/distributors', body: person({ availableAmount: 1 }) }),
      [400],
    ],
    [
      '16: store of a program',
      () => ({ path: '/v1/programs', body: programBody({ storeId: 'sto_x' }) }),
      [400],
    ],
    [
      '16: clock of a program',
      () => ({ path: '/v1/programs', body: programBody({ clockOffsetMs: 1 }) }),
      [400],
    ],
    [
      '16: commissions of an order',
      () => ({ path: '/v1/orders', body: orderWith({ commissions: [] }) }),
      [400],
    ],
    [
      '16: status of a plan',
      () => ({
        path: `/v1/programs/${world.programId}/plans`,
        body: { plan: planBody, note: 'x', status: 'published' },
      }),
      [400],
    ],
    [
      '16: an admin as owner of another store',
      () => ({
        path: '/v1/admins',
        token: world.store.admin.token,
        body: {
          email: 'a@example.com',
          name: 'A',
          password: 'correct horse battery',
          roles: ['owner'],
          storeId: 'sto_x',
          isAdmin: true,
        },
      }),
      [400],
    ],
    [
      '16: a role that is none',
      () => ({
        path: '/v1/admins',
        token: world.store.admin.token,
        body: {
          email: 'a@example.com',
          name: 'A',
          password: 'correct horse battery',
          roles: ['root'],
        },
      }),
      [400],
    ],
    [
      '17: a plan that is published already',
      () => ({ path: `/v1/plans/${world.planId}/publication`, body: {} }),
      [200, 409, 422],
    ],
    [
      '17: a plan that would rewrite accepted orders',
      () => ({
        path: `/v1/plans/${world.draftPlanId}/publication`,
        body: { effectiveAt: '2026-11-10T09:00:00+08:00' },
      }),
      [422],
    ],
    [
      '18: a refund of an unknown order',
      () => ({
        path: '/v1/orders/ord_01k9zq3v5wf8r8m2t4c6x0y1za/refunds',
        body: refund(),
      }),
      [404],
    ],
    [
      '18: a refund before the payment',
      () => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: refund({ refundedAt: '2026-11-10T09:59:59+08:00' }),
      }),
      [422],
    ],
    [
      '18: a receipt before the payment',
      () => ({
        path: `/v1/orders/${world.orderId}/receipts`,
        body: { receivedAt: '2026-11-10T09:00:00+08:00' },
      }),
      [422],
    ],
    [
      '18: a refund of a line that the order does not have',
      () => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: refund({}, { externalId: '99' }),
      }),
      [422],
    ],
    [
      '18: the same order id with other content',
      () => ({
        path: '/v1/orders',
        body: orderWith({ externalId: world.orderExternalId }),
      }),
      [409],
    ],
  ])('%s', async (name, ask, statuses) => {
    if (name.startsWith('17: a plan that is published')) {
      const before = await snapshot(app.db);
      expect(statuses).toContain((await send(ask())).status);
      expect(await snapshot(app.db)).toEqual(before);
    } else await refused(ask(), ...statuses);
  });

  it('12: who buys from himself earns nothing when the plan denies it', async () => {
    const customerExternalId = unique('own');
    const made = await send({
      path: '/v1/distributors',
      body: person({ customerExternalId, joinedAt: '2026-11-01T00:00:00+08:00' }),
    });
    const attribution = { distributorCode: made.json['code'] };
    const reply = await send({
      path: '/v1/orders',
      body: orderWith({ attribution, customer: { externalId: customerExternalId } }),
    });
    const commissions = reply.json['commissions'] as { amount: number }[];
    expect([reply.status, commissions.reduce((sum, { amount }) => sum + amount, 0)]).toEqual([
      201, 0,
    ]);
  });

  it('18: the same order twice is one order', async () => {
    const body = orderWith({});
    const first = await send({ path: '/v1/orders', body });
    const before = await snapshot(app.db);
    const again = await send({ path: '/v1/orders', body });
    expect([first.status, again.status, again.json['id']]).toEqual([201, 200, first.json['id']]);
    expect(await snapshot(app.db)).toEqual(before);
  });
});

function nextId(id: string): string {
  return id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');
}

describe('protocol', () => {
  const good = () => JSON.stringify(orderWith({}));
  const named = (name: string) => ({
    path: '/v1/distributors',
    body: JSON.stringify({
      programId: world.programId,
      externalId: unique('u'),
      name: '@',
      phone: '13900139000',
    }).replace('"@"', name),
  });
  const order = (body: unknown, headers: Record<string, string> = {}) => ({
    path: '/v1/orders',
    body,
    headers,
  });

  it.each<[string, () => Ask, number[]]>([
    ['19: a doubled key', () => order(good().replace('{', '{"currency":"USD",')), [400]],
    ['19: nesting of 10,000', () => order('{"lines":'.repeat(10_000)), [400]],
    ['19: nesting of 10,000 brackets', () => order(`{"lines":${'['.repeat(10_000)}`), [400]],
    ['19: 10 MB', () => order(`{"x":"${'y'.repeat(10_485_760)}"}`), [413]],
    [
      '19: a batch of 9 MB',
      () => ({ path: '/v1/orders/batch', body: `{"x":"${'y'.repeat(9_437_184)}"}` }),
      [413],
    ],
    [
      '19: truncated gzip',
      () => order(gzipSync(good()).subarray(0, 20), { 'Content-Encoding': 'gzip' }),
      [415],
    ],
    [
      '19: a gzip bomb',
      () => order(gzipSync(Buffer.alloc(50_000_000)), { 'Content-Encoding': 'gzip' }),
      [415],
    ],
    ['19: deflate', () => order('x', { 'Content-Encoding': 'deflate' }), [415]],
    ['20: text/plain', () => order(good(), { 'Content-Type': 'text/plain' }), [415]],
    [
      '20: a form',
      () => order(good(), { 'Content-Type': 'application/x-www-form-urlencoded' }),
      [415],
    ],
    [
      '20: charset utf-16',
      () => order(good(), { 'Content-Type': 'application/json; charset=utf-16' }),
      [415],
    ],
    ['20: UTF-16 bytes', () => order(Buffer.from(good(), 'utf16le')), [400]],
    ['20: a byte order mark', () => order(`\ufeff${good()}`), [400]],
    ['20: no body', () => order(''), [400]],
    ['21: a parameter twice', () => ({ path: '/v1/orders?limit=1&limit=2' }), [400]],
    ['21: a[]', () => ({ path: '/v1/orders?limit[]=1' }), [400]],
    ['21: a[__proto__]', () => ({ path: '/v1/orders?limit[__proto__]=1' }), [400]],
    ['21: __proto__', () => ({ path: '/v1/orders?__proto__=1' }), [400]],
    ['21: an unknown parameter', () => ({ path: '/v1/orders?offset=1' }), [400]],
    ['21: limit 0', () => ({ path: '/v1/orders?limit=0' }), [400]],
    ['21: limit 101', () => ({ path: '/v1/orders?limit=101' }), [400]],
    ['21: limit 1e1', () => ({ path: '/v1/orders?limit=1e1' }), [400]],
    ['21: a cursor that is none', () => ({ path: '/v1/orders?cursor=%00%ff' }), [400]],
    ['21: a parameter on a POST', () => ({ path: '/v1/orders?dryRun=true', body: good() }), [400]],
    ['22: __proto__', () => order(good().replace('{', '{"__proto__":{"storeId":"x"},')), [400]],
    [
      '22: constructor',
      () => order(good().replace('"customer":{', '"customer":{"constructor":{},')),
      [400],
    ],
    ['23: NUL', () => named('"A\\u0000B"'), [400]],
    ['23: half a surrogate pair', () => named('"\\ud800"'), [400]],
    ['23: text that turns its direction', () => named('"\\u202eevil"'), [400]],
    ['23: only spaces', () => named('"   "'), [400]],
    ['23: a name of 1 MB', () => named(`"${'x'.repeat(1_000_000)}"`), [400, 413]],
    ['23: NUL in an externalId', () => order(good().replace('"TEA-1"', '"T\\u0000"')), [400]],
    ['23: a zero-width externalId', () => order(good().replace('"TEA-1"', '"\\u200b"')), [400]],
    ['24: an unknown method', () => ({ path: '/v1/orders', method: 'PUT', body: good() }), [405]],
    ['26: an empty key', () => order(good(), { 'Idempotency-Key': '' }), [400]],
    ['26: a key of 10 kB', () => order(good(), { 'Idempotency-Key': 'k'.repeat(10_000) }), [400]],
    [
      '26: a key that is no ASCII',
      () => order(good(), { 'Idempotency-Key': 'schl\u00fcssel' }),
      [400],
    ],
  ])('%s', async (_name, ask, statuses) => {
    await refused(ask(), ...statuses);
  });

  it.each([
    ['24: two lengths', 'Content-Length: 5\r\nTransfer-Encoding: chunked', 'POST', 400],
    ['24: two content lengths', 'Content-Length: 5\r\nContent-Length: 6', 'POST', 400],
    ['24: TRACE', 'X-A: a', 'TRACE', 405],
    ['24: a bare carriage return in a header', 'X-A: a\rb', 'POST', 400],
    [
      '24: a method in a header',
      'X-HTTP-Method-Override: DELETE\r\nContent-Length: 0',
      'POST',
      400,
    ],
    ['24: a header of 64 kB', `X-A: ${'a'.repeat(65_536)}`, 'POST', 431],
  ])('%s', async (_name, header, method, status) => {
    const before = await snapshot(app.db);
    expect(await raw(method, '/v1/orders', header)).toContain(`HTTP/1.1 ${status} `);
    expect(await snapshot(app.db)).toEqual(before);
  });

  it('24: Host and X-Forwarded-For are believed by nobody', async () => {
    const headers = { 'X-Forwarded-For': '10.0.0.1', 'X-Forwarded-Host': 'evil.example' };
    const reply = await send({ path: `/v1/orders/${world.orderId}`, headers });
    expect(reply.status).toBe(200);
    expect(reply.text).not.toContain('evil.example');
  });

  it('25: a client that hangs up in the middle of the body changed nothing', async () => {
    const before = await snapshot(app.db);
    await hangUp(good().slice(0, 50), 5_000);
    expect(await snapshot(app.db)).toEqual(before);
  });

  it('25: a client that hangs up after the commit gets the same order on asking again', async () => {
    const body = orderWith({});
    const committed = () =>
      app.db.read.first('SELECT id FROM orders WHERE external_id = $1', [body.externalId]);
    const text = JSON.stringify(body);
    await hangUp(text, Buffer.byteLength(text), async () => {
      while ((await committed()) === undefined) await pause(5);
    });
    const again = await send({ path: '/v1/orders', body });
    expect(again.status).toBe(200);
  });

  it('26: two at the same instant are one; another body is refused; another store is free', async () => {
    const headers = { 'Idempotency-Key': unique('key') };
    const body = orderWith({});
    const both = await Promise.all([1, 2].map(() => send({ path: '/v1/orders', body, headers })));
    expect(both.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
    expect(both.every(({ status }) => [201, 409].includes(status))).toBe(true);
    await refused({ path: '/v1/orders', body: orderWith({}), headers }, 422);
  });

  it('26: a key whose first use did not validate may be used again', async () => {
    const headers = { 'Idempotency-Key': unique('key') };
    await refused({ path: '/v1/orders', body: {}, headers }, 400);
    const reply = await send({ path: '/v1/orders', body: orderWith({}), headers });
    expect(reply.status).toBe(201);
  });
});

describe('time', () => {
  const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();
  it.each<[string, () => unknown, number[]]>([
    ['1970', () => '1970-01-01T00:00:00Z', [400, 422]],
    ['before the program', () => '2026-10-31T23:59:59+08:00', [422]],
    ['2038', () => '2038-01-19T03:14:08Z', [422]],
    ['9999', () => '9999-12-31T23:59:59Z', [400, 422]],
    ['tomorrow', tomorrow, [422]],
    ['no zone', () => '2026-11-10T10:00:00', [400]],
    ['a leap second', () => '2026-11-10T23:59:60Z', [400]],
    ['24:00:00', () => '2026-11-10T24:00:00Z', [400]],
    ['February 30', () => '2026-02-30T10:00:00Z', [400]],
    ['February 29 of a common year', () => '2026-02-29T10:00:00Z', [400]],
    ['month 13', () => '2026-13-01T10:00:00Z', [400]],
    ['an offset of 25 hours', () => '2026-11-10T10:00:00+25:00', [400]],
    ['seconds since 1970', () => 1_794_276_000, [400]],
    ['a date alone', () => '2026-11-10', [400]],
    ['another notation', () => 'Tue, 10 Nov 2026 10:00:00 GMT', [400]],
    ['nothing', () => '', [400]],
    ['null', () => null, [400]],
  ])('36: an order paid at: %s', async (_name, paidAt, statuses) => {
    await refused({ path: '/v1/orders', body: orderWith({ paidAt: paidAt() }) }, ...statuses);
  });

  it.each<[string, () => Ask, number[]]>([
    [
      'a refund of tomorrow',
      () => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: refund({ refundedAt: tomorrow() }),
      }),
      [422],
    ],
    [
      'a receipt of tomorrow',
      () => ({
        path: `/v1/orders/${world.orderId}/receipts`,
        body: { receivedAt: tomorrow() },
      }),
      [422],
    ],
    [
      'the clock backwards',
      () => ({
        path: `/v1/programs/${world.programId}/clock`,
        body: { now: '2026-11-02T00:00:00+08:00' },
      }),
      [422],
    ],
    [
      'the clock to no moment',
      () => ({
        path: `/v1/programs/${world.programId}/clock`,
        body: { now: '2027-02-29T00:00:00+08:00' },
      }),
      [400],
    ],
    [
      'a time zone that is an offset',
      () => ({
        path: '/v1/programs',
        body: programBody({ timeZone: '+08:00' }),
      }),
      [400],
    ],
    [
      'a settlement of the future',
      () => ({
        path: `/v1/programs/${world.programId}/settlements`,
        body: { cutoffAt: tomorrow() },
      }),
      [422],
    ],
  ])('36: %s', async (_name, ask, statuses) => {
    await refused(ask(), ...statuses);
  });

  it('36: the edges of a day, a month and a year are moments of their own', async () => {
    const { programId, key } = await givenWorld(app, '2025-11-01T00:00:00+08:00');
    for (const paidAt of [
      '2025-11-01T00:00:00+08:00',
      '2025-11-30T23:59:59.999+08:00',
      '2025-12-31T23:59:59.999+08:00',
      '2026-01-01T00:00:00+08:00',
      '2026-02-28T23:59:59.999+08:00',
      '2026-03-01T00:00:00+08:00',
      '2026-11-10T23:59:59.999+08:00',
    ]) {
      const made = await key.post('/v1/orders', orderBody(programId, { paidAt }));
      expect([paidAt, made.status]).toEqual([paidAt, 201]);
      const { id } = made.body as { id: string };
      const read = (await key.get(`/v1/orders/${id}`)).body as { paidAt: string };
      expect(Date.parse(read.paidAt)).toBe(Date.parse(paidAt));
    }
  });

  it('36: a settlement run at the same moment on two nodes, and again, is one', async () => {
    const other = await givenWorld(app);
    await app.db.read.run("UPDATE settlement SET status = 'closed' WHERE id = $1", [
      other.settlementId,
    ]);
    const run = () =>
      call(`${app.url}/v1/programs/${other.programId}/settlements`, {
        token: other.store.apiKey,
        body: {},
      });
    const both = await Promise.all([run(), run()]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const before = await snapshot(app.db);
    expect((await run()).json['code']).toBe('settlement_already_open');
    expect(await snapshot(app.db)).toEqual(before);
  });
});

/** One request by hand, as no client library would send it; the answer as text. */
function raw(method: string, path: string, header: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    let reply = '';
    socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
    socket.on('close', () => resolve(reply));
    socket.on('error', reject);
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: evil.example\r\n` +
        `Authorization: Bearer ${world.store.apiKey}\r\n${header}\r\nConnection: close\r\n\r\n`,
    );
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Posts an order, announces `length` bytes, writes `body`, and is gone when `until` has come. */
function hangUp(body: string, length: number, until?: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${app.url}/v1/orders`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${world.store.apiKey}`,
        'Content-Type': 'application/json',
        'Content-Length': length,
      },
    });
    request.on('error', () => undefined);
    request.write(body, () => {
      (until?.() ?? Promise.resolve()).then(() => {
        request.destroy();
        resolve();
      }, reject);
    });
  });
}
