import { type TestHouse, testHouse } from '../support/app';
import { unique } from '../support/program';
import { bronze, givenTiers, type Person, startsAt } from '../support/tiers';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

/** The scheme begins with the month that runs, so sales of the next one are in its second period. */
const scheme = (more: object = {}) => ({
  externalId: unique('scheme'),
  name: 'Monthly',
  calendar: 'monthly',
  kpis: [
    { metric: 'ownSales', weightBps: 8000, target: 10_000 },
    { metric: 'refundRateBps', weightBps: 2000, target: 1000 },
  ],
  outcomes: [
    { atLeastBps: 10_000, outcome: 'reward', amount: 5000 },
    { atLeastBps: 6000, outcome: 'reward', amount: 1000 },
    { atLeastBps: 3000, outcome: 'help', tasks: [{ text: 'Talk to your mentor', days: 7 }] },
    { atLeastBps: 0, outcome: 'warning' },
  ],
  ...more,
});

interface Result {
  id: string;
  distributorId: string;
  period: string;
  status: string;
  outcome: string;
  scoreBps: number;
  rewardAmount: number;
}

/** The first instant of a month after this one, in Shanghai, and a moment within it. */
const monthAhead = (ahead: number, days = 0) => {
  const local = new Date(Date.parse(startsAt) + 8 * 3_600_000);
  const utc = Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + ahead, 1 + days);
  return new Date(utc - 8 * 3_600_000).toISOString();
};
const label = (ahead: number) =>
  new Date(Date.parse(monthAhead(ahead)) + 8 * 3_600_000).toISOString().slice(0, 7);

async function givenScheme(more: object = {}) {
  const tiers = await givenTiers(house, bronze);
  const path = `/v1/programs/${tiers.programId}/assessments`;
  const body = scheme(more);
  const made = await house.admin.post(path, body);
  expect([made.status, made.text]).toEqual([201, made.text]);
  const again = await house.admin.post(path, body);
  expect([again.status, again.body.id]).toEqual([200, made.body.id]);
  const resultsOf = async ({ id }: Person, period: string) =>
    (
      (await house.shop.get(`/v1/distributors/${id}/assessments?limit=100`)).body.data as Result[]
    ).filter((one) => one.period === period);
  const rewards = async ({ id }: Person) =>
    (
      (await house.shop.get(`/v1/commissions?distributorId=${id}&limit=100`)).body.data as {
        id: string;
        kind: string;
        amount: number;
        status: string;
        period: string;
      }[]
    ).filter(({ kind }) => kind === 'assessment');
  const balanced = async () => {
    const { body: books } = await house.shop.get(
      `/v1/ledger/trial-balance?programId=${tiers.programId}`,
    );
    expect(books).toMatchObject({ balanced: true });
  };
  return { ...tiers, schemeId: made.body.id as string, resultsOf, rewards, balanced };
}

