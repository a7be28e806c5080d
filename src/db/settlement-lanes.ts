import type { Database, Tx } from './database';
import { settlementById, type SettlementRow } from './settlement';
import { chunkSize } from './settlement-lane';
import { countCandidates, finishLocking, lockPeople, nextPeople } from './settlement-lock';
import { type ChunkStart, computeChunk } from './statement';
import type { Vault } from './vault';

/** While the database writes one chunk, the worker thinks about the next. */
const lanes = 3;

interface LaneOptions {
  /** people or statements of one transaction */
  chunk?: number;
  /** called after each commit */
  afterChunk?: () => void;
}

/**
 * Locks everybody who can be settled, in chunks of one transaction each, three at a time. It may be
 * killed and called again at any point, and called by two workers at once.
 */
export async function lockEverybody(
  db: Database,
  vault: Vault,
  settlementId: string,
  options: LaneOptions = {},
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

/**
 * Computes every statement of a locked settlement, three chunks at a time, as safely as it was locked. A
 * person's statements follow one another in one lane.
 */
export async function computeEverybody(
  db: Database,
  settlementId: string,
  { chunk = chunkSize, afterChunk }: LaneOptions = {},
): Promise<void> {
  const work = async (number: number): Promise<void> => {
    const lane = { number, of: lanes };
    for (let after: string | null = ''; after !== null;) {
      const from: ChunkStart = { after, lane, limit: chunk };
      after = await db.transaction((tx) => computeChunk(tx, settlementId, from));
      afterChunk?.();
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => work(number)));
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
