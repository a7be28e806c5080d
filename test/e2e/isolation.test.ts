import { type Role, roles, scopes } from '../../src/domain/kernel/access';
import type { Route } from '../../src/http/route';
import { allRoutes } from '../../src/http/routes/index';
import { testApp, type TestApp } from '../support/app';
import { bodies, nameOf, queries, send } from '../support/asks';
import { type Answer, testClient } from '../support/http';
import { programBody } from '../support/program';
import { snapshot } from '../support/snapshot';
import { testAdmin, testKey } from '../support/store';
import { givenWorld, orderBody, type World } from '../support/world';

type Guarded = Route & { access: Exclude<Route['access'], 'open'> };

const routes = allRoutes({ signInAttempts: 1000 });
const guarded = routes.filter((route): route is Guarded => route.access !== 'open');
const cases = guarded.map((route) => [nameOf(route), route] as const);

let app: TestApp;
let mine: World;
let theirs: World;

beforeAll(async () => {
  app = await testApp();
  [mine, theirs] = [await givenWorld(app), await givenWorld(app)];
}, 60_000);
afterAll(() => app.close());

const code = ({ body }: Answer): string => (body as { code: string }).code;

async function expectNothingChanged(work: () => Promise<void>): Promise<void> {
  const before = await snapshot(app.db);
  await work();
  expect(await snapshot(app.db)).toEqual(before);
}

it('the list of routes is the whole API', () => {
  expect(guarded.length).toBeGreaterThan(55);
});

describe('every route without', () => {
  it.each(cases)('a token: 401. %s', async (_name, route) => {
    await expectNothingChanged(async () => {
      const reply = await send(testClient(app.url), route, mine);
      expect([reply.status, code(reply)]).toEqual([401, 'unauthorized']);
    });
  });

  it.each(cases)('the scope: 403 that names it. %s', async (_name, route) => {
    const { access } = route;
    const rest = scopes.filter((scope) => !('scope' in access) || scope !== access.scope);
    const key = await testKey(app.db, mine.store.id, { scopes: rest });
    await expectNothingChanged(async () => {
      const reply = await send(testClient(app.url, key), route, mine);
      expect(reply.status).toBe(403);
      if ('scope' in access) {
        expect(code(reply)).toBe('scope_required');
        expect(reply.text).toContain(access.scope);
      } else expect(code(reply)).toBe('admin_required');
    });
  });

  const limited = cases.filter(([, route]) => rolesOf(route).length < roles.length);
  it.each(limited)('the role: 403. %s', async (_name, route) => {
    const others = roles.filter((role) => !rolesOf(route).includes(role));
    const admin = await testAdmin(app.db, mine.store.id, others);
    await expectNothingChanged(async () => {
      const reply = await send(testClient(app.url, admin.token), route, mine);
      expect([reply.status, code(reply)]).toEqual([403, 'role_required']);
    });
  });
});

function rolesOf({ access }: Guarded): readonly Role[] {
  return ('adminOnly' in access ? access.adminOnly.roles : access.roles) ?? roles;
}

