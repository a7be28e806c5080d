import { type TestApp, testApp } from '../support/app';
import { unique } from '../support/program';
import { givenScene, on } from '../support/scene';
import { snapshot } from '../support/snapshot';
import { wrongBooks } from '../support/shop';

/** What somebody tries who wants to see it break: a right figure, or a 4xx that names the field. */
const most = Number.MAX_SAFE_INTEGER;

const plan = {
  levels: 2,
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
    { id: 'cup', level: 1, match: { sku: 'CUP-1' }, rate: { amountPerUnit: 300 } },
    { id: 'gold', level: 1, match: { tag: 'gold', tier: 'gold' }, rate: { bps: 2000 } },
  ],
  tiers: [
    { code: 'bronze', rank: 1, privileges: {} },
    { code: 'gold', rank: 2, privileges: {} },
  ],
};

let app: TestApp;
let scene: Awaited<ReturnType<typeof givenScene>>;

beforeAll(async () => {
  app = await testApp();
  scene = await givenScene(app, plan);
});
afterAll(() => app.close());
afterEach(async () => expect(await wrongBooks(app.db, scene.programId)).toEqual([]));

const line = (own: object = {}) => ({
  externalId: '1',
  sku: 'TEA-1',
  quantity: 1,
  unitPriceAmount: 6000,
  ...own,
});
const order = (own: object = {}) => ({
  programId: scene.programId,
  externalId: unique('SO'),
  paidAt: on(1),
  currency: 'CNY',
  customer: { externalId: unique('u') },
  attribution: { distributorCode: scene.seller.code },
  lines: [line()],
  ...own,
});

interface Earned {
  lineExternalId: string;
  level: number | null;
  amount: number;
}
const earned = (commissions: Earned[]) =>
  commissions.map((one) => [one.lineExternalId, one.level, one.amount]);

/** A request that is refused, says where, and leaves every table as it was. */
async function refused(ask: () => Promise<{ status: number; body: any }>, expected: unknown[]) {
  const before = await snapshot(app.db);
  const { status, body } = await ask();
  const pointers = (body.errors ?? []).map(({ pointer }: { pointer: string }) => pointer);
  expect([status, ...pointers]).toEqual(expected);
  expect(await snapshot(app.db)).toEqual(before);
}

