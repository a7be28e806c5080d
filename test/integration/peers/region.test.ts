import { type TestApp, testApp } from '../../support/app';
import { line, type PeerShop, peerShop } from './shop';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

/** A shop (levels of 10 % and 5 %) with an agent for one region since its start. */
async function shopWithAgent(bps: number): Promise<{ shop: PeerShop; agent: string }> {
  const shop = await peerShop(app);
  const agent = await shop.distributor();
  const path = `/v1/programs/${shop.programId}/region-agents`;
  const body = { agents: [{ region: 'CN-33', distributorId: agent, bps }] };
  expect((await app.admin.put(path, body)).status).toBe(200);
  return { shop, agent };
}

const regional = (order: { commissions: { kind: string; amount: number }[] }) =>
  order.commissions.filter(({ kind }) => kind === 'region').map(({ amount }) => amount);

describe('CRMEB', () => {
  test.each([
    [1200, -360, []],
    [1500, 0, []],
    [2000, 600, [600]],
  ])(
    "gives the agent its rate less the levels' rates, unclamped. Ours is never below 0: %d bps, theirs %d",
    async (bps, theirAmount, ours) => {
      const theirs = (12_000 * (bps - 1000 - 500)) / 10_000; // getDivisionPercent
      expect(theirs).toBe(theirAmount);

      const { shop, agent } = await shopWithAgent(bps);
      expect(regional(await shop.order({ region: 'CN-33' }))).toEqual(ours);
      expect(regional(await shop.order({ region: 'CN-31' }))).toEqual([]);
      expect((await shop.balance(agent)).heldAmount).toBe(ours[0] ?? 0);
      expect(await shop.wrongBooks()).toEqual([]);
    },
  );

  test('leaves the agent its share of a settled order that is refunded. Ours takes it back, piece by piece, to exactly zero', async () => {
    const theirs = { takenFrom: ['one', 'two'], agentKeeps: 600 };
    expect(theirs.agentKeeps).toBe(600);

    const { shop, agent } = await shopWithAgent(2000);
    const { id } = await shop.order({
      region: 'CN-33',
      lines: [line({ quantity: 3, unitPriceAmount: 4000 })],
    });
    await shop.release();
    await shop.payOut();
    const kept: number[] = [];
    for (const piece of [1, 2, 3]) {
      const one = [{ externalId: '1', quantity: 1, amount: 4000 }];
      expect([piece, (await shop.refund(id, one)).status]).toEqual([piece, 201]);
      kept.push(...regional(await shop.read(id)));
    }
    expect(kept).toEqual([400, 200, 0]);
    // The agent has no payout account here, so its 600 were still available.
    expect(await shop.balance(agent)).toMatchObject({ availableAmount: 0, receivableAmount: 0 });
    expect((await shop.balance(shop.seller)).receivableAmount).toBe(1200);
    expect(await shop.wrongBooks()).toEqual([]);
  });
});
