import { releaseDue } from '../../../src/db/release';
import { type TestHouse, testHouse } from '../../support/app';
import { FakeProvider, fakeWorker, HandClock } from '../../support/fake-channel';
import { givenPayingSettlement, givenQueuedPayout } from '../../support/payout';
import { codeOf } from '../../support/shop';
import { until } from '../../support/until';
import { type PeerShop, peerShop } from './shop';

jest.setTimeout(120_000);

let house: TestHouse;

beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const settle = (shop: PeerShop) => house.shop.post(`/v1/programs/${shop.programId}/settlements`);

/** The review of a settlement, as soon as its workflow has opened it. */
async function reviewOf(settlementId: string): Promise<string> {
  const path = `/v1/settlements/${settlementId}`;
  await until(
    async () => (await house.shop.get(path)).body.status === 'review',
    `${path} is reviewed`,
  );
  return (await house.shop.get(path)).body.reviewId as string;
}

describe('lilishop', () => {
  test('pays money back for each rejection of one request: rejected twice, 1200 are 2400. Ours decides once', async () => {
    let available = 0;
    const audit = (amount: number) => (available += amount); // no look at the status before
    audit(1200);
    audit(1200);
    expect(available).toBe(2400);

    const shop = await peerShop(house);
    await shop.order();
    await shop.release();
    const { id } = (await settle(shop)).body as { id: string };
    const path = `/v1/reviews/${await reviewOf(id)}/decisions`;
    expect(await shop.balance(shop.seller)).toMatchObject({
      availableAmount: 0,
      settlingAmount: 1200,
    });
    const body = { decision: 'reject', reason: 'the numbers look odd' };
    const second = house.admin.as(house.store.secondAdmin.token);
    const together = await Promise.all([house.admin.post(path, body), second.post(path, body)]);
    expect(together.map(({ status }) => status).sort()).toEqual([200, 409]);
    const later = await second.post(path, { ...body, decision: 'approve' });
    expect([later.status, later.body.code]).toEqual([409, 'review_already_decided']);
    await until(
      async () => (await house.shop.get(`/v1/settlements/${id}`)).body.status === 'rejected',
      'the settlement is rejected',
    );
    expect(await shop.balance(shop.seller)).toMatchObject({
      availableAmount: 1200,
      settlingAmount: 0,
    });
    expect(await shop.wrongBooks()).toEqual([]);
  });

  test('lets 8 withdrawals of 100 at once leave a wallet of 100. Ours locks the money once, however many ask', async () => {
    const wallet = { balance: 100 };
    const reads = Array.from({ length: 8 }, () => wallet.balance); // all read before one writes
    const paid = reads.filter((balance) => balance >= 100).length * 100;
    expect(paid).toBe(800);

    const shop = await peerShop(house);
    await shop.order();
    await shop.release();
    const replies = await Promise.all(Array.from({ length: 8 }, () => settle(shop)));
    const opened = replies.filter(({ status }) => status === 202);
    expect(opened).toHaveLength(1);
    expect(replies.filter(({ body }) => body.code === 'settlement_already_open')).toHaveLength(7);
    await reviewOf((opened[0]!.body as { id: string }).id);
    expect(await shop.balance(shop.seller)).toMatchObject({
      availableAmount: 0,
      settlingAmount: 1200,
    });
    expect(await shop.wrongBooks()).toEqual([]);
  });
});

describe('likeshop', () => {
  test('settles all due orders in one transaction: one bad row holds up everybody. Ours releases the others and opens a case for the one', async () => {
    const rows = ['good', 'bad', 'good'];
    const theirs = rows.includes('bad') ? 0 : rows.length;
    expect(theirs).toBe(0);

    const shop = await peerShop(house);
    const bad = await shop.distributor();
    await shop.order({ attribution: { distributorCode: codeOf(bad) } });
    await shop.order();
    // As after a fault of ours: an earning that no posting stands behind.
    await house.db.read.run(
      `INSERT INTO earning (id, program_id, distributor_id, kind, commission_id, amount, release_at, created_at)
       SELECT replace(id, 'ern_', 'ern_bad'), program_id, distributor_id, 'adjustment', commission_id, 5000, release_at, created_at
       FROM earning WHERE distributor_id = $1`,
      [bad],
    );
    await shop.release();
    expect((await shop.balance(shop.seller)).availableAmount).toBe(1200);
    expect((await shop.balance(shop.middle)).availableAmount).toBe(600);
    expect(await shop.balance(bad)).toMatchObject({ heldAmount: 1200, availableAmount: 0 });
    await releaseDue(house.db, { programId: shop.programId, until: new Date() });
    const reviews = await house.admin.get(`/v1/reviews?kind=reconciliation&subjectId=${bad}`);
    expect(reviews.body.data).toMatchObject([{ status: 'open', facts: { about: 'release' } }]);
  });
});

describe('CRMEB', () => {
  test('takes a new number on every try, so a time-out pays twice. Ours has one number for good, and asks about it', async () => {
    const paid: string[] = [];
    for (const attempt of [1, 2]) paid.push(`order-${attempt}`); // merchantPay
    expect(new Set(paid).size).toBe(2);

    const scene = await givenPayingSettlement(house.db, house.vault);
    const { id, channelNumber } = await givenQueuedPayout(house.db, house.vault, scene);
    const provider = new FakeProvider();
    const moved = new Set<string>();
    provider.submit = (order) => {
      moved.add(order.channelNumber);
      return { kind: 'unknown', detail: 'no answer in time' };
    };
    provider.query = () => ({ kind: 'unknown', detail: 'no answer in time' });
    const clock = new HandClock(new Date());
    const worker = fakeWorker(house.db, house.vault, { provider, clock });
    for (let tries = 0; tries < 3; tries += 1) {
      expect((await worker.advancePayout(id)).status).not.toBe('failed');
      clock.forward(60_000);
    }
    provider.query = () => ({ kind: 'paid', paidAt: null });
    expect((await worker.advancePayout(id)).status).toBe('paid');
    expect([...moved]).toEqual([channelNumber]);
    expect(provider.submissions).toHaveLength(1);
  });
});
