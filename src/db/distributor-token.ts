import type { Caller, Mode } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { newId } from './id';
import { noteSignOfLife } from './inactivity';
import { newToken, tokenHash } from './token';

/** A distributor's token as it can be listed: what opens the door is stored nowhere. */
export interface DistributorTokenRow {
  id: string;
  distributorId: string;
  expiresAt: Date;
  createdAt: Date;
  revokedAt: Date | null;
}

/**
 * Makes a token with which a distributor's page reads what is its own, until a moment of real time.
 * That the shop asked for it is a sign of life. `token` is shown once.
 */
export async function createDistributorToken(
  tx: Tx,
  given: {
    distributor: DistributorRow;
    ttlSeconds: number;
    createdBy: string;
    now: Date;
    tokenPepper: string;
  },
): Promise<{ row: DistributorTokenRow; token: string }> {
  const { distributor, ttlSeconds, createdBy, now, tokenPepper } = given;
  const token = newToken('dtk_');
  const row = {
    id: newId('distributorToken'),
    distributorId: distributor.id,
    expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
    createdAt: now,
  };
  await tx.insert('distributor_token', {
    ...row,
    tokenHash: tokenHash(tokenPepper, token),
    createdBy,
  });
  await noteSignOfLife(tx, distributor.id, now);
  return { row: { ...row, revokedAt: null }, token };
}

/** Whose token this is; undefined when it is unknown, revoked or over. */
export async function callerOfDistributorToken(
  read: Tx,
  hash: string,
  now: Date,
): Promise<Caller | undefined> {
  const row = await read.first<{ distributorId: string; storeId: string; mode: Mode }>(
    `SELECT d.id AS distributor_id, d.store_id, p.mode
     FROM distributor_token t
     JOIN distributor d ON d.id = t.distributor_id
     JOIN program p ON p.id = d.program_id
     WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2`,
    [hash, now],
  );
  if (row === undefined) return undefined;
  const { distributorId, storeId, mode } = row;
  const actor = `distributor:${distributorId}`;
  return { storeId, actor, kind: 'distributor', mode, distributorId, roles: [], scopes: [] };
}

const columns = 'id, distributor_id, expires_at, created_at, revoked_at';

/** The tokens of a distributor, the newest first, before a cursor. */
export function listDistributorTokens(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<DistributorTokenRow[]> {
  return read.rows<DistributorTokenRow>(
    `SELECT ${columns} FROM distributor_token
     WHERE distributor_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}

/** Ends a token at once; one that has ended keeps its first end. @throws Refusal not_found */
export async function revokeDistributorToken(
  tx: Tx,
  distributorId: string,
  given: { tokenId: string; now: Date },
): Promise<void> {
  const found = await tx.run(
    `UPDATE distributor_token SET revoked_at = coalesce(revoked_at, $3)
     WHERE id = $1 AND distributor_id = $2`,
    [given.tokenId, distributorId, given.now],
  );
  if (found === 0) throw new Refusal('not_found', 'The distributor has no such token.');
}
