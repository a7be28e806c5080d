import { releaseDue } from '../../src/db/release';
import { addDays } from '../../src/domain/kernel/clock';
import { type TestApp, testApp } from '../support/app';
import { givenDistributor, givenProgram } from '../support/given';
import { publishWithWaivers } from '../support/plan';
import { testStore } from '../support/store';
import { readVectors } from '../vectors/read';

interface VectorCase {
  name: string;
  plan: { rules: { match: { distributorId?: string } }[] };
  upline: { id: string; tier: string; active: boolean }[];
  buyer: string | null;
  order: object;
  overlays: unknown[];
  expected: {
    line: string;
    level: number;
    distributorId: string;
    ruleId: string;
    amount: number;
  }[];
  refunds: {
    lines: object[];
    remaining: { line: string; level: number; amount: number }[];
  }[];
}

interface Commission {
  id: string;
  lineExternalId: string;
  level: number;
  distributorId: string;
  ruleId: string;
  amount: number;
  status: string;
}

const tiers = [
  { code: 'bronze', rank: 1, privileges: {} },
  { code: 'gold', rank: 2, privileges: {} },
  { code: 'silver', rank: 3, privileges: {} },
];
const paidAt = '2026-02-01T10:00:00+08:00';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

let orders = 0;

/** A published plan, a path of distributors, and one order that the first of them brought. */
async function sold(one: Pick<VectorCase, 'plan' | 'upline' | 'buyer' | 'order'>) {
  const programId = await givenProgram(app.db, app.store.id);
  const ids = new Map<string, string>();
  for (const { id, tier, active } of [...one.upline].reverse()) {
    const sponsorId = [...ids.values()].at(-1);
    const status = active ? 'active' : 'left';
    const customer = id === one.buyer ? { customerExternalId: 'buyer' } : {};
    const owner = { storeId: app.store.id, programId, sponsorId, tier, status, ...customer };
    ids.set(id, await givenDistributor(app.db, owner));
  }
  const rules = one.plan.rules.map(({ match, ...rule }) => ({
    ...rule,
    match:
      match.distributorId === undefined
        ? match
        : { ...match, distributorId: ids.get(match.distributorId) ?? anybody },
  }));
  const plan = { ...one.plan, rules, tiers };
  const made = await app.shop.post(`/v1/programs/${programId}/plans`, { plan });
  expect(made.status).toBe(201);
  expect((await publishWithWaivers(app.shop, app.admin, made.body.id)).status).toBe(200);
  const [first] = one.upline;
  const code = await app.db.read.first<{ code: string }>(
    'SELECT code FROM distributor WHERE id = $1',
    [ids.get(first!.id)],
  );
  orders += 1;
  const posted = await app.shop.post('/v1/orders', {
    programId,
    externalId: `SO-${orders}`,
    paidAt,
    currency: 'CNY',
    customer: { externalId: one.buyer === null ? 'u-1' : 'buyer' },
    attribution: { distributorCode: code!.code },
    ...one.order,
  });
  expect(posted.status).toBe(201);
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  return { programId, orderId: posted.body.id as string, ids, names };
}

const anybody = 'dst_01h455vb4pex5vsknk084sn02q';

async function commissionsOf(orderId: string): Promise<Commission[]> {
  const list = await app.shop.get(`/v1/commissions?orderId=${orderId}&limit=100`);
  expect(list.status).toBe(200);
  return list.body.data as Commission[];
}

async function expectVerified(orderId: string): Promise<void> {
  for (const { id, amount } of await commissionsOf(orderId)) {
    const explained = await app.shop.get(`/v1/commissions/${id}/explanation`);
    expect(explained.status).toBe(200);
    expect(explained.body).toMatchObject({ verified: true, amount });
  }
}

const order = (rows: { line: string; level: number }[]) =>
  [...rows].sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : a.level - b.level));

describe('over HTTP and through the database the vectors come out the same', () => {
  const { cases } = readVectors('commission.json') as { cases: VectorCase[] };
  // A distributor who does not earn is not attributed in the first place, so those cases are for
  // the calculation alone.
  const runnable = cases.filter(
    ({ overlays, upline }) => overlays.length === 0 && upline[0]?.active,
  );

  it('has cases to run', () => {
    expect(runnable).toHaveLength(31);
  });

  it.each(runnable.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const { orderId, names } = await sold(one);
    const booked = (await commissionsOf(orderId)).map((commission) => ({
      line: commission.lineExternalId,
      level: commission.level,
      distributorId: names.get(commission.distributorId),
      ruleId: commission.ruleId,
      amount: commission.amount,
    }));
    const expected = one.expected
      .filter(({ amount }) => amount > 0)
      .map(({ line, level, distributorId, ruleId, amount }) => ({
        line,
        level,
        distributorId,
        ruleId,
        amount,
      }));
    expect(order(booked)).toEqual(order(expected));
    await expectVerified(orderId);
    for (const [index, refund] of one.refunds.entries()) {
      const posted = await app.shop.post(`/v1/orders/${orderId}/refunds`, {
        externalId: `RF-${orders}-${index}`,
        refundedAt: '2026-02-02T10:00:00+08:00',
        lines: refund.lines,
      });
      expect(posted.status).toBe(201);
      const left = (await commissionsOf(orderId))
        .filter(({ amount }) => amount > 0)
        .map(({ lineExternalId: line, level, amount }) => ({ line, level, amount }));
      expect(order(left)).toEqual(order(refund.remaining.filter(({ amount }) => amount > 0)));
      await expectVerified(orderId);
    }
  });
});

