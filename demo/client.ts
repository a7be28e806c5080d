import { setTimeout as pause } from 'node:timers/promises';

/** The server said no, and saying it again would not help. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface Api {
  get<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T>;
  /** Safe to repeat: by externalId in the body, or by the Idempotency-Key given. */
  post<T>(path: string, body: unknown, idempotencyKey?: string): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  /** All pages of a list. */
  all<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T[]>;
}

interface Problem {
  code?: string;
  detail?: string;
  title?: string;
  errors?: { pointer: string; message: string }[];
}

const attempts = 8;

/**
 * Speaks to the API as one caller. What can pass by itself (429, 503, a lost connection) is tried
 * again after as long as the server asks for; everything else is an ApiError.
 */
export function apiOf(baseUrl: string, token: string): Api {
  const call = async <T>(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await send({ baseUrl, token, method, path, body, key }, attempt);
      if (response === undefined) continue;
      const text = await response.text();
      if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
      if (attempt < attempts && [429, 503].includes(response.status)) {
        await pause(Number(response.headers.get('retry-after') ?? 1) * 1000);
        continue;
      }
      throw errorOf(method, path, response.status, text);
    }
  };
  const get = <T>(path: string, query: Readonly<Record<string, string>> = {}) => {
    const search = new URLSearchParams(query).toString();
    return call<T>('GET', search === '' ? path : `${path}?${search}`);
  };
  return {
    get,
    post: (path, body, key) => call('POST', path, body, key),
    put: (path, body) => call('PUT', path, body),
    all: (path, query) => allPages(get, path, query),
  };
}

interface Call {
  baseUrl: string;
  token: string;
  method: string;
  path: string;
  body: unknown;
  key: string | undefined;
}

async function send(call: Call, attempt: number): Promise<Response | undefined> {
  const { baseUrl, token, method, path, body, key } = call;
  try {
    return await fetch(baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'accept-language': 'en',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body, bigintAsNumber) }),
      signal: AbortSignal.timeout(120_000),
    });
  } catch (error) {
    if (attempt < attempts) {
      await pause(250 * attempt);
      return undefined;
    }
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${baseUrl} does not answer (${String(cause)}); is \`npm start\` running?`);
  }
}

/** Amounts are JSON integers outside; one that would lose a fen is refused here. */
function bigintAsNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is too large for JSON`);
  return number;
}

function errorOf(method: string, path: string, status: number, text: string): ApiError {
  let problem: Problem = {};
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    problem = { detail: text.slice(0, 200) };
  }
  const faults = (problem.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`);
  const what = faults.length > 0 ? faults.join('; ') : (problem.detail ?? problem.title ?? '');
  const code = problem.code ?? '';
  return new ApiError(status, code, `${method} ${path}: ${status} ${code} ${what}`);
}

async function allPages<T>(
  get: <R>(path: string, query?: Readonly<Record<string, string>>) => Promise<R>,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { data: T[]; nextCursor: string | null } = await get(path, {
      ...query,
      limit: '100',
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

/** Runs `work` on every item, `width` at a time; the results keep the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
