import { type TestHouse, testHouse } from '../support/app';
import { bronze, day, givenTiers, startsAt } from '../support/tiers';
import { until } from '../support/until';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const ownSales = (gte: number, windowDays?: number) => ({
  metric: 'ownSales',
  gte,
  ...(windowDays === undefined ? {} : { windowDays }),
});
const gold = (more: object) => ({
  code: 'gold',
  rank: 2,
  privileges: { teamView: 'all' },
  ...more,
});

/** Somebody whose promotion to gold waits for a person, on day 6. */
async function givenPromotionTask() {
  const promote = { all: [ownSales(1)], review: true };
  const tiers = await givenTiers(house, bronze, gold({ promote }));
  const person = await tiers.join();
  await tiers.clock(day(5));
  await tiers.sell(person, 10_000, day(5, 9));
  await tiers.clock(day(6));
  const taskOf = async (kind: string) =>
    (await house.shop.get(`/v1/reviews?subjectId=${person.id}&kind=${kind}`)).body.data[0];
  return { tiers, person, taskOf };
}

describe('a promotion by rule', () => {
  test('happens at the next midnight, and the tier at the payment is what the commission uses', async () => {
    const tiers = await givenTiers(
      house,
      bronze,
      gold({ promote: { all: [ownSales(10_000, 90)] } }),
    );
    const person = await tiers.join();
    await tiers.clock(day(10, 10));
    await tiers.sell(person, 10_000, day(10, 9));
    await tiers.clock(day(10, 23));
    expect(await tiers.tierOf(person)).toBe('bronze');
    await tiers.clock(day(11, 9));
    expect(await tiers.tierOf(person)).toBe('gold');
    expect(await tiers.history(person)).toEqual([
      `${startsAt} imported bronze`,
      expect.stringContaining(`${day(11, 0).slice(0, 17)}`),
    ]);
    const before = await tiers.sell(person, 5000, day(10, 20));
    const after = await tiers.sell(person, 5000, day(11, 8));
    expect([before, after].map(({ commissions: [one] }) => one?.rateBps)).toEqual([1000, 1200]);
    expect(await tiers.events(person)).toContain('promoted');
    expect(await tiers.notices(person)).toEqual(['tier_promoted']);
  });

  test('counts sales net of refunds, and needs all of `all`', async () => {
    const tiers = await givenTiers(
      house,
      bronze,
      gold({ promote: { all: [ownSales(10_000), { metric: 'activeDirects', gte: 1 }] } }),
    );
    const [refunded, alone, leader] = [await tiers.join(), await tiers.join(), await tiers.join()];
    await tiers.join({ sponsorCode: leader.code });
    await tiers.join({ sponsorCode: refunded.code });
    await tiers.clock(day(5));
    const order = await tiers.sell(refunded, 10_000, day(5, 9));
    await tiers.sell(alone, 10_000, day(5, 9));
    await tiers.sell(leader, 10_000, day(5, 9));
    await tiers.refund(order.id, 1, day(5, 10));
    await tiers.clock(day(6));
    const now = await Promise.all([refunded, alone, leader].map(tiers.tierOf));
    expect(now).toEqual(['bronze', 'bronze', 'gold']);
  });

  test('while warned moves the tier, not the warning, which only a sale or sign-in of one’s own ends', async () => {
    const promote = { all: [{ metric: 'teamSales', gte: 10_000 }] };
    const tiers = await givenTiers(house, bronze, gold({ promote }));
    const person = await tiers.join();
    const below = await tiers.join({ sponsorCode: person.code });
    const statusOf = async () =>
      (await house.shop.get(`/v1/distributors/${person.id}`)).body.status;
    await tiers.clock(day(62));
    expect([await statusOf(), await tiers.tierOf(person)]).toEqual(['warned', 'bronze']);
    await tiers.sell(below, 10_000, day(62, 11));
    await tiers.clock(day(63));
    expect([await statusOf(), await tiers.tierOf(person)]).toEqual(['warned', 'gold']);
    const { data } = (await house.shop.get(`/v1/distributors/${person.id}/history`)).body;
    expect(data.at(-1)).toMatchObject({ status: 'warned', tier: 'gold' });
    expect(await tiers.notices(person)).toEqual(['warned', 'tier_promoted']);
    await tiers.clock(day(95));
    expect([await statusOf(), await tiers.tierOf(person)]).toEqual(['eviction_proposed', 'gold']);
    const sold = await tiers.sell(person, 1000, day(95, 11));
    expect(sold.commissions[0]?.rateBps).toBe(1200);
    expect([await statusOf(), await tiers.tierOf(person)]).toEqual(['active', 'gold']);
  });

  test('that waits for a person ends when its distributor leaves, and says why', async () => {
    const { tiers, person, taskOf } = await givenPromotionTask();
    expect(await taskOf('promotion')).toMatchObject({ status: 'open' });
    expect((await house.shop.post(`/v1/distributors/${person.id}/departures`, {})).status).toBe(
      202,
    );
    await tiers.clock(day(14));
    const ended = await taskOf('promotion');
    expect(ended).toMatchObject({ status: 'decided', outcome: 'reject', decisions: [] });
    const { data } = (await house.shop.get(`/v1/reviews/${ended.id as string}/history`)).body;
    expect(data.at(-1)).toMatchObject({
      ...{ actor: 'system:life', reason: 'The distributor is not in the program any more.' },
    });
  });

  test('that waits for a person is not approved while suspended; it is when the suspension is lifted', async () => {
    const { tiers, person, taskOf } = await givenPromotionTask();
    const decide = async (kind: string, body: object) =>
      house.admin.post(`/v1/reviews/${(await taskOf(kind)).id as string}/decisions`, body);
    const suspension = { reasonCode: 'fraud', reason: 'Own cards.' };
    await house.admin.post(`/v1/distributors/${person.id}/suspensions`, suspension);
    const refused = await decide('promotion', { decision: 'approve' });
    expect([refused.status, refused.body.code]).toEqual([409, 'not_possible_now']);
    expect(refused.body.detail).toContain('Possible now: reject');
    expect(await taskOf('promotion')).toMatchObject({ status: 'open', decisions: [] });
    expect(await tiers.tierOf(person)).toBe('bronze');
    await decide('suspension', { decision: 'reject', reason: 'They were not.' });
    const approved = await decide('promotion', { decision: 'approve' });
    expect([approved.status, approved.body.tier]).toEqual([200, 'gold']);
    const again = await decide('promotion', { decision: 'approve' });
    expect([again.status, again.body.code]).toEqual([409, 'review_already_decided']);
    expect(await tiers.tierOf(person)).toBe('gold');
  });

  test('into a tier that the plan in force has no more is refused with what is possible, and can be declined', async () => {
    const { tiers, person, taskOf } = await givenPromotionTask();
    const task = await taskOf('promotion');
    await tiers.publish({
      levels: 1,
      rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }],
      tiers: [bronze],
    });
    const decide = (decision: string) =>
      house.admin.post(`/v1/reviews/${task.id}/decisions`, { decision, reason: 'Seen.' });
    const refused = await decide('approve');
    expect([refused.status, refused.body.code]).toEqual([422, 'unknown_tier']);
    expect(refused.body.detail).toContain('Possible now: reject');
    expect((await house.shop.get(`/v1/reviews/${task.id}`)).body).toMatchObject({
      ...{ status: 'open', decisions: [] },
    });
    expect((await decide('reject')).status).toBe(200);
    expect(await tiers.tierOf(person)).toBe('bronze');
  });

  test('with review it waits for a person; declined, it is not asked again at once', async () => {
    const tiers = await givenTiers(
      house,
      bronze,
      gold({ promote: { all: [ownSales(1)], review: true } }),
    );
    const [taken, declined] = [await tiers.join(), await tiers.join()];
    await tiers.clock(day(3));
    for (const one of [taken, declined]) await tiers.sell(one, 100, day(3, 9));
    await tiers.clock(day(4));
    const reviewOf = async (id: string) =>
      (await house.admin.get(`/v1/reviews?kind=promotion&subjectId=${id}`)).body.data as {
        id: string;
        status: string;
        facts: object;
      }[];
    const [open] = await reviewOf(taken.id);
    expect(open).toMatchObject({ status: 'open', facts: { from: 'bronze', to: 'gold' } });
    const approved = await house.admin.post(`/v1/reviews/${open!.id}/decisions`, {
      decision: 'approve',
    });
    expect([approved.status, approved.text]).toEqual([200, approved.text]);
    expect(await tiers.tierOf(taken)).toBe('gold');
    const [other] = await reviewOf(declined.id);
    const rejected = await house.admin.post(`/v1/reviews/${other!.id}/decisions`, {
      decision: 'reject',
      reason: 'Too early.',
    });
    expect(rejected.status).toBe(200);
    await tiers.clock(day(20));
    expect(await tiers.tierOf(declined)).toBe('bronze');
    expect(await reviewOf(declined.id)).toHaveLength(1);
    expect(await tiers.notices(declined)).toEqual(['tier_review_opened', 'tier_review_declined']);
    await tiers.clock(day(40));
    expect(await reviewOf(declined.id)).toHaveLength(2);
  });
});

