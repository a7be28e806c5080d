import { distributorAccount } from '../domain/ledger/account';
import { unlocked } from '../domain/ledger/posting';
import type { SkipReason } from '../domain/settlement/assess';
import type { Tx } from './database';
import { lockBalances, postTransactions } from './ledger';
import { lockSettlementRow, type SettlementRow } from './settlement';
import { chunkSize } from './settlement-lane';

export interface LockedStatement {
  id: string;
  distributorId: string;
  grossAmount: bigint;
}

/**
 * Undoes the lock: the lines are free for the next settlement, the gross is back in `available`
 * (what is owed is paid first), the statement is no claim any more.
 * @param at on the program's clock
 */
export async function unlockStatements(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId'>,
  statements: readonly LockedStatement[],
  at: Date,
): Promise<void> {
  if (statements.length === 0) return;
  const { programId } = settlement;
  const receivableOf = ({ distributorId }: LockedStatement) =>
    distributorAccount(distributorId, 'receivable');
  const balances = await lockBalances(
    tx,
    programId,
    statements.flatMap((statement) => [
      receivableOf(statement),
      distributorAccount(statement.distributorId, 'available'),
    ]),
  );
  const ids = statements.map(({ id }) => id);
  await tx.run('UPDATE earning SET statement_id = NULL WHERE statement_id = ANY($1)', [ids]);
  await tx.run(
    `UPDATE statement SET status = 'unlocked', tax_amount = 0, fee_amount = 0,
       net_amount = gross_amount WHERE id = ANY($1)`,
    [ids],
  );
  await postTransactions(
    tx,
    programId,
    statements.map((statement) => ({
      reference: `settlement:${settlement.id}:unlock:${statement.id}`,
      kind: 'settlement_unlocked',
      occurredAt: at,
      postings: unlocked(
        statement.distributorId,
        statement.grossAmount,
        -(balances.get(receivableOf(statement)) ?? 0n),
      ),
    })),
  );
}

/** Unlocks statements that cannot be paid after all, and lists them like those never locked. */
export async function dropStatements(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId'>,
  dropped: readonly (LockedStatement & { reason: SkipReason; missingAmount?: bigint })[],
  at: Date,
): Promise<void> {
  await unlockStatements(tx, settlement, dropped, at);
  await tx.insert(
    'settlement_skip',
    dropped.map(({ distributorId, reason, grossAmount, missingAmount = null }) => ({
      settlementId: settlement.id,
      distributorId,
      reason,
      amount: grossAmount,
      missingAmount,
    })),
  );
}

/**
 * Gives the next statements of a rejected settlement back.
 * @param after the statement with which the chunk before ended; empty: from the start
 * @returns where the next chunk begins, or null when nothing is left
 */
export async function unlockChunk(
  tx: Tx,
  settlementId: string,
  after: string,
  limit = chunkSize,
): Promise<string | null> {
  const settlement = await lockSettlementRow(tx, settlementId);
  if (settlement.status !== 'rejected' || settlement.closedAt === null) return null;
  const statements = await tx.rows<LockedStatement>(
    `SELECT id, distributor_id, gross_amount FROM statement
     WHERE settlement_id = $1 AND id > $2 AND status IN ('locked', 'computed')
     ORDER BY id LIMIT $3`,
    [settlementId, after, limit],
  );
  await unlockStatements(tx, settlement, statements, settlement.closedAt);
  return statements.at(-1)?.id ?? null;
}
