import { z } from 'zod';
import type { Route } from '../../src/http/route';
import { allRoutes } from '../../src/http/routes/index';
import { call, type Reply } from '../support/api';
import { testApp, type TestApp } from '../support/app';
import { bodies, nameOf, pathIn, queries } from '../support/asks';
import { snapshot } from '../support/snapshot';
import { givenWorld, type World } from '../support/world';

// Every route of the API under the same odd inputs, in every field that it takes: whatever it says,
// it is never a failure of ours, and what it refuses changed nothing.

const routes = allRoutes({ signInAttempts: 100_000 }).filter(({ access }) => access !== 'open');
const named = routes.map((route) => [nameOf(route), route] as const);

let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await testApp();
  world = await givenWorld(app);
}, 60_000);
afterAll(() => app.close());

interface Odd {
  readonly query?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function ask(route: Route, { query = '', body, headers = {} }: Odd): Promise<Reply> {
  return call(app.url + pathIn(route, world) + query, {
    method: route.method.toUpperCase(),
    token: world.store.admin.token,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

/**
 * Asks one after the other, and not one row of any table may differ afterwards. Where something was
 * accepted, what was refused is asked again, all in a row, and compared then.
 */
async function neverOurFault(route: Route, odd: readonly Odd[]): Promise<void> {
  const refused: Odd[] = [];
  const atFirst = await snapshot(app.db);
  for (const one of odd) {
    const reply = await ask(route, one);
    const { status } = reply;
    const said = { ...one, body: one.body?.slice(0, 300), text: reply.text.slice(0, 300) };
    // These tests run without Temporal, and a batch says the status of each item.
    const ours = status >= 500 && reply.json['code'] !== 'temporal_unavailable';
    if (ours || reply.text.includes('"status":500')) expect(said).toEqual({ ...said, text: '' });
    if (status < 400 || status >= 500) continue;
    refused.push(one);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(reply.json).toMatchObject({ status, code: expect.any(String) as string });
  }
  if (route.method === 'get' || refused.length === odd.length) {
    expect(await snapshot(app.db)).toEqual(atFirst);
    return;
  }
  const before = await snapshot(app.db);
  for (const one of refused) await ask(route, one);
  expect(await snapshot(app.db)).toEqual(before);
}

const notObjects = ['[]', '[{}]', 'null', '"x"', '1', 'true', '{', '{}{}', '\ufeff{}'];

describe('a body that is no object is refused by', () => {
  // A bank's file is no JSON.
  const writing = named.filter(([, route]) => route.method !== 'get' && route.rawBody !== true);
  test.each(writing)('%s', async (_name, route) => {
    await neverOurFault(
      route,
      notObjects.map((body) => ({ body })),
    );
    for (const body of ['[]', 'null', '"x"', '1', '{']) {
      expect((await ask(route, { body })).status).toBe(400);
    }
    const headers = { 'Content-Type': 'text/plain' };
    expect((await ask(route, { body: '{}', headers })).status).toBe(415);
  });
});

const written = (value: unknown) => JSON.stringify(value);

/** JSON texts that are put in the place of every value. */
const oddValues: readonly string[] = [
  ...['null', '[]', '{}', '-1', '9007199254740991', '9223372036854775807', '""'],
  ...['"\\u0000"', '"\\ud800"', '"\\u202e\\u200b"', '"ext:"'],
  ...["𠀀🏮é'; --", 'x'.repeat(5000), 'dst_00000000000000000000000000'].map(written),
  ...['2026-11-10T10:00:00', '2026-11-10T23:59:60Z', '9999-12-31T23:59:59Z'].map(written),
];

/** The places of the values inside a JSON value, itself and every one below. */
function placesIn(value: unknown, at: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...at, key]))];
}

const mark = '@odd@';

