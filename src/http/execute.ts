import { type AuditNote, recordAudit } from '../db/audit';
import type { Tx } from '../db/database';
import {
  beginRun,
  claimKey,
  endRun,
  hashRequest,
  keepAnswer,
  KeyTaken,
  type KeyUse,
} from '../db/idempotency';
import { Refusal } from '../domain/kernel/refusal';
import type { Groups } from './group';
import { ProtocolRefusal } from './problem';
import {
  type AnyContext,
  auditEntry,
  isSuccess,
  kept,
  type Reply,
  replyOf,
  storedReply,
} from './reply';
import type { Answer, Route } from './route';

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
  groups: Groups,
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
  if (route.grouped !== undefined) {
    const reply = await groups.write(route, context, use);
    context.deps.crashPoint?.('api.afterCommit');
    return reply;
  }
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

/**
 * Effect, answer and key are committed together, or not at all. A refusal that was returned instead of
 * thrown is answered like any other, after the commit: what it wrote stays, and no key is kept for it.
 */
async function writeOnce(
  route: Route,
  context: AnyContext,
  use: KeyUse | undefined,
): Promise<Reply> {
  const attempt = () => context.deps.db.transaction((tx) => writeIn(tx, route, context, use));
  const done = await attempt().catch((error: unknown) => {
    if (!(error instanceof KeyTaken)) throw error;
    return attempt();
  });
  if (done instanceof Refusal) throw done;
  return done;
}

async function writeIn(
  tx: Tx,
  route: Route,
  context: AnyContext,
  use: KeyUse | undefined,
): Promise<Reply | Refusal> {
  if (route.write === undefined) throw new Error(`${route.path} does not write`);
  if (use !== undefined) {
    const stored = storedReply(await claimKey(tx, use), route, context.deps, use);
    if (stored !== undefined) return stored;
  }
  const answer = await route.write({ ...context, tx, audit: auditOf(tx, context) });
  if (answer instanceof Refusal) return answer;
  const reply = replyOf(answer);
  if (use !== undefined && isSuccess(reply)) {
    await keepAnswer(tx, use, kept(reply, route, context.deps, use), context.now);
  }
  context.deps.crashPoint?.('api.beforeCommit');
  return reply;
}

function auditOf(tx: Tx, context: AnyContext) {
  return (note: AuditNote) => recordAudit(tx, auditEntry(note, context));
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
