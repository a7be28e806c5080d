import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { createAdmin, createSession, createStore, findSignIn } from '../../db/admin';
import { allScopes, createApiKey } from '../../db/api-key';
import { recordAudit } from '../../db/audit';
import type { Database, Tx } from '../../db/database';
import { roles } from '../../domain/kernel/access';
import { hashPassword } from '../../http/password';
import { writePrivately } from './private-file';

const DemoStore = z.object({
  apiKey: z.string(),
  adminEmail: z.string(),
  adminPassword: z.string(),
  adminToken: z.string(),
  secondAdminToken: z.string(),
  /** start of the demo program, so that a repeated creation says the same */
  startsAt: z.string(),
  /** known from the moment the program was made */
  programId: z.string().optional(),
});
export type DemoStore = z.infer<typeof DemoStore>;

const people = ['owner@demo.example', 'finance@demo.example'] as const;
const programAgeMs = 30 * 86_400_000;

/**
 * The demo store with its two admins, made once. The file keeps what the database only knows as hashes;
 * when it was lost, the store stays and gets a new key and new tokens.
 */
export async function ensureDemoStore(
  path: string,
  db: Database,
  tokenPepper: string,
  now: Date,
): Promise<DemoStore> {
  if (existsSync(path)) return DemoStore.parse(JSON.parse(readFileSync(path, 'utf8')));
  const adminPassword = randomBytes(12).toString('base64url');
  const passwordHash = await hashPassword(adminPassword);
  const made = await db.transaction(async (tx) => {
    const { storeId, adminIds } = await findOrMake(tx, passwordHash, now);
    const tokens: string[] = [];
    for (const adminId of adminIds) {
      tokens.push((await createSession(tx, { adminId, expiresAt: null, now, tokenPepper })).token);
    }
    const { key } = await createApiKey(tx, {
      storeId,
      name: 'demo',
      scopes: allScopes,
      mode: 'test',
      createdBy: 'system:start',
      now,
      tokenPepper,
    });
    const [adminToken = '', secondAdminToken = ''] = tokens;
    return { apiKey: key, adminToken, secondAdminToken };
  });
  const startsAt = new Date(Math.floor((now.getTime() - programAgeMs) / 1000) * 1000).toISOString();
  const store: DemoStore = { ...made, adminEmail: people[0], adminPassword, startsAt };
  writePrivately(path, JSON.stringify(store, undefined, 2));
  return store;
}

/** Notes the program, so that later starts do not ask for it again. */
export function rememberProgram(path: string, store: DemoStore, programId: string): void {
  writePrivately(path, JSON.stringify({ ...store, programId }, undefined, 2));
}

async function findOrMake(
  tx: Tx,
  passwordHash: string,
  now: Date,
): Promise<{ storeId: string; adminIds: string[] }> {
  const known = await findSignIn(tx, people[0]);
  const storeId = known?.storeId ?? (await makeStore(tx, now));
  const adminIds: string[] = [];
  for (const email of people) {
    const found = await findSignIn(tx, email);
    if (found !== undefined) {
      await tx.run('UPDATE admin SET password_hash = $2 WHERE id = $1', [found.id, passwordHash]);
    }
    const { id } =
      found ?? (await createAdmin(tx, { storeId, email, name: email, passwordHash, roles, now }));
    adminIds.push(id);
  }
  return { storeId, adminIds };
}

async function makeStore(tx: Tx, now: Date): Promise<string> {
  const { id } = await createStore(tx, { name: 'Demo shop', now });
  await recordAudit(tx, {
    storeId: id,
    actor: 'system:start',
    action: 'store.created',
    subjectId: id,
    at: now,
  });
  return id;
}
