import type { ApiKeyReader } from '../db/api-key';
import { callerOfSession } from '../db/admin';
import { callerOfDistributorToken } from '../db/distributor-token';
import { tokenHash, type TokenPrefix, tokenPrefix } from '../db/token';
import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { HttpDeps } from './deps';
import { ProtocolRefusal } from './problem';
import { isForDistributors } from './distributor-access';
import type { Route } from './route';

const bearer = /^Bearer +([A-Za-z0-9_]{1,200})$/i;
// Longer than any id, so that an admin's id (adm_ and 26 characters) in a path is none.
const credentialInUrl = /(?:sk_(?:test|live)_|adm_|dtk_)[0-9A-Za-z]{40}/;

/** The bearer token of an Authorization header, if it has the right form. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
}

/**
 * A credential in a URL ends up in logs and histories of browsers and proxies, so it is refused
 * even where it would not be looked at.
 */
export function refuseCredentialsInUrl(url: string): void {
  if (credentialInUrl.test(url)) {
    throw new ProtocolRefusal('credentials_in_url', 'send the token as Authorization: Bearer');
  }
}

/** @throws ProtocolRefusal unauthorized */
export async function authenticate(
  deps: Pick<HttpDeps, 'db' | 'config' | 'clock'>,
  readApiKey: ApiKeyReader,
  authorization: string | undefined,
): Promise<Caller> {
  const token = bearerToken(authorization);
  if (token === undefined) throw unauthorized('a bearer token is needed', authorization);
  const prefix = tokenPrefix(token);
  if (prefix === undefined) throw unauthorized('the token is not valid', authorization);
  const hash = tokenHash(deps.config.tokenPepper, token);
  // The lookup is by a keyed hash of 256 random bits: how long it takes says nothing of the token.
  const caller = await callerOf(deps, readApiKey, prefix, hash);
  if (caller === undefined) throw unauthorized('the token is unknown or over', authorization);
  return caller;
}

function callerOf(
  { db, clock }: Pick<HttpDeps, 'db' | 'clock'>,
  readApiKey: ApiKeyReader,
  prefix: TokenPrefix,
  hash: string,
): Promise<Caller | undefined> {
  switch (prefix) {
    case 'adm_':
      return callerOfSession(db.read, hash, clock.now());
    case 'dtk_':
      return callerOfDistributorToken(db.read, hash, clock.now());
    case 'sk_test_':
    case 'sk_live_':
      return readApiKey(hash);
  }
}

function unauthorized(detail: string, authorization: string | undefined): ProtocolRefusal {
  // RFC 6750 section 3.1: no error code when nothing was sent.
  const error = authorization === undefined ? '' : ', error="invalid_token"';
  return new ProtocolRefusal('unauthorized', detail, {
    headers: { 'WWW-Authenticate': `Bearer realm="tributary"${error}` },
  });
}

/** @throws Refusal scope_required, role_required, not_for_distributors; ProtocolRefusal admin_required */
export function authorize(route: Pick<Route, 'method' | 'path' | 'access'>, caller: Caller): void {
  const { access } = route;
  if (access === 'open') return;
  if (caller.kind === 'distributor') {
    if (isForDistributors(route)) return;
    throw new Refusal('not_for_distributors', 'ask the shop; its key may do this');
  }
  const allowedRoles = 'adminOnly' in access ? access.adminOnly.roles : access.roles;
  if (caller.kind === 'apiKey') {
    if ('adminOnly' in access) throw new ProtocolRefusal('admin_required', '');
    if (!caller.scopes.includes(access.scope)) {
      throw new Refusal('scope_required', `the key needs the scope ${access.scope}`);
    }
    return;
  }
  if (allowedRoles !== undefined && !caller.roles.some((role) => allowedRoles.includes(role))) {
    throw new Refusal('role_required', `one of these roles is needed: ${allowedRoles.join(', ')}`);
  }
}
