import { type Caller, type Mode, type Scope, scopes } from '../domain/kernel/access';
import type { Tx } from './database';
import { newId } from './id';
import { newToken, tokenHash } from './token';

export interface ApiKeyRow {
  readonly id: string;
  readonly storeId: string;
  readonly name: string;
  readonly hint: string;
  readonly mode: Mode;
  readonly scopes: Scope[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface NewApiKey {
  readonly storeId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly mode: Mode;
  /** `admin:<id>` or `system:<part>` */
  readonly createdBy: string;
  readonly now: Date;
  readonly tokenPepper: string;
}

/** Makes a key. `key` is shown once and stored nowhere. */
export async function createApiKey(tx: Tx, input: NewApiKey): Promise<{ id: string; key: string }> {
  const key = newToken(input.mode === 'test' ? 'sk_test_' : 'sk_live_');
  const id = newId('apiKey');
  await tx.insert('api_key', {
    id,
    storeId: input.storeId,
    name: input.name,
    keyHash: tokenHash(input.tokenPepper, key),
    hint: key.slice(-4),
    mode: input.mode,
    scopes: [...input.scopes],
    createdBy: input.createdBy,
    createdAt: input.now,
  });
  return { id, key };
}

/** All scopes: what the demo store's key and a store's first key get. */
export const allScopes: readonly Scope[] = scopes;

/** Who a key belongs to; undefined when it is unknown or revoked. */
export async function callerOfApiKey(tx: Tx, hash: string): Promise<Caller | undefined> {
  return (await callersOfApiKeys(tx, [hash])).get(hash);
}

/** Who keys belong to, by their hashes; unknown and revoked ones are left out. */
async function callersOfApiKeys(tx: Tx, hashes: readonly string[]): Promise<Map<string, Caller>> {
  const rows = await tx.rows<
    Pick<ApiKeyRow, 'id' | 'storeId' | 'mode' | 'scopes'> & { keyHash: string }
  >(
    `SELECT key_hash, id, store_id, mode, scopes FROM api_key
     WHERE key_hash = ANY($1) AND revoked_at IS NULL`,
    [hashes],
  );
  return new Map(
    rows.map(({ keyHash, id, storeId, mode, scopes: allowed }) => [
      keyHash,
      { storeId, actor: `key:${id}`, kind: 'apiKey', mode, roles: [], scopes: allowed },
    ]),
  );
}

/** Says who a key belongs to, like `callerOfApiKey`. */
export type ApiKeyReader = (hash: string) => Promise<Caller | undefined>;

/**
 * Requests that arrive together share a look-up. It always begins after they arrived, so a key that
 * was revoked before is never let in: nothing is remembered.
 */
export function apiKeyReader(read: Tx): ApiKeyReader {
  let waiting: { hashes: Set<string>; callers: Promise<Map<string, Caller>> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return async (hash) => {
    if (waiting === undefined) {
      const hashes = new Set<string>();
      const callers = last.then(() => {
        waiting = undefined; // from here on who comes is too late for it
        return callersOfApiKeys(read, [...hashes]);
      });
      last = callers.catch(() => undefined);
      waiting = { hashes, callers };
    }
    waiting.hashes.add(hash);
    return (await waiting.callers).get(hash);
  };
}

const columns = 'id, store_id, name, hint, mode, scopes, created_by, created_at, revoked_at';

/** The keys of a store, newest first, beyond the cursor (an id). */
export function listApiKeys(
  tx: Tx,
  input: { storeId: string; limit: number; cursor?: string | undefined },
): Promise<ApiKeyRow[]> {
  return tx.rows<ApiKeyRow>(
    `SELECT ${columns} FROM api_key WHERE store_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [input.storeId, input.cursor ?? null, input.limit + 1],
  );
}

export function findApiKey(tx: Tx, storeId: string, id: string): Promise<ApiKeyRow | undefined> {
  return tx.first<ApiKeyRow>(`SELECT ${columns} FROM api_key WHERE store_id = $1 AND id = $2`, [
    storeId,
    id,
  ]);
}

/** Ends a key at once; one that has ended keeps its first end. */
export async function revokeApiKey(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run('UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [
    id,
    now,
  ]);
}
