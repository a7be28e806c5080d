/** What came back: the status, the headers and the parsed body. */
export interface Answer<T = any> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

export interface Ask {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Speaks HTTP to one address as one caller. */
export interface TestClient {
  get(path: string, ask?: Ask): Promise<Answer>;
  post(path: string, body?: unknown, ask?: Ask): Promise<Answer>;
  put(path: string, body?: unknown, ask?: Ask): Promise<Answer>;
  patch(path: string, body?: unknown, ask?: Ask): Promise<Answer>;
  delete(path: string, ask?: Ask): Promise<Answer>;
  /** The same address as somebody else. */
  as(token: string | undefined): TestClient;
}

/** A client for tests: it never throws for a status, and parses whatever JSON there is. */
export function testClient(baseUrl: string, token?: string): TestClient {
  const ask = (method: string, path: string, options: Ask = {}) =>
    request(baseUrl, method, path, { token, ...options });
  return {
    get: (path, options) => ask('GET', path, options),
    post: (path, body, options) => ask('POST', path, { ...options, body: body ?? {} }),
    put: (path, body, options) => ask('PUT', path, { ...options, body: body ?? {} }),
    patch: (path, body, options) => ask('PATCH', path, { ...options, body: body ?? {} }),
    delete: (path, options) => ask('DELETE', path, options),
    as: (other) => testClient(baseUrl, other),
  };
}

async function request(baseUrl: string, method: string, path: string, ask: Ask): Promise<Answer> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      ...(ask.token === undefined ? {} : { authorization: `Bearer ${ask.token}` }),
      ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...ask.headers,
    },
    ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body, bigintAsNumber) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? (JSON.parse(text) as unknown) : undefined,
    text,
  };
}

function bigintAsNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
