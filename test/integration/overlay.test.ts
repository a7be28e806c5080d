import { loadVerifiedOrders } from '../../src/db/verification-facts';
import { newId } from '../../src/db/id';
import type { OrderView } from '../../src/db/order';
import { recomputeOrder } from '../../src/domain/commission/recompute';
import { chargesOf, earningsOf } from '../../src/domain/commission/calculation';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor, givenRegionAgent } from '../support/given';
import {
  accept,
  acceptOne,
  acceptRefund,
  balancesOf,
  givenLine,
  givenOrder,
  givenRefund,
  givenShop,
  readOrder,
  type Shop,
  testNow,
  wrongBooks,
} from '../support/shop';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
});
afterAll(() => db.drop());

const at = new Date('2026-01-01T00:00:00Z');

/** A campaign over January and February that doubles level 1; without its own workflow. */
async function givenCampaign(shop: Shop, settings: Record<string, unknown> = {}): Promise<string> {
  const id = newId('campaign');
  await db.read.insert('campaign', {
    id,
    storeId: shop.storeId,
    programId: shop.programId,
    externalId: id,
    contentHash: '',
    name: 'Double',
    startsAt: at,
    endsAt: testNow,
    match: '{}',
    effect: JSON.stringify({ multiplyBps: 20_000 }),
    levels: [1],
    budgetAmount: null,
    stacks: false,
    status: 'running',
    actor: 'test',
    createdAt: at,
    ...settings,
  });
  return id;
}

async function givenAgent(shop: Shop, bps: number, person: object = {}): Promise<string> {
  const { storeId, programId } = shop;
  const distributorId = await givenDistributor(db, { storeId, programId, ...person });
  await givenRegionAgent(db, { programId, distributorId, bps });
  return distributorId;
}

const refund = (shop: Shop, orderId: string, quantity: number, amount: bigint) =>
  acceptRefund(db, shop, orderId, givenRefund([{ externalId: '1', quantity, amount }]));

const read = (orderId: string) => readOrder(db, orderId);

async function used(campaignId: string): Promise<{ used: bigint; uses: bigint }> {
  const row = await db.read.first<{ used: bigint; uses: bigint }>(
    `SELECT c.used_amount AS used, coalesce(sum(u.amount), 0)::bigint AS uses
     FROM campaign c LEFT JOIN campaign_use u ON u.campaign_id = c.id
     WHERE c.id = $1 GROUP BY c.id`,
    [campaignId],
  );
  return row!;
}

const uses = (campaignId: string) =>
  db.read.rows(
    `SELECT level, refund_id IS NOT NULL AS refunded, amount FROM campaign_use
     WHERE campaign_id = $1 ORDER BY id`,
    [campaignId],
  );

/** What everything stored gives when it is calculated again, by order and campaign. */
async function recomputed(orderIds: readonly string[]) {
  const orders = await loadVerifiedOrders(db.read, orderIds);
  const charged = new Map<string, bigint>();
  const amounts = orders.map((order) =>
    recomputeOrder({ ...order, plan: order.plan! }).flatMap(({ current }) => {
      for (const [key, amount] of chargesOf(current)) {
        const campaignId = key.split(' ')[1]!;
        charged.set(campaignId, (charged.get(campaignId) ?? 0n) + amount);
      }
      return earningsOf(current).map(({ amount }) => amount);
    }),
  );
  return { amounts, charged };
}

const amountsOf = (order: OrderView) => order.commissions.map(({ amount }) => amount);

