import { newId } from '../../src/db/id';
import { loadVerifiedOrders } from '../../src/db/verification-facts';
import { verifyOrder } from '../../src/domain/commission/verification';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor, givenRegionAgent } from '../support/given';
import { acceptOne, givenOrder, givenShop, type Shop, testNow } from '../support/shop';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const at = new Date('2026-01-01T00:00:00Z');

/** Changes what the database guards, as somebody with a superuser's rights could. */
async function tamper(table: string, sql: string, params: unknown[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.run(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    await tx.run(sql, params);
    await tx.run(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  });
}

/** The names of the checks that find something about an order. */
async function found(orderId: string): Promise<string[]> {
  const orders = await loadVerifiedOrders(db.read, [orderId]);
  return orders.flatMap(verifyOrder).map(({ check }) => check);
}

async function givenCampaign(shop: Shop, settings: Record<string, unknown> = {}): Promise<string> {
  const id = newId('campaign');
  await db.read.insert('campaign', {
    ...{ id, storeId: shop.storeId, programId: shop.programId, externalId: id },
    ...{ contentHash: '', name: 'Double', startsAt: at, endsAt: testNow, match: '{}' },
    ...{ effect: JSON.stringify({ multiplyBps: 20_000 }), levels: [1], budgetAmount: null },
    ...{ stacks: false, status: 'running', actor: 'test', createdAt: at },
    ...settings,
  });
  return id;
}

async function givenRegional() {
  const shop = await givenShop(db);
  const { storeId, programId } = shop;
  const agent = await givenDistributor(db, { storeId, programId });
  await givenRegionAgent(db, { programId, distributorId: agent, bps: 2000 });
  const order = await acceptOne(db, shop, givenOrder(shop, { region: 'CN-33' }));
  expect(await found(order.id)).toEqual([]);
  return { shop, order, agent };
}

describe('the regional agent of a line', () => {
  test.each([
    ['another rate', `jsonb_set(terms, '{region,bps}', '2001')`],
    ['another person', `jsonb_set(terms, '{region,distributorId}', '"dst_other"')`],
    ['one who did not earn', `jsonb_set(terms, '{region,why}', '"not_earning"')`],
    ['none', `terms - 'region'`],
  ])('is the one in force at the payment: %s is named', async (_, terms) => {
    const { order } = await givenRegional();
    await tamper('order_line', `UPDATE order_line SET terms = ${terms} WHERE order_id = $1`, [
      order.id,
    ]);
    expect(await found(order.id)).toContain('terms');
  });

  test('that nobody ever made is named', async () => {
    const { order, shop } = await givenRegional();
    await tamper('region_agent', 'DELETE FROM region_agent WHERE program_id = $1', [
      shop.programId,
    ]);
    expect(await found(order.id)).toEqual(['terms']);
  });

  test('that was made after the order was booked does not count', async () => {
    const shop = await givenShop(db);
    const order = await acceptOne(db, shop, givenOrder(shop, { region: 'CN-33' }));
    await givenRegionAgent(db, { programId: shop.programId, distributorId: shop.top, bps: 2000 });
    expect(await found(order.id)).toEqual(['terms']);
    await tamper('region_agent', 'UPDATE region_agent SET created_at = $2 WHERE program_id = $1', [
      ...[shop.programId, new Date('2026-03-02T00:00:00Z')],
    ]);
    expect(await found(order.id)).toEqual([]);
  });
});

describe('the campaigns of a line', () => {
  async function given(settings: Record<string, unknown> = {}) {
    const shop = await givenShop(db);
    const campaignId = await givenCampaign(shop, settings);
    const order = await acceptOne(db, shop, givenOrder(shop));
    expect(await found(order.id)).toEqual([]);
    return { shop, order, campaignId };
  }

  test.each([
    ['its effect', `effect = '{"multiplyBps": 19000}'`],
    ['whether it has a budget', 'budget_amount = 100000'],
    ['its window', `starts_at = '2026-02-02T00:00:00Z'`],
    ['the moment at which it was stopped', `stopped_at = '2026-01-20T00:00:00Z'`],
    ['whom it is for', `match = '{"tier": "gold"}'`],
    ['its levels', 'levels = ARRAY[2]'],
    ['when it was made', `created_at = '2026-03-02T00:00:00Z'`],
  ])('are frozen as they were: %s is compared', async (_, change) => {
    const { order, campaignId } = await given();
    await tamper('campaign', `UPDATE campaign SET ${change} WHERE id = $1`, [campaignId]);
    expect(await found(order.id)).toContain('terms');
  });

  test('grant what they add, and less only where there is a budget', async () => {
    const lower = `UPDATE order_line
      SET terms = jsonb_set(terms, '{levels,0,overlays,0,grantedAmount}', '"1199"') WHERE order_id = $1`;
    const unlimited = await given();
    await tamper('order_line', lower, [unlimited.order.id]);
    expect(await found(unlimited.order.id)).toContain('terms');
    const limited = await given({ budgetAmount: 1_000_000n });
    await tamper('order_line', lower, [limited.order.id]);
    expect(await found(limited.order.id)).not.toContain('terms');
    const higher = lower.replace('1199', '1201');
    await tamper('order_line', higher, [limited.order.id]);
    expect(await found(limited.order.id)).toContain('terms');
  });

  test.each([
    ['the better one of those that do not stack', { effect: '{"multiplyBps": 30000}' }],
    ['one that stacks', { stacks: true }],
  ])('are all there: %s may not be left out', async (_, settings) => {
    const { shop, order } = await given();
    await givenCampaign(shop, { ...settings, createdAt: new Date('2026-03-02T00:00:00Z') });
    expect(await found(order.id)).toEqual([]);
    await givenCampaign(shop, settings);
    expect(await found(order.id)).toEqual(['terms']);
  });

  test('that lose to a better one need not be there, nor one that the order itself used up', async () => {
    const shop = await givenShop(db);
    await givenCampaign(shop, { effect: '{"addBps": 100}' });
    await givenCampaign(shop, { budgetAmount: 1300n });
    await givenCampaign(shop, { stacks: true, levels: [2], budgetAmount: 7n });
    for (let round = 0; round < 3; round += 1) {
      const { id } = await acceptOne(db, shop, givenOrder(shop));
      expect(await found(id)).toEqual([]);
    }
  });
});

test('what is held waits for the moment that its order gives, and for none only with a case', async () => {
  const shop = await givenShop(db);
  for (const moment of [`'2026-02-02T00:00:00Z'`, 'NULL']) {
    const order = await acceptOne(db, shop, givenOrder(shop));
    expect(await found(order.id)).toEqual([]);
    await tamper('earning', `UPDATE earning SET release_at = ${moment} WHERE commission_id = $1`, [
      order.commissions[0]!.id,
    ]);
    expect(await found(order.id)).toEqual(['hold']);
  }
});

describe('the upline of an order', () => {
  test.each([
    ['status', `'{1,status}', '"evicted"'`],
    ['tier', `'{0,tier}', '"gold"'`],
    ['sponsor', `'{1,distributorId}', '"dst_other"'`],
    ['place as buyer', `'{0,isBuyer}', 'true'`],
  ])('is that of the standings at the payment: another %s is named', async (_, change) => {
    const shop = await givenShop(db);
    const order = await acceptOne(db, shop, givenOrder(shop));
    await tamper(
      'orders',
      `UPDATE orders SET upline = jsonb_set(upline, ${change}) WHERE id = $1`,
      [order.id],
    );
    expect(await found(order.id)).toContain('upline');
  });

  test('is that of what was known then: a standing written later changes nothing', async () => {
    const shop = await givenShop(db);
    const order = await acceptOne(db, shop, givenOrder(shop));
    const change = async (recordedAt: Date) => {
      const from = new Date('2026-01-15T00:00:00Z');
      await tamper(
        'distributor_standing',
        'UPDATE distributor_standing SET valid_to = $2 WHERE distributor_id = $1',
        [shop.seller, from],
      );
      await db.read.insert('distributor_standing', {
        ...{ distributorId: shop.seller, validFrom: from, status: 'active', tier: 'gold' },
        ...{ sponsorId: shop.top, cause: 'test', actor: 'test', recordedAt },
      });
    };
    await change(new Date('2026-03-02T00:00:00Z'));
    expect(await found(order.id)).toEqual([]);
    await tamper(
      'distributor_standing',
      `UPDATE distributor_standing SET recorded_at = '2026-02-01T00:00:00Z' WHERE distributor_id = $1`,
      [shop.seller],
    );
    expect(await found(order.id)).toEqual(['upline']);
  });
});

test('an order without a plan has no commissions', async () => {
  const shop = await givenShop(db);
  const order = await acceptOne(db, shop, givenOrder(shop));
  await tamper('orders', 'UPDATE orders SET plan_id = NULL WHERE id = $1', [order.id]);
  expect(await found(order.id)).toEqual(expect.arrayContaining(['terms', 'commission']));
});