test('a period closes once: a reward is booked, explained and released; the others get help or a warning', async () => {
  const world = await givenScheme();
  const mentor = await world.join();
  const [best, helped] = [await world.join(), await world.join({ sponsorCode: mentor.code })];
  await world.clock(monthAhead(1, 5));
  await world.sell(best, 10_000, monthAhead(1, 3));
  const order = await world.sell(helped, 4000, monthAhead(1, 3));
  await world.refund(order.id, 400, monthAhead(1, 4));
  await world.clock(monthAhead(2, -1));
  expect(await world.resultsOf(best, label(1))).toEqual([]);
  await world.clock(monthAhead(2, 1));
  expect(await world.resultsOf(best, label(1))).toMatchObject([
    { scoreBps: 10_000, outcome: 'reward', rewardAmount: 5000, status: 'final', tier: 'bronze' },
  ]);
  const [help] = await world.resultsOf(helped, label(1));
  expect(help).toMatchObject({
    scoreBps: 2880 + 2000,
    outcome: 'help',
    help: { mentorId: mentor.id, tasks: [{ text: 'Talk to your mentor', doneAt: null }] },
  });
  expect(await world.resultsOf(mentor, label(1))).toMatchObject([{ outcome: 'warning' }]);
  expect(await world.rewards(best)).toMatchObject([
    { amount: 5000, status: 'held', period: label(1) },
  ]);
  const done = await house.shop.post(`/v1/assessments/${help!.id}/tasks/1/completion`);
  expect(done.body.help.tasks[0].doneBy).toMatch(/^key:/);
  await world.clock(monthAhead(2, 8));
  const [reward] = await world.rewards(best);
  expect(reward?.status).toBe('available');
  for (const language of ['en', 'zh-CN']) {
    const explained = await house.shop.get(`/v1/commissions/${reward!.id}/explanation`, {
      headers: { 'accept-language': language },
    });
    expect([explained.status, explained.body.verified]).toEqual([200, true]);
  }
  await world.balanced();
  const { body } = await house.shop.get(
    `/v1/assessment-schemes/${world.schemeId}/results?limit=100`,
  );
  expect(new Set((body.data as Result[]).map(({ id }) => id)).size).toBe(body.data.length);
  expect(await world.notices(best)).toContain('assessment_result');
});