/** The JSON text of a value in which `text` stands at one place. */
function withText(value: object, place: readonly PropertyKey[], text: string): string {
  const put = (inner: unknown, [key, ...rest]: readonly PropertyKey[]): unknown => {
    if (key === undefined) return mark;
    const copy = Array.isArray(inner) ? [...(inner as unknown[])] : { ...(inner as object) };
    Reflect.set(copy, key, put(Reflect.get(copy, key), rest));
    return copy;
  };
  return JSON.stringify(put(value, place)).replace(`"${mark}"`, () => text);
}

describe('an odd value in any field of', () => {
  const taking = named.filter(([name]) => bodies[name] !== undefined);
  test.each(taking)(
    '%s',
    async (name, route) => {
      const body = bodies[name]!(world);
      const odd = placesIn(body)
        .filter((place) => place.length > 0)
        .flatMap((place) => oddValues.map((text) => withText(body, place, text)));
      const doubled = JSON.stringify(body).replace('{', `{"x":1,"x":2,`);
      await neverOurFault(
        route,
        [...odd, doubled].map((text) => ({ body: text })),
      );
    },
    60_000,
  );
});

const cursorOf = (position: string) => Buffer.from(position).toString('base64url');

const oddCursors = [
  ...['-1', '1', '99999999999999999999', 'x', '{}', '1:2', '1|2|3', '2026-13-45T99:99:99Z|x'],
  ...['2026-11-10T10:00:00.000Z', 'infinity', 'ord_7zzzzzzzzzzzzzzzzzzzzzzzzz', '[1,2]', "'; --"],
];

const oddQuery: readonly string[] = [
  ...['', '-1', '1e1', '%00', '%F0%A0%80%80', '9223372036854775808', 'x'.repeat(2000), '2026-13'],
  ...['2026-11-10T10:00:00', '9999-12-31T23:59:59Z', '2026-11-10T23:59:60Z', 'true', '%27'],
];

describe('an odd query of', () => {
  const asking = named.filter(([, { method }]) => method === 'get');
  test.each(asking)(
    '%s',
    async (name, route) => {
      const needed = queries[name]?.(world) ?? '?';
      const shape = route.query instanceof z.ZodObject ? Object.keys(route.query.shape) : [];
      const with_ = (pair: string) => ({ query: `${needed}&${pair}` });
      const odd = [
        ...['a', 'a=1&a=2', '__proto__=1', 'limit=1&limit=2', 'limit[]=1'].map(with_),
        ...shape.flatMap((field) => oddQuery.map((text) => with_(`${field}=${text}`))),
      ];
      if (shape.includes('cursor')) {
        odd.push(...oddCursors.map((position) => with_(`cursor=${cursorOf(position)}`)));
        odd.push(...['%00', '%ff', 'not base64!', 'AA=='].map((text) => with_(`cursor=${text}`)));
        for (const limit of ['0', '-1', '101', 'x', '1.0']) {
          expect((await ask(route, with_(`limit=${limit}`))).status).toBe(400);
        }
      }
      await neverOurFault(route, odd);
    },
    60_000,
  );
});

describe('an odd path of', () => {
  const withIds = named.filter(([, { path }]) => path.includes(':'));
  const oddIds = ['x', '%00', '%ff', '%F0%A0%80%80', '..%2f', 'ext:', 'ext:%00', '-1', '0'];
  test.each(withIds)('%s', async (_name, route) => {
    for (const id of oddIds) {
      for (const parameter of route.path.match(/:[A-Za-z]+/g) ?? []) {
        const filled = pathIn({ ...route, path: route.path.replace(parameter, '@') }, world);
        const reply = await call(app.url + filled.replace('@', id), {
          method: route.method.toUpperCase(),
          token: world.store.admin.token,
          ...(route.method === 'get' ? {} : { body: '{}' }),
        });
        const said = { id, parameter, text: reply.text };
        if (reply.status >= 500) expect(said).toEqual({ ...said, text: 'no failure' });
      }
    }
  });
});
