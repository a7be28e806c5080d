import { Writable } from 'node:stream';
import { createAdmin, createSession, createStore } from '../../src/db/admin';
import { allScopes, createApiKey } from '../../src/db/api-key';
import type { Database } from '../../src/db/database';
import { createVault } from '../../src/db/vault';
import { type Mode, type Role, roles, type Scope } from '../../src/domain/kernel/access';
import type { HttpConfig, HttpDeps, TemporalGateway } from '../../src/http/deps';
import { createLog } from '../../src/http/log';
import { createMetrics } from '../../src/http/metrics';
import { hashPassword } from '../../src/http/password';
import { Refusal } from '../../src/domain/kernel/refusal';
import { serve } from '../../src/http/server';
import type { Route } from '../../src/http/route';

const tokenPepper = 'a pepper that only tests use, 40 letters';

/** Temporal as it looks from the API when it is down. */
export const noTemporal: TemporalGateway = {
  updateWithStart: () => Promise.reject(new Refusal('temporal_unavailable', 'not in this test')),
  signal: () => Promise.resolve(false),
  reachable: () => Promise.resolve(false),
  close: () => Promise.resolve(),
};

export interface TestApi {
  readonly url: string;
  readonly port: number;
  readonly deps: HttpDeps;
  /** every log line so far */
  readonly logLines: () => string;
  close(graceMs?: number): Promise<void>;
}

/** The API in this process, on a free port, over a real database. */
export async function startApi(
  db: Database,
  options: {
    config?: Partial<HttpConfig>;
    deps?: Partial<HttpDeps>;
    routes?: readonly Route[];
  } = {},
): Promise<TestApi> {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const deps: HttpDeps = {
    db,
    vault: createVault({
      fieldKeys: new Map([['t1', Buffer.alloc(32, 7)]]),
      indexKey: Buffer.alloc(32, 9),
    }),
    clock: { now: () => new Date() },
    temporal: noTemporal,
    channels: new Map() as unknown as HttpDeps['channels'],
    config: {
      tokenPepper,
      rateLimitPerSecond: 100_000,
      signInAttempts: 1_000,
      sessionSeconds: 3600,
      callbackBaseUrl: 'http://127.0.0.1',
      trustedProxies: 0,
      ...options.config,
    },
    log: createLog('test', 'info', sink),
    metrics: createMetrics(),
    ...options.deps,
  };
  const server = await serve(deps, { port: 0, host: '127.0.0.1' }, options.routes);
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    deps,
    logLines: () => lines.join(''),
    close: (graceMs) => server.close(graceMs),
  };
}

export interface Credentials {
  readonly storeId: string;
  readonly adminId: string;
  readonly adminEmail: string;
  readonly adminToken: string;
  readonly apiKey: string;
}

export const testPassword = 'correct horse battery staple';
let passwordHash: Promise<string> | undefined;

/** A store with an owner of all roles, a session that does not end, and a key of all scopes. */
export async function givenShop(
  db: Database,
  options: { mode?: Mode; scopes?: readonly Scope[]; roles?: readonly Role[] } = {},
): Promise<Credentials> {
  const now = new Date();
  const hash = await (passwordHash ??= hashPassword(testPassword));
  return db.transaction(async (tx) => {
    const { id: storeId } = await createStore(tx, { name: 'Some Shop', now });
    const adminEmail = `${storeId}@example.com`;
    const admin = await createAdmin(tx, {
      storeId,
      email: adminEmail,
      name: 'Some One',
      passwordHash: hash,
      roles: options.roles ?? roles,
      now,
    });
    const session = await createSession(tx, {
      adminId: admin.id,
      expiresAt: null,
      now,
      tokenPepper,
    });
    const key = await createApiKey(tx, {
      storeId,
      name: 'test',
      scopes: options.scopes ?? allScopes,
      mode: options.mode ?? 'test',
      createdBy: 'system:test',
      now,
      tokenPepper,
    });
    const { token: adminToken } = session;
    return { storeId, adminId: admin.id, adminEmail, adminToken, apiKey: key.key };
  });
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** the parsed body, `{}` when there is none */
  readonly json: Record<string, unknown>;
}

/** Sends one request; `body` is sent as JSON, a string or Buffer as it is. */
export async function call(
  url: string,
  request: {
    method?: string;
    token?: string | undefined;
    headers?: Record<string, string>;
    body?: unknown;
  } = {},
): Promise<Reply> {
  const { method, token, body } = request;
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}
