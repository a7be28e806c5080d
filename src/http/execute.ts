import { type AuditNote, recordAudit } from '../db/audit';
import type { Tx } from '../db/database';
import {
  beginRun,
  type Claim,
  claimKey,
  endRun,
  hashRequest,
  keepAnswer,
  KeyTaken,
  type KeyUse,
} from '../db/idempotency';
import type { Caller } from '../domain/kernel/access';
import type { HttpDeps } from './deps';
import { ProtocolRefusal } from './problem';
import { type Answer, RawBody, type Route, type RouteContext } from './route';
import { encodeJson } from './strict-json';

type AnyContext = RouteContext<unknown, unknown, unknown, Caller | undefined>;

/** An answer as it goes over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

const keyAtMost = 255;
const printable = /^[\x20-\x7e]+$/;

/** The Idempotency-Key of a request. @throws ProtocolRefusal invalid_idempotency_key */
export function readKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || header.length > keyAtMost || !printable.test(header)) {
    throw new ProtocolRefusal('invalid_idempotency_key', '1 to 255 printable ASCII characters');
  }
  return header;
}

/** Runs a route's handler, under the request's Idempotency-Key when it has one. */
export async function execute(
  route: Route,
  context: AnyContext,
  request: { readonly url: string; readonly key: string | undefined },
): Promise<Reply> {
  const { caller, rawBody } = context;
  const use: KeyUse | undefined =
    request.key === undefined || caller === undefined || route.method !== 'post'
      ? undefined
      : {
          storeId: caller.storeId,
          key: request.key,
          requestHash: hashRequest(route.method, request.url, rawBody),
        };
  if (route.write !== undefined) {
    const reply = await writeOnce(route, context, use);
    context.deps.crashPoint?.('api.afterCommit');
    return reply;
  }
  return use === undefined ? replyOf(await handle(route, context)) : runOnce(route, context, use);
}

function handle(route: Route, context: AnyContext): Promise<Answer> {
  if (route.handle === undefined) throw new Error(`${route.path} has no handler`);
  return route.handle(context);
}

/** Effect, answer and key are committed together, or not at all. */
async function writeOnce(
  route: Route,
  context: AnyContext,
  use: KeyUse | undefined,
): Promise<Reply> {
  try {
    return await context.deps.db.transaction((tx) => writeIn(tx, route, context, use));
  } catch (error) {
    if (!(error instanceof KeyTaken)) throw error;
    return context.deps.db.transaction((tx) => writeIn(tx, route, context, use));
  }
}

async function writeIn(
  tx: Tx,
  route: Route,
  context: AnyContext,
  use: KeyUse | undefined,
): Promise<Reply> {
  if (route.write === undefined) throw new Error(`${route.path} does not write`);
  if (use !== undefined) {
    const stored = storedReply(await claimKey(tx, use), route, context.deps, use);
    if (stored !== undefined) return stored;
  }
  const answer = await route.write({ ...context, tx, audit: auditOf(tx, context) });
  const reply = replyOf(answer);
  if (use !== undefined && isSuccess(reply)) {
    await keepAnswer(tx, use, kept(reply, route, context.deps, use), context.now);
  }
  return reply;
}

function auditOf(tx: Tx, { caller, requestId, now }: AnyContext) {
  return (note: AuditNote) => {
    if (caller === undefined) throw new Error('an open route has nobody to name in the audit log');
    return recordAudit(tx, {
      ...note,
      storeId: caller.storeId,
      actor: caller.actor,
      requestId,
      at: now,
    });
  };
}

/** Work outside a transaction: the key is claimed first and answered (or freed) afterwards. */
async function runOnce(route: Route, context: AnyContext, use: KeyUse): Promise<Reply> {
  const { db } = context.deps;
  const stored = storedReply(await beginRun(db, use, context.now), route, context.deps, use);
  if (stored !== undefined) return stored;
  let done = false;
  try {
    const reply = replyOf(await handle(route, context));
    if (isSuccess(reply)) {
      await endRun(db, use, kept(reply, route, context.deps, use));
      done = true;
    }
    return reply;
  } finally {
    if (!done) await endRun(db, use, undefined);
  }
}

function storedReply(claim: Claim, route: Route, deps: HttpDeps, use: KeyUse): Reply | undefined {
  switch (claim.state) {
    case 'new':
      return undefined;
    case 'running':
      throw new ProtocolRefusal('idempotency_in_progress', 'ask again when it is done', {
        headers: { 'Retry-After': '1' },
      });
    case 'reused':
      throw new ProtocolRefusal(
        'idempotency_key_reused',
        'another path or body came with this key',
      );
    case 'done': {
      const { status, body } = claim.answer;
      const text = route.secretAnswer === true ? deps.vault.open(placeOf(use), body) : body;
      return {
        status,
        headers: { ...jsonHeaders, 'Idempotency-Replayed': 'true' },
        body: text === '' ? undefined : text,
      };
    }
  }
}

function kept(reply: Reply, route: Route, deps: HttpDeps, use: KeyUse) {
  const body = reply.body === undefined ? '' : reply.body.toString();
  return {
    status: reply.status,
    body: route.secretAnswer === true ? deps.vault.seal(placeOf(use), body) : body,
  };
}

function placeOf(use: KeyUse): string {
  return `idempotency_key.body:${use.storeId}:${use.key}`;
}

function isSuccess(reply: Reply): boolean {
  return reply.status >= 200 && reply.status < 300;
}

const jsonHeaders = { 'Content-Type': 'application/json; charset=utf-8' } as const;

/** Encodes an answer. A number that JSON cannot hold undoes the transaction it is encoded in. */
function replyOf(answer: Answer): Reply {
  const { status, body, headers = {} } = answer;
  if (body === undefined) return { status, headers, body: undefined };
  if (body instanceof RawBody) {
    return {
      status,
      headers: { 'Content-Type': body.contentType, ...headers },
      body: body.content,
    };
  }
  return { status, headers: { ...jsonHeaders, ...headers }, body: encodeJson(body) };
}