test('an objection is decided by a person; what it adds is booked as a difference', async () => {
  const world = await givenScheme();
  const [right, wrong] = [await world.join(), await world.join()];
  await world.clock(monthAhead(1, 5));
  for (const one of [right, wrong]) await world.sell(one, 6000, monthAhead(1, 3));
  await world.clock(monthAhead(2, 1));
  const [mine] = await world.resultsOf(right, label(1));
  const [other] = await world.resultsOf(wrong, label(1));
  expect(mine).toMatchObject({ scoreBps: 6800, rewardAmount: 1000 });
  const object = (id: string, body: object = { text: 'An order is missing.' }) =>
    house.shop.post(`/v1/assessments/${id}/objections`, body);
  // The order that was reported late is what the objection is about.
  await world.sell(right, 4000, monthAhead(1, 20));
  const objected = await object(mine!.id);
  expect(objected).toMatchObject({ status: 201, body: { status: 'objected' } });
  expect(await object(mine!.id)).toMatchObject({
    status: 409,
    body: { code: 'assessment_settled' },
  });
  const second = await object(other!.id, { text: 'I sold more.', claims: { ownSales: 99_999 } });
  const decide = (reviewId: string, body: object) =>
    house.admin.post(`/v1/reviews/${reviewId}/decisions`, body);
  const approved = await decide(objected.body.objection.reviewId, { decision: 'approve' });
  expect([approved.status, approved.text]).toEqual([200, approved.text]);
  const rejected = await decide(second.body.objection.reviewId, {
    decision: 'reject',
    reason: 'There is no such order.',
  });
  expect(rejected.status).toBe(200);
  expect(await world.resultsOf(right, label(1))).toMatchObject([
    {
      status: 'corrected',
      rewardAmount: 1000,
      correction: { scoreBps: 10_000, rewardAmount: 5000 },
    },
  ]);
  expect(await world.resultsOf(wrong, label(1))).toMatchObject([
    { status: 'confirmed', correction: null },
  ]);
  const rewards = await world.rewards(right);
  expect(rewards.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual([1000, 4000]);
  expect((await world.rewards(wrong)).map(({ amount }) => amount)).toEqual([1000]);
  for (const { id } of rewards) {
    const explained = await house.shop.get(`/v1/commissions/${id}/explanation`);
    expect(explained.body.verified).toBe(true);
  }
  await world.balanced();
});

test('a quarter closes at its end and not before: measured, rewarded and objected to as a whole', async () => {
  const local = new Date(Date.parse(startsAt) + 8 * 3_600_000);
  const first = Math.floor(local.getUTCMonth() / 3) * 3;
  /** A moment of a quarter after this one, and the quarter's name. */
  const inQuarter = (ahead: number, months = 0, days = 0) =>
    monthAhead(first + 3 * ahead + months - local.getUTCMonth(), days);
  const named = (ahead: number) => {
    const begin = new Date(Date.parse(inQuarter(ahead)) + 8 * 3_600_000);
    return `${begin.getUTCFullYear()}-Q${begin.getUTCMonth() / 3 + 1}`;
  };
  const world = await givenScheme({ calendar: 'quarterly', name: 'Quarterly' });
  const [best, late] = [await world.join(), await world.join()];
  await world.clock(inQuarter(1, 0, 5));
  expect(await world.resultsOf(best, named(0))).toMatchObject([{ outcome: 'warning' }]);
  await world.sell(best, 4000, inQuarter(1, 0, 3));
  await world.clock(inQuarter(1, 2, 5));
  await world.sell(best, 6000, inQuarter(1, 2, 3));
  await world.sell(late, 6000, inQuarter(1, 2, 4));
  await world.clock(inQuarter(2, 0, -1));
  expect(await world.resultsOf(best, named(1))).toEqual([]);
  await world.clock(inQuarter(2, 0, 1));
  expect(await world.resultsOf(best, named(1))).toMatchObject([
    { scoreBps: 10_000, outcome: 'reward', rewardAmount: 5000, status: 'final' },
  ]);
  expect(await world.rewards(best)).toMatchObject([{ amount: 5000, period: named(1) }]);
  const [result] = await world.resultsOf(late, named(1));
  expect(result).toMatchObject({ scoreBps: 6800, rewardAmount: 1000 });
  await world.sell(late, 4000, inQuarter(1, 0, 9));
  const objected = await house.shop.post(`/v1/assessments/${result!.id}/objections`, {
    text: 'An order of the first month is missing.',
  });
  const path = `/v1/reviews/${objected.body.objection.reviewId as string}/decisions`;
  expect((await house.admin.post(path, { decision: 'approve' })).status).toBe(200);
  const rewards = await world.rewards(late);
  expect(rewards.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual([1000, 4000]);
  for (const { id } of [...rewards, ...(await world.rewards(best))]) {
    const explained = await house.shop.get(`/v1/commissions/${id}/explanation`);
    expect(explained.body.verified).toBe(true);
  }
  await world.balanced();
  const { body } = await house.shop.get(
    `/v1/assessment-schemes/${world.schemeId}/results?limit=100`,
  );
  expect(new Set((body.data as Result[]).map(({ period }) => period))).toEqual(
    new Set([named(0), named(1)]),
  );
});

test('a reward that a confirmed suspension reverses, and an appeal restores, still verifies', async () => {
  const world = await givenScheme();
  const person = await world.join();
  await world.clock(monthAhead(1, 5));
  await world.sell(person, 10_000, monthAhead(1, 3));
  await world.clock(monthAhead(2, 1));
  const self = `/v1/distributors/${person.id}`;
  await house.admin.post(`${self}/suspensions`, { reasonCode: 'fraud', reason: 'x' });
  const decide = async (kind: string, body: object, by = house.admin) => {
    const { body: found } = await house.shop.get(`/v1/reviews?subjectId=${person.id}&kind=${kind}`);
    const path = `/v1/reviews/${found.data[0].id as string}/decisions`;
    const done = await by.post(path, { reason: 'Own cards.', ...body });
    expect([done.status, done.text]).toEqual([200, done.text]);
  };
  const explained = async () => {
    const [reward] = await world.rewards(person);
    const { body } = await house.shop.get(`/v1/commissions/${reward!.id}/explanation`);
    expect(body.verified).toBe(true);
    return [reward!.status, reward!.amount, body.text.includes('Own cards.')];
  };
  await decide('suspension', { decision: 'approve', reverse: {} });
  expect(await explained()).toEqual(['reversed', 0, true]);
  await house.admin.post(`${self}/appeals`, { text: 'No.' });
  await decide('appeal', { decision: 'approve' }, house.admin.as(house.store.secondAdmin.token));
  expect(await explained()).toEqual(['held', 5000, true]);
  await world.balanced();
});

test('activity counts the days with a sale of one’s own of which something is left', async () => {
  const kpis = [{ metric: 'activeDays', weightBps: 10_000, target: 4 }];
  const world = await givenScheme({ kpis });
  const [busy, once] = [await world.join(), await world.join()];
  await world.clock(monthAhead(1, 9));
  for (const days of [3, 3.5, 3.99, 4, 5]) await world.sell(busy, 1000, monthAhead(1, days));
  const taken = await world.sell(busy, 1000, monthAhead(1, 7));
  await world.refund(taken.id, 1000, monthAhead(1, 8));
  await world.sell(once, 100_000, monthAhead(1, 3));
  await world.clock(monthAhead(2, 1));
  const [three] = await world.resultsOf(busy, label(1));
  const [one] = await world.resultsOf(once, label(1));
  expect([three?.scoreBps, one?.scoreBps]).toEqual([7500, 2500]);
  const [reward] = await world.rewards(busy);
  const explained = await house.shop.get(`/v1/commissions/${reward!.id}/explanation`);
  expect(explained.body).toMatchObject({ verified: true, kpis: [{ have: '3', target: 4 }] });
});

test('the time to object ends, and a scheme that ended assesses no more', async () => {
  const world = await givenScheme({ objectionDays: 3 });
  const person = await world.join();
  await world.clock(monthAhead(1, 4));
  const [result] = await world.resultsOf(person, label(0));
  const late = await house.shop.post(`/v1/assessments/${result!.id}/objections`, { text: 'Late.' });
  expect([late.status, late.body.code]).toEqual([422, 'objection_too_late']);
  const ended = await house.admin.post(`/v1/assessment-schemes/${world.schemeId}/ending`);
  expect([ended.status, ended.text]).toEqual([200, ended.text]);
  await world.clock(monthAhead(3, 4));
  const { body } = await house.shop.get(`/v1/distributors/${person.id}/assessments`);
  expect((body.data as Result[]).map(({ period }) => period)).toEqual([label(0)]);
});

test('a scheme that ends within the day of grace still owes the period that was over', async () => {
  const world = await givenScheme();
  const person = await world.join();
  await world.clock(monthAhead(1, 5));
  await world.sell(person, 10_000, monthAhead(1, 3));
  await house.db.read.run('UPDATE assessment_scheme SET ended_at = $2 WHERE id = $1', [
    world.schemeId,
    monthAhead(2),
  ]);
  await world.clock(monthAhead(4));
  expect(await world.resultsOf(person, label(1))).toMatchObject([{ outcome: 'reward' }]);
  expect(await world.resultsOf(person, label(2))).toEqual([]);
  expect(await world.rewards(person)).toMatchObject([{ amount: 5000, period: label(1) }]);
});

test.each([
  ['weights', { kpis: [{ metric: 'ownSales', weightBps: 9999, target: 1 }] }],
  ['head_count_pay', { kpis: [{ metric: 'activeDirects', weightBps: 10_000, target: 1 }] }],
  ['no_outcome', { outcomes: [{ atLeastBps: 1, outcome: 'warning' }] }],
  ['too_small', { kpis: [{ metric: 'ownSales', weightBps: 10_000, target: 0 }] }],
])('a scheme is refused: %s', async (code, more) => {
  const tiers = await givenTiers(house, bronze);
  const path = `/v1/programs/${tiers.programId}/assessments`;
  const { status, body } = await house.admin.post(path, scheme(more));
  expect([status, (body.errors as { code: string }[]).map((one) => one.code)]).toEqual([
    400,
    [code],
  ]);
});
