import { z } from 'zod';
import { newId } from '../../src/db/id';
import { Refusal } from '../../src/domain/kernel/refusal';
import { answer, defineRoute } from '../../src/http/route';
import { call, type Credentials, givenShop, startApi, type TestApi } from '../support/api';
import { testDatabase, type TestDatabase } from '../support/database';

// The routes write into a table of their own, so that "one effect" can be counted.
const body = z.strictObject({ name: z.string().min(1) });
const answers = { 201: z.strictObject({ id: z.string(), name: z.string() }) };
const access = { scope: 'orders:write' } as const;

const writeRoute = defineRoute({
  method: 'post',
  path: '/v1/effects',
  summary: 'test',
  tag: 'Test',
  access,
  body,
  answers,
  write: async ({ tx, body: { name } }) => {
    const id = newId('event');
    await tx.insert('effect', { id, name });
    await tx.first('SELECT pg_sleep(0.05)');
    if (name === 'refused') throw new Refusal('in_the_future', 'refused after it wrote');
    if (name === 'refused, and kept') return new Refusal('in_the_future', 'somebody was called');
    return answer(201, { id, name });
  },
});

const handleRoute = defineRoute({
  method: 'post',
  path: '/v1/outside-effects',
  summary: 'test',
  tag: 'Test',
  access,
  body,
  answers,
  handle: async ({ deps, body: { name } }) => {
    const id = newId('event');
    await deps.db.read.insert('effect', { id, name });
    await deps.db.read.first('SELECT pg_sleep(0.05)');
    if (name === 'refused') throw new Refusal('in_the_future', 'refused');
    return answer(201, { id, name });
  },
});

let db: TestDatabase;
let api: TestApi;
let shop: Credentials;
let otherShop: Credentials;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
  await db.read.run('CREATE TABLE effect (id TEXT PRIMARY KEY, name TEXT NOT NULL)');
  [shop, otherShop] = [await givenShop(db), await givenShop(db)];
  api = await startApi(db, { routes: [writeRoute, handleRoute] });
});
afterAll(async () => {
  await api.close();
  await db.drop();
});

const send = (path: string, name: string, key: string | undefined, by = shop) =>
  call(api.url + path, {
    token: by.apiKey,
    body: { name },
    headers: key === undefined ? {} : { 'Idempotency-Key': key },
  });

const effects = async (name: string) =>
  (await db.read.rows('SELECT id FROM effect WHERE name = $1', [name])).length;

describe.each([
  ['inside a transaction', '/v1/effects'],
  ['outside a transaction', '/v1/outside-effects'],
])('an Idempotency-Key on a POST %s', (_name, path) => {
  const at = path.slice(4);

  it('makes 20 parallel posts one effect', async () => {
    const name = `${at}-parallel`;
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(path, name, name)));
    const ids = new Set(
      replies.flatMap(({ json }) => (json['id'] === undefined ? [] : [json['id']])),
    );
    expect(ids.size).toBe(1);
    expect(await effects(name)).toBe(1);
    for (const { status, json } of replies) {
      expect([201, 409]).toContain(status);
      if (status === 409) expect(json['code']).toBe('idempotency_in_progress');
    }
    const again = await send(path, name, name);
    expect(again.status).toBe(201);
    expect([...ids].some((id) => id === again.json['id'])).toBe(true);
  });

  it('gives the stored answer again, byte for byte', async () => {
    const first = await send(path, `${at}-again`, `${at}-again`);
    const again = await send(path, `${at}-again`, `${at}-again`);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(await effects(`${at}-again`)).toBe(1);
  });

  it('is refused for another body or path', async () => {
    await send(path, `${at}-first`, `${at}-reused`);
    const body = await send(path, `${at}-second`, `${at}-reused`);
    const other = path === '/v1/effects' ? '/v1/outside-effects' : '/v1/effects';
    const elsewhere = await send(other, `${at}-first`, `${at}-reused`);
    for (const { status, json } of [body, elsewhere]) {
      expect([status, json['code']]).toEqual([422, 'idempotency_key_reused']);
    }
    expect(await effects(`${at}-second`)).toBe(0);
  });

  it('belongs to one store: another store may use the same text', async () => {
    const mine = await send(path, `${at}-shared`, `${at}-shared`);
    const theirs = await send(path, `${at}-shared`, `${at}-shared`, otherShop);
    expect(theirs.status).toBe(201);
    expect(theirs.json['id']).not.toBe(mine.json['id']);
  });

  it('stays free after a request that was refused or did not validate', async () => {
    const key = `${at}-free`;
    expect((await send(path, '', key)).status).toBe(400);
    expect((await send(path, 'refused', key)).status).toBe(422);
    expect((await send(path, `${at}-free`, key)).status).toBe(201);
  });

  it('leaves posts without a key alone', async () => {
    await send(path, `${at}-none`, undefined);
    await send(path, `${at}-none`, undefined);
    expect(await effects(`${at}-none`)).toBe(2);
  });

  it.each([
    ['empty', ''],
    ['of 256 characters', 'x'.repeat(256)],
    ['of 10 kB', 'x'.repeat(10_000)],
    ['that is no ASCII', 'schl\u00fcssel'],
  ])('%s is refused', async (_label, key) => {
    const reply = await send(path, `${at}-bad-key`, key);
    expect([reply.status, reply.json['code']]).toEqual([400, 'invalid_idempotency_key']);
    expect(await effects(`${at}-bad-key`)).toBe(0);
  });

  it('of 255 characters is taken', async () => {
    expect((await send(path, `${at}-long`, 'k'.repeat(255 - at.length) + at)).status).toBe(201);
  });
});

it('a write that is refused leaves no effect behind', async () => {
  const before = await effects('refused');
  await send('/v1/effects', 'refused', undefined);
  expect(await effects('refused')).toBe(before);
});

it('a run that died with its process is taken over after its time', async () => {
  await send('/v1/outside-effects', 'dead', 'dead-run');
  await db.read.run(
    `UPDATE idempotency_key SET status = 0, body = '', created_at = created_at - interval '1 hour'
     WHERE key = 'dead-run'`,
  );
  const reply = await send('/v1/outside-effects', 'dead', 'dead-run');
  expect(reply.status).toBe(201);
  expect(reply.headers.get('idempotency-replayed')).toBeNull();
});

it('a refusal that is returned is answered like a thrown one, what it wrote stays, and frees its key', async () => {
  const name = 'refused, and kept';
  const before = await effects('refused');
  const thrown = await send('/v1/effects', 'refused', 'thrown');
  const first = await send('/v1/effects', name, 'returned');
  expect([first.status, first.json['code']]).toEqual([thrown.status, 'in_the_future']);
  expect(first.headers.get('content-type')).toBe(thrown.headers.get('content-type'));
  expect(await effects('refused')).toBe(before);
  expect(await effects(name)).toBe(1);
  const again = await send('/v1/effects', name, 'returned');
  expect(again.status).toBe(first.status);
  expect(again.headers.get('idempotency-replayed')).toBeNull();
  expect((await send('/v1/effects', 'another body', 'returned')).status).toBe(201);
});