describe('keeping a tier', () => {
  const keep = { any: [ownSales(5000, 30)], noticeDays: 10 };

  test('who falls short is told, and loses the tier only when the notice is over', async () => {
    const tiers = await givenTiers(house, bronze, gold({ keep }));
    const person = await tiers.join({ tier: 'gold' });
    await tiers.clock(day(2));
    expect(await tiers.events(person)).toEqual(['activated', 'demotion_announced']);
    const growth = await house.shop.get(`/v1/distributors/${person.id}/growth`);
    expect(growth.body.keep).toMatchObject({ kept: false, notice: { toTier: 'bronze' } });
    await tiers.clock(day(9));
    expect(await tiers.tierOf(person)).toBe('gold');
    await tiers.clock(day(13));
    expect(await tiers.tierOf(person)).toBe('bronze');
    expect(await tiers.events(person)).toEqual(['activated', 'demotion_announced', 'demoted']);
    expect(await tiers.notices(person)).toEqual(['tier_notice_given', 'tier_demoted']);
  });

  test('who sells again in time keeps it, and is told so', async () => {
    const tiers = await givenTiers(house, bronze, gold({ keep }));
    const person = await tiers.join({ tier: 'gold' });
    await tiers.clock(day(5));
    await tiers.sell(person, 5000, day(5, 10));
    await tiers.clock(day(20));
    expect(await tiers.tierOf(person)).toBe('gold');
    expect(await tiers.notices(person)).toEqual(['tier_notice_given', 'tier_notice_withdrawn']);
  });

  test('nobody is asked during the probation of a tier', async () => {
    const tiers = await givenTiers(house, bronze, gold({ keep: { ...keep, probationDays: 20 } }));
    const person = await tiers.join({ tier: 'gold' });
    await tiers.clock(day(19));
    expect(await tiers.events(person)).toEqual(['activated']);
    await tiers.clock(day(20));
    expect(await tiers.events(person)).toEqual(['activated', 'demotion_announced']);
  });

  test('a notice outlives a worker: the database knows when it ends', async () => {
    const tiers = await givenTiers(house, bronze, gold({ keep }));
    const person = await tiers.join({ tier: 'gold' });
    await tiers.clock(day(2));
    const workflowId = `distributor:${person.id}`;
    await until(async () => {
      const handle = house.temporal.client.workflow.getHandle(workflowId);
      const found = await handle.describe().catch(() => undefined);
      return found?.status.name === 'RUNNING';
    }, 'the workflow runs');
    await house.temporal.client.workflow.getHandle(workflowId).terminate('lost');
    await tiers.clock(day(13));
    expect(await tiers.tierOf(person)).toBe('bronze');
  });
});

