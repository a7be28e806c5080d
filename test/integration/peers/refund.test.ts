import { type TestApp, testApp } from '../../support/app';
import { givenPlan, twoLevels } from '../../support/shop';
import { byLevel, line, peerShop } from './shop';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const whole = [{ externalId: '1', quantity: 2, amount: 12_000 }];
const half = [{ externalId: '1', quantity: 1, amount: 6000 }];

describe('CRMEB', () => {
  test('takes back min(commission, balance): what was paid out already the platform eats. Ours is owed, and the next release pays it', async () => {
    const theirs = (commission: number, balance: number) => Math.min(commission, balance);
    expect(1200 - theirs(1200, 0)).toBe(1200); // lost, silently

    const shop = await peerShop(app);
    const { id } = await shop.order();
    await shop.release();
    await shop.payOut();
    expect((await shop.refund(id, whole)).status).toBe(201);
    expect(await shop.balance(shop.seller)).toMatchObject({
      availableAmount: 0,
      receivableAmount: 1200,
    });
    await shop.order({ lines: [line({ quantity: 5 })] });
    await shop.release();
    expect(await shop.balance(shop.seller)).toMatchObject({
      availableAmount: 3000 - 1200,
      receivableAmount: 0,
    });
    expect(await shop.wrongBooks()).toEqual([]);
  });

  test('takes a settled refund back from levels 1 and 2 only, never from staff, agent, division. Ours takes it from everybody who earned', async () => {
    const earned = { one: 1200, two: 600, division: 240 };
    const theirs = earned.one + earned.two;
    expect(earned.one + earned.two + earned.division - theirs).toBe(240); // stays paid for nothing

    const rules = [
      ...twoLevels.rules,
      { id: 'division', level: 3, match: {}, rate: { bps: 200 }, priority: 0 },
    ];
    const shop = await peerShop(app, { plan: { levels: 3, rules } });
    const order = await shop.order();
    expect(byLevel(order)).toEqual({ 1: 1200, 2: 600, 3: 240 });
    await shop.release();
    await shop.payOut();
    await shop.refund(order.id, whole);
    const owed = [shop.seller, shop.middle, shop.top].map(
      async (id) => (await shop.balance(id)).receivableAmount,
    );
    expect(await Promise.all(owed)).toEqual([1200, 600, 240]);
    expect(await shop.wrongBooks()).toEqual([]);
  });
});

describe('ruoyi', () => {
  test('cancels the whole commission of an item for a refund of a part of its price. Ours loses the part', async () => {
    const theirs = (commission: number, refunded: number) => (refunded > 0 ? 0 : commission);
    expect(theirs(1200, 100)).toBe(0);

    const shop = await peerShop(app);
    const { id } = await shop.order();
    await shop.refund(id, [{ externalId: '1', quantity: 0, amount: 100 }]);
    expect(byLevel(await shop.read(id))).toEqual({ 1: 1190, 2: 595 });
  });

  test('lets the balance of a distributor go below zero after a refund. Ours never does: the debt has an account of its own', async () => {
    const theirs = (available: number, commission: number) => available - commission;
    expect(theirs(0, 1200)).toBe(-1200);

    const shop = await peerShop(app);
    const { id } = await shop.order();
    await shop.release();
    await shop.payOut();
    await shop.refund(id, whole);
    expect(await shop.balance(shop.seller)).toMatchObject({
      heldAmount: 0,
      availableAmount: 0,
      receivableAmount: 1200,
    });
  });
});

