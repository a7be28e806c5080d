import { type TestHouse, testHouse } from '../support/app';
import { publishWithWaivers } from '../support/plan';
import { postDistributor, postProgram, unique } from '../support/program';
import { until } from '../support/until';
import { campaignBody, orderBody } from '../support/world';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
}, 120_000);
afterAll(() => house.close());

const startsAt = '2026-11-01T00:00:00+08:00';

const plan = {
  levels: 2,
  caps: { totalBps: 3000 },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

/** Anna sells, Bert is above her, Cora is the agent of CN-33 at 25 %; a campaign doubles level 1. */
async function scene() {
  const programId = await postProgram(house.shop, { startsAt });
  const made = await house.shop.post(`/v1/programs/${programId}/plans`, { plan });
  await publishWithWaivers(house.shop, house.admin, made.body.id);
  const person = async (settings: object = {}) =>
    (await postDistributor(house.shop, programId, { joinedAt: startsAt, ...settings })).body;
  const bert = await person();
  const anna = await person({ sponsorCode: bert.code });
  const cora = await person();
  const agents = [{ region: 'CN-33', distributorId: cora.id, bps: 2500 }];
  const put = await house.admin.put(`/v1/programs/${programId}/region-agents`, { agents });
  expect([put.status, put.text]).toEqual([200, put.text]);
  const campaign = async (settings: object) => {
    const stored = await house.shop.post(
      `/v1/programs/${programId}/campaigns`,
      campaignBody({ effect: { multiplyBps: 20_000 }, ...settings }),
    );
    expect([stored.status, stored.text]).toEqual([201, stored.text]);
    return stored.body.id as string;
  };
  const doubled = await campaign({ budgetAmount: 1_000, name: 'Double' });
  const lesser = await campaign({ effect: { addBps: 100 }, name: 'Little' });
  const order = (
    await house.shop.post(
      '/v1/orders',
      orderBody(programId, {
        attribution: { distributorCode: anna.code },
        region: 'CN-33',
      }),
    )
  ).body;
  return { programId, anna, bert, cora, doubled, lesser, order };
}

const explain = async (id: string, language = 'en') => {
  const answer = await house.shop.get(`/v1/commissions/${id}/explanation`, {
    headers: { 'Accept-Language': language },
  });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.body;
};

describe('a commission with a campaign and a regional agent', () => {
  it('explains what each added, in both languages, and agrees after a refund', async () => {
    const { anna, bert, cora, doubled, lesser, order, programId } = await scene();
    const of = (id: string) =>
      order.commissions.find(
        ({ distributorId }: { distributorId: string }) => distributorId === id,
      );
    // 12000: 1200 doubled, cut to a budget of 1000: 2200; 600; 25 % is 3000, of which 2800 are taken.
    expect([of(anna.id).amount, of(bert.id).amount, of(cora.id).amount]).toEqual([2200, 600, 200]);

    const seller = await explain(of(anna.id).id);
    expect(seller).toMatchObject({ verified: true, kind: 'sale', level: 1 });
    expect(seller.overlays).toMatchObject([
      {
        campaignId: doubled,
        chosen: true,
        grantedAmount: 1000,
        chargedAmount: 1000,
        limited: true,
      },
      { campaignId: lesser, chosen: false, reason: 'not_the_best' },
    ]);
    expect(seller.rounding).toMatchObject({ roundedAmount: 1200, withOverlaysAmount: 2200 });
    expect(seller.text).toContain('Campaign "Double" multiplies the commission by 2');
    expect((await explain(of(anna.id).id, 'zh-CN')).text).toContain('活动“Double”将佣金乘以 2 倍');

    const agent = await explain(of(cora.id).id);
    expect(agent).toMatchObject({ verified: true, kind: 'region', level: null, candidates: [] });
    expect(agent.region).toMatchObject({ bps: 2500, wholeAmount: 3000, takenAmount: 2800 });
    expect(agent.text).toContain('The agent of region CN-33');

    const refund = await house.shop.post(`/v1/orders/${order.id}/refunds`, {
      externalId: unique('R'),
      refundedAt: '2026-11-11T10:00:00+08:00',
      lines: [{ externalId: '1', quantity: 1, amount: 6000 }],
    });
    expect([refund.status, refund.text]).toEqual([201, refund.text]);
    // 6000: 600 doubled is 1200; 300; 25 % is 1500, of which 1500 are taken.
    for (const [id, amount] of [
      [anna.id, 1200],
      [bert.id, 300],
      [cora.id, 0],
    ]) {
      expect(await explain(of(id).id)).toMatchObject({ verified: true, amount });
    }
    const left = await house.shop.get(`/v1/campaigns/${doubled}`);
    expect(left.body).toMatchObject({ usedAmount: 600, remainingAmount: 400 });

    const asked = await house.admin.post(`/v1/programs/${programId}/verifications`, {});
    expect([asked.status, asked.text]).toEqual([202, asked.text]);
    const read = async () => (await house.admin.get(`/v1/verifications/${asked.body.id}`)).body;
    await until(async () => (await read()).status === 'done', 'the verification is done');
    expect(await read()).toMatchObject({
      matches: true,
      commissions: 3,
      differences: [],
      reviewId: null,
    });
  });
});