describe('an order that is odd but clear is right to the fen', () => {
  const lines = (...all: object[]) => ({ lines: all.map((one) => line(one)) });
  test.each<[string, object, unknown[]]>([
    ['a price of 0, by percent', lines({ unitPriceAmount: 0 }), []],
    ['a price of 0, per unit', lines({ sku: 'CUP-1', unitPriceAmount: 0 }), []],
    ['a price of 1, per unit', lines({ sku: 'CUP-1', unitPriceAmount: 1 }), [['1', 1, 300]]],
    ['a price of 9, where 10 % is less than a fen', lines({ unitPriceAmount: 9 }), []],
    ['a discount of the whole line', lines({ discountAmount: 6000 }), []],
    ['a discount of the whole order', { orderDiscountAmount: 6000 }, []],
    [
      'a discount of all but a fen of it, per unit',
      { ...lines({ sku: 'CUP-1', quantity: 2 }), orderDiscountAmount: 11_999 },
      [['1', 1, 600]],
    ],
    [
      'a discount over a free line and another',
      {
        ...lines({ unitPriceAmount: 0 }, { externalId: '2', unitPriceAmount: 1000 }),
        orderDiscountAmount: 33,
      },
      [
        ['2', 1, 96],
        ['2', 2, 48],
      ],
    ],
    [
      'a fen of discount over three equal lines: the first externalId',
      {
        ...lines(
          { externalId: '9', unitPriceAmount: 1000 },
          { externalId: '10', unitPriceAmount: 1000 },
          { externalId: 'a', unitPriceAmount: 1000 },
        ),
        orderDiscountAmount: 1,
      },
      [
        ['9', 1, 100],
        ['9', 2, 50],
        ['10', 1, 99],
        ['10', 2, 49],
        ['a', 1, 100],
        ['a', 2, 50],
      ],
    ],
    [
      '10^12 fen',
      lines({ unitPriceAmount: 1e12 }),
      [
        ['1', 1, 1e11],
        ['1', 2, 5e10],
      ],
    ],
    [
      '2^53 - 1 fen',
      lines({ unitPriceAmount: most }),
      [
        ['1', 1, 900_719_925_474_099],
        ['1', 2, 450_359_962_737_049],
      ],
    ],
    [
      'a million pieces',
      lines({ quantity: 1_000_000, unitPriceAmount: 9_007_199_254 }),
      [
        ['1', 1, 900_719_925_400_000],
        ['1', 2, 450_359_962_700_000],
      ],
    ],
    [
      'a million pieces at an amount per unit',
      lines({ sku: 'CUP-1', quantity: 1_000_000, unitPriceAmount: 1 }),
      [
        ['1', 1, 300_000_000],
        ['1', 2, 50_000],
      ],
    ],
    [
      'shipping and tax of 2^53 - 1',
      { shippingAmount: most, taxAmount: most },
      [
        ['1', 1, 600],
        ['1', 2, 300],
      ],
    ],
    [
      'a tag twice',
      lines({ tags: ['gold', 'gold'] }),
      [
        ['1', 1, 600],
        ['1', 2, 300],
      ],
    ],
    [
      'a region without an agent',
      { region: 'CN-99' },
      [
        ['1', 1, 600],
        ['1', 2, 300],
      ],
    ],
  ])('%s', async (_, own, expected) => {
    const made = await app.shop.post('/v1/orders', order(own));
    expect([made.status, earned(made.body.commissions)]).toEqual([201, expected]);
    const preview = await app.shop.post(`/v1/programs/${scene.programId}/previews`, order(own));
    const paid = preview.body.commissions.filter(({ amount }: Earned) => amount > 0);
    expect(earned(paid)).toEqual(expected);
  });

  test('a tier without a rate of its own earns by the rule for everybody', async () => {
    const only = {
      ...plan,
      levels: 1,
      rules: [{ id: 'gold', level: 1, match: { tier: 'gold' }, rate: { bps: 2000 } }],
    };
    const other = await givenScene(app, only);
    const made = await app.shop.post('/v1/orders', {
      ...order({ programId: other.programId }),
      attribution: { distributorCode: other.seller.code },
    });
    expect([made.status, made.body.commissions]).toEqual([201, []]);
    expect(made.body.attribution.distributorId).toBe(other.seller.id);
  });

  test.each([
    ['the start of the program', (start: number) => new Date(start).toISOString()],
    ['with the farthest offset ahead', (start: number) => zoned(start, 14 * 60)],
    ['with the farthest offset behind', (start: number) => zoned(start, -12 * 60)],
    ['with an offset of 45 minutes', (start: number) => zoned(start, 345)],
  ])('a payment at %s is the same moment', async (_, say) => {
    const start = new Date(on(0)).getTime();
    const made = await app.shop.post('/v1/orders', order({ paidAt: say(start) }));
    expect([made.status, made.body.paidAt]).toEqual([201, new Date(start).toISOString()]);
    const days = (new Date(made.body.commissions[0].releaseAt).getTime() - start) / 86_400_000;
    expect(days).toBe(7);
  });

  test('regions are names: of a province, a city and a district only the one named earns', async () => {
    const agents = await Promise.all(
      [2000, 2500, 3000].map(async (bps, i) => {
        const region = ['CN-33', 'CN-33-01', 'CN-33-01-06'][i]!;
        return { region, distributorId: (await scene.person()).id, bps };
      }),
    );
    const path = `/v1/programs/${scene.programId}/region-agents`;
    const put = await app.shop.put(path, { agents });
    expect(put.status).toBe(200);
    const { validFrom } = put.body.agents[0];
    for (const [region, expected] of [
      ['CN-33', 300],
      ['CN-33-01', 600],
      ['CN-33-01-06', 900],
      ['CN-33-02', undefined],
    ] as const) {
      const made = await app.shop.post('/v1/orders', order({ region, paidAt: validFrom }));
      const agent = made.body.commissions.find(({ kind }: { kind: string }) => kind === 'region');
      expect([region, made.status, agent?.amount]).toEqual([region, 201, expected]);
    }
  });
});

function zoned(moment: number, minutes: number): string {
  const local = new Date(moment + minutes * 60_000).toISOString().replace('Z', '');
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const ahead = Math.abs(minutes);
  return `${local}${minutes < 0 ? '-' : '+'}${two(ahead / 60)}:${two(ahead % 60)}`;
}

