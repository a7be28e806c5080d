import { type TestApp, testApp } from '../../support/app';
import { codeOf, twoLevels } from '../../support/shop';
import { byLevel, line, peerShop } from './shop';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const sum = (amounts: readonly number[]) => amounts.reduce((a, b) => a + b, 0);

/** Lines of one piece each, at these prices. */
const lines = (...prices: number[]) =>
  prices.map((unitPriceAmount, index) =>
    line({ externalId: String(index), quantity: 1, unitPriceAmount }),
  );

describe('lilishop', () => {
  test('credits a running subtotal on every pass of its loop: items of 3 and 4 credit 10. Ours credits 7', async () => {
    let rebate = 0;
    const theirs = sum([3, 4].map((item) => (rebate += item)));
    expect(theirs).toBe(10);

    const shop = await peerShop(app);
    await shop.order({ lines: lines(30, 40) });
    expect((await shop.balance(shop.seller)).heldAmount).toBe(7);
    expect(await shop.wrongBooks()).toEqual([]);
  });
});

describe('CRMEB', () => {
  test('pays commission on the postage (paid price + postage). Ours leaves shipping and tax outside the base', async () => {
    const theirs = ((12_000 + 800) * 1000) / 10_000;
    expect(theirs).toBe(1280);

    const shop = await peerShop(app);
    const order = await shop.order({ shippingAmount: 800, taxAmount: 700 });
    expect(order.commissions[0]).toMatchObject({ baseAmount: 12_000, amount: 1200 });
  });

  test('pays commission on the list price, whatever was paid. Ours takes what the discounts leave', async () => {
    const theirs = (12_000 * 1000) / 10_000; // user_brokerage_type other than 1
    expect(theirs).toBe(1200);

    const shop = await peerShop(app);
    const order = await shop.order({
      lines: [line({ discountAmount: 2000 })],
      orderDiscountAmount: 1000,
    });
    expect(order.commissions[0]).toMatchObject({ baseAmount: 9000, amount: 900 });
  });

  test('writes the grade into the column that is read as an id: the rate of another row, or none. Ours reads the tier by its code', async () => {
    const rows = [
      { id: 1, grade: 7, bps: 1200 },
      { id: 7, grade: 1, bps: 300 },
    ];
    const agentLevel = rows[0]!.grade; // checkUserLevelFinish
    const theirs = rows.find(({ id }) => id === agentLevel)?.bps;
    expect(theirs).toBe(300);

    const tiers = [
      { code: 'bronze', rank: 1, privileges: {} },
      { code: 'gold', rank: 7, privileges: {} },
    ];
    const gold = {
      id: 'gold',
      level: 1,
      match: { tier: 'gold' },
      rate: { bps: 1200 },
      priority: 0,
    };
    const shop = await peerShop(app, { plan: { tiers, rules: [...twoLevels.rules, gold] } });
    const seller = await shop.distributor({ tier: 'gold' });
    const attribution = { distributorCode: codeOf(seller) };
    const order = await shop.order({ attribution });
    expect(order.commissions).toMatchObject([{ ruleId: 'gold', rateBps: 1200, amount: 1440 }]);
  });

  test('truncates every share by itself, so that fen of an order are nowhere. Ours shares by the largest remainder', async () => {
    const theirs = [1000, 1000, 1000].map((amount) => Math.trunc((100 * amount) / 3000));
    expect(100 - sum(theirs)).toBe(1);

    const shop = await peerShop(app);
    const order = await shop.order({ lines: lines(1000, 1000, 1000), orderDiscountAmount: 100 });
    const bases = order.lines.map(({ baseAmount }) => baseAmount);
    expect([bases, sum(bases)]).toEqual([[966, 967, 967], 2900]);
  });

  test('makes the buyer his own level 1. Ours skips a buyer under deny, at any level', async () => {
    const theirs = { level1: 'the buyer', amount: 1200 };
    expect(theirs.level1).toBe('the buyer');

    const shop = await peerShop(app);
    const buyer = await shop.distributor({
      sponsorId: shop.middle,
      customerExternalId: 'the buyer',
    });
    const own = await shop.order({
      customer: { externalId: 'the buyer' },
      attribution: { distributorCode: codeOf(buyer) },
    });
    expect(own.commissions).toMatchObject([{ level: 2, distributorId: shop.middle, amount: 600 }]);
    const below = await shop.distributor({ sponsorId: buyer });
    const asUpline = await shop.order({
      customer: { externalId: 'the buyer' },
      attribution: { distributorCode: codeOf(below) },
    });
    expect(asUpline.commissions).toMatchObject([{ level: 1, distributorId: below, amount: 1200 }]);
  });
});