describe("another store's id", () => {
  const ownBody = [
    'POST /v1/programs',
    'POST /v1/admins',
    'POST /v1/api-keys',
    'POST /v1/channels',
  ];
  const naming = cases.filter(
    ([name, route]) =>
      route.path.includes(':id') ||
      queries[name] !== undefined ||
      (bodies[name] !== undefined && !ownBody.includes(name)),
  );

  it.each(naming)('is a 404 for a key and an admin. %s', async (name, route) => {
    await expectNothingChanged(async () => {
      const byKey = 'adminOnly' in route.access ? [] : [mine.key];
      for (const client of [mine.admin, ...byKey]) {
        const reply = await send(client, route, theirs);
        if (name === 'POST /v1/orders/batch' || name === 'POST /v1/reviews/decisions') {
          const [result] = (reply.body as { results: { status: number }[] }).results;
          expect([reply.status, result?.status]).toEqual([200, 404]);
        } else expect([reply.status, code(reply)]).toEqual([404, 'not_found']);
      }
    });
  });

  it.each([
    ['an order by its externalId', () => `/v1/orders/ext:${theirs.orderExternalId}`],
    [
      "a refund under one's own order",
      () => `/v1/orders/${mine.orderId}/refunds/${theirs.refundId}`,
    ],
    [
      "an after-sale case under one's own order",
      () => `/v1/orders/${mine.orderId}/after-sales/${theirs.afterSaleId}`,
    ],
  ])('is a 404: %s', async (_name, path) => {
    expect((await mine.key.get(path())).status).toBe(404);
    expect((await theirs.key.get(path().replace(mine.orderId, theirs.orderId))).status).toBe(200);
  });

  it.each([
    [
      'a channel for payouts',
      'put',
      () => ({
        path: `/v1/distributors/${mine.distributorId}/payout-account`,
        body: { channelId: theirs.channelId, account: 'ok', holderName: '李明' },
      }),
    ],
    [
      'an assignee',
      'put',
      () => ({
        path: `/v1/reviews/${mine.reviewId}/assignee`,
        body: { assigneeId: theirs.store.admin.id },
      }),
    ],
    [
      'a distributor for a coupon code',
      'post',
      () => ({
        path: '/v1/coupon-codes',
        body: { programId: mine.programId, code: 'WINTER', distributorId: theirs.distributorId },
      }),
    ],
    [
      'a distributor code for a binding',
      'post',
      () => ({
        path: '/v1/bindings',
        body: {
          programId: mine.programId,
          customerExternalId: 'u-9',
          distributorCode: theirs.distributorCode,
        },
      }),
    ],
    [
      'a sponsor',
      'post',
      () => ({
        path: '/v1/distributors',
        body: {
          programId: mine.programId,
          externalId: 'u-sponsored',
          name: '王芳',
          phone: '13900139000',
          sponsorCode: theirs.distributorCode,
        },
      }),
    ],
  ] as const)('in a body is refused: %s', async (_name, method, request) => {
    await expectNothingChanged(async () => {
      const { path, body } = request();
      const reply = await mine.admin[method](path, body);
      expect([404, 422]).toContain(reply.status);
    });
  });

  it("as another's distributor code on an order attributes nothing", async () => {
    const attribution = { distributorCode: theirs.distributorCode };
    const reply = await mine.key.post('/v1/orders', orderBody(mine.programId, { attribution }));
    expect(reply.status).toBe(201);
    const order = reply.body as { attribution: { distributorId: null }; commissions: unknown[] };
    expect([order.attribution.distributorId, order.commissions]).toEqual([null, []]);
  });

  const lists = cases.filter(
    ([name, route]) =>
      route.method === 'get' && !route.path.includes(':') && queries[name] === undefined,
  );
  it.each(lists)('is in no list, also not by a cursor or a filter. %s', async (_name, route) => {
    const ids = idsOf(theirs).filter((id) => !idsOf(mine).includes(id));
    const first = (await theirs.admin.get(`${route.path}?limit=1`)).body as { nextCursor?: string };
    const ask = [
      route.path,
      ...(first.nextCursor ? [`${route.path}?cursor=${first.nextCursor}`] : []),
      ...['programId', 'distributorId', 'orderId', 'subjectId', 'settlementId'].map(
        (filter) => `${route.path}?${filter}=${filterValue(theirs, filter)}`,
      ),
    ];
    for (const path of ask) {
      const reply = await mine.admin.get(path);
      expect([200, 400, 404]).toContain(reply.status);
      expect(ids.filter((id) => reply.text.includes(`"${id}"`))).toEqual([]);
    }
  });
});

function filterValue(world: World, filter: string): string {
  const ids: Record<string, string> = {
    programId: world.programId,
    distributorId: world.distributorId,
    orderId: world.orderId,
    subjectId: world.distributorId,
    settlementId: world.settlementId,
  };
  return ids[filter] ?? '';
}

function idsOf(world: World): string[] {
  const { store, key: _key, admin: _admin, distributorCode: _code, caseIds, ...ids } = world;
  return [...Object.values(ids), ...Object.values(caseIds), store.id, store.admin.id];
}

describe('a live key', () => {
  const testOnly = cases.filter(
    ([, route]) =>
      'scope' in route.access && route.path.includes(':id') && !route.path.includes('/channels/'),
  );
  it.each(testOnly)('does not see test programs. %s', async (_name, route) => {
    await expectNothingChanged(async () => {
      const reply = await send(testClient(app.url, mine.store.liveKey), route, mine);
      expect([reply.status, code(reply)]).toEqual([404, 'not_found']);
    });
  });

  it('makes no test program', async () => {
    const live = testClient(app.url, mine.store.liveKey);
    await expectNothingChanged(async () => {
      expect((await live.post('/v1/programs', programBody())).status).toBeGreaterThanOrEqual(400);
    });
  });
});

// Last, because these change things: it proves that the 404s above were about the store.
describe('the owner', () => {
  const named = cases.filter(([, route]) => route.path.includes(':id'));
  const inOrder = [...named].sort(
    ([, a], [, b]) => (a.method === 'get' ? 0 : 1) - (b.method === 'get' ? 0 : 1),
  );
  it.each(inOrder)('does reach it. %s', async (_name, route) => {
    const reply = await send(theirs.admin, route, theirs);
    expect([401, 403, 404, 405]).not.toContain(reply.status);
    expect(reply.status).not.toBe(400);
    // This test runs without Temporal.
    if (reply.status >= 500) expect(code(reply)).toBe('temporal_unavailable');
  });
});