describe('by hand', () => {
  test('an admin changes a tier with a reason; without one, to the same or an unknown one he cannot', async () => {
    const tiers = await givenTiers(house, bronze, gold({}));
    const person = await tiers.join();
    const change = (body: object, client = house.admin) =>
      client.post(`/v1/distributors/${person.id}/tier-changes`, body);
    expect((await change({ tier: 'gold', reason: 'r' }, house.shop)).status).toBe(403);
    expect((await change({ tier: 'gold' })).body.code).toBe('reason_required');
    expect((await change({ tier: 'glod', reason: 'r' })).body.code).toBe('unknown_tier');
    expect((await change({ tier: 'bronze', reason: 'r' })).body.code).toBe('tier_unchanged');
    const changed = await change({ tier: 'gold', reason: 'A good start.' });
    expect(changed).toMatchObject({ status: 201, body: { from: 'bronze', to: 'gold' } });
    expect(await tiers.tierOf(person)).toBe('gold');
    const { body } = await house.shop.get(`/v1/distributors/${person.id}/history`);
    expect(body.data.at(-1)).toMatchObject({ cause: 'tier_changed', reason: 'A good start.' });
  });
});

describe('another plan', () => {
  test('a tier that it does not list leads to the highest one that is not above it', async () => {
    const tiers = await givenTiers(house, bronze, gold({}), { ...gold({}), code: 'top', rank: 9 });
    const [low, high] = [await tiers.join({ tier: 'bronze' }), await tiers.join({ tier: 'top' })];
    await tiers.clock(day(3));
    const plan = {
      levels: 1,
      rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }],
      tiers: [
        { code: 'member', rank: 1, privileges: {} },
        { code: 'master', rank: 5, privileges: {} },
      ],
    };
    await tiers.publish(plan, { effectiveAt: day(6) });
    await tiers.clock(day(5));
    expect(await tiers.tierOf(high)).toBe('top');
    await tiers.clock(day(6, 13));
    expect(await Promise.all([low, high].map(tiers.tierOf))).toEqual(['member', 'master']);
  });
});

