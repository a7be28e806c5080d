import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createAdmin, createSession, createStore } from '../db/admin';
import { allScopes, createApiKey } from '../db/api-key';
import { recordAudit } from '../db/audit';
import type { Database } from '../db/database';
import { roles } from '../domain/kernel/access';
import { hashPassword } from '../http/password';
import { composeParts, systemClock } from './compose';

const usage = 'npm run store -- create --name <shop> --email <owner> [--mode test|live]';
const sessionMs = 12 * 3_600_000;

/** `npm run store -- create`: makes a shop and prints its credentials, which are shown this once. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      email: { type: 'string' },
      mode: { type: 'string', default: 'test' },
    },
  });
  const { name, email, mode } = values;
  const known = mode === 'test' || mode === 'live';
  if (positionals[0] !== 'create' || name === undefined || email === undefined || !known) {
    throw new Error(`usage: ${usage}`);
  }
  const { config, db } = composeParts(process.env, 'store');
  try {
    const made = await createShop(db, { name, email, mode, tokenPepper: config.tokenPepper });
    console.log(JSON.stringify(made, undefined, 2));
  } finally {
    await db.close();
  }
}

interface NewShop {
  readonly name: string;
  readonly email: string;
  readonly mode: 'test' | 'live';
  readonly tokenPepper: string;
}

/** A store, its owner with all roles, a session of 12 hours, and one key with all scopes. */
async function createShop(db: Database, { name, email, mode, tokenPepper }: NewShop) {
  const adminPassword = randomBytes(18).toString('base64url');
  const passwordHash = await hashPassword(adminPassword);
  const now = systemClock.now();
  return db.transaction(async (tx) => {
    const store = await createStore(tx, { name, now });
    const storeId = store.id;
    const admin = await createAdmin(tx, { storeId, email, name: email, passwordHash, roles, now });
    const expiresAt = new Date(now.getTime() + sessionMs);
    const session = await createSession(tx, { adminId: admin.id, expiresAt, now, tokenPepper });
    const key = await createApiKey(tx, {
      storeId,
      name: 'first key',
      scopes: allScopes,
      mode,
      createdBy: 'system:store',
      now,
      tokenPepper,
    });
    for (const [action, subjectId] of [
      ['store.created', storeId],
      ['admin.created', admin.id],
      ['apiKey.created', key.id],
    ] as const) {
      await recordAudit(tx, { storeId, actor: 'system:store', action, subjectId, at: now });
    }
    return {
      storeId,
      adminEmail: email,
      adminPassword,
      adminToken: session.token,
      apiKey: key.key,
    };
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
