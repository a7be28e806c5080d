import { createHash } from 'node:crypto';
import {
  type Difference,
  differencesOf,
  hashedText,
  type SealedStatement,
  sealStatement,
} from '../domain/settlement/result';
import { groupBy } from '../domain/kernel/group';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { lockSettlementRow, type SettlementRow, sumUp } from './settlement';
import { linesOf } from './settlement-approve';
import { chunkSize } from './settlement-lane';

interface StoredStatement {
  id: string;
  distributorId: string;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  netAmount: bigint;
  taxMethod: string | null;
  taxMonth: string | null;
  person: string | null;
  sealed: SealedStatement | null;
}

/**
 * Ends the approval once every statement is booked: writes the totals that are paid and the result
 * hash, which nothing that happens to the payouts later changes.
 * @returns false while statements are left
 */
export async function finishApproval(tx: Tx, settlementId: string): Promise<boolean> {
  const settlement = await lockSettlementRow(tx, settlementId);
  if (settlement.status !== 'paying' || settlement.resultHash !== null) return true;
  const open = await tx.first(
    `SELECT 1 FROM statement WHERE settlement_id = $1 AND status = 'computed' LIMIT 1`,
    [settlementId],
  );
  if (open !== undefined) return false;
  await sumUp(tx, settlementId);
  const hash = await hashOfSealed(tx, settlementId);
  await tx.run('UPDATE settlement SET result_hash = $2 WHERE id = $1', [settlementId, hash]);
  return true;
}

/**
 * Computes the result hash of an approved settlement again from lines, statements and payouts as
 * they are stored now, and names everything that is not what was approved.
 * @throws Refusal `settlement_not_approved`
 */
export async function verifySettlement(
  read: Tx,
  settlement: SettlementRow,
): Promise<{ matches: boolean; resultHash: string; differences: Difference[] }> {
  if (settlement.resultHash === null) {
    throw new Refusal('settlement_not_approved', 'There is no approved result to verify yet.');
  }
  const { hash, differences } = await hashOf(read, settlement.id);
  return { matches: hash === settlement.resultHash, resultHash: hash, differences };
}

/** Right after the approval, what was sealed is what is stored: the same rows made both. */
async function hashOfSealed(read: Tx, settlementId: string): Promise<string> {
  const hash = createHash('sha256');
  for (let after: string | undefined = ''; after !== undefined;) {
    const rows: { id: string; sealed: SealedStatement }[] = await read.rows(
      `SELECT id, sealed FROM statement WHERE settlement_id = $1 AND id > $2 AND sealed IS NOT NULL
       ORDER BY id LIMIT $3`,
      [settlementId, after, chunkSize],
    );
    for (const { id, sealed } of rows) hash.update(hashedText(id, sealed));
    after = rows.at(-1)?.id;
  }
  return hash.digest('hex');
}

async function hashOf(
  read: Tx,
  settlementId: string,
): Promise<{ hash: string; differences: Difference[] }> {
  const hash = createHash('sha256');
  const differences: Difference[] = [];
  let after = '';
  for (;;) {
    const statements = await statementsAfter(read, settlementId, after);
    const last = statements.at(-1);
    if (last === undefined) break;
    const found = await foundNow(read, statements);
    for (const { id, sealed } of statements) {
      const now = found.get(id);
      if (now === undefined) continue;
      hash.update(hashedText(id, now));
      differences.push(...differencesOf(id, sealed, now));
    }
    after = last.id;
  }
  return { hash: hash.digest('hex'), differences };
}

/** Also those that somebody has taken out of the settlement by another status. */
function statementsAfter(
  read: Tx,
  settlementId: string,
  after: string,
): Promise<StoredStatement[]> {
  return read.rows<StoredStatement>(
    `SELECT id, distributor_id, gross_amount, tax_amount, fee_amount, net_amount, tax_method,
       tax_month, person, sealed
     FROM statement
     WHERE settlement_id = $1 AND id > $2 AND (status = 'approved' OR sealed IS NOT NULL)
     ORDER BY id LIMIT $3`,
    [settlementId, after, chunkSize],
  );
}

async function foundNow(
  read: Tx,
  statements: readonly StoredStatement[],
): Promise<Map<string, SealedStatement>> {
  const ids = statements.map(({ id }) => id);
  const lines = await linesOf(read, ids);
  const payouts = groupBy(
    await read.rows<{ id: string; statementId: string }>(
      'SELECT id, statement_id FROM payout WHERE statement_id = ANY($1)',
      [ids],
    ),
    ({ statementId }) => statementId,
  );
  return new Map(
    statements.map((statement) => [
      statement.id,
      sealStatement({
        ...statement,
        taxMethod: statement.taxMethod ?? '',
        taxMonth: statement.taxMonth ?? '',
        lines: lines.get(statement.id) ?? [],
        payoutIds: (payouts.get(statement.id) ?? []).map(({ id }) => id),
      }),
    ]),
  );
}
