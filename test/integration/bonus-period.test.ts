import { bookDueBonuses } from '../../src/db/bonus';
import { loadBonusFacts } from '../../src/db/bonus-explanation';
import { newId } from '../../src/db/id';
import { createPlan, publishPlan } from '../../src/db/plan';
import { bonusesLock } from '../../src/db/bonus-chunk';
import { refundOrder } from '../../src/db/refund';
import type { Database } from '../../src/db/database';
import { explainBonus } from '../../src/domain/commission/bonus-explanation';
import type { Bonus } from '../../src/domain/commission/plan';
import {
  bonusShop,
  bonusWorld,
  breakthrough,
  invitation,
  monthEnd,
  realNow,
  team,
} from '../support/bonus';
import { type TestDatabase, testDatabase } from '../support/database';
import { balancesOf, twoLevels } from '../support/shop';

let db: TestDatabase;
let world: ReturnType<typeof bonusWorld>;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
  world = bonusWorld(db);
});
afterAll(() => db.drop());
afterEach(async () => expect(await world.wrongBonuses()).toEqual([]));

const dayAfter = new Date('2026-03-01T16:00:00Z');
const shopWith = (...bonuses: Bonus[]) => bonusShop(db, ...bonuses);

describe('a period', () => {
  const many = async () => {
    const shop = await shopWith(invitation, team, breakthrough);
    for (let i = 0; i < 5; i += 1)
      await world.sold(shop, await world.invitedBy(shop, shop.seller), 20_000);
    return shop;
  };

  test('is booked once, however many book at the same time', async () => {
    const shop = await many();
    const round = { programId: shop.programId, until: monthEnd, realNow, moved: true };
    await Promise.all([1, 2, 3, 4].map((chunk) => bookDueBonuses(db, round, chunk)));
    const booked = await world.bonusesOf(shop);
    // 5 invitations, 10 marks passed, one team
    expect(booked).toHaveLength(16);
    expect(await world.periodsOf(shop)).toEqual(['2026-02']);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 11_000n });
  });

  test('that was killed between chunks, or in one, goes on where it stopped', async () => {
    const shop = await many();
    const round = { programId: shop.programId, until: monthEnd, realNow, moved: true };
    let left = 0;
    const killed: Database = {
      ...db,
      transaction: (work) =>
        db.transaction(async (tx) => {
          const result = await work(tx);
          left -= 1;
          if (left < 0) throw new Error('killed');
          return result;
        }),
    };
    const counts: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      left = attempt;
      await expect(bookDueBonuses(killed, round, 2)).rejects.toThrow('killed');
      counts.push((await world.bonusesOf(shop)).length);
      expect(await world.periodsOf(shop)).toEqual([]);
    }
    const parts = counts.map((count, index) => count - (counts[index - 1] ?? 0));
    expect(parts.filter((count) => count > 0).length).toBeGreaterThan(1);
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toHaveLength(16);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 11_000n });
    expect(await world.periodsOf(shop)).toEqual(['2026-02']);
  });

  test('that is booked does not count what is reported later', async () => {
    const shop = await shopWith(team);
    await world.sold(shop, shop.seller, 10_000);
    await world.book(shop);
    await world.sold(shop, shop.seller, 50_000);
    await world.book(shop, new Date('2026-03-31T16:00:00Z'));
    expect(await world.bonusesOf(shop)).toMatchObject([{ period: '2026-02', amount: 100n }]);
  });

  test('whose orders are still coming in is left open, but where the clock was moved', async () => {
    const shop = await shopWith(team);
    await world.sold(shop, shop.seller, 10_000);
    const round = { programId: shop.programId, until: dayAfter };
    await bookDueBonuses(db, { ...round, realNow: new Date() });
    expect(await world.periodsOf(shop)).toEqual([]);
    await bookDueBonuses(db, { ...round, realNow: new Date(Date.now() + 660_000) });
    expect(await world.periodsOf(shop)).toEqual(['2026-02']);
  });

  test('is left open for a day, for the orders that are on their way at midnight', async () => {
    const shop = await shopWith(team);
    await world.sold(shop, shop.seller, 10_000);
    const later = new Date(Date.now() + 660_000);
    const round = { programId: shop.programId, realNow: later };
    await bookDueBonuses(db, { ...round, until: new Date(dayAfter.getTime() - 1) });
    expect(await world.periodsOf(shop)).toEqual([]);
    await world.sold(shop, shop.seller, 5000);
    await bookDueBonuses(db, { ...round, until: dayAfter });
    expect(await world.bonusesOf(shop)).toMatchObject([{ amount: 150n }]);
  });

  test('that was begun gets no other plan, also after a crash between its chunks', async () => {
    const shop = await many();
    const round = { programId: shop.programId, until: monthEnd, realNow, moved: true };
    let left = 2;
    const killed: Database = {
      ...db,
      transaction: (work) => {
        left -= 1;
        return left < 0 ? Promise.reject(new Error('killed')) : db.transaction(work);
      },
    };
    await expect(bookDueBonuses(killed, round, 2)).rejects.toThrow('killed');
    expect(await world.periodsOf(shop)).toEqual([]);
    const draft = await db.transaction((tx) =>
      createPlan(tx, {
        programId: shop.programId,
        body: { ...twoLevels, levels: 1, rules: [twoLevels.rules[0]!] },
        note: '',
        actor: 'key:test',
        now: realNow,
      }),
    );
    const publish = (requestedAt: Date) =>
      db.transaction((tx) =>
        publishPlan(tx, {
          reach: shop.caller,
          id: draft.id,
          requestedAt,
          actor: 'key:test',
          now: realNow,
        }),
      );
    await expect(publish(new Date(monthEnd.getTime() - 1))).rejects.toMatchObject({
      code: 'plan_would_rewrite',
    });
    await world.book(shop);
    expect(await world.bonusesOf(shop)).toHaveLength(16);
    expect(await publish(monthEnd)).toMatchObject({ effectiveAt: monthEnd });
  });

  test('and refunds at the same time end as if one came after the other', async () => {
    const shop = await shopWith(team, breakthrough);
    const orders = await Promise.all(
      Array.from({ length: 8 }, () => world.sold(shop, shop.seller, 5000)),
    );
    await Promise.all([
      ...orders.slice(0, 6).map(({ id }) => world.refund(shop, id, 5000)),
      world.book(shop),
      ...orders.slice(0, 6).map(({ id }) => world.refund(shop, id, 0)),
    ]);
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 100n });
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 300n });
  });

  test('waits for a refund that is being written, and counts it', async () => {
    const shop = await shopWith(team);
    const { id } = await world.sold(shop, shop.seller, 10_000);
    let booking = Promise.resolve();
    await db.transaction(async (tx) => {
      await refundOrder(tx, { caller: shop.caller, now: realNow }, id, {
        externalId: newId('refund'),
        refundedAt: monthEnd,
        lines: [{ externalId: '1', quantity: 0, amount: 4000n }],
      });
      booking = world.book(shop);
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    await booking;
    expect(await world.bonusesOf(shop)).toMatchObject([{ amount: 60n }]);
  });
});

