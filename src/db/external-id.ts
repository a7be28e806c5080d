import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';

/** Two requests with one externalId wait for each other, so the second finds what the first made. */
export async function lockExternalId(
  tx: Tx,
  kind: string,
  storeId: string,
  externalId: string,
): Promise<void> {
  await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `${kind}:${storeId}:${externalId}`,
  ]);
}

/** What a store makes under its own ids, with the table and the word for it. */
const made = {
  'after-sale': { table: 'after_sale', word: 'case' },
  campaign: { table: 'campaign', word: 'campaign' },
  distributor: { table: 'distributor', word: 'distributor' },
  material: { table: 'material', word: 'material' },
  program: { table: 'program', word: 'program' },
} as const;

/**
 * What was made under an externalId before, from the same content; undefined: it is new, and nobody
 * else makes it before this transaction ends.
 * @throws Refusal external_id_conflict when it was made from other content
 */
export async function storedUnder<R extends { contentHash: string }>(
  tx: Tx,
  kind: keyof typeof made,
  {
    storeId,
    externalId,
    contentHash,
  }: { storeId: string; externalId: string; contentHash: string },
): Promise<R | undefined> {
  await lockExternalId(tx, kind, storeId, externalId);
  const { table, word } = made[kind];
  const before = await tx.first<R>(
    `SELECT * FROM ${table} WHERE store_id = $1 AND external_id = $2`,
    [storeId, externalId],
  );
  if (before === undefined || before.contentHash === contentHash) return before;
  throw new Refusal('external_id_conflict', `This externalId was used for another ${word}.`);
}
