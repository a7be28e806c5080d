import { type TestApp, testApp } from '../../support/app';
import { codeOf } from '../../support/shop';
import { peerShop } from './shop';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const effectiveAt = () => new Date(Date.now() - 60_000).toISOString();

const move = (who: string, under: string) =>
  app.admin.post(`/v1/distributors/${who}/sponsor-changes`, {
    sponsorCode: codeOf(under),
    effectiveAt: effectiveAt(),
    reason: 'they work together',
  });

describe('CRMEB', () => {
  test('checks only the direct parent: A under B under C lets C go under A. Ours refuses a cycle at any depth', async () => {
    const parents = new Map([
      ['A', 'B'],
      ['B', 'C'],
    ]);
    const theirs = (who: string, under: string) => parents.get(under) !== who;
    expect(theirs('B', 'A')).toBe(false);
    expect(theirs('C', 'A')).toBe(true);

    const shop = await peerShop(app); // top <- middle <- seller
    for (const under of [shop.seller, shop.middle, shop.top]) {
      const refused = await move(shop.top, under);
      expect([refused.status, refused.body.code]).toEqual([409, 'sponsor_cycle']);
    }
    let deep = shop.seller;
    for (let depth = 0; depth < 40; depth += 1) {
      deep = await shop.distributor({ sponsorId: deep });
    }
    expect((await move(shop.top, deep)).body.code).toBe('sponsor_cycle');
    expect((await app.shop.get(`/v1/distributors/${shop.top}`)).body.sponsorId).toBeNull();
  });

  test('reads before it writes: two moves at once close a circle. Ours lets one through', async () => {
    const parents = new Map<string, string>();
    const checks = [parents.get('B') !== 'A', parents.get('A') !== 'B']; // both before either writes
    parents.set('A', 'B').set('B', 'A');
    expect(checks).toEqual([true, true]);

    for (let round = 0; round < 5; round += 1) {
      const shop = await peerShop(app);
      const [a, b] = [await shop.distributor(), await shop.distributor()];
      const replies = await Promise.all([move(a, b), move(b, a)]);
      expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    }
  });
});
