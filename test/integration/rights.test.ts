import { callerOfDistributorToken } from '../../src/db/distributor-token';
import { tokenHash } from '../../src/db/token';
import { type TestApp, testApp } from '../support/app';
import type { TestClient } from '../support/http';
import { bronze, day, givenTiers, type Person, startsAt } from '../support/tiers';
import { publishWithWaivers } from '../support/plan';
import { postDistributor, postProgram, unique } from '../support/program';
import { testPepper } from '../support/settings';
import { givenEarning } from '../support/settlement';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const silver = {
  code: 'silver',
  rank: 2,
  privileges: { teamView: 'directs', campaigns: false, ownLinks: false },
};
const gold = {
  code: 'gold',
  rank: 3,
  privileges: {
    teamView: 'all',
    customerDetails: 'full',
    withdrawalPerDayAmount: 100,
    withdrawalPerTransferAmount: 50,
    materials: false,
  },
};

const tokenFor = async ({ id }: Person, body: object = {}): Promise<TestClient> => {
  const made = await app.shop.post(`/v1/distributors/${id}/tokens`, body);
  expect([made.status, made.body.code]).toEqual([201, undefined]);
  return app.shop.as(made.body.token as string);
};

async function givenPeople() {
  const tiers = await givenTiers(app, bronze, silver, gold);
  await app.shop.post(`/v1/programs/${tiers.programId}/campaigns`, {
    externalId: unique('camp'),
    name: 'Spring',
    startsAt,
    endsAt: day(30),
    effect: { addBps: 100 },
    levels: [1],
    budgetAmount: 1000,
  });
  const person = async (tier: string) => {
    const one = await tiers.join({ tier });
    const below = await tiers.join({ sponsorCode: one.code });
    await tiers.join({ sponsorCode: below.code });
    const bound = await app.shop.post('/v1/bindings', {
      programId: tiers.programId,
      customerExternalId: unique('customer'),
      distributorCode: one.code,
    });
    expect(bound.status).toBe(201);
    return {
      ...one,
      client: await tokenFor(one),
      customer: bound.body.customerExternalId as string,
    };
  };
  return { tiers, person };
}

describe('what each tier allows its own token', () => {
  const directs = (n: number) => (body: { data: unknown[] }) => body.data.length === n;
  const asks = {
    team: (id: string, client: TestClient) => client.get(`/v1/distributors/${id}/team`),
    deepTeam: (id: string, client: TestClient) => client.get(`/v1/distributors/${id}/team?depth=2`),
    campaigns: (id: string, client: TestClient) => client.get(`/v1/distributors/${id}/campaigns`),
    link: (id: string, client: TestClient) => client.post(`/v1/distributors/${id}/links`, {}),
    customers: (id: string, client: TestClient) => client.get(`/v1/distributors/${id}/customers`),
    materials: (id: string, client: TestClient) => client.get(`/v1/distributors/${id}/materials`),
  };

  it.each([
    [
      'bronze',
      { team: 403, deepTeam: 403, campaigns: 200, link: 201, customers: 200, materials: 200 },
    ],
    [
      'silver',
      { team: 200, deepTeam: 403, campaigns: 403, link: 403, customers: 200, materials: 200 },
    ],
    [
      'gold',
      { team: 200, deepTeam: 200, campaigns: 200, link: 201, customers: 200, materials: 403 },
    ],
  ] as const)('%s', async (tier, expected) => {
    const { person } = await givenPeople();
    const { id, client, customer } = await person(tier);
    const answers = await Promise.all(
      Object.entries(asks).map(async ([name, ask]) => [name, await ask(id, client)] as const),
    );
    expect(Object.fromEntries(answers.map(([name, { status }]) => [name, status]))).toEqual(
      expected,
    );
    for (const [, { status, body }] of answers) {
      if (status === 403) expect(body.code).toBe('privilege_required');
    }
    const named = Object.fromEntries(answers);
    if (tier === 'gold') expect(directs(2)(named['deepTeam']!.body)).toBe(true);
    const [shown] = named['customers']!.body.data as { customerExternalId: string }[];
    expect(shown?.customerExternalId === customer).toBe(tier === 'gold');
    // The shop sees everything, whatever the tier.
    const { link: _link, ...reads } = asks;
    for (const ask of Object.values(reads)) {
      expect((await ask(id, app.shop)).status).toBe(200);
    }
  });

  it('limits what is withdrawn in one transfer by the tier', async () => {
    const { tiers, person } = await givenPeople();
    const codeOf = async (tier: string, amount: number) => {
      const { id, client } = await person(tier);
      await givenEarning(app.db, tiers.programId, id, 200n, new Date(startsAt));
      const reply = await client.post(`/v1/distributors/${id}/withdrawals`, { amount });
      return [reply.status, reply.body.code] as unknown[];
    };
    for (const tier of ['bronze', 'silver']) {
      expect(await codeOf(tier, 51)).not.toContain('withdrawal_limit_exceeded');
    }
    expect(await codeOf('gold', 50)).not.toContain('withdrawal_limit_exceeded');
    for (const amount of [51, 101]) {
      expect(await codeOf('gold', amount)).toEqual([422, 'withdrawal_limit_exceeded']);
    }
  });

  it('is told with the distributor, for every tier', async () => {
    const { person } = await givenPeople();
    const told = await Promise.all(
      ['bronze', 'silver', 'gold'].map(async (tier) => {
        const { id, client } = await person(tier);
        return (await client.get(`/v1/distributors/${id}`)).body.privileges as object;
      }),
    );
    const silent = {
      teamView: 'none',
      customerDetails: 'masked',
      withdrawalPerDayAmount: null,
      withdrawalPerTransferAmount: null,
      materials: true,
      campaigns: true,
      ownLinks: true,
    };
    expect(told).toEqual([
      silent,
      { ...silent, ...silver.privileges },
      { ...silent, ...gold.privileges },
    ]);
  });
});

