import { createAdmin, createSession, createStore } from '../../src/db/admin';
import { allScopes, createApiKey } from '../../src/db/api-key';
import type { Database } from '../../src/db/database';
import { newId } from '../../src/db/id';
import { type Role, roles, type Scope } from '../../src/domain/kernel/access';
import { testPepper } from './settings';

export interface TestStore {
  readonly id: string;
  /** test mode, all scopes */
  readonly apiKey: string;
  readonly liveKey: string;
  /** two people, both with all roles */
  readonly admin: { id: string; token: string };
  readonly secondAdmin: { id: string; token: string };
}

/** No test signs in with it; the hash is of no password at all. */
const noPassword = '$argon2id$v=19$m=19456,t=2,p=1$none$none';

/** A store with two admins and a key for each mode. */
export async function testStore(db: Database, name = 'Test shop'): Promise<TestStore> {
  const now = new Date();
  const { id } = await db.transaction((tx) => createStore(tx, { name, now }));
  return {
    id,
    apiKey: await testKey(db, id, { mode: 'test' }),
    liveKey: await testKey(db, id, { mode: 'live' }),
    admin: await testAdmin(db, id),
    secondAdmin: await testAdmin(db, id),
  };
}

export async function testKey(
  db: Database,
  storeId: string,
  options: { mode?: 'test' | 'live'; scopes?: readonly Scope[] } = {},
): Promise<string> {
  const { mode = 'test', scopes = allScopes } = options;
  const made = await db.transaction((tx) =>
    createApiKey(tx, {
      storeId,
      name: `${mode} key`,
      mode,
      scopes,
      createdBy: 'system:test',
      now: new Date(),
      tokenPepper: testPepper,
    }),
  );
  return made.key;
}

/** An admin with the given roles (all of them by default) and a token that does not expire. */
export async function testAdmin(
  db: Database,
  storeId: string,
  withRoles: readonly Role[] = roles,
): Promise<{ id: string; token: string }> {
  const now = new Date();
  return db.transaction(async (tx) => {
    const { id } = await createAdmin(tx, {
      storeId,
      email: `${newId('admin')}@test.example`,
      name: 'Test admin',
      passwordHash: noPassword,
      roles: withRoles,
      now,
    });
    const session = await createSession(tx, {
      adminId: id,
      expiresAt: null,
      now,
      tokenPepper: testPepper,
    });
    return { id, token: session.token };
  });
}