test('a refund that waits for bonuses holds nothing of the refund yet', async () => {
  const shop = await shopWith(team);
  const { id } = await world.sold(shop, shop.seller, 10_000);
  let refunding: Promise<unknown> = Promise.resolve();
  await db.transaction(async (tx) => {
    await bonusesLock(tx, shop.programId, 'exclusive');
    refunding = world.refund(shop, id, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Lines are written before campaigns: where no line is held, no campaign is.
    const free = await tx.rows(
      'SELECT 1 FROM order_line WHERE order_id = $1 FOR UPDATE SKIP LOCKED',
      [id],
    );
    expect(free).toHaveLength(1);
  });
  await refunding;
});

describe('an explanation', () => {
  test('says the period, the plan, what was asked for, every order and its refunds', async () => {
    const shop = await shopWith({ ...team, ownSalesAtLeastAmount: 5000, maxAmount: 250 });
    const { id, externalId } = await world.sold(shop, shop.seller, 30_000);
    await world.sold(shop, shop.middle, 5000);
    await world.book(shop);
    const [bonus] = await world.bonusesOf(shop);
    await world.refund(shop, id, 10_000);
    const story = await world.explained(bonus!.id);
    expect(story).toMatchObject({
      kind: 'team',
      period: '2026-02',
      planId: shop.planId,
      planVersion: 1,
      amount: 200n,
      originalAmount: 250n,
      verified: true,
      conditions: [
        { name: 'ownSales', atLeastAmount: 5000n, bookedAmount: 5000n, met: true },
        { name: 'teamSales', bookedAmount: 30_000n, currentAmount: 20_000n },
      ],
      maximum: { amount: 250n, applied: true },
      ordersTotal: 2,
      refunds: [{ changeAmount: -50n, commissionAfterAmount: 200n }],
    });
    expect(story.orders).toContainEqual(
      expect.objectContaining({ externalId, role: 'team', netAmount: 20_000n }),
    );
    expect(story.text).toContain('The maximum of CNY 2.50 applied.');
    expect((await world.explained(bonus!.id, 'zh-CN')).text).toContain('团队奖金');
  });

  test('is not verified when a fen is missing in the orders behind it', async () => {
    const shop = await shopWith(breakthrough);
    await world.sold(shop, shop.seller, 10_000);
    await world.book(shop);
    const [bonus] = await world.bonusesOf(shop);
    const facts = await loadBonusFacts(db.read, bonus!.id);
    const sums = facts.sums.map((sum) => ({ ...sum, baseAmount: sum.baseAmount - 1n }));
    const story = explainBonus({ ...facts, sums }, 'en');
    expect(story.verified).toBe(false);
    expect(story.checks.filter(({ ok }) => !ok)).toEqual([{ name: 'remaining', ok: false }]);
  });
});
