import type { AuditEntry, AuditNote } from '../db/audit';
import type { Claim, KeyUse } from '../db/idempotency';
import type { Caller } from '../domain/kernel/access';
import type { HttpDeps } from './deps';
import { ProtocolRefusal } from './problem';
import { type Answer, RawBody, type Route, type RouteContext } from './route';
import { encodeJson } from './strict-json';

export type AnyContext = RouteContext<unknown, unknown, unknown, Caller | undefined>;

/** An answer as it goes over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

/** A note about a write with who did it, when and by which request. */
export function auditEntry(note: AuditNote, { caller, requestId, now }: AnyContext): AuditEntry {
  if (caller === undefined) throw new Error('an open route has nobody to name in the audit log');
  const { action, subjectId, reason, before, after } = note;
  // Named one by one: nothing in a note can say who did it, or when.
  const who = { storeId: caller.storeId, actor: caller.actor, requestId, at: now };
  return { action, subjectId, reason, before, after, ...who };
}

/**
 * What a key answers by itself; undefined: the work is to be done.
 * @throws ProtocolRefusal idempotency_in_progress, idempotency_key_reused
 */
export function storedReply(
  claim: Claim,
  route: Route,
  deps: HttpDeps,
  use: KeyUse,
): Reply | undefined {
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
        headers: { 'Idempotency-Replayed': 'true', ...jsonHeaders },
        body: text === '' ? undefined : text,
      };
    }
  }
}

export function kept(reply: Reply, route: Route, deps: HttpDeps, use: KeyUse) {
  const body = reply.body === undefined ? '' : reply.body.toString();
  return {
    status: reply.status,
    body: route.secretAnswer === true ? deps.vault.seal(placeOf(use), body) : body,
  };
}

function placeOf(use: KeyUse): string {
  return `idempotency_key.body:${use.storeId}:${use.key}`;
}

export function isSuccess(reply: Reply): boolean {
  return reply.status >= 200 && reply.status < 300;
}

const jsonHeaders = { 'Content-Type': 'application/json; charset=utf-8' } as const;

/** Encodes an answer. A number that JSON cannot hold undoes the transaction it is encoded in. */
export function replyOf(answer: Answer): Reply {
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