describe('an order that cannot be is refused at its field and changes nothing', () => {
  const first = (own: object) => ({ lines: [line(own)] });
  test.each<[string, () => object, unknown[]]>([
    ['quantity 0', () => first({ quantity: 0 }), [400, '/lines/0/quantity']],
    ['quantity -1', () => first({ quantity: -1 }), [400, '/lines/0/quantity']],
    ['quantity 10^12', () => first({ quantity: 1e12 }), [400, '/lines/0/quantity']],
    [
      'a price of 2^53',
      () => first({ unitPriceAmount: most + 1 }),
      [400, '/lines/0/unitPriceAmount'],
    ],
    [
      'a price as text',
      () => first({ unitPriceAmount: '6000' }),
      [400, '/lines/0/unitPriceAmount'],
    ],
    ['no price', () => first({ unitPriceAmount: undefined }), [400, '/lines/0/unitPriceAmount']],
    ['a price of null', () => first({ unitPriceAmount: null }), [400, '/lines/0/unitPriceAmount']],
    ['half a fen', () => first({ unitPriceAmount: 0.5 }), [400, '/lines/0/unitPriceAmount']],
    ['a negative discount', () => first({ discountAmount: -1 }), [400, '/lines/0/discountAmount']],
    [
      'a discount above its line',
      () => first({ discountAmount: 6001 }),
      [422, '/lines/0/discountAmount'],
    ],
    [
      'discounts above two lines',
      () => ({
        lines: ['1', '2', '3'].map((externalId, i) =>
          line({ externalId, discountAmount: 5999 + i }),
        ),
      }),
      [422, '/lines/2/discountAmount'],
    ],
    [
      'an order discount above what the lines leave',
      () => ({ ...first({ discountAmount: 1 }), orderDiscountAmount: 6000 }),
      [422, '/orderDiscountAmount'],
    ],
    [
      'a negative order discount',
      () => ({ orderDiscountAmount: -1 }),
      [400, '/orderDiscountAmount'],
    ],
    ['negative shipping', () => ({ shippingAmount: -1 }), [400, '/shippingAmount']],
    [
      'two lines that are 2^53 together',
      () => ({
        lines: [line({ unitPriceAmount: most }), line({ externalId: '2', unitPriceAmount: 1 })],
      }),
      [400, '/lines/1/unitPriceAmount'],
    ],
    ['a field of a line', () => first({ weight: 1 }), [400, '/lines/0/weight']],
    [
      'a field of the customer',
      () => ({ customer: { externalId: 'u', name: 'n' } }),
      [400, '/customer/name'],
    ],
    [
      'a field of the attribution',
      () => ({ attribution: { utm: 'x' } }),
      [400, '/attribution/utm'],
    ],
    ['a key with / and ~', () => ({ 'a/b~c': 1 }), [400, '/a~1b~0c']],
    ['30 February', () => ({ paidAt: '2026-02-30T00:00:00Z' }), [400, '/paidAt']],
    ['24 o’clock', () => ({ paidAt: '2026-02-01T24:00:00Z' }), [400, '/paidAt']],
    ['an offset of 25 hours', () => ({ paidAt: '2026-02-01T00:00:00+25:00' }), [400, '/paidAt']],
    [
      'a millisecond before the start',
      () => ({ paidAt: new Date(Date.parse(on(0)) - 1).toISOString() }),
      [422, '/paidAt'],
    ],
    ['another currency', () => ({ currency: 'USD' }), [422, '/currency']],
    ['an empty region', () => ({ region: '' }), [400, '/region']],
    [
      'a line id with a space at its end',
      () => first({ externalId: '1 ' }),
      [400, '/lines/0/externalId'],
    ],
  ])('%s', async (_, own, expected) => {
    await refused(() => app.shop.post('/v1/orders', order(own())), expected);
  });

  test.each([
    ['int64 + 1', '9223372036854775808'],
    ['a number above all floats', '1e400'],
    ['a number of 400 digits', '9'.repeat(400)],
    ['a fraction that a float would round to a whole', '6000.0000000000000000001'],
  ])('%s as a price', async (_, number) => {
    const text = JSON.stringify(order()).replace(
      '"unitPriceAmount":6000',
      `"unitPriceAmount":${number}`,
    );
    const ask = async () => {
      const headers = {
        authorization: `Bearer ${app.store.apiKey}`,
        'content-type': 'application/json',
      };
      const reply = await fetch(`${app.url}/v1/orders`, { method: 'POST', headers, body: text });
      return { status: reply.status, body: await reply.json() };
    };
    await refused(ask, [400, '/lines/0/unitPriceAmount']);
  });
});

