import { addDays } from '../../src/domain/kernel/clock';
import { type TestHouse, testHouse } from '../support/app';
import { givenDistributor } from '../support/given';
import { postDistributor, postProgram, unique } from '../support/program';
import { codeOf, givenShop, wrongBooks } from '../support/shop';

jest.setTimeout(180_000);

let house: TestHouse;

beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const people = 100;
const days = 100;

const move = (programId: string, to: Date) =>
  house.shop.post(`/v1/programs/${programId}/clock`, { now: to.toISOString() });

test('100 days with 100 sellers, 100 long cases and what follows from them take less than 30 s', async () => {
  const shop = await givenShop(house.db, { storeId: house.store.id });
  const now = Date.now();
  for (let i = 0; i < people; i += 1) {
    const owner = { storeId: shop.storeId, programId: shop.programId };
    const seller = await givenDistributor(house.db, { ...owner, sponsorId: shop.middle });
    // Payments and cases of the last 24 days, so that something falls due every few hours.
    const paidAt = new Date(now - (i + 1) * 6 * 3_600_000);
    const made = await house.shop.post('/v1/orders', {
      programId: shop.programId,
      externalId: unique('SO'),
      paidAt: paidAt.toISOString(),
      currency: 'CNY',
      customer: { externalId: unique('u') },
      attribution: { distributorCode: codeOf(seller) },
      lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
    });
    const opened = await house.shop.post(`/v1/orders/${made.body.id}/after-sales`, {
      externalId: unique('AS'),
      openedAt: paidAt.toISOString(),
    });
    expect([made.status, opened.status]).toEqual([201, 201]);
  }
  const target = addDays(new Date(now), days);
  const begun = Date.now();
  const moved = await move(shop.programId, target);
  expect([moved.status, moved.text]).toEqual([200, moved.text]);
  expect(Date.now() - begun).toBeLessThan(30_000);
  const disputes = await house.db.read.rows<{ dueAt: Date; escalatedAt: Date | null }>(
    `SELECT due_at, escalated_at FROM review_task WHERE program_id = $1 AND kind = 'dispute'`,
    [shop.programId],
  );
  expect(disputes).toHaveLength(people);
  // Their holds stand still to the end: no day on which a case was open counted.
  const released = await house.db.read.rows(
    'SELECT 1 FROM earning WHERE program_id = $1 AND (available_at IS NOT NULL OR release_at IS NOT NULL)',
    [shop.programId],
  );
  expect(released).toEqual([]);
  // Each was escalated on its own day, not on the day on which the clock arrived.
  for (const { dueAt, escalatedAt } of disputes) {
    expect(Math.abs(escalatedAt!.getTime() - dueAt.getTime())).toBeLessThan(60_000);
  }
  expect(await wrongBooks(house.db, shop.programId)).toEqual([]);
});

test('100 days with 100 applicants who wait for a decision take less than 30 s', async () => {
  const programId = await postProgram(house.shop, { enrolment: 'review' });
  for (let i = 0; i < people; i += 1) {
    expect((await postDistributor(house.shop, programId)).status).toBe(201);
  }
  const begun = Date.now();
  const moved = await move(programId, addDays(new Date(), days));
  expect([moved.status, moved.text]).toEqual([200, moved.text]);
  expect(Date.now() - begun).toBeLessThan(30_000);
  const waiting = await house.admin.get(
    `/v1/reviews?programId=${programId}&overdue=true&limit=100`,
  );
  expect(waiting.body.data).toHaveLength(people);
});