describe('a token of a distributor', () => {
  it('reads what is its own, nothing of anybody else, and asks the shop for all else', async () => {
    const { tiers, person } = await givenPeople();
    const me = await person('bronze');
    const other = await person('bronze');
    await tiers.sell(me, 1000, startsAt);
    const { id: foreign } = (await tiers.sell(other, 1000, startsAt)) as { id: string };
    for (const part of [
      '',
      '/balance',
      '/ledger',
      '/history',
      '/growth',
      '/statements',
      '/links',
    ]) {
      expect((await me.client.get(`/v1/distributors/${me.id}${part}`)).status).toBe(200);
      expect((await me.client.get(`/v1/distributors/${other.id}${part}`)).status).toBe(404);
    }
    const { data } = (await me.client.get('/v1/commissions')).body as {
      data: { id: string; distributorId: string }[];
    };
    expect(data.map(({ distributorId }) => distributorId)).toEqual([me.id]);
    const theirs = await app.shop.get(`/v1/commissions?distributorId=${other.id}`);
    const [hidden] = theirs.body.data as { id: string }[];
    expect((await me.client.get(`/v1/commissions/${hidden!.id}`)).status).toBe(404);
    expect((await me.client.get(`/v1/commissions/${hidden!.id}/explanation`)).status).toBe(404);
    const own = await me.client.get(`/v1/commissions/${data[0]!.id}/explanation`);
    expect(own).toMatchObject({ status: 200, body: { verified: true } });
    for (const path of [
      '/v1/distributors',
      `/v1/orders/${foreign}`,
      `/v1/programs/${tiers.programId}`,
      `/v1/programs/${tiers.programId}/tier-evaluations/preview`,
      '/v1/reviews',
      `/v1/ledger/trial-balance?programId=${tiers.programId}`,
      `/v1/distributors/${me.id}/tokens`,
    ]) {
      const { status, body } = await me.client.get(path);
      expect([path, status, body.code]).toEqual([path, 403, 'not_for_distributors']);
    }
    const token = await me.client.post(`/v1/distributors/${me.id}/tokens`, {});
    expect(token.status).toBe(403);
  });

  it('reads of a commission its own part: nothing of what others earn, or goods cost', async () => {
    const programId = await postProgram(app.shop, { startsAt });
    const join = async (more: object = {}) =>
      (await postDistributor(app.shop, programId, { joinedAt: startsAt, ...more })).body as Person;
    const above = await join();
    const me = await join({ sponsorCode: above.code });
    const plan = {
      levels: 2,
      caps: { totalBps: 1200, marginBps: 10_000 },
      rules: [
        { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
        { id: 'friend', level: 1, match: { distributorId: above.id }, rate: { bps: 2000 } },
        { id: 'up', level: 2, match: {}, rate: { bps: 500 } },
      ],
      tiers: [bronze],
    };
    const made = await app.shop.post(`/v1/programs/${programId}/plans`, { plan });
    await publishWithWaivers(app.shop, app.admin, made.body.id);
    const order = await app.shop.post('/v1/orders', {
      ...{ programId, externalId: unique('SO'), paidAt: startsAt, currency: 'CNY' },
      ...{ customer: { externalId: unique('u') }, attribution: { distributorCode: me.code } },
      lines: [
        {
          externalId: '1',
          sku: 'TEA',
          quantity: 1,
          unitPriceAmount: 90_000,
          unitCostAmount: 71_111,
        },
      ],
    });
    const commissions = order.body.commissions as {
      id: string;
      distributorId: string;
      amount: number;
    }[];
    const mine = commissions.find(({ distributorId }) => distributorId === me.id)!;
    const others = commissions.find(({ distributorId }) => distributorId === above.id)!;
    expect([mine.amount, others.amount]).toEqual([7200, 3600]);
    const path = `/v1/commissions/${mine.id}/explanation`;
    const client = await tokenFor(me);
    for (const language of ['en', 'zh-CN']) {
      const headers = { 'accept-language': language };
      const [own, whole] = [
        await client.get(path, { headers }),
        await app.shop.get(path, { headers }),
      ];
      expect([own.status, own.body.verified]).toEqual([200, true]);
      const secrets = [above.id, '3600', '13500', '10800', '36.00', '135.00', '71111', 'friend'];
      expect(secrets.filter((secret) => own.text.includes(secret))).toEqual([]);
      expect(own.body.text).toContain('CNY 72.00');
      expect(whole.text).toContain(above.id);
      expect(whole.body.text).toContain('CNY 135.00');
    }
  });

  it('ends with its time and when the shop ends it; asking for it is a sign of life', async () => {
    const { tiers } = await givenPeople();
    const person = await tiers.join();
    const before = Date.now();
    const made = await app.shop.post(`/v1/distributors/${person.id}/tokens`, { ttlSeconds: 60 });
    const client = app.shop.as(made.body.token as string);
    const [presence] = await app.db.read.rows<{ seenAt: Date }>(
      'SELECT seen_at FROM distributor_presence WHERE distributor_id = $1',
      [person.id],
    );
    expect(presence!.seenAt.getTime()).toBeGreaterThanOrEqual(before);
    const self = `/v1/distributors/${person.id}`;
    expect((await client.get(self)).status).toBe(200);
    expect((await app.shop.delete(`${self}/tokens/${made.body.id as string}`)).status).toBe(204);
    expect((await client.get(self)).status).toBe(401);
    const stored = await app.db.read.rows<{ id: string }>(
      `SELECT id FROM distributor_token WHERE distributor_id = $1 AND token_hash = $2`,
      [person.id, made.body.token],
    );
    expect(stored).toEqual([]);
    const other = await app.shop.post(`${self}/tokens`, { ttlSeconds: 60 });
    const hash = tokenHash(testPepper, other.body.token as string);
    const callerAt = (ms: number) =>
      callerOfDistributorToken(app.db.read, hash, new Date(Date.parse(other.body.expiresAt) + ms));
    expect(await callerAt(-1)).toMatchObject({ kind: 'distributor', distributorId: person.id });
    expect(await callerAt(0)).toBeUndefined();
  });

  it.each([59, 86_401, 1.5])('lives from a minute to a day, not %d seconds', async (ttlSeconds) => {
    const { tiers } = await givenPeople();
    const { id } = await tiers.join();
    expect((await app.shop.post(`/v1/distributors/${id}/tokens`, { ttlSeconds })).status).toBe(400);
  });
});