describe('refunds', () => {
  const sold = async (own: object = {}) => {
    const lines = [
      line({ quantity: 3, sku: 'CUP-1' }),
      line({ externalId: '2', quantity: 3, unitPriceAmount: 1000 }),
    ];
    const made = await app.shop.post('/v1/orders', order({ lines, ...own }));
    expect(made.status).toBe(201);
    return made.body.id as string;
  };
  const refund = (id: string, lines: object[], own: object = {}) =>
    app.shop.post(`/v1/orders/${id}/refunds`, {
      externalId: unique('R'),
      refundedAt: on(2),
      lines,
      ...own,
    });

  test('of quantity and amount mixed for one line are right at every step and end at 0', async () => {
    const id = await sold();
    // 300 a piece, and 5 % of what is left of 180.00
    for (const [quantity, amount, left] of [
      [1, 0, [600, 900]],
      [0, 5000, [600, 650]],
      [1, 6999, [300, 300]],
      [0, 6000, [300, 0]],
      [1, 1, [0, 0]],
    ] as const) {
      const made = await refund(id, [{ externalId: '1', quantity, amount }]);
      const amounts = made.body.commissions.map((one: Earned) => one.amount);
      expect([made.status, amounts]).toEqual([201, left]);
    }
    await refused(
      () => refund(id, [{ externalId: '1', quantity: 0, amount: 1 }]),
      [422, '/lines/0/amount'],
    );
    await refused(
      () => refund(id, [{ externalId: '1', quantity: 1, amount: 0 }]),
      [422, '/lines/0/quantity'],
    );
    const rest = await refund(id, [{ externalId: '2', quantity: 3, amount: 3000 }]);
    expect([rest.status, rest.body.orderStatus]).toEqual([201, 'refunded']);
  });

  test('of all money but no piece leave nothing to earn, per unit either', async () => {
    const id = await sold();
    const made = await refund(id, [{ externalId: '1', quantity: 0, amount: 18_000 }]);
    expect(made.body.commissions.map((one: Earned) => one.amount)).toEqual([0, 0]);
  });

  test.each<[string, object[], object, unknown[]]>([
    [
      'before the payment',
      [{ externalId: '1', quantity: 1, amount: 0 }],
      { refundedAt: on(0) },
      [422, '/refundedAt'],
    ],
    [
      'in the future',
      [{ externalId: '1', quantity: 1, amount: 0 }],
      { refundedAt: on(40) },
      [422, '/refundedAt'],
    ],
    ['of no line', [], {}, [400, '/lines']],
    [
      'of another line',
      [{ externalId: '7', quantity: 1, amount: 0 }],
      {},
      [422, '/lines/0/externalId'],
    ],
    [
      'of one line twice',
      [1, 1].map((quantity) => ({ externalId: '1', quantity, amount: 0 })),
      {},
      [400, '/lines/1/externalId'],
    ],
    [
      'of more pieces and more money than there is',
      [
        { externalId: '2', quantity: 3, amount: 3000 },
        { externalId: '1', quantity: 4, amount: 18_001 },
      ],
      {},
      [422, '/lines/1/quantity', '/lines/1/amount'],
    ],
    ['of 2^53', [{ externalId: '1', quantity: 0, amount: most + 1 }], {}, [400, '/lines/0/amount']],
    [
      'of -1 pieces',
      [{ externalId: '1', quantity: -1, amount: 1 }],
      {},
      [400, '/lines/0/quantity'],
    ],
    [
      'of half a piece',
      [{ externalId: '1', quantity: 0.5, amount: 1 }],
      {},
      [400, '/lines/0/quantity'],
    ],
    ['without an amount', [{ externalId: '1', quantity: 1 }], {}, [400, '/lines/0/amount']],
    [
      'with an unknown field',
      [{ externalId: '1', quantity: 1, amount: 1, reason: 'r' }],
      {},
      [400, '/lines/0/reason'],
    ],
  ])('%s are refused', async (_, lines, own, expected) => {
    const id = await sold();
    await refused(() => refund(id, lines, own), expected);
  });
});