const simple: Parameters<typeof sold>[0] = {
  plan: {
    levels: 2,
    rules: [
      { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
      { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
    ],
  } as unknown as VectorCase['plan'],
  upline: [
    { id: 'd1', tier: 'bronze', active: true },
    { id: 'd2', tier: 'bronze', active: true },
  ],
  buyer: null,
  order: { lines: [{ externalId: '1', sku: 'TEA', quantity: 1, unitPriceAmount: 10000 }] },
};

describe('commissions', () => {
  it('are found by distributor, order and status, and page through', async () => {
    const { orderId, ids, programId } = await sold(simple);
    const get = async (query: string) =>
      (await app.shop.get(`/v1/commissions?${query}`)).body.data as Commission[];
    const d1 = ids.get('d1')!;
    expect((await get(`distributorId=${d1}`)).map(({ amount }) => amount)).toEqual([1000]);
    expect(await get(`orderId=${orderId}&status=held`)).toHaveLength(2);
    expect(await get(`orderId=${orderId}&status=available`)).toHaveLength(0);
    await releaseDue(app.db, { programId, until: addDays(new Date(paidAt), 7) });
    expect(await get(`orderId=${orderId}&status=held`)).toHaveLength(0);
    const available = await get(`orderId=${orderId}&status=available`);
    expect(available.map(({ status }) => status)).toEqual(['available', 'available']);
    await app.shop.post(`/v1/orders/${orderId}/refunds`, {
      externalId: `RF-${orderId}`,
      refundedAt: paidAt,
      lines: [{ externalId: '1', quantity: 1, amount: 10000 }],
    });
    const reversed = await get(`orderId=${orderId}&status=reversed`);
    expect(reversed.map(({ status, amount }) => [status, amount])).toEqual([
      ['reversed', 0],
      ['reversed', 0],
    ]);
    await expectVerified(orderId);
    const page = await app.shop.get(`/v1/commissions?orderId=${orderId}&limit=1`);
    const rest = await app.shop.get(
      `/v1/commissions?orderId=${orderId}&limit=1&cursor=${page.body.nextCursor}`,
    );
    expect([page.body.data[0].id, rest.body.data[0].id]).toEqual(reversed.map(({ id }) => id));
  });

  it('of another store or mode do not exist', async () => {
    const { orderId } = await sold(simple);
    const [{ id }] = (await commissionsOf(orderId)) as [Commission];
    const other = app.shop.as((await testStore(app.db)).apiKey);
    for (const client of [other, app.shop.as(app.store.liveKey)]) {
      expect((await client.get(`/v1/commissions/${id}`)).status).toBe(404);
      expect((await client.get(`/v1/commissions/${id}/explanation`)).status).toBe(404);
      expect((await client.get(`/v1/commissions?orderId=${orderId}`)).body.data).toEqual([]);
    }
    expect((await app.admin.get(`/v1/commissions/${id}`)).body).toMatchObject({ id, orderId });
  });

  it('explain themselves in the language asked for', async () => {
    const { orderId } = await sold(simple);
    const [{ id }] = (await commissionsOf(orderId)) as [Commission];
    const path = `/v1/commissions/${id}/explanation`;
    const chinese = await app.shop.get(path, { headers: { 'accept-language': 'zh-CN' } });
    const english = await app.shop.get(path, { headers: { 'accept-language': 'en' } });
    expect(chinese.body.text).toContain('计佣基数');
    expect(english.body.text).toContain('is a base of CNY 100.00');
    expect(english.body).toMatchObject({
      base: { amount: 10000 },
      overlays: [],
      refunds: [],
      settlement: null,
      tax: null,
      payout: null,
      hold: { startsAt: 'paid', days: 7, releaseAt: '2026-02-08T02:00:00.000Z' },
    });
  });

  it('that were changed behind the product are not verified', async () => {
    const { orderId } = await sold(simple);
    const [{ id }] = (await commissionsOf(orderId)) as [Commission];
    await app.db.read.run('UPDATE commission SET amount = amount + 1 WHERE id = $1', [id]);
    const explained = await app.shop.get(`/v1/commissions/${id}/explanation`);
    expect(explained.body.verified).toBe(false);
  });
});
