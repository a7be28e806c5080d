import type { Tx } from './database';

/** Distributors of one transaction: it takes a fraction of a second, and a kill costs no more. */
export const chunkSize = 1000;

/** An approval holds lines, seals and payouts of each as well: fewer at a time keep the worker small. */
export const approvalChunkSize = 400;

/**
 * One of several chunks of a settlement that are worked on at a time. A person's statements are all in
 * one lane: they are taxed one after the other.
 */
export interface Lane {
  /** 0 to `of` - 1 */
  number: number;
  of: number;
}

/** Until the end of the transaction nobody else works on this lane of the settlement. */
export async function holdLane(tx: Tx, settlementId: string, { number }: Lane): Promise<void> {
  await tx.run(
    `SELECT pg_advisory_xact_lock(hashtextextended('settlement-lane:' || $1 || ':' || $2::text, 0))`,
    [settlementId, number],
  );
}