describe('a plan that cannot be read in one way', () => {
  const rule = (id: string, own: object = {}) => ({
    id,
    level: 1,
    match: {},
    rate: { bps: 1 },
    ...own,
  });
  test.each<[string, object, unknown[]]>([
    ['no rate', { rules: [rule('a', { rate: {} })] }, [400, '/plan/rules/0/rate/bps']],
    [
      'two rates',
      { rules: [rule('a', { rate: { bps: 1, amountPerUnit: 1 } })] },
      [400, '/plan/rules/0/rate/amountPerUnit'],
    ],
    [
      'a rate above all',
      { rules: [rule('a', { rate: { bps: 10_001 } })] },
      [400, '/plan/rules/0/rate/bps'],
    ],
    ['level 0', { rules: [rule('a', { level: 0 })] }, [400, '/plan/rules/0/level']],
    [
      'two rules of one id',
      { rules: [rule('a'), rule('a', { priority: 1 })] },
      [400, '/plan/rules/1/id'],
    ],
    [
      'two keys of a product',
      { rules: [rule('a', { match: { sku: 's', tag: 't' } })] },
      [400, '/plan/rules/0/match'],
    ],
    ['no tiers', { tiers: [] }, [400, '/plan/tiers']],
    ['a cap below 0', { caps: { totalBps: -1 } }, [400, '/plan/caps/totalBps']],
  ])('%s: is refused at its field', async (_, own, expected) => {
    const body = { plan: { ...plan, ...own } };
    await refused(() => app.shop.post(`/v1/programs/${scene.programId}/plans`, body), expected);
  });

  test('two rules of equal rank: both are named, and it is never published', async () => {
    const rules = [rule('one', { match: { tag: 'new' } }), rule('two', { match: { tag: 'old' } })];
    const body = { plan: { ...plan, levels: 1, rules } };
    const draft = await app.shop.post(`/v1/programs/${scene.programId}/plans`, body);
    const errors = draft.body.findings.filter(
      ({ severity }: { severity: string }) => severity === 'error',
    );
    expect(errors).toHaveLength(1);
    expect(errors[0].message).toMatch(/one.*two/);
    const publish = await app.admin.post(`/v1/plans/${draft.body.id}/publication`, {});
    expect(publish.status).toBeGreaterThanOrEqual(400);
    expect((await app.shop.get(`/v1/plans/${draft.body.id}`)).body.status).toBe('draft');
  });
});

describe('campaigns that multiply the largest order beyond what a number holds', () => {
  test.each([1, 3])('%i of a hundredfold: refused, and nothing is kept', async (count) => {
    const other = await givenScene(app, plan);
    for (let i = 0; i < count; i += 1) {
      const made = await app.shop.post(`/v1/programs/${other.programId}/campaigns`, {
        externalId: unique('campaign'),
        name: 'hundredfold',
        startsAt: on(1),
        endsAt: on(29),
        match: {},
        effect: { multiplyBps: 1_000_000 },
        levels: [1, 2],
        budgetAmount: null,
        stacks: true,
      });
      expect(made.status).toBe(201);
    }
    const asked = (own: object) => ({
      ...order({ programId: other.programId, paidAt: on(10), ...own }),
      attribution: { distributorCode: other.seller.code },
    });
    const large = asked({ lines: [line({ unitPriceAmount: most })] });
    const expected = [422, '/lines/0/unitPriceAmount'];
    await refused(() => app.shop.post('/v1/orders', large), expected);
    await refused(() => app.shop.post(`/v1/programs/${other.programId}/previews`, large), expected);
    const batch = { orders: [asked({}), large, large, asked({})] };
    const { status, body } = await app.shop.post('/v1/orders/batch', batch);
    expect(status).toBe(200);
    expect(body.results.map((one: { status: number }) => one.status)).toEqual([201, 422, 422, 201]);
    expect(await wrongBooks(app.db, other.programId)).toEqual([]);
  });
});
