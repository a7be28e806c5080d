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
