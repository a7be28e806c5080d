import type { TestApp } from './app';
import { publishWithWaivers } from './plan';
import { postDistributor, postProgram, unique } from './program';

const dayMs = 86_400_000;
const zoneMs = 8 * 3_600_000;
/** The midnight of Shanghai with which today began. */
const today = Math.floor((Date.now() + zoneMs) / dayMs) * dayMs - zoneMs;

export const startsAt = new Date(today).toISOString();

/** Day 1 is tomorrow, at an hour of the program's zone. */
export const day = (number: number, hour = 12): string =>
  new Date(today + number * dayMs + hour * 3_600_000).toISOString();

export interface Person {
  id: string;
  code: string;
  tier: string;
}

export const bronze = { code: 'bronze', rank: 1, privileges: {} };

/** One level, 10 %; 12 % in gold; the tiers are the test's. */
export const tieredPlan = (...tiers: object[]) => ({
  levels: 1,
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'gold', level: 1, match: { tier: 'gold' }, rate: { bps: 1200 } },
  ],
  tiers,
});

/** Over HTTP: a program with tiers that began today. */
export async function givenTiers(app: TestApp, ...tiers: object[]) {
  const programId = await postProgram(app.shop, { startsAt });
  const publish = async (plan: object, more: object = {}) => {
    const made = await app.shop.post(`/v1/programs/${programId}/plans`, { plan });
    const published = await publishWithWaivers(app.shop, app.admin, made.body.id, more);
    expect([published.status, published.text]).toEqual([200, published.text]);
    return made.body.id as string;
  };
  const planId = await publish(tieredPlan(...tiers));
  const join = async (more: object = {}): Promise<Person> => {
    const joined = await postDistributor(app.shop, programId, { joinedAt: startsAt, ...more });
    expect([joined.status, joined.text]).toEqual([201, joined.text]);
    return joined.body as Person;
  };
  const sell = async ({ code }: Person, amount: number, paidAt: string) => {
    const posted = await app.shop.post('/v1/orders', {
      programId,
      externalId: unique('SO'),
      paidAt,
      currency: 'CNY',
      customer: { externalId: unique('u') },
      attribution: { distributorCode: code },
      lines: [{ externalId: '1', sku: 'TEA-1', quantity: 1, unitPriceAmount: amount }],
    });
    expect([posted.status, posted.text]).toEqual([201, posted.text]);
    return posted.body as { id: string; commissions: { rateBps: number; ruleId: string }[] };
  };
  const refund = async (orderId: string, amount: number, refundedAt: string) => {
    const lines = [{ externalId: '1', quantity: 0, amount }];
    const body = { externalId: unique('R'), refundedAt, lines };
    const refunded = await app.shop.post(`/v1/orders/${orderId}/refunds`, body);
    expect([refunded.status, refunded.text]).toEqual([201, refunded.text]);
  };
  const clock = async (now: string) => {
    const moved = await app.shop.post(`/v1/programs/${programId}/clock`, { now });
    expect([moved.status, moved.text]).toEqual([200, moved.text]);
  };
  const tierOf = async ({ id }: Person) =>
    (await app.shop.get(`/v1/distributors/${id}`)).body.tier as string;
  const history = async ({ id }: Person) =>
    (
      (await app.shop.get(`/v1/distributors/${id}/history?limit=100`)).body.data as {
        tier: string;
        cause: string;
        from: string;
      }[]
    ).map(({ tier, cause, from }) => `${from} ${cause} ${tier}`);
  const events = async ({ id }: Person) =>
    (
      await app.db.read.rows<{ type: string }>(
        'SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence',
        [id],
      )
    ).map(({ type }) => type.replace('distributor.', ''));
  /** What somebody was told after being welcomed. */
  const notices = async ({ id }: Person) =>
    (
      await app.db.read.rows<{ template: string }>(
        `SELECT template FROM notice
         WHERE distributor_id = $1 AND template <> 'activated' ORDER BY id`,
        [id],
      )
    ).map(({ template }) => template);
  return {
    programId,
    planId,
    publish,
    join,
    sell,
    refund,
    clock,
    tierOf,
    history,
    events,
    notices,
  };
}
