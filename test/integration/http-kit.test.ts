import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { Refusal } from '../../src/domain/kernel/refusal';
import { answer, defineRoute } from '../../src/http/route';
import { amount, idParam, moment, text } from '../../src/http/schemas/common';
import { call, type Credentials, givenShop, startApi, type TestApi } from '../support/api';
import { testDatabase, type TestDatabase } from '../support/database';

const Thing = z.strictObject({
  name: text(20),
  amount,
  at: moment.optional(),
  lines: z.array(z.strictObject({ quantity: z.int().min(1) })).optional(),
});

const write = defineRoute({
  method: 'post',
  path: '/v1/things/:id',
  summary: 'test',
  tag: 'Test',
  access: { scope: 'orders:write', roles: ['owner'] },
  params: z.strictObject({ id: idParam('program') }),
  query: z.strictObject({ mode: z.enum(['a', 'b']).optional() }),
  body: Thing,
  answers: { 200: z.strictObject({ amount }) },
  write: ({ body }) => Promise.resolve(answer(200, { amount: body.amount })),
});

const batch = defineRoute({
  method: 'post',
  path: '/v1/batch',
  summary: 'test',
  tag: 'Test',
  access: { scope: 'orders:write' },
  body: z.strictObject({ things: z.array(z.unknown()).max(10) }),
  itemsIn: 'things',
  answers: { 200: z.unknown() },
  handle: ({ body, item }) =>
    Promise.resolve(
      answer(
        200,
        body.things.map((value, index) => item(Thing, index, value)),
      ),
    ),
});

const failing = (path: string, fail: () => Error) =>
  defineRoute({
    method: 'get',
    path,
    summary: 'test',
    tag: 'Test',
    access: 'open',
    answers: { 200: z.unknown() },
    handle: () => Promise.reject(fail()),
  });

const secret = 'a secret that only the log may not have';
const tooLarge = defineRoute({
  method: 'get',
  path: '/v1/large',
  summary: 'test',
  tag: 'Test',
  access: 'open',
  answers: { 200: z.unknown() },
  handle: () => Promise.resolve(answer(200, { amount: 2n ** 60n })),
});
const slow = defineRoute({
  method: 'get',
  path: '/v1/slow',
  summary: 'test',
  tag: 'Test',
  access: 'open',
  answers: { 200: z.unknown() },
  handle: async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return answer(200, { done: true });
  },
});

const routes = [
  write,
  batch,
  tooLarge,
  slow,
  failing('/v1/broken', () => new Error(secret)),
  failing('/v1/refused', () => new Refusal('refund_exceeds_line', 'line 1 has 5 left')),
  failing('/v1/deadlock', () => Object.assign(new Error('deadlock'), { code: '40P01' })),
];

let db: TestDatabase;
let api: TestApi;
let shop: Credentials;
const goodId = 'prg_01k9zq3v5wf8r8m2t4c6x0y1za';

beforeAll(async () => {
  db = await testDatabase();
  shop = await givenShop(db);
  api = await startApi(db, { routes });
});
afterAll(async () => {
  await api.close();
  await db.drop();
});

const post = (body: unknown, extra: { headers?: Record<string, string>; query?: string } = {}) =>
  call(`${api.url}/v1/things/${goodId}${extra.query ?? ''}`, {
    token: shop.apiKey,
    body,
    headers: extra.headers ?? {},
  });

const faults = (json: Record<string, unknown>) =>
  (json['errors'] as { pointer: string; code: string }[]).map(
    ({ pointer, code }) => `${pointer} ${code}`,
  );