describe('looking ahead', () => {
  const promote = { all: [ownSales(10_000, 90), { metric: 'coursesPassed', gte: 1 }] };

  test('the growth page says what is needed, by when, and what it would bring', async () => {
    const tiers = await givenTiers(house, bronze, gold({ promote }));
    const person = await tiers.join();
    await tiers.clock(day(3));
    await tiers.sell(person, 4000, day(2));
    const passed = await house.shop.post(`/v1/distributors/${person.id}/courses`, {
      courseCode: 'tea-101',
      passedAt: day(2),
    });
    expect(passed.status).toBe(201);
    const { body } = await house.shop.get(`/v1/distributors/${person.id}/growth`);
    expect(body).toMatchObject({
      tier: 'bronze',
      rank: 1,
      privileges: { teamView: 'none' },
      keep: null,
      nextLookAt: day(4, 0),
      next: {
        tier: 'gold',
        met: false,
        conditions: [
          { metric: 'ownSales', windowDays: 90, have: 4000, need: 10_000, left: 6000, met: false },
          { metric: 'coursesPassed', windowDays: null, have: 1, need: 1, left: 0, met: true },
        ],
        brings: {
          rates: [
            {
              level: 1,
              match: {},
              now: { ruleId: 'direct', rate: { bps: 1000 } },
              then: { ruleId: 'gold', rate: { bps: 1200 } },
            },
          ],
          privileges: { teamView: 'all' },
        },
      },
    });
    expect(body.next.conditions[0].expiresAt).toBe(
      new Date(Date.parse(day(2)) + 90 * 86_400_000).toISOString(),
    );
  });

  test('a preview names who would move and why, also under a draft, and writes nothing', async () => {
    const tiers = await givenTiers(house, bronze, gold({ promote: { all: [ownSales(10_000)] } }));
    const [seller, idle] = [await tiers.join(), await tiers.join()];
    await tiers.clock(day(3));
    await tiers.sell(seller, 4000, day(2));
    const path = `/v1/programs/${tiers.programId}/tier-evaluations/preview`;
    expect((await house.admin.get(path)).body).toEqual({ data: [], nextCursor: null });
    const draft = await house.shop.post(`/v1/programs/${tiers.programId}/plans`, {
      plan: {
        levels: 1,
        rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }],
        tiers: [bronze, gold({ promote: { all: [ownSales(4000)] } })],
      },
    });
    const { body } = await house.admin.get(`${path}?planId=${draft.body.id}`);
    expect(body.data).toMatchObject([
      {
        distributorId: seller.id,
        tier: 'bronze',
        decision: 'promote',
        to: 'gold',
        why: { conditions: [{ metric: 'ownSales', have: 4000, need: 4000, met: true }] },
      },
    ]);
    expect(await Promise.all([seller, idle].map(tiers.tierOf))).toEqual(['bronze', 'bronze']);
  });
});
