import type { Caller, Role } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { newId } from './id';
import { newToken, tokenHash } from './token';

/** Makes a store: the boundary that no id, key or admin crosses. */
export async function createStore(
  tx: Tx,
  input: { readonly name: string; readonly now: Date },
): Promise<{ id: string }> {
  const id = newId('store');
  await tx.insert('store', { id, name: input.name, createdAt: input.now });
  return { id };
}

export interface NewAdmin {
  readonly storeId: string;
  readonly email: string;
  readonly name: string;
  /** of `hashPassword` */
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly now: Date;
}

/** An address as it is stored and compared. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

/**
 * Makes an admin of a store. @throws Refusal email_taken: an address signs in to one store only
 */
export async function createAdmin(tx: Tx, input: NewAdmin): Promise<{ id: string }> {
  const id = newId('admin');
  const made = await tx.run(
    `INSERT INTO admin (id, store_id, email, name, password_hash, roles, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING`,
    [
      id,
      input.storeId,
      normalizeEmail(input.email),
      input.name,
      input.passwordHash,
      [...input.roles],
      input.now,
    ],
  );
  if (made === 0) throw new Refusal('email_taken', 'an admin with this e-mail address exists');
  return { id };
}

export interface AdminRow {
  readonly id: string;
  readonly storeId: string;
  readonly email: string;
  readonly name: string;
  readonly roles: Role[];
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

const columns = 'id, store_id, email, name, roles, created_at, disabled_at';

/** The admins of a store, newest first, beyond the cursor (an id). */
export function listAdmins(
  tx: Tx,
  input: { storeId: string; limit: number; cursor?: string | undefined },
): Promise<AdminRow[]> {
  return tx.rows<AdminRow>(
    `SELECT ${columns} FROM admin WHERE store_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [input.storeId, input.cursor ?? null, input.limit + 1],
  );
}

export function findAdmin(tx: Tx, storeId: string, id: string): Promise<AdminRow | undefined> {
  return tx.first<AdminRow>(`SELECT ${columns} FROM admin WHERE store_id = $1 AND id = $2`, [
    storeId,
    id,
  ]);
}

/** What a sign-in compares with; undefined for an unknown or disabled admin. */
export function findSignIn(
  tx: Tx,
  email: string,
): Promise<{ id: string; storeId: string; passwordHash: string; roles: Role[] } | undefined> {
  return tx.first(
    `SELECT id, store_id, password_hash, roles FROM admin
     WHERE email = $1 AND disabled_at IS NULL`,
    [normalizeEmail(email)],
  );
}

export interface NewSession {
  readonly adminId: string;
  /** null: does not end by itself (only the demo store's tokens) */
  readonly expiresAt: Date | null;
  readonly now: Date;
  readonly tokenPepper: string;
}

/** Signs an admin in. The token is given out once and stored nowhere. */
export async function createSession(
  tx: Tx,
  input: NewSession,
): Promise<{ id: string; token: string }> {
  const token = newToken('adm_');
  const id = newId('session');
  await tx.insert('admin_session', {
    id,
    adminId: input.adminId,
    tokenHash: tokenHash(input.tokenPepper, token),
    expiresAt: input.expiresAt,
    createdAt: input.now,
  });
  return { id, token };
}

/** Who a session belongs to; undefined when it is unknown, over, revoked, or its admin disabled. */
export async function callerOfSession(
  tx: Tx,
  hash: string,
  now: Date,
): Promise<Caller | undefined> {
  const row = await tx.first<{ adminId: string; storeId: string; roles: Role[] }>(
    `SELECT a.id AS admin_id, a.store_id, a.roles
     FROM admin_session s JOIN admin a ON a.id = s.admin_id
     WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND a.disabled_at IS NULL
       AND (s.expires_at IS NULL OR s.expires_at > $2)`,
    [hash, now],
  );
  return row === undefined
    ? undefined
    : {
        storeId: row.storeId,
        actor: `admin:${row.adminId}`,
        kind: 'admin',
        mode: 'both',
        adminId: row.adminId,
        roles: row.roles,
        scopes: [],
      };
}

/** Ends a session at once. */
export async function revokeSession(tx: Tx, hash: string, now: Date): Promise<void> {
  await tx.run(
    'UPDATE admin_session SET revoked_at = $2 WHERE token_hash = $1 AND revoked_at IS NULL',
    [hash, now],
  );
}
