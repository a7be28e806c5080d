import { newId } from '../../src/db/id';
import type { Bonus } from '../../src/domain/commission/plan';
import {
  bonusRelease,
  bonusShop,
  bonusWorld,
  breakthrough,
  invitation,
  monthEnd,
  team,
} from '../support/bonus';
import { type TestDatabase, testDatabase } from '../support/database';
import { balancesOf, givenPlan, givenShop, twoLevels } from '../support/shop';

let db: TestDatabase;
let world: ReturnType<typeof bonusWorld>;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
  world = bonusWorld(db);
});
afterAll(() => db.drop());
afterEach(async () => expect(await world.wrongBonuses()).toEqual([]));

const marchEnd = new Date('2026-03-31T16:00:00Z');
const shopWith = (...bonuses: Bonus[]) => bonusShop(db, ...bonuses);

describe('an invitation', () => {
  test('pays the sponsor once, when the first order of the invited was kept past its hold', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 10_000);
    await world.sold(shop, shop.seller, 50_000);
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toMatchObject([
      {
        distributorId: shop.middle,
        kind: 'invitation',
        period: '2026-02',
        bonusKey: shop.seller,
        orderId: id,
        amount: 2000n,
        baseAmount: 10_000n,
      },
    ]);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 2000n, available: 0n });
    await world.release(shop);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 0n, available: 2000n });
    await world.book(shop, new Date('2026-03-31T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toHaveLength(1);
  });

  test('is never paid for the head alone, nor for an order below the amount', async () => {
    const shop = await shopWith(invitation);
    await world.invitedBy(shop, shop.middle);
    await world.sold(shop, shop.seller, 9999);
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
    expect(await world.periodsOf(shop)).toEqual(['2026-02']);
  });

  test('is not paid when the order was refunded before its hold ended; the next one counts', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 10_000);
    await world.refund(shop, id, 1, new Date('2026-02-11T00:00:00Z'));
    const paidAt = new Date('2026-02-20T00:00:00Z');
    const next = await world.sold(shop, shop.seller, 10_000, { paidAt });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toMatchObject([{ orderId: next.id, amount: 2000n }]);
  });

  test('belongs to the month in which the hold ended, and no order after a kept one pays', async () => {
    const shop = await shopWith(invitation);
    const paidAt = new Date('2026-02-21T16:00:00Z'); // the hold ends with the first instant of March
    await world.sold(shop, shop.seller, 10_000, { paidAt });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
    await world.book(shop, new Date('2026-03-31T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toMatchObject([{ period: '2026-03', amount: 2000n }]);
  });

  test('is no bonus when the hold ended in a month whose plan had none', async () => {
    const shop = await givenShop(db);
    await world.sold(shop, shop.seller, 10_000);
    await givenPlan(
      db,
      shop.programId,
      { ...twoLevels, bonuses: [invitation] },
      new Date('2026-03-01T00:00:00Z'),
    );
    await world.sold(shop, shop.seller, 10_000, { paidAt: new Date('2026-03-02T00:00:00Z') });
    await world.book(shop, new Date('2026-03-31T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toEqual([]);
    expect(await world.periodsOf(shop)).toEqual(['2026-02', '2026-03']);
  });

  test('stops at the monthly maximum: whose hold ended first counts, the others never', async () => {
    const shop = await shopWith({ ...invitation, maxPerMonth: 2 });
    const invited = [shop.seller];
    for (let i = 0; i < 3; i += 1) invited.push(await world.invitedBy(shop, shop.middle));
    for (const [index, id] of invited.entries()) {
      const paidAt = new Date(Date.UTC(2026, 1, 10 - index));
      await world.sold(shop, id, 10_000, { paidAt });
    }
    await world.book(shop);
    const booked = await world.bonusesOf(shop);
    expect(new Set(booked.map(({ bonusKey }) => bonusKey))).toEqual(new Set(invited.slice(2)));
    expect(booked.flatMap(({ facts }) => facts.invitation?.beyond ?? [])).toEqual([
      invited[1],
      invited[0],
    ]);
    for (const id of invited) {
      await world.sold(shop, id, 10_000, { paidAt: new Date('2026-03-05T00:00:00Z') });
    }
    await world.book(shop, new Date('2026-03-31T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toHaveLength(2);
  });

  test('is not paid for what the invited or the sponsor bought', async () => {
    const shop = await shopWith(invitation);
    const sponsor = await world.invitedBy(shop, undefined, { customerExternalId: 'sponsor' });
    const invited = await world.invitedBy(shop, sponsor, { customerExternalId: 'invited' });
    await world.sold(shop, invited, 10_000, { customerExternalId: 'invited' });
    await world.sold(shop, invited, 10_000, { customerExternalId: 'sponsor' });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
  });

  test('waits while an after-sale case is open', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 10_000);
    const openedAt = new Date('2026-02-12T00:00:00Z');
    const row = {
      id: newId('order'),
      storeId: shop.storeId,
      orderId: id,
      externalId: newId('order'),
    };
    await db.read.insert('after_sale', { ...row, contentHash: '', openedAt, createdAt: openedAt });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
    const closedAt = new Date('2026-03-05T00:00:00Z');
    await db.read.run('UPDATE after_sale SET closed_at = $2 WHERE id = $1', [row.id, closedAt]);
    await world.book(shop, new Date('2026-03-31T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toMatchObject([{ period: '2026-03' }]);
  });

  test('is not paid to a sponsor who does not earn when the month ends', async () => {
    const shop = await shopWith(invitation);
    await world.sold(shop, shop.seller, 10_000);
    const leftAt = new Date('2026-02-28T15:59:59Z');
    await world.standsFrom(shop.middle, leftAt, { status: 'left', sponsorId: shop.top });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
  });

  test('refunded after the booking is taken back, before the release from held', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 12_000);
    await world.book(shop);
    await world.refund(shop, id, 2000);
    expect(await world.bonusesOf(shop)).toMatchObject([{ amount: 2000n }]);
    await world.refund(shop, id, 1);
    expect(await world.bonusesOf(shop)).toMatchObject([{ amount: 0n, originalAmount: 2000n }]);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 0n, available: 0n });
    await world.release(shop);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 0n, available: 0n });
  });

  test('whose receipt is reported after its month was booked is paid in the next, once', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 10_000, {
      paidAt: new Date('2026-02-15T00:00:00Z'),
    });
    const hold = { startsAt: 'received', days: 7, assumeReceivedAfterDays: 15 };
    await db.read.run('UPDATE orders SET hold = $2 WHERE id = $1', [id, JSON.stringify(hold)]);
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
    await db.read.run('UPDATE orders SET received_at = $2 WHERE id = $1', [
      id,
      new Date('2026-02-20T00:00:00Z'),
    ]);
    await world.book(shop, marchEnd);
    const march = [{ period: '2026-03', orderId: id, amount: 2000n }];
    expect(await world.bonusesOf(shop)).toMatchObject(march);
    await world.book(shop, new Date('2026-04-30T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toMatchObject(march);
  });

  test('that was decided is not decided again: the sponsor did not earn then', async () => {
    const shop = await shopWith(invitation);
    await world.sold(shop, shop.seller, 10_000);
    const paused = { status: 'left', sponsorId: shop.top };
    await world.standsFrom(shop.middle, new Date('2026-02-20T00:00:00Z'), paused);
    await world.book(shop);
    await world.standsAgain(shop.middle, new Date('2026-03-05T00:00:00Z'), shop.top);
    await world.book(shop, marchEnd);
    expect(await world.bonusesOf(shop)).toEqual([]);
  });

  test('taken back by a refund leaves the next kept order free to earn, and stays 0', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 12_000);
    const paidAt = new Date('2026-02-12T00:00:00Z');
    const next = await world.sold(shop, shop.seller, 10_000, { paidAt });
    await world.book(shop);
    await world.refund(shop, id, 5000);
    await world.book(shop, marchEnd);
    expect(await world.bonusesOf(shop)).toMatchObject([
      { period: '2026-02', orderId: id, amount: 0n },
      { period: '2026-03', orderId: next.id, amount: 2000n },
    ]);
    await world.refund(shop, id, 7000);
    await world.book(shop, new Date('2026-04-30T16:00:00Z'));
    expect((await world.bonusesOf(shop)).map(({ amount }) => amount)).toEqual([0n, 2000n]);
  });

  test('refunded after the release is taken from available', async () => {
    const shop = await shopWith(invitation);
    const { id } = await world.sold(shop, shop.seller, 10_000);
    await world.book(shop);
    await world.release(shop);
    await world.refund(shop, id, 10_000, bonusRelease);
    expect(await world.bonusesOf(shop)).toMatchObject([{ amount: 0n }]);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ available: 0n, receivable: 0n });
  });
});