describe('a request', () => {
  it('is answered with X-Request-Id, no-store, rate limit and security headers', async () => {
    const reply = await post({ name: 'x', amount: 1 }, { headers: { 'X-Request-Id': 'theirs-1' } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-powered-by')).toBeNull();
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('ratelimit-policy')).toBe('"key";q=100000;w=1');
    const log = api.logLines();
    expect(log.includes('"callerRequestId":"theirs-1"')).toBe(true);
    expect(log.includes(reply.headers.get('x-request-id')!)).toBe(true);
  });

  it('is told every fault at once: query, body text, fields, unknown ones', async () => {
    const body =
      '{"name":"","amount":1.5,"amount":2,"at":"2026-02-30T00:00:00Z","x":1,"lines":[{}]}';
    const reply = await post(body, { query: '?mode=c&mode=a&y=1' });
    expect(reply.status).toBe(400);
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(faults(reply.json).sort()).toEqual(
      [
        '/amount not_an_integer',
        '/at invalid_moment',
        '/lines/0/quantity required',
        '/name too_small',
        '/x unknown_field',
        'query:/mode duplicate_parameter',
        'query:/y unknown_field',
      ].sort(),
    );
  });

  it('is answered in the words of Accept-Language, with the same codes', async () => {
    const [en, zh] = await Promise.all(
      ['en', 'zh-CN,zh;q=0.9,en;q=0.1'].map((language) =>
        post({ name: 1 }, { headers: { 'Accept-Language': language } }),
      ),
    );
    expect(faults(zh!.json)).toEqual(faults(en!.json));
    expect(zh!.json['code']).toBe(en!.json['code']);
    expect(zh!.json['title']).toBe('请求内容不符合要求');
    expect(zh!.text).toContain('必填');
    expect(en!.json['title']).toBe('The request is not valid');
  });

  it.each([
    ['no content type', { 'Content-Type': '' }, '{"name":"x","amount":1}', 415],
    ['text', { 'Content-Type': 'text/plain' }, '{"name":"x","amount":1}', 415],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'name=x', 415],
    ['UTF-16 by its name', { 'Content-Type': 'application/json; charset=utf-16' }, '{}', 415],
    ['UTF-16 in fact', {}, Buffer.from('{"name":"x"}', 'utf16le'), 400],
    ['a byte order mark', {}, '\ufeff{"name":"x","amount":1}', 400],
    ['gzip', { 'Content-Encoding': 'gzip' }, gzipSync('{"name":"x","amount":1}'), 415],
    ['broken JSON', {}, '{"name":', 400],
    ['10,000 brackets', {}, '['.repeat(10_000), 400],
    ['more than 1 MB', {}, `{"name":"${'x'.repeat(1_048_576)}"}`, 413],
    ['10 MB', {}, 'x'.repeat(10_485_760), 413],
    ['an array', {}, '[]', 400],
    ['nothing', {}, '', 400],
  ])('with %s is refused', async (_name, headers, body, status) => {
    const reply = await post(body, { headers });
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({ status });
    expect(reply.json['requestId']).toBe(reply.headers.get('x-request-id'));
  });

  it('takes Content-Type with charset utf-8 in any case', async () => {
    const headers = { 'Content-Type': 'Application/JSON; Charset=UTF-8' };
    expect((await post('{"name":"x","amount":1}', { headers })).status).toBe(200);
  });

  it.each([
    ['an unknown path', 'GET', '/v1/nothing', 404],
    ['an id of another kind', 'POST', '/v1/things/ord_01k9zq3v5wf8r8m2t4c6x0y1za', 404],
    ['a path that does not decode', 'POST', '/v1/things/%zz', 404],
    ['a wrong method', 'PUT', `/v1/things/${goodId}`, 405],
    ['TRACE', 'TRACE', `/v1/things/${goodId}`, 405],
    ['the path in other case', 'POST', `/V1/things/${goodId}`, 404],
  ])('for %s is a problem', async (_name, method, path, status) => {
    const reply = await raw(method, path);
    expect(reply).toContain(`HTTP/1.1 ${status} `);
    expect(reply).toContain('application/problem+json');
    if (status === 405) expect(reply).toContain('Allow: POST');
  });

  it('in which a method is overridden by a header keeps its method', async () => {
    const reply = await call(`${api.url}/v1/large`, {
      headers: { 'X-HTTP-Method-Override': 'DELETE' },
    });
    expect(reply.status).not.toBe(405);
  });

  it('with a token in the URL is refused before anything else', async () => {
    const reply = await post({ name: 'x', amount: 1 }, { query: `?api_key=${shop.apiKey}` });
    expect(reply.json['code']).toBe('credentials_in_url');
    expect(api.logLines().includes(shop.apiKey)).toBe(false);
  });

  it('with two lengths, or a line break in a header, is no HTTP', async () => {
    const both = 'Content-Length: 5\r\nTransfer-Encoding: chunked';
    expect(await raw('POST', `/v1/things/${goodId}`, both)).toContain('HTTP/1.1 400');
    expect(await raw('GET', '/v1/large', 'X-A: a\rb')).toContain('HTTP/1.1 400');
  });
});

