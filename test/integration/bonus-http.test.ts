import { type TestApp, testApp } from '../support/app';
import { publishWithWaivers } from '../support/plan';
import { postDistributor, postProgram, programBody, unique } from '../support/program';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const startsAt = '2026-11-01T00:00:00+08:00';
const withoutCalendar = {
  settlement: {
    ...(programBody()['settlement'] as object),
    calendar: 'onRequest',
  },
};
const plan = {
  levels: 1,
  rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
  bonuses: [
    { id: 'invite', kind: 'invitation', amount: 2000, onFirstOrderOfAtLeastAmount: 10_000 },
    { id: 'team', kind: 'team', bps: 100, depth: 1, maxAmount: 500_000 },
    { id: 'break', kind: 'breakthrough', steps: [{ ownSalesAtLeastAmount: 12_000, amount: 100 }] },
  ],
};

interface Person {
  id: string;
  code: string;
}

interface Listed {
  id: string;
  kind: string;
  status: string;
  amount: number;
  orderId: string | null;
}

async function givenPeople() {
  // Without a worker nobody would work on what the calendar opens.
  const programId = await postProgram(app.shop, { startsAt, ...withoutCalendar });
  const made = await app.shop.post(`/v1/programs/${programId}/plans`, { plan });
  const published = await publishWithWaivers(app.shop, app.admin, (made.body as Person).id);
  expect(published.status).toBe(200);
  const join = async (more: object) => {
    const joined = await postDistributor(app.shop, programId, { joinedAt: startsAt, ...more });
    expect(joined.status).toBe(201);
    return joined.body as Person;
  };
  const sponsor = await join({});
  return { programId, sponsor, invited: await join({ sponsorCode: sponsor.code }) };
}

async function sell(programId: string, { code }: Person): Promise<string> {
  const posted = await app.shop.post('/v1/orders', {
    programId,
    externalId: unique('SO'),
    paidAt: '2026-11-10T10:00:00+08:00',
    currency: 'CNY',
    customer: { externalId: unique('u') },
    attribution: { distributorCode: code },
    lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
  });
  expect(posted.status).toBe(201);
  return (posted.body as Person).id;
}

const clock = async (programId: string, now: string) =>
  expect((await app.shop.post(`/v1/programs/${programId}/clock`, { now })).status).toBe(200);

async function bonusesOf({ id }: Person): Promise<Listed[]> {
  const { body } = await app.shop.get(`/v1/commissions?distributorId=${id}&limit=100`);
  return (body as { data: Listed[] }).data
    .filter(({ kind }) => kind !== 'sale')
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

const balanced = async (programId: string) =>
  expect(
    (await app.shop.get(`/v1/ledger/trial-balance?programId=${programId}`)).body,
  ).toMatchObject({
    balanced: true,
  });

describe('over HTTP with a moved clock', () => {
  test('a month books its bonuses at its end, holds, releases, explains and takes them back', async () => {
    const { programId, sponsor, invited } = await givenPeople();
    const orderId = await sell(programId, invited);
    await clock(programId, '2026-11-30T23:59:59+08:00');
    expect(await bonusesOf(sponsor)).toEqual([]);
    await clock(programId, '2026-12-02T00:00:00+08:00');
    expect(await bonusesOf(sponsor)).toMatchObject([
      { kind: 'invitation', amount: 2000, status: 'held', orderId },
      { kind: 'team', amount: 120, status: 'held', orderId: null },
    ]);
    expect(await bonusesOf(invited)).toMatchObject([{ kind: 'breakthrough', amount: 100 }]);
    await clock(programId, '2026-12-08T00:00:00+08:00');
    expect((await bonusesOf(sponsor)).map(({ status }) => status)).toEqual([
      'available',
      'available',
    ]);
    const refunded = await app.shop.post(`/v1/orders/${orderId}/refunds`, {
      externalId: unique('R'),
      refundedAt: '2026-12-08T00:00:00+08:00',
      lines: [{ externalId: '1', quantity: 1, amount: 6000 }],
    });
    expect(refunded.status).toBe(201);
    expect(await bonusesOf(sponsor)).toMatchObject([
      { kind: 'invitation', amount: 0, status: 'reversed' },
      { kind: 'team', amount: 60, status: 'available' },
    ]);
    for (const { id } of [...(await bonusesOf(sponsor)), ...(await bonusesOf(invited))]) {
      const explained = await app.shop.get(`/v1/commissions/${id}/explanation`);
      expect(explained).toMatchObject({ status: 200, body: { verified: true } });
    }
    const { body } = await app.shop.get(`/v1/distributors/${sponsor.id}/balance`);
    expect(body).toMatchObject({ heldAmount: 0, availableAmount: 60, receivableAmount: 0 });
    await balanced(programId);
  });

  test('a clock moved over several months books each in its month', async () => {
    const { programId, invited } = await givenPeople();
    await sell(programId, invited);
    await clock(programId, '2027-03-15T00:00:00+08:00');
    const rows = await app.db.read.rows<{ period: string; bookedAt: Date }>(
      'SELECT period, booked_at FROM bonus_period WHERE program_id = $1 ORDER BY period',
      [programId],
    );
    expect(rows.map(({ period, bookedAt }) => `${period} ${bookedAt.toISOString()}`)).toEqual([
      '2026-11 2026-11-30T16:00:00.000Z',
      '2026-12 2026-12-31T16:00:00.000Z',
      '2027-01 2027-01-31T16:00:00.000Z',
      '2027-02 2027-02-28T16:00:00.000Z',
    ]);
    expect(await bonusesOf(invited)).toMatchObject([{ status: 'available' }]);
  });
});