describe('a team bonus', () => {
  test('pays on what the directs sold in the month, net of refunds, to the end of its depth', async () => {
    const shop = await shopWith(team);
    const { id } = await world.sold(shop, shop.seller, 30_000);
    await world.sold(shop, shop.seller, 10_099);
    await world.sold(shop, shop.seller, 70_000, { paidAt: monthEnd });
    await world.sold(shop, shop.middle, 5000);
    await world.refund(shop, id, 10_000);
    await world.book(shop);
    const booked = await world.bonusesOf(shop);
    expect(booked.map(({ distributorId, amount }) => [distributorId, amount]).sort()).toEqual(
      [
        [shop.middle, 300n],
        [shop.top, 50n],
      ].sort(),
    );
    await world.refund(shop, id, 20_000);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 100n });
  });

  test('of depth 2 counts those below the directs, by the sponsors as of each payment', async () => {
    const shop = await shopWith({ ...team, depth: 2 });
    const movedAt = new Date('2026-02-15T00:00:00Z');
    await world.sold(shop, shop.seller, 10_000);
    await world.standsFrom(shop.seller, movedAt, { status: 'active', sponsorId: shop.top });
    await world.sold(shop, shop.seller, 20_000, { paidAt: new Date('2026-02-16T00:00:00Z') });
    await world.book(shop);
    expect(await balancesOf(db, shop.top)).toMatchObject({ held: 300n });
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 100n });
  });

  test('asks for own sales, also after a refund of these, and stops at its maximum', async () => {
    const shop = await shopWith({ ...team, ownSalesAtLeastAmount: 5000, maxAmount: 250 });
    await world.sold(shop, shop.seller, 90_000);
    const own = await world.sold(shop, shop.middle, 5000);
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toMatchObject([
      { distributorId: shop.middle, amount: 250n },
    ]);
    await world.refund(shop, own.id, 1);
    expect(await world.bonusesOf(shop)).toMatchObject([{ amount: 0n, originalAmount: 250n }]);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 0n });
  });
});

describe('a breakthrough', () => {
  test('pays each mark that own sales passed, and takes back the one that a refund undoes', async () => {
    const shop = await shopWith(breakthrough);
    const { id } = await world.sold(shop, shop.seller, 15_000);
    await world.sold(shop, shop.seller, 5000);
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toMatchObject([
      { bonusKey: '10000', amount: 300n },
      { bonusKey: '20000', amount: 500n },
    ]);
    await world.release(shop);
    await world.refund(shop, id, 1, bonusRelease);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 0n, available: 300n });
    await world.refund(shop, id, 14_999, bonusRelease);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ available: 0n, receivable: 0n });
  });

  test('does not count what somebody bought himself', async () => {
    const shop = await shopWith(breakthrough);
    const buyer = await world.invitedBy(shop, shop.top, { customerExternalId: 'self' });
    await world.sold(shop, buyer, 15_000, { customerExternalId: 'self' });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toEqual([]);
  });
});