describe('an order with a campaign and a regional agent', () => {
  test('earns them beside its levels, and reads the same again', async () => {
    const shop = await givenShop(db);
    const campaignId = await givenCampaign(shop, { budgetAmount: 10_000n });
    const agent = await givenAgent(shop, 3000);
    const order = await acceptOne(db, shop, givenOrder(shop, { region: 'CN-33' }));
    expect(order.commissions).toMatchObject([
      { kind: 'sale', level: 1, distributorId: shop.seller, amount: 2400n, rateBps: 1000 },
      { kind: 'sale', level: 2, distributorId: shop.middle, amount: 600n },
      {
        kind: 'region',
        level: null,
        ruleId: null,
        rateBps: 3000,
        distributorId: agent,
        baseAmount: 12_000n,
        amount: 600n, // 30 % of 120.00 less 30.00
        status: 'held',
      },
    ]);
    expect(await read(order.id)).toEqual(order);
    expect(await uses(campaignId)).toEqual([{ level: 1, refunded: false, amount: 1200n }]);
    expect(await used(campaignId)).toEqual({ used: 1200n, uses: 1200n });
    expect(await balancesOf(db, agent)).toMatchObject({ held: 600n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('is refunded in pieces to exactly nothing, and the whole budget is there again', async () => {
    const shop = await givenShop(db);
    const campaignId = await givenCampaign(shop, { budgetAmount: 1000n });
    const agent = await givenAgent(shop, 3000);
    const { id } = await acceptOne(db, shop, givenOrder(shop, { region: 'CN-33' }));
    expect(amountsOf(await read(id))).toEqual([2200n, 600n, 800n]);
    await refund(shop, id, 1, 6000n);
    // 60.00 are left: 6.00 by the plan and as much by the campaign, which had granted 10.00.
    expect(amountsOf(await read(id))).toEqual([1200n, 300n, 300n]);
    expect(await used(campaignId)).toEqual({ used: 600n, uses: 600n });
    expect(await recomputed([id])).toEqual({
      amounts: [[1200n, 300n, 300n]],
      charged: new Map([[campaignId, 600n]]),
    });
    await refund(shop, id, 1, 6000n);
    expect(amountsOf(await read(id))).toEqual([0n, 0n, 0n]);
    expect(await uses(campaignId)).toEqual([
      { level: 1, refunded: false, amount: 1000n },
      { level: 1, refunded: true, amount: -400n },
      { level: 1, refunded: true, amount: -600n },
    ]);
    expect(await used(campaignId)).toEqual({ used: 0n, uses: 0n });
    expect(await balancesOf(db, agent)).toMatchObject({ held: 0n, available: 0n, receivable: 0n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('raises what the caps then allow, and creates what was not earned before', async () => {
    // Cost eats the margin: nobody earns until the costly unit comes back.
    const shop = await givenShop(db, { plan: { caps: { marginBps: 5000 } } });
    const limited = await givenCampaign(shop, { budgetAmount: 10_000n, levels: [2] });
    const free = await givenCampaign(shop, { levels: [1] });
    const agent = await givenAgent(shop, 9000);
    const order = givenOrder(shop, {
      region: 'CN-33',
      lines: [givenLine({ unitCostAmount: 6000n })],
    });
    const { id } = await acceptOne(db, shop, order);
    expect(amountsOf(await read(id))).toEqual([]);
    await refund(shop, id, 1, 0n);
    // 120.00 at a cost of 60.00: 30.00 at most, of 24.00 and 12.00; the budget gave nothing then.
    expect((await read(id)).commissions).toMatchObject([
      { kind: 'sale', level: 1, amount: 2000n, originalAmount: 0n },
      { kind: 'sale', level: 2, amount: 600n, originalAmount: 0n },
      { kind: 'region', distributorId: agent, amount: 400n, originalAmount: 0n },
    ]);
    expect(await used(limited)).toEqual({ used: 0n, uses: 0n });
    expect(await used(free)).toEqual({ used: 800n, uses: 800n });
    expect((await recomputed([id])).amounts).toEqual([[2000n, 600n, 400n]]);
    await refund(shop, id, 1, 12_000n);
    expect(amountsOf(await read(id))).toEqual([0n, 0n, 0n]);
    expect(await used(free)).toEqual({ used: 0n, uses: 0n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('counts the window by the payment: the first moment is in, the last is not', async () => {
    const shop = await givenShop(db);
    const day = (n: number) => new Date(Date.UTC(2026, 1, n));
    await givenCampaign(shop, { startsAt: day(3), endsAt: day(6), stoppedAt: day(5) });
    const orders = [2.9, 3, 4.9, 5, 5.5, 6].map((n) => givenOrder(shop, { paidAt: day(n) }));
    orders[0]!.paidAt = new Date(day(3).getTime() - 1);
    orders[2]!.paidAt = new Date(day(5).getTime() - 1);
    const outcomes = await accept(db, shop, orders);
    const first = outcomes.map((one) => 'order' in one && one.order.commissions[0]?.amount);
    expect(first).toEqual([1200n, 2400n, 2400n, 1200n, 1200n, 1200n]);
  });

  test('does not give to another program, nor to lines outside the products', async () => {
    const shop = await givenShop(db, { program: { productScope: 'designated' } });
    await db.read.insert('program_product', {
      programId: shop.programId,
      kind: 'sku',
      value: 'TEA-1',
    });
    const other = await givenShop(db, { storeId: shop.storeId });
    const campaignId = await givenCampaign(other);
    const agent = await givenAgent(shop, 2000);
    const lines = [givenLine(), givenLine({ externalId: '2', sku: 'CUP' })];
    const { id, commissions } = await acceptOne(
      db,
      shop,
      givenOrder(shop, { lines, region: 'CN-33' }),
    );
    expect(commissions.map((one) => [one.lineExternalId, one.kind, one.amount])).toEqual([
      ['1', 'sale', 1200n],
      ['1', 'sale', 600n],
      ['1', 'region', 600n],
    ]);
    expect(await balancesOf(db, agent)).toMatchObject({ held: 600n });
    expect(await used(campaignId)).toEqual({ used: 0n, uses: 0n });
    const scope = await db.read.rows(
      'SELECT in_scope FROM order_line WHERE order_id = $1 ORDER BY position',
      [id],
    );
    expect(scope).toEqual([{ inScope: true }, { inScope: false }]);
  });

  test.each([
    ['of another region', { region: 'CN-11' }, {}, false],
    ['without a region', {}, {}, false],
    ['whose agent does not earn', { region: 'CN-33' }, { status: 'evicted' }, false],
    ['whose agent is the buyer', { region: 'CN-33' }, { customerExternalId: 'u-1' }, false],
    ['that nobody brought', { region: 'CN-33', attribution: {} }, {}, true],
  ])('an order %s', async (_, over, person, earns) => {
    const shop = await givenShop(db);
    const agent = await givenAgent(shop, 2000, person);
    const customerExternalId = 'customerExternalId' in person ? 'u-1' : newId('order');
    await acceptOne(db, shop, givenOrder(shop, { customerExternalId, ...over }));
    expect(await balancesOf(db, agent)).toMatchObject({ held: earns ? 2400n : 0n });
  });
});

describe('the budget of a campaign under parallel orders', () => {
  test('is never overspent by a fen, and every fen of it is accounted for', async () => {
    const shop = await givenShop(db);
    const limited = await givenCampaign(shop, { budgetAmount: 20_333n });
    const second = await givenCampaign(shop, {
      budgetAmount: 777n,
      levels: [2],
      effect: JSON.stringify({ addAmountPerUnit: 13 }),
    });
    const free = await givenCampaign(shop, { levels: [2], stacks: true });
    // 50 orders with a third of them in pairs, so that batches and single orders meet.
    const batches = Array.from({ length: 50 }, (_, n) =>
      Array.from({ length: n % 3 === 0 ? 2 : 1 }, (_unused, i) =>
        givenOrder(shop, { customerExternalId: `u-${n}-${i}` }),
      ),
    );
    const outcomes = (await Promise.all(batches.map((batch) => accept(db, shop, batch)))).flat();
    const orders = outcomes.flatMap((one) => ('order' in one ? [one.order] : []));
    expect(orders).toHaveLength(outcomes.length);
    const extras = orders.map(({ commissions }) => commissions[0]!.amount - 1200n);
    expect(extras.reduce((a, b) => a + b, 0n)).toBe(20_333n);
    expect(extras.filter((extra) => extra !== 0n && extra !== 1200n)).toEqual([1133n]);
    expect(await used(limited)).toEqual({ used: 20_333n, uses: 20_333n });
    expect(await used(second)).toEqual({ used: 777n, uses: 777n });
    const all = await recomputed(orders.map(({ id }) => id));
    expect(all.charged.get(free)).toBe((await used(free)).used);
    expect(await wrongBooks(db, shop.programId)).toEqual([]);

    // Refunds give back while new orders take: still never above, and at the end all is there.
    const [kept, gone] = [orders.slice(0, 20), orders.slice(20)];
    const more = Array.from({ length: 10 }, (_, n) =>
      givenOrder(shop, { customerExternalId: `v-${n}` }),
    );
    await Promise.all([
      ...gone.map(({ id }) => refund(shop, id, 2, 12_000n)),
      ...more.map((order) => accept(db, shop, [order])),
    ]);
    const now = await used(limited);
    expect(now.used).toBe(now.uses);
    expect(now.used <= 20_333n).toBe(true);
    const late = await db.read.rows<{ id: string }>(
      'SELECT id FROM orders WHERE program_id = $1 AND external_id = ANY($2)',
      [shop.programId, more.map(({ externalId }) => externalId)],
    );
    const left = await recomputed([...kept, ...gone, ...late].map(({ id }) => id));
    expect(left.charged.get(limited)).toBe(now.used);
    await Promise.all([...kept, ...late].map(({ id }) => refund(shop, id, 2, 12_000n)));
    for (const id of [limited, second, free]) {
      expect(await used(id)).toEqual({ used: 0n, uses: 0n });
    }
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('is not waited for by orders that cannot use it', async () => {
    const shop = await givenShop(db);
    const campaignId = await givenCampaign(shop, {
      budgetAmount: 1000n,
      match: JSON.stringify({ sku: 'CUP' }),
    });
    const holder = await db.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM campaign WHERE id = $1 FOR UPDATE', [campaignId]);
      const order = await acceptOne(db, shop, givenOrder(shop));
      expect(order.commissions[0]!.amount).toBe(1200n);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  });

  test('tells the workflow of the campaign once when little is left', async () => {
    const shop = await givenShop(db);
    const campaignId = await givenCampaign(shop, { budgetAmount: 3000n });
    const signals = () =>
      db.read.rows(
        `SELECT signal_name FROM outbox WHERE workflow_id = $1 AND signal_name = 'budgetUsed'`,
        [`campaign:${campaignId}`],
      );
    await acceptOne(db, shop, givenOrder(shop, { customerExternalId: 'a' }));
    expect(await signals()).toHaveLength(0);
    await acceptOne(db, shop, givenOrder(shop, { customerExternalId: 'b' }));
    await acceptOne(db, shop, givenOrder(shop, { customerExternalId: 'c' }));
    expect(await signals()).toHaveLength(1);
  });
});