describe('lilishop, likeshop and refref', () => {
  test('reckon in binary floats: 10 % of 1.45, half up, is 0.14. Ours is 0.15', async () => {
    const theirs = Math.round(((1.45 * 10) / 100) * 100) / 100;
    expect(theirs).toBe(0.14);

    const shop = await peerShop(app, { plan: { rounding: 'halfUp' } });
    expect(byLevel(await shop.order({ lines: lines(145) }))).toEqual({ 1: 15, 2: 7 });
  });

  test('reckon in binary floats: 10 % of 2.90, rounded down, is 0.28. Ours is 0.29', async () => {
    const theirs = Math.floor(((2.9 * 10) / 100) * 100) / 100;
    expect(theirs).toBe(0.28);

    const shop = await peerShop(app);
    expect(byLevel(await shop.order({ lines: lines(290) }))).toEqual({ 1: 29, 2: 14 });
  });

  test('sum in binary floats: 0.10 ten times is not 1.00. Ours are integers of the minor unit', async () => {
    const theirs = sum(Array.from({ length: 10 }, () => 0.1));
    expect(theirs).not.toBe(1);

    const shop = await peerShop(app);
    await shop.order({ lines: lines(...Array.from({ length: 10 }, () => 100)) });
    expect((await shop.balance(shop.seller)).heldAmount).toBe(100);
  });
});

describe('dub', () => {
  test('stored fractions of a cent (12.5 % of 9.99 = 124.875). Ours has none, and a fraction in a body is a 400', async () => {
    const theirs = 999 * 0.125;
    expect(Number.isInteger(theirs)).toBe(false);

    const rules = twoLevels.rules.map((rule) => ({ ...rule, rate: { bps: 1250 } }));
    const shop = await peerShop(app, { plan: { rules } });
    const order = await shop.order({ lines: lines(999) });
    expect(byLevel(order)).toEqual({ 1: 124, 2: 124 });
    await expect(shop.order({ lines: lines(9.99) })).rejects.toThrow('invalid_request');
  });
});

describe('ruoyi', () => {
  test('pays level 2 nothing when level 1 is disabled. Ours skips level 1 alone', async () => {
    const theirs = (levelOneEnabled: boolean) => (levelOneEnabled ? [1200, 600] : []);
    expect(theirs(false)).toEqual([]);

    const shop = await peerShop(app);
    const gone = await shop.distributor({ sponsorId: shop.middle, status: 'left' });
    const order = await shop.order({ attribution: { distributorCode: codeOf(gone) } });
    expect(order.commissions).toMatchObject([
      { level: 2, distributorId: shop.middle, amount: 600 },
    ]);
  });

  test.each([
    ['skip', { 2: 'middle' }],
    ['compress', { 1: 'middle', 2: 'top' }],
    ['stop', {}],
  ] as const)(
    'and CRMEB decide in code what an ineligible upline means. Ours is a policy of the plan: %s',
    async (onIneligible, expected) => {
      const shop = await peerShop(app, { plan: { onIneligible } });
      const gone = await shop.distributor({ sponsorId: shop.middle, status: 'left' });
      const order = await shop.order({ attribution: { distributorCode: codeOf(gone) } });
      const names = new Map([
        [shop.middle, 'middle'],
        [shop.top, 'top'],
      ]);
      const paid = order.commissions.map(({ level, distributorId }) => [
        level,
        names.get(distributorId),
      ]);
      expect(Object.fromEntries(paid)).toEqual(expected);
    },
  );

  test('pays whoever is bound when the payment arrives, not whom the order belongs to. Ours goes by the moment of the payment', async () => {
    const boundNow = 'the second';
    const theirs = boundNow;
    expect(theirs).toBe('the second');

    const shop = await peerShop(app, { program: { bindingTouch: 'last' } });
    const [first, second] = [await shop.distributor(), await shop.distributor()];
    const customer = { externalId: 'somebody' };
    const by = (id: string) => ({ distributorCode: codeOf(id) });
    await shop.order({ customer, attribution: by(first), paidAt: '2026-02-01T00:00:00Z' });
    await shop.order({ customer, attribution: by(second), paidAt: '2026-02-10T00:00:00Z' });
    const late = await shop.order({ customer, attribution: {}, paidAt: '2026-02-05T00:00:00Z' });
    expect(late.attribution).toMatchObject({ by: 'binding', distributorId: first });
    const now = await shop.order({ customer, attribution: {}, paidAt: '2026-02-12T00:00:00Z' });
    expect(now.attribution).toMatchObject({ by: 'binding', distributorId: second });
  });
});

describe('ruoyi, CRMEB and likeshop', () => {
  test('round as their code has it, down or half up. Ours rounds as the plan says, once', async () => {
    const exact = 1995 * 0.1;
    expect([Math.floor(exact), Math.round(exact)]).toEqual([199, 200]);

    for (const [rounding, amount] of [
      ['floor', 199],
      ['halfUp', 200],
    ] as const) {
      const shop = await peerShop(app, { plan: { rounding } });
      expect((await shop.order({ lines: lines(1995) })).commissions[0]).toMatchObject({ amount });
    }
  });
});
