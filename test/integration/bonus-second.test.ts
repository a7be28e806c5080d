import type { Bonus } from '../../src/domain/commission/plan';
import { monthSpan } from '../../src/domain/kernel/period';
import { bonusShop, bonusWorld } from '../support/bonus';
import { type Dice, diceOf, seeds } from '../support/dice';
import { type TestDatabase, testDatabase } from '../support/database';
import { type Person, type Sale, SecondBonuses } from '../support/second-bonuses';
import type { Shop } from '../support/shop';

let db: TestDatabase;
let world: ReturnType<typeof bonusWorld>;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
  world = bonusWorld(db);
});
afterAll(() => db.drop());

const months = ['2026-02', '2026-03', '2026-04'];
const zone = 'Asia/Shanghai';
const day = 86_400_000;
const start = new Date('2026-01-01T00:00:00Z').getTime();

const bonusesBy = (dice: Dice): Bonus[] => [
  {
    id: 'invite',
    kind: 'invitation',
    amount: 2000,
    onFirstOrderOfAtLeastAmount: dice.one([0, 1, 5000]),
    ...(dice.below(2) === 0 ? {} : { maxPerMonth: dice.one([1, 2]) }),
  },
  { id: 'directs', kind: 'team', bps: 137, depth: 1, ownSalesAtLeastAmount: 9000 },
  { id: 'all', kind: 'team', bps: 55, depth: 3, maxAmount: dice.one([300, 400, 5000]) },
  {
    id: 'marks',
    kind: 'breakthrough',
    steps: [
      { ownSalesAtLeastAmount: dice.one([0, 5000]), amount: 11 },
      { ownSalesAtLeastAmount: 9000, amount: 300 },
      { ownSalesAtLeastAmount: 9000, amount: 7 },
      { ownSalesAtLeastAmount: 20_000, amount: 500 },
    ],
  },
];

/** Eleven people in a tree; some change their sponsor, some leave, at any moment. */
async function peopleBy(dice: Dice, shop: Shop): Promise<Person[]> {
  const people: Person[] = [];
  for (let i = 0; i < 11; i += 1) {
    const sponsorId = i === 0 ? null : people[dice.below(Math.min(i, 5))]!.id;
    const customer = `buyer-${i}`;
    const id = await world.invitedBy(shop, sponsorId ?? undefined, {
      customerExternalId: customer,
    });
    people.push({ id, customer, standings: [{ from: start, earns: true, sponsorId }] });
  }
  for (const [i, { id, standings }] of people.entries()) {
    if (i < 2 || dice.below(3) > 0) continue;
    const span = monthSpan(dice.one(months), zone);
    const from = dice.one([
      span.to.getTime() - 1,
      span.to.getTime(),
      span.from.getTime() + 9 * day,
    ]);
    const earns = dice.below(2) === 0;
    const sponsorId = people[dice.below(Math.min(i, 5))]!.id;
    await world.standsFrom(id, new Date(from), { status: earns ? 'active' : 'left', sponsorId });
    standings.push({ from, earns, sponsorId });
  }
  return people;
}

async function live(seed: number): Promise<void> {
  const dice = diceOf(seed);
  const bonuses = bonusesBy(dice);
  const shop = await bonusShop(db, ...bonuses);
  const people = await peopleBy(dice, shop);
  const second = new SecondBonuses(bonuses, people, 'floor');
  const sales: Sale[] = [];

  const sell = async (from: number, to: number) => {
    const seller = dice.one(people);
    const paidAt = dice.one([from, to - 1, from + dice.below(28) * day]);
    const amount = dice.one([1, 999, 4999, 5000, 9000, 9001, 20_000]);
    const customer = dice.below(4) === 0 ? dice.one(people).customer : `guest-${sales.length}`;
    const order = await world.sold(shop, seller.id, amount, {
      paidAt: new Date(paidAt),
      customerExternalId: customer,
    });
    const sellerId = order.attribution.distributorId;
    if (sellerId === null) return;
    const sale = { id: order.id, sellerId, customer, paidAt, keptAt: paidAt + 7 * day };
    sales.push({ ...sale, left: BigInt(amount) });
    second.sold({ ...sale, left: BigInt(amount) });
  };
  const refund = async () => {
    const sale = dice.one(sales.filter(({ left }) => left > 0n));
    const amount = dice.one([1n, sale.left, sale.left / 2n + 1n]);
    await world.refund(shop, sale.id, Number(amount), new Date(sale.paidAt + 1000));
    sale.left -= amount;
    second.refunded(sale.id, amount);
  };
  const agree = async () => {
    const booked = (await world.bonusesOf(shop)).map((one) => ({
      month: one.period,
      distributorId: one.distributorId,
      bonusId: one.bonusId,
      key: one.bonusKey,
      amount: one.amount,
      original: one.originalAmount,
    }));
    const name = (one: object) => Object.values(one).slice(0, 4).join(' ');
    const sorted = (list: object[]) =>
      [...list].sort((a, b) => (name(a) < name(b) ? -1 : 1)).map((one) => Object.values(one));
    expect(sorted(booked)).toEqual(sorted(second.made()));
    return booked.length;
  };

  let most = 0;
  for (const month of months) {
    const span = monthSpan(month, zone);
    const [from, to] = [span.from.getTime(), span.to.getTime()];
    // The first order makes the first month.
    for (let i = 0; i < 28; i += 1) await sell(from, to);
    for (let i = 0; i < 6; i += 1) await refund();
    await world.book(shop, span.to);
    second.closed(month, from, to);
    await agree();
    for (let i = 0; i < 6; i += 1) await refund();
    most = Math.max(most, await agree());
  }
  expect(most).toBeGreaterThan(20);
}

test.each(seeds(3))(
  'three months of bonuses agree with a second calculation (seed %i)',
  async (seed) => {
    await live(seed);
    expect(await world.wrongBonuses()).toEqual([]);
  },
  60_000,
);