describe('an answer', () => {
  it('never tells the cause of a failure of ours; the log has it under the request id', async () => {
    const reply = await call(`${api.url}/v1/broken`);
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain(secret);
    expect(reply.text).not.toContain('.ts');
    expect(api.logLines().includes(secret)).toBe(true);
  });

  it.each([
    ['/v1/refused', 422, 'refund_exceeds_line'],
    ['/v1/deadlock', 503, 'busy'],
    ['/v1/large', 422, 'amount_too_large'],
  ])('of %s is %i %s', async (path, status, code) => {
    const reply = await call(api.url + path);
    expect(reply.json).toMatchObject({ status, code });
    if (status === 503) expect(reply.headers.get('retry-after')).toBe('2');
  });

  it('of a batch names the faults per item', async () => {
    const body =
      '{"things":[{"name":"a","amount":1},{"name":"b","amount":1.5},{"name":"\\u0000"}]}';
    const reply = await call(`${api.url}/v1/batch`, { token: shop.apiKey, body });
    const items = reply.json as unknown as { ok: boolean; problem?: Record<string, unknown> }[];
    expect(items.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(faults(items[1]!.problem!)).toEqual(['/amount not_an_integer']);
    expect(faults(items[2]!.problem!)).toEqual(['/name unsafe_text', '/amount required']);
  });
});

describe('the rate limit', () => {
  it('answers 429 with Retry-After above it, per key', async () => {
    const strict = await startApi(db, { routes, config: { rateLimitPerSecond: 1 } });
    const other = await givenShop(db);
    const ask = (token: string): ReturnType<typeof call> =>
      call(`${strict.url}/v1/things/${goodId}`, { token, body: {} });
    const replies = await Promise.all(Array.from({ length: 80 }, () => ask(other.apiKey)));
    const limited = replies.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(20);
    expect(limited[0]!.headers.get('retry-after')).toBe('1');
    expect(limited[0]!.json['code']).toBe('rate_limited');
    expect((await ask(shop.apiKey)).status).not.toBe(429);
    await strict.close();
  });
});

describe('shutdown', () => {
  it('finishes what runs, refuses what is new, and ends', async () => {
    const other = await startApi(db, { routes });
    const running = call(`${other.url}/v1/slow`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = other.close();
    await expect(call(`${other.url}/v1/slow`)).rejects.toThrow();
    expect((await running).json).toEqual({ done: true });
    await closed;
  });

  it('survives a client that goes away in the middle of a body', async () => {
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${api.url}/v1/things/${goodId}`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${shop.apiKey}`,
          'Content-Type': 'application/json',
          'Content-Length': '1000',
        },
      });
      request.on('error', () => resolve());
      request.write('{"name"', () => request.destroy());
    });
    expect((await call(`${api.url}/v1/refused`)).status).toBe(422);
  });
});

/** One request by hand, as no client library would send it; the answer as text. */
function raw(method: string, path: string, header = 'X-A: a'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.port, '127.0.0.1');
    let reply = '';
    socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
    socket.on('close', () => resolve(reply));
    socket.on('error', reject);
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${shop.apiKey}\r\n` +
        `${header}\r\nConnection: close\r\n\r\n`,
    );
  });
}