describe('dub', () => {
  test('ignores the refunded amount: a refund of one piece takes the whole commission. Ours takes what the piece earned', async () => {
    const theirs = (commission: number, _amountRefunded: number) => commission - commission;
    expect(theirs(1200, 6000)).toBe(0);

    const shop = await peerShop(app);
    const { id } = await shop.order();
    await shop.refund(id, half);
    expect(byLevel(await shop.read(id))).toEqual({ 1: 600, 2: 300 });
  });

  test('skips the refund of a commission that is paid. Ours books it, and the rest of the lines too', async () => {
    const theirs = (status: string) => (status === 'paid' ? 0 : 1200);
    expect(theirs('paid')).toBe(0);

    const shop = await peerShop(app);
    const { id } = await shop.order();
    await shop.release();
    await shop.payOut();
    const refunded = await shop.refund(id, half);
    expect([refunded.status, byLevel(refunded.body)]).toEqual([201, { 1: 600, 2: 300 }]);
    expect((await shop.balance(shop.seller)).receivableAmount).toBe(600);
  });

  test("re-rates an old sale at today's base rate when its amount changes. Ours keeps the rate of the sale", async () => {
    const todayBps = 500;
    const theirs = (amount: number) => (amount * todayBps) / 10_000;
    expect(theirs(6000)).toBe(300);

    const shop = await peerShop(app);
    const { id } = await shop.order();
    const rules = twoLevels.rules.map((rule) => ({ ...rule, rate: { bps: todayBps } }));
    await givenPlan(app.db, shop.programId, { ...twoLevels, rules }, new Date('2026-02-02Z'));
    await shop.refund(id, half);
    const after = await shop.read(id);
    expect(after.commissions[0]).toMatchObject({ amount: 600, rateBps: 1000 });
    const later = await shop.order({ paidAt: '2026-02-03T00:00:00Z' });
    expect(later.commissions[0]).toMatchObject({ amount: 600, rateBps: 500 }); // 5 % of 120.00
  });

  test('tells nobody of hold and refund: its only event is commission.created. Ours has one for each', async () => {
    const theirs = ['commission.created'];
    expect(theirs.some((type) => /hold|held|refund|adjust|revers/.test(type))).toBe(false);

    const shop = await peerShop(app);
    const { id, commissions } = await shop.order();
    await shop.refund(id, half);
    await shop.release();
    await shop.refund(id, half);
    const events = await app.db.read.rows<{ type: string }>(
      'SELECT type FROM event WHERE subject_id = $1 ORDER BY id',
      [commissions[0]!.id],
    );
    expect(events.map(({ type }) => type)).toEqual([
      'commission.held',
      'commission.adjusted',
      'commission.available',
      'commission.reversed',
    ]);
  });
});

describe('likeshop', () => {
  test("blocks the buyer's after-sale once the commission is settled. Ours takes case and refund at any time", async () => {
    const theirs = (settled: boolean) => (settled ? '已发生分佣, 无法重新申请售后' : 'ok');
    expect(theirs(true)).not.toBe('ok');

    const shop = await peerShop(app);
    const { id } = await shop.order();
    await shop.release();
    await shop.payOut();
    const opened = await app.shop.post(`/v1/orders/${id}/after-sales`, {
      externalId: `AS-${id}`,
      openedAt: new Date().toISOString(),
    });
    expect(opened.status).toBe(201);
    expect((await shop.refund(id, half)).status).toBe(201);
    expect((await shop.refund(id, half)).status).toBe(201);
    expect(await shop.read(id)).toMatchObject({
      status: 'refunded',
      commissions: [{ amount: 0, status: 'reversed' }, { amount: 0 }],
    });
    expect(await shop.wrongBooks()).toEqual([]);
  });
});

describe('ruoyi, CRMEB, likeshop and dub', () => {
  test('let the hold run on while an after-sale case is open. Ours stands still until the case is closed', async () => {
    const theirs = (start: number, days: number) => start + days;
    expect(theirs(0, 7)).toBe(7); // on day 7, whatever happened on day 6

    const shop = await peerShop(app);
    const { id } = await shop.order();
    const body = { externalId: `AS-${id}`, openedAt: '2026-02-07T10:00:00Z' };
    const opened = await app.shop.post(`/v1/orders/${id}/after-sales`, body);
    await shop.release();
    expect((await shop.balance(shop.seller)).availableAmount).toBe(0);
    const closedAt = '2026-02-17T10:00:00Z';
    await app.shop.post(`/v1/after-sales/${opened.body.id}/closure`, { closedAt });
    expect((await shop.read(id)).commissions[0]).toMatchObject({
      releaseAt: '2026-02-18T10:00:00.000Z',
    });
  });

  test('begin the hold at a moment fixed in code: payment, receipt or creation. Ours begins where the program says', async () => {
    const theirs = { ruoyi: 'payment', CRMEB: 'receipt', dub: 'creation' };
    expect(new Set(Object.values(theirs)).size).toBe(3);

    const paid = await peerShop(app);
    const { commissions } = await paid.order();
    expect(commissions[0]).toMatchObject({ releaseAt: '2026-02-08T10:00:00.000Z' });

    const received = await peerShop(app, { program: { holdStartsAt: 'received' } });
    const { id } = await received.order();
    const receivedAt = '2026-02-06T10:00:00Z';
    expect((await app.shop.post(`/v1/orders/${id}/receipts`, { receivedAt })).status).toBe(201);
    expect((await received.read(id)).commissions[0]).toMatchObject({
      releaseAt: '2026-02-13T10:00:00.000Z',
    });
  });
});
