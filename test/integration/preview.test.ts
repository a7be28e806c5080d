import fc from 'fast-check';
import { lockCustomers } from '../../src/db/referral';
import { type TestApp, testApp } from '../support/app';
import type { Answer } from '../support/http';
import { postDistributor, unique } from '../support/program';
import { givenScene, on } from '../support/scene';
import { snapshot } from '../support/snapshot';
import { testStore } from '../support/store';
import { campaignBody } from '../support/world';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const plan = {
  levels: 2,
  caps: { totalBps: 3000, marginBps: 5000 },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
    { id: 'cup', level: 1, match: { sku: 'CUP-1' }, rate: { amountPerUnit: 300 } },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

interface Scene {
  programId: string;
  planId: string;
  sponsor: { id: string };
  seller: { id: string; code: string };
  agent: { id: string };
}

async function scene(): Promise<Scene> {
  const { person, ...made } = await givenScene(app, plan);
  return { ...made, agent: await person() };
}

async function withExtras(one: Scene, budgetAmount: number | null = 500): Promise<string> {
  const campaign = campaignBody({ startsAt: on(1), endsAt: on(29), budgetAmount });
  const made = await app.shop.post(`/v1/programs/${one.programId}/campaigns`, campaign);
  expect([made.status, made.text]).toEqual([201, made.text]);
  const agents = [{ region: 'CN-33', distributorId: one.agent.id, bps: 2500 }];
  await app.shop.put(`/v1/programs/${one.programId}/region-agents`, { agents });
  return made.body.id;
}

const cart = ({ seller }: Scene, own: object = {}) => ({
  currency: 'CNY',
  customer: { externalId: unique('customer') },
  attribution: { distributorCode: seller.code },
  lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
  ...own,
});

const preview = (programId: string, body: object, query = '') =>
  app.shop.post(`/v1/programs/${programId}/previews${query}`, body);

const earned = ({ body }: Answer) =>
  body.commissions.map((one: Record<string, unknown>) => ({
    kind: one['kind'],
    lineExternalId: one['lineExternalId'],
    level: one['level'],
    distributorId: one['distributorId'],
    baseAmount: one['baseAmount'],
    rateBps: one['rateBps'],
    ruleId: one['ruleId'],
    amount: one['amount'],
  }));

describe('a preview', () => {
  it('says who would earn what by which rule, with overlays, region and caps', async () => {
    const one = await scene();
    const campaignId = await withExtras(one);
    const reply = await preview(one.programId, cart(one, { paidAt: on(10), region: 'CN-33' }));
    expect([reply.status, reply.text]).toEqual([200, reply.text]);
    expect(reply.body).toMatchObject({
      programId: one.programId,
      planId: one.planId,
      attribution: { distributorId: one.seller.id, by: 'code', rejected: [] },
      lines: [{ externalId: '1', baseAmount: 12_000, totalCapAmount: 3600, marginCapAmount: null }],
    });
    const base = { lineExternalId: '1', baseAmount: 12_000 };
    expect(reply.body.commissions).toEqual([
      {
        ...{ ...base, kind: 'sale', level: 1, distributorId: one.seller.id },
        ...{ rateBps: 1000, ruleId: 'direct', amount: 1700 },
        overlays: [{ campaignId, extraAmount: 500, chargedAmount: 500 }],
      },
      {
        ...{ ...base, kind: 'sale', level: 2, distributorId: one.sponsor.id },
        ...{ rateBps: 500, ruleId: 'upline', amount: 600, overlays: [] },
      },
      {
        ...{ ...base, kind: 'region', level: null, distributorId: one.agent.id },
        ...{ rateBps: 2500, ruleId: null, amount: 700, overlays: [] },
      },
    ]);
    expect(reply.body.totalAmount).toBe(3000);
  });

  it('stores nothing and reserves no budget', async () => {
    const one = await scene();
    const campaignId = await withExtras(one);
    const before = await snapshot(app.db);
    const body = cart(one, { paidAt: on(10), region: 'CN-33' });
    const first = await preview(one.programId, body);
    const second = await preview(one.programId, body);
    expect(second.body).toEqual(first.body);
    expect(await snapshot(app.db)).toEqual(before);
    expect((await app.shop.get(`/v1/campaigns/${campaignId}`)).body.usedAmount).toBe(0);
  });

  it('waits for nobody who holds the customer or the budget', async () => {
    const one = await scene();
    await withExtras(one);
    const customerExternalId = unique('customer');
    const customer = { externalId: customerExternalId };
    const body = cart(one, { paidAt: on(10), customer });
    await app.db.transaction(async (tx) => {
      await lockCustomers(tx, [{ programId: one.programId, customerExternalId }]);
      await tx.rows('SELECT 1 FROM campaign WHERE program_id = $1 FOR UPDATE', [one.programId]);
      await tx.rows('SELECT 1 FROM program WHERE id = $1 FOR UPDATE', [one.programId]);
      expect((await preview(one.programId, body)).status).toBe(200);
    });
  });

  it('is to the fen what the order then earns', async () => {
    const one = await scene();
    await withExtras(one, 100_000);
    const line = fc.record({
      sku: fc.constantFrom('TEA-1', 'CUP-1', 'POT-1'),
      quantity: fc.integer({ min: 1, max: 9 }),
      unitPriceAmount: fc.integer({ min: 0, max: 99_999 }),
      unitCostAmount: fc.option(fc.integer({ min: 0, max: 70_000 }), { nil: undefined }),
    });
    const orders = fc.record({
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
      paidAt: fc.integer({ min: 0, max: 29 }).map(on),
      region: fc.constantFrom('CN-33', 'CN-31', undefined),
      known: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(orders, async ({ lines, known, ...own }) => {
        const body = {
          ...cart(one, own),
          ...(known ? {} : { attribution: {} }),
          lines: lines.map((given, index) => ({ ...given, externalId: `${index}` })),
        };
        const asked = await preview(one.programId, body);
        const whole = { ...body, programId: one.programId, externalId: unique('SO') };
        const booked = await app.shop.post('/v1/orders', whole);
        expect([asked.status, booked.status]).toEqual([200, 201]);
        expect(earned(asked)).toEqual(earned(booked));
        expect(asked.body.attribution).toEqual(booked.body.attribution);
        for (const commission of booked.body.commissions) {
          expect(commission.releaseAt).toBe(asked.body.releaseAt);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('without a moment is of now, and with another program is refused', async () => {
    const one = await scene();
    const now = await preview(one.programId, cart(one));
    expect(Math.abs(Date.parse(now.body.paidAt) - Date.now())).toBeLessThan(60_000);
    const same = await preview(one.programId, cart(one, { programId: one.programId }));
    expect(same.status).toBe(200);
    const other = await scene();
    const wrong = await preview(one.programId, cart(one, { programId: other.programId }));
    expect([wrong.status, wrong.body.code]).toEqual([422, 'program_mismatch']);
  });

  it.each([
    ['paid before the program', { paidAt: on(-1) }, 422, 'before_program_start'],
    ['paid tomorrow', { paidAt: on(31) }, 422, 'in_the_future'],
    ['in another currency', { currency: 'USD' }, 422, 'currency_mismatch'],
    ['discounted below 0', { orderDiscountAmount: 12_001 }, 422, 'discount_exceeds_lines'],
    ['without a line', { lines: [] }, 400, 'invalid_request'],
    ['with a field that nobody knows', { note: 'x' }, 400, 'invalid_request'],
  ])('refuses what an order would be refused: %s', async (_name, own, status, code) => {
    const one = await scene();
    const reply = await preview(one.programId, cart(one, own));
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it('can try a draft, but none that is ambiguous or of another program', async () => {
    const one = await scene();
    const draft = async (programId: string, own: object) => {
      const body = { plan: { ...plan, ...own } };
      return (await app.shop.post(`/v1/programs/${programId}/plans`, body)).body.id as string;
    };
    const generous = [{ id: 'direct', level: 1, match: {}, rate: { bps: 2000 } }];
    const better = await draft(one.programId, { levels: 1, rules: generous });
    const reply = await preview(one.programId, cart(one), `?planId=${better}`);
    expect(reply.body).toMatchObject({ planId: better, commissions: [{ amount: 2400 }] });
    const twice = [...generous, { ...generous[0], id: 'again' }];
    const unclear = await draft(one.programId, { levels: 1, rules: twice });
    const refused = await preview(one.programId, cart(one), `?planId=${unclear}`);
    expect([refused.status, refused.body.code]).toEqual([422, 'plan_not_compliant']);
    expect(refused.body.errors).toEqual([
      expect.objectContaining({ pointer: '/plan/rules/1', code: 'ambiguous-rules' }),
    ]);
    expect(refused.body.errors[0].message).toMatch(/"direct".*"again"/);
    const strange = await draft((await scene()).programId, {});
    expect((await preview(one.programId, cart(one), `?planId=${strange}`)).status).toBe(404);
  });

  it('says why each candidate lost, and who was passed over', async () => {
    const one = await scene();
    const attribution = { couponCode: 'NOBODY', distributorCode: one.seller.code };
    const lost = await preview(one.programId, cart(one, { attribution }));
    expect(lost.body.attribution).toMatchObject({
      by: 'code',
      rejected: [{ by: 'coupon', given: 'NOBODY', reason: 'coupon_unknown' }],
    });
    const buyer = await postDistributor(app.shop, one.programId, {
      joinedAt: on(0),
      customerExternalId: 'himself',
    });
    const own = await preview(
      one.programId,
      cart(one, {
        attribution: { distributorCode: buyer.body.code },
        customer: { externalId: 'himself' },
      }),
    );
    expect(own.body.commissions).toEqual([]);
    expect(own.body.lines[0].passedOver).toEqual([
      { level: 1, distributorId: buyer.body.id, why: 'buyer' },
    ]);
  });

  it("of another store's program is a 404", async () => {
    const one = await scene();
    const other = app.shop.as((await testStore(app.db)).apiKey);
    expect((await other.post(`/v1/programs/${one.programId}/previews`, cart(one))).status).toBe(
      404,
    );
  });
});
