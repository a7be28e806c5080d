import type { Express, Request, Response } from 'express';
import type { ApiKeyReader } from '../db/api-key';
import { sqlState } from '../db/database';
import { newId } from '../db/id';
import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import { authenticate, authorize, refuseCredentialsInUrl } from './authenticate';
import { ClientGone, defaultBodyLimit, readBody } from './body';
import { demandOwn } from './distributor-access';
import type { HttpDeps } from './deps';
import { execute, readKey } from './execute';
import { check, onePerPointer, translate } from './faults';
import { type Input, readInput } from './input';
import type { Limiter } from './limits';
import { localeOf, problemFor, problemHeaders, problemOf, ProtocolRefusal } from './problem';
import { isProblemCode } from './refusals';
import type { Groups } from './group';
import type { Reply } from './reply';
import type { Item, Route, RouteContext } from './route';
import { encodeJson } from './strict-json';

/** What the kit keeps between requests. */
export interface KitState {
  readonly limiter: Limiter;
  readonly groups: Groups;
  readonly readApiKey: ApiKeyReader;
  /** true from the moment the process was told to stop */
  readonly stopping: () => boolean;
}

/** Puts the routes into the app; a path that is known by another method answers 405. */
export function registerRoutes(
  app: Express,
  routes: readonly Route[],
  deps: HttpDeps,
  state: KitState,
): void {
  const methodsOf = new Map<string, string[]>();
  for (const route of routes) {
    app[route.method](route.path, (request, response) => {
      void serve(route, request, response, deps, state);
    });
    const methods = methodsOf.get(route.path) ?? [];
    methodsOf.set(route.path, [...methods, route.method.toUpperCase()]);
  }
  for (const [path, methods] of methodsOf) {
    const allow = (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ');
    app.all(path, (request, response) => {
      const refusal = new ProtocolRefusal('method_not_allowed', `takes ${allow}`, {
        headers: { Allow: allow },
      });
      refuse(refusal, request, response, deps, state);
    });
  }
}

async function serve(
  route: Route,
  request: Request,
  response: Response,
  deps: HttpDeps,
  state: KitState,
): Promise<void> {
  const stop = deps.metrics.httpSeconds.startTimer({ method: request.method, route: route.path });
  response.once('close', () => stop({ status: response.statusCode }));
  response.locals['route'] = route.path;
  try {
    send(await answerOf(route, request, response, deps, state), response, state);
  } catch (error) {
    refuse(error, request, response, deps, state);
  }
}

async function answerOf(
  route: Route,
  request: Request,
  response: Response,
  deps: HttpDeps,
  state: KitState,
): Promise<Reply> {
  refuseCredentialsInUrl(request.url);
  let caller: Caller | undefined;
  if (route.access !== 'open') {
    caller = await authenticate(deps, state.readApiKey, request.headers.authorization);
    response.locals['actor'] = caller.actor;
    response.set(await state.limiter.use(caller.actor));
    authorize(route, caller);
  }
  const key = route.method === 'post' ? readKey(request.headers['idempotency-key']) : undefined;
  const rawBody = await readBody(request, route.bodyLimit ?? defaultBodyLimit);
  const locale = localeOf(request.headers['accept-language']);
  const raw = {
    params: request.params,
    queryString: queryStringOf(request.url),
    contentType: request.headers['content-type'],
    body: rawBody,
  };
  const input = readInput(route, raw, locale);
  if (caller !== undefined) demandOwn(route, caller, input.params);
  const context = contextOf(input, request, response, { caller, rawBody, deps });
  return execute(route, context, { url: request.url, key }, state.groups);
}

function queryStringOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function contextOf(
  input: Input,
  request: Request,
  response: Response,
  given: { caller: Caller | undefined; rawBody: Buffer; deps: HttpDeps },
): RouteContext<unknown, unknown, unknown, Caller | undefined> {
  const locale = localeOf(request.headers['accept-language']);
  const problem = { requestId: requestIdOf(response), locale };
  return {
    params: input.params,
    query: input.query,
    body: input.body,
    now: given.deps.clock.now(),
    requestId: problem.requestId,
    locale,
    headers: request.headers,
    method: request.method,
    address: request.ip ?? '',
    problemOf: (error) => problemOf(knownFailure(error), problem),
    item: <S extends Parameters<typeof check>[0]>(schema: S, index: number, value: unknown) => {
      const checked = check(schema, value, '', locale);
      const faults = onePerPointer([
        ...translate(input.itemFaults.get(index) ?? [], locale),
        ...(checked.ok ? [] : checked.faults),
      ]);
      type Checked = Item<(typeof checked & { ok: true })['value']>;
      if (checked.ok && faults.length === 0) return { ok: true, value: checked.value } as Checked;
      return { ok: false, problem: problemFor('invalid_request', '', faults, problem) };
    },
    ...given,
  };
}

/** The id of this request, made by `requestIds` (app.ts). */
export function requestIdOf(response: Response): string {
  const id: unknown = response.locals['requestId'];
  return typeof id === 'string' ? id : newId('request');
}

function send(reply: Reply, response: Response, state: KitState): void {
  if (response.headersSent || response.destroyed) return;
  if (state.stopping()) response.set('Connection', 'close');
  response.status(reply.status).set(reply.headers);
  // `end` and not `send`: no ETag over a changing answer, no guessing of types.
  if (reply.body === undefined) response.end();
  else {
    response.set('Content-Length', String(Buffer.byteLength(reply.body)));
    response.end(reply.body);
  }
}

/** Answers anything thrown as a problem; what is no refusal is logged with its cause. */
export function refuse(
  thrown: unknown,
  request: Request,
  response: Response,
  deps: Pick<HttpDeps, 'log'>,
  state: KitState,
): void {
  if (thrown instanceof ClientGone) {
    response.destroy();
    return;
  }
  const error = knownFailure(thrown);
  const requestId = requestIdOf(response);
  const context = { requestId, locale: localeOf(request.headers['accept-language']) };
  const problem = problemOf(error, context);
  if (problem.status >= 500) deps.log.error({ requestId, err: thrown }, 'a request failed');
  response.locals['code'] = problem.code;
  send(
    {
      status: problem.status,
      headers: {
        'Content-Type': 'application/problem+json; charset=utf-8',
        ...problemHeaders(error),
      },
      body: encodeJson(problem),
    },
    response,
    state,
  );
}

const numberOutOfRange = '22003';
// Connections refused, lost or used up, a server that stops or starts, read-only, locked, too slow.
const passing = /^(08...|53...|57...|25006|55P03|40001|40P01|ECONN.*|ETIMEDOUT|EPIPE)$/;

/** Failures that have a name for the caller; anything else stays what it is. */
function knownFailure(error: unknown): unknown {
  if (error instanceof Refusal || error instanceof ProtocolRefusal) return error;
  if (error instanceof RangeError && error.message.startsWith('an amount')) {
    return new ProtocolRefusal('amount_too_large', 'a sum exceeds 2^53 - 1');
  }
  const state = sqlState(error);
  if (state === numberOutOfRange) {
    return new ProtocolRefusal('amount_too_large', 'a sum exceeds what can be stored');
  }
  const waitedInVain = error instanceof Error && error.message.startsWith('timeout exceeded when');
  const lost = error instanceof Error && error.message.startsWith('Connection terminated');
  if (passing.test(state) || waitedInVain || lost) {
    return new ProtocolRefusal('busy', 'the database does not answer in time', {
      headers: { 'Retry-After': '2' },
    });
  }
  // Express's own refusals: a path that does not decode.
  if (error instanceof URIError)
    return new ProtocolRefusal('not_found', 'the path does not decode');
  return error;
}

/** A refusal code that travelled through another process, as a Refusal again. */
export function refusalOf(code: string, detail: string): Error {
  return isProblemCode(code) ? new ProtocolRefusal(code, detail) : new Error(`${code}: ${detail}`);
}
