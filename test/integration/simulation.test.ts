import type { PlanBody } from '../../src/domain/commission/plan';
import { findPlan } from '../../src/db/plan';
import { programById } from '../../src/db/program';
import { refundOrder } from '../../src/db/refund';
import { cancelSimulation, openSimulation, simulationById } from '../../src/db/simulation';
import { beginSimulation, simulateChunk } from '../../src/db/simulation-run';
import { type TestHouse, testHouse } from '../support/app';
import { givenDistributor } from '../support/given';
import {
  accept,
  acceptOne,
  codeOf,
  givenLine,
  givenOrder,
  givenPlan,
  givenShop,
  type Shop,
  testNow,
  twoLevels,
} from '../support/shop';
import { until } from '../support/until';

jest.setTimeout(120_000);

let house: TestHouse;

beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const period = { from: '2026-01-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };

const rule = (level: number, bps: number, match = {}) => ({
  id: `l${level}${JSON.stringify(match)}`,
  level,
  match,
  rate: { bps },
  priority: 0,
});

const newPlan: PlanBody = {
  ...twoLevels,
  levels: 3,
  rules: [rule(1, 1200), rule(2, 400), rule(3, 300), rule(1, 2000, { sku: 'CUP' })],
};

interface View {
  id: string;
  status: string;
  progress: { done: number; total: number };
  hash: string;
  resultHash: string;
  result: Record<string, unknown> & { planAmount: number; inForceAmount: number };
}

const shopOf = (options: Parameters<typeof givenShop>[1] = {}) =>
  givenShop(house.db, { storeId: house.store.id, ...options });

async function draftOf(shop: Shop, plan: PlanBody): Promise<string> {
  const made = await house.admin.post(`/v1/programs/${shop.programId}/plans`, { plan, note: 'x' });
  expect(made.status).toBe(201);
  return (made.body as { id: string }).id;
}

async function simulated(planId: string, body: object = period): Promise<View> {
  const asked = await house.shop.post(`/v1/plans/${planId}/simulations`, body);
  expect(asked).toMatchObject({ status: 202, body: { status: expect.any(String), result: null } });
  const { id } = asked.body as View;
  let view: View | undefined;
  await until(async () => {
    view = (await house.shop.get(`/v1/simulations/${id}`)).body as View;
    return view.status === 'done';
  }, 'the simulation is done');
  return view!;
}

/** Orders of all kinds by three people; the same for the same `count`. */
function mixedOrders(shop: Shop, count: number) {
  return Array.from({ length: count }, (_, i) =>
    givenOrder(shop, {
      externalId: `${shop.programId}-${i}`,
      customerExternalId: `c-${i % 7}`,
      paidAt: new Date(Date.UTC(2026, 0, 5 + Math.floor(i / 4), 10)),
      attribution: {
        distributorCode: codeOf([shop.seller, shop.middle, shop.top][i % 3]!),
      },
      orderDiscountAmount: BigInt((i * 37) % 100),
      lines: [
        givenLine({
          externalId: '1',
          unitPriceAmount: BigInt(1001 + i * 13),
          quantity: 1 + (i % 3),
        }),
        givenLine({
          externalId: '2',
          sku: 'CUP',
          quantity: 1,
          unitPriceAmount: BigInt(777 + i),
          ...(i % 2 === 0 ? { unitCostAmount: 400n } : {}),
        }),
      ],
    }),
  );
}

const refund = (shop: Shop, orderId: string, amount: bigint, now = testNow) =>
  house.db.transaction((tx) =>
    refundOrder(tx, { caller: shop.caller, now }, orderId, {
      externalId: `${orderId}-${amount}`,
      refundedAt: new Date('2026-02-25T00:00:00Z'),
      lines: [{ externalId: '1', quantity: 0, amount }],
    }),
  );

test('over HTTP by the real worker: the cost is what one adds up by hand', async () => {
  const shop = await shopOf();
  await acceptOne(house.db, shop, givenOrder(shop)); // 120.00 by the seller
  const byMiddle = givenOrder(shop, {
    attribution: { distributorCode: codeOf(shop.middle) },
    customerExternalId: 'u-2',
    lines: [givenLine({ sku: 'CUP', quantity: 1, unitPriceAmount: 9999n, unitCostAmount: 4000n })],
  });
  const order = await acceptOne(house.db, shop, byMiddle);
  await refund(shop, order.id, 999n); // 90.00 remain
  const view = await simulated(await draftOf(shop, newPlan));
  // Level 3 is above what was frozen with the order under two levels.
  const plan = { seller: 1440, middle: 480 + 1800, top: 360 + 360 };
  const inForce = { seller: 1200, middle: 600 + 900, top: 450 };
  const person = (distributorId: string, who: keyof typeof plan) => ({
    distributorId,
    inForceAmount: inForce[who],
    planAmount: plan[who],
    differenceAmount: plan[who] - inForce[who],
  });
  const sum = ({ seller, middle, top }: typeof plan) => seller + middle + top;
  expect(view).toMatchObject({
    status: 'done',
    progress: { done: 2, total: 2 },
    excludes: expect.arrayContaining(['campaigns', 'bonuses']),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    resultHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(view.result).toMatchObject({
    orders: 2,
    lines: 2,
    baseAmount: 21_000,
    refundedAmount: 999,
    inForceAmount: sum(inForce),
    planAmount: sum(plan),
    differenceAmount: sum(plan) - sum(inForce),
    planBps: Math.round((sum(plan) / 21_000) * 10_000),
    levels: [
      { level: 1, inForceAmount: 2100, planAmount: 3240 },
      { level: 2, inForceAmount: 1050, planAmount: 840 },
      { level: 3, inForceAmount: 0, planAmount: 360 },
      { kind: 'region', level: null, inForceAmount: 0, planAmount: 0 },
    ],
    tiers: [{ tier: 'bronze', inForceAmount: sum(inForce), planAmount: sum(plan) }],
    margin: { marginAmount: 5000, linesWithoutCost: 1, inForceAmount: 1350, planAmount: 2160 },
    capped: { inForceLines: 0, planLines: 0 },
    distributors: { winners: 3, losers: 0, unchanged: 0 },
    winners: [
      person(shop.middle, 'middle'),
      person(shop.top, 'top'),
      person(shop.seller, 'seller'),
    ],
    losers: [],
  });
  const people = [
    person(shop.top, 'top'),
    person(shop.middle, 'middle'),
    person(shop.seller, 'seller'),
  ];
  const path = `/v1/simulations/${view.id}/distributors`;
  const all = await house.shop.get(path);
  expect(all.body).toMatchObject({ data: people, nextCursor: null });
  const walked: unknown[] = [];
  for (let cursor = ''; ;) {
    const page = await house.shop.get(`${path}?sort=-difference&limit=1${cursor}`);
    const { data, nextCursor } = page.body as { data: object[]; nextCursor: string | null };
    walked.push(...data);
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(walked).toMatchObject(view.result['winners'] as object[]);
});

test('the same input gives the same hash, other data or another plan another', async () => {
  const shop = await shopOf();
  const outcomes = await accept(house.db, shop, mixedOrders(shop, 12));
  expect(outcomes.every(({ status }) => status === 201)).toBe(true);
  const draft = await draftOf(shop, newPlan);
  const first = await simulated(draft);
  const again = await simulated(draft);
  expect([again.hash, again.resultHash]).toEqual([first.hash, first.resultHash]);
  const listed = await house.shop.get(`/v1/plans/${draft}/simulations`);
  expect((listed.body as { data: View[] }).data.map(({ id }) => id)).toEqual([again.id, first.id]);

  const other = await simulated(await draftOf(shop, { ...newPlan, rounding: 'halfUp' }));
  await acceptOne(house.db, shop, givenOrder(shop, { externalId: `${shop.programId}-late` }));
  const more = await simulated(draft);
  const [some] = outcomes as { order: { id: string } }[];
  await refund(shop, some!.order.id, 1n);
  const refunded = await simulated(draft);
  expect(new Set([first, other, more, refunded].map(({ hash }) => hash)).size).toBe(4);
});

test('the plans in force over their own periods make no difference', async () => {
  const shop = await shopOf({
    plan: {
      rounding: 'halfUp',
      onIneligible: 'compress',
      caps: { totalBps: 1400, marginBps: 3000 },
    },
  });
  const { storeId, programId } = shop;
  const gone = await givenDistributor(house.db, {
    storeId,
    programId,
    sponsorId: shop.middle,
    status: 'evicted',
  });
  const buyer = await givenDistributor(house.db, {
    storeId,
    programId,
    sponsorId: gone,
    customerExternalId: 'c-1',
  });
  const orders = mixedOrders(shop, 40).map((order, i) =>
    i % 4 === 0 ? { ...order, attribution: { distributorCode: codeOf(buyer) } } : order,
  );
  const outcomes = await accept(house.db, shop, orders);
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 201 && i % 3 === 0)
      await refund(shop, outcome.order.id, 500n + BigInt(i));
  }
  const view = await simulated(shop.planId);
  expect(view.result.inForceAmount).toBeGreaterThan(0);
  expect(view.result).toMatchObject({
    orders: 40,
    differenceAmount: 0,
    winners: [],
    losers: [],
    distributors: { winners: 0, losers: 0 },
  });
  const booked = await house.db.read.first<{ amount: bigint }>(
    'SELECT sum(amount)::bigint AS amount FROM commission WHERE program_id = $1',
    [programId],
  );
  expect(BigInt(view.result.inForceAmount)).toBe(booked?.amount);
});

test('each order is compared with the plan that decided about it', async () => {
  const shop = await shopOf();
  await givenPlan(
    house.db,
    shop.programId,
    { ...twoLevels, levels: 1, rules: [rule(1, 100)] },
    new Date('2026-02-10T00:00:00Z'),
  );
  await acceptOne(house.db, shop, givenOrder(shop));
  const paidAt = new Date('2026-02-11T00:00:00Z');
  await acceptOne(house.db, shop, givenOrder(shop, { paidAt }));
  const { result } = await simulated(shop.planId);
  expect(result).toMatchObject({ inForceAmount: 1800 + 120, planAmount: 3600 });
  const late = await simulated(shop.planId, { from: '2026-02-10T00:00:00Z', to: period.to });
  expect(late.result).toMatchObject({ orders: 1, inForceAmount: 120, planAmount: 1800 });
});

async function opened(shop: Shop, planId: string, now = new Date()): Promise<string> {
  const program = await programById(house.db.read, shop.programId);
  const plan = await findPlan(house.db.read, shop.caller, planId, now);
  const input = { program, plan, from: new Date(period.from), to: new Date(period.to) };
  const row = await house.db.transaction(async (tx) => {
    const made = await openSimulation(tx, {
      ...input,
      requestedBy: 'test',
      now,
      language: 'en',
    });
    // This test does the worker's work itself.
    await tx.run('DELETE FROM outbox WHERE workflow_id = $1', [`simulation:${made.id}`]);
    return made;
  });
  return row.id;
}

const chunk = (id: string, limit: number) =>
  house.db.transaction((tx) => simulateChunk(tx, id, { realNow: new Date(), limit }));

const totalsOf = (id: string) =>
  house.db.read.rows(
    `SELECT distributor_id, tier, in_force_amount, plan_amount, commissions
     FROM simulation_total WHERE simulation_id = $1 ORDER BY 1, 2`,
    [id],
  );

test('killed before or after any commit, it ends with the same result', async () => {
  const shop = await shopOf();
  await accept(house.db, shop, mixedOrders(shop, 23));
  const draft = await draftOf(shop, newPlan);
  const whole = await simulated(draft);
  const id = await opened(shop, draft);
  await house.db.transaction((tx) => beginSimulation(tx, id));
  for (let more = true; more;) {
    const died = house.db.transaction(async (tx) => {
      await simulateChunk(tx, id, { realNow: new Date(), limit: 3 });
      throw new Error('killed before the commit');
    });
    await expect(died).rejects.toThrow('killed');
    // Two workers that both think it is theirs wait for each other, and each takes its own chunk.
    const both = await Promise.all([chunk(id, 4), chunk(id, 4)]);
    await house.db.transaction((tx) => beginSimulation(tx, id));
    more = both.every(Boolean);
  }
  expect(await simulationById(house.db.read, id)).toMatchObject({
    status: 'done',
    progressDone: 23,
    progressTotal: 23,
    chainHash: whole.hash,
    resultHash: whole.resultHash,
  });
  expect(await totalsOf(id)).toEqual(await totalsOf(whole.id));
});

test('what is stored after it was asked for is left out, so its hash is stable', async () => {
  const shop = await shopOf();
  const outcomes = await accept(house.db, shop, mixedOrders(shop, 6));
  const draft = await draftOf(shop, newPlan);
  const before = await simulated(draft);
  const id = await opened(shop, draft);
  const later = new Date(Date.now() + 1000);
  await acceptOne(house.db, shop, givenOrder(shop, { externalId: `${shop.programId}-l` }), later);
  const [some] = outcomes as { order: { id: string } }[];
  await refund(shop, some!.order.id, 77n, later);
  await house.db.transaction((tx) => beginSimulation(tx, id));
  while (await chunk(id, 4));
  expect(await simulationById(house.db.read, id)).toMatchObject({
    chainHash: before.hash,
    resultHash: before.resultHash,
  });
});

describe('a cancellation', () => {
  const cancel = (id: string) => house.shop.post(`/v1/simulations/${id}/cancellation`);

  test('stops a running one before its next chunk', async () => {
    const shop = await shopOf();
    await accept(house.db, shop, mixedOrders(shop, 9));
    const id = await opened(shop, shop.planId);
    await house.db.transaction((tx) => beginSimulation(tx, id));
    expect(await chunk(id, 4)).toBe(true);
    expect(await cancel(id)).toMatchObject({ status: 202, body: { status: 'running' } });
    expect(await chunk(id, 4)).toBe(false);
    expect(await cancel(id)).toMatchObject({
      status: 200,
      body: { status: 'canceled', progress: { done: 4, total: 9 }, result: null, hash: null },
    });
  });

  test('of one that has not begun is done at once, of a done one changes nothing', async () => {
    const shop = await shopOf();
    const id = await opened(shop, shop.planId);
    expect(await cancel(id)).toMatchObject({ status: 200, body: { status: 'canceled' } });
    await house.db.transaction((tx) => beginSimulation(tx, id));
    expect(await chunk(id, 4)).toBe(false);
    const done = await simulated(shop.planId);
    expect(done.result).toMatchObject({ orders: 0, planAmount: 0, planBps: null });
    expect(await cancel(done.id)).toMatchObject({ status: 200, body: { status: 'done' } });
  });
});

describe('is refused', () => {
  test.each([
    ['a period that ends before it begins', { from: period.to, to: period.from }, 'empty_period'],
    ['the future', { from: period.from, to: '2199-01-01T00:00:00Z' }, 'in_the_future'],
    [
      'the time before the program',
      { from: '2025-01-01T00:00:00Z', to: '2025-02-01T00:00:00Z' },
      'before_program_start',
    ],
  ])('%s', async (_, body, code) => {
    const shop = await shopOf();
    const reply = await house.shop.post(`/v1/plans/${shop.planId}/simulations`, body);
    expect(reply).toMatchObject({ status: 422, body: { code } });
  });

  test('a plan in which two rules tie', async () => {
    const shop = await shopOf();
    const twin = { ...rule(1, 900), id: 'twin' };
    const draft = await draftOf(shop, { ...newPlan, rules: [...newPlan.rules, twin] });
    const headers = { 'accept-language': 'zh-CN' };
    const reply = await house.shop.post(`/v1/plans/${draft}/simulations`, period, { headers });
    expect(reply).toMatchObject({
      status: 422,
      body: { code: 'plan_not_compliant', errors: [{ code: 'ambiguous-rules' }] },
    });
    const { message } = reply.body.errors[0];
    expect(message).toMatch(/^规则“.*”与“twin”/);
  });

  test('a fourth one at a time', async () => {
    const shop = await shopOf();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push(await opened(shop, shop.planId));
    const path = `/v1/plans/${shop.planId}/simulations`;
    expect(await house.shop.post(path, period)).toMatchObject({
      status: 409,
      body: { code: 'too_many_simulations' },
    });
    await house.db.transaction((tx) => cancelSimulation(tx, shop.caller, ids[0]!, new Date()));
    expect((await house.shop.post(path, period)).status).toBe(202);
  });
});
