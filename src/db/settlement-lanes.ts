import type { Database, Tx } from './database';
import { settlementById, type SettlementRow } from './settlement';
import {
  chunkSize,
  countCandidates,
  finishLocking,
  lockPeople,
  nextPeople,
} from './settlement-lock';
import type { Vault } from './vault';

/** While the database writes one chunk, the worker thinks about the next. */
const lanes = 2;

/**
 * Locks everybody who can be settled, in chunks of one transaction each, two at a time. It may be
 * killed and called again at any point, and called by two workers at once.
 * @param options.afterChunk is called after each commit
 */
export async function lockEverybody(
  db: Database,
  vault: Vault,
  settlementId: string,
  options: { chunk?: number; afterChunk?: () => void } = {},
): Promise<void> {
  const settlement = await settlementById(db.read, settlementId);
  if (settlement.status !== 'locking') return;
  await db.transaction((tx) => countCandidates(tx, settlementId));
  // Lanes that ask a generator at once are answered one after the other.
  const chunks = peopleInChunks(db.read, settlement, options.chunk ?? chunkSize);
  const lane = async (): Promise<void> => {
    for await (const ids of chunks) {
      await db.transaction((tx) => lockPeople(tx, vault, settlementId, ids));
      options.afterChunk?.();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await db.transaction((tx) => finishLocking(tx, settlementId));
}

async function* peopleInChunks(
  read: Tx,
  settlement: SettlementRow,
  size: number,
): AsyncGenerator<string[], void, undefined> {
  for (let after = ''; ;) {
    const ids = await nextPeople(read, settlement, after, size);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
}
