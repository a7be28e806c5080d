import type { Tx } from './database';

// Of a row lock that many share, whoever wants the row alone may never get it; these queue.
const lockOf = (id: string) => `hashtextextended('program:' || ${id}, 0)`;

/** For the select list of `program p`: holds the programs that are read, together with others. */
export const sharedProgramLock = `pg_advisory_xact_lock_shared(${lockOf('p.id')})`;

/**
 * Holds a program alone until the end of the transaction: no order is booked while what decides
 * about orders (its plan, its agents, who is above whom) changes. Take it before any row.
 */
export async function lockProgramAlone(tx: Tx, programId: string): Promise<void> {
  await tx.run(`SELECT pg_advisory_xact_lock(${lockOf('$1::text')})`, [programId]);
  await tx.run('SELECT 1 FROM program WHERE id = $1 FOR NO KEY UPDATE', [programId]);
}
