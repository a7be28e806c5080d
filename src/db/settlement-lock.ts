import { monthOf } from '../domain/kernel/period';
import { distributorAccount } from '../domain/ledger/account';
import { locked } from '../domain/ledger/posting';
import { missingInvoiceAmount } from '../domain/settlement/assess';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';
import { lockAccounts, type LockedAccounts, postTransactions } from './ledger';
import { programById, type ProgramRow } from './program';
import {
  advance,
  beginStage,
  lockSettlementRow,
  moveSettlement,
  settlementById,
  type SettlementRow,
} from './settlement';
import { candidateRows, isTaxedAtOnce, judge, type Judged, settleable } from './settlement-judge';
import { chunkSize } from './settlement-lane';
import { openTaxStops } from './tax-stop';
import { recordTaxpayers } from './taxpayer';
import type { Vault } from './vault';

/** Says how many people there are to lock, before the first chunk. */
export async function countCandidates(tx: Tx, settlementId: string): Promise<void> {
  const settlement = await lockSettlementRow(tx, settlementId);
  if (settlement.status !== 'locking') return;
  const left = await tx.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
       SELECT FROM earning e WHERE ${settleable}
       GROUP BY e.distributor_id HAVING sum(e.amount) > 0) due`,
    [settlement.programId, settlement.cutoffAt],
  );
  await beginStage(tx, settlementId, { total: left?.count ?? 0 });
}

/**
 * The people of the next chunk, in the order of their ids; nobody when all were looked at.
 * @param after the last of the chunk before; empty: from the start
 */
export async function nextPeople(
  read: Tx,
  settlement: Pick<SettlementRow, 'programId' | 'cutoffAt'>,
  after: string,
  limit = chunkSize,
): Promise<string[]> {
  const rows = await read.rows<{ distributorId: string }>(
    `SELECT DISTINCT e.distributor_id FROM earning e
     WHERE ${settleable} AND e.distributor_id > $3
     ORDER BY e.distributor_id LIMIT $4`,
    [settlement.programId, settlement.cutoffAt, after, limit],
  );
  return rows.map(({ distributorId }) => distributorId);
}

/**
 * Locks people of a settlement: everything of theirs that is available by the cutoff moves to
 * `settling` under a statement each; who cannot be settled is listed with the reason instead. Several
 * chunks may run at once, also of the same people: who was dealt with before is left alone.
 */
export async function lockPeople(
  tx: Tx,
  vault: Vault,
  settlementId: string,
  ids: readonly string[],
): Promise<void> {
  const settlement = await settlementById(tx, settlementId);
  if (settlement.status !== 'locking') return;
  // Refunds take the same locks, so the sums below stay true until the end of the transaction.
  const codes = ids.map((id) => distributorAccount(id, 'available'));
  const accounts = await lockAccounts(tx, settlement.programId, codes);
  const program = await programById(tx, settlement.programId);
  const rows = await candidateRows(tx, settlement, ids);
  const judged = await judge(tx, vault, program, settlement, rows);
  await insertSkips(tx, settlementId, judged);
  await callFinance(tx, program, settlement, judged);
  await recordJudged(tx, vault, program.storeId, { judged, at: settlement.createdAt });
  const statements = await insertStatements(tx, program, settlement, judged);
  await takeEarnings(tx, settlement, statements);
  await postLocks(tx, settlement, statements, accounts);
  await advance(tx, settlement, rows.length);
}

/** Ends the locking, when everybody was looked at. */
export async function finishLocking(tx: Tx, settlementId: string): Promise<void> {
  const settlement = await lockSettlementRow(tx, settlementId);
  if (settlement.status !== 'locking') return;
  await moveSettlement(tx, settlement, 'locked');
  await beginStage(tx, settlementId, await countStatements(tx, settlementId));
}

/** Keeps who the taxpayers are of those against whom nothing speaks. */
export async function recordJudged(
  tx: Tx,
  vault: Vault,
  storeId: string,
  { judged, at }: { judged: readonly Judged[]; at: Date },
): Promise<void> {
  const taxpayers = judged.flatMap(({ reason, taxpayer }) =>
    reason === undefined && taxpayer !== undefined ? [taxpayer] : [],
  );
  await recordTaxpayers(tx, vault, storeId, { taxpayers, at });
}

/** Statements of a settlement, and how many of them are computed by now. */
async function countStatements(
  tx: Tx,
  settlementId: string,
): Promise<{ total: number; done: number }> {
  const counted = await tx.first<{ total: number; done: number }>(
    `SELECT count(*)::int AS total, count(*) FILTER (WHERE status = 'computed')::int AS done
     FROM statement WHERE settlement_id = $1`,
    [settlementId],
  );
  return counted ?? { total: 0, done: 0 };
}

async function insertSkips(tx: Tx, settlementId: string, judged: readonly Judged[]): Promise<void> {
  const skips = judged.flatMap(({ row, taxpayer, reason }) => {
    if (reason === undefined) return [];
    const { distributorId, grossAmount } = row;
    const taxProfile = taxpayer?.profile ?? null;
    const missing = missingInvoiceAmount({ grossAmount, taxProfile });
    const missingAmount = reason === 'needs_invoice' ? missing : null;
    return [{ settlementId, distributorId, reason, amount: grossAmount, missingAmount }];
  });
  await tx.insert('settlement_skip', skips);
}

/** Those whose tax is not computed here go before finance. */
async function callFinance(
  tx: Tx,
  program: ProgramRow,
  settlement: SettlementRow,
  judged: readonly Judged[],
): Promise<void> {
  const stopped = judged.flatMap(({ row: { distributorId, grossAmount }, taxpayer, reason }) =>
    reason === undefined
      ? []
      : [{ distributorId, grossAmount, reason, person: taxpayer?.person ?? null }],
  );
  const month = monthOf(settlement.createdAt, program.timeZone);
  await openTaxStops(tx, program, { stopped, month, at: settlement.createdAt });
}

const statementColumns = {
  id: 'text',
  settlementId: 'text',
  programId: 'text',
  distributorId: 'text',
  payerId: 'text',
  status: 'text',
  grossAmount: 'int8',
  person: 'text',
  createdAt: 'timestamptz',
  taxpayerKind: 'text',
  taxAmount: 'int8',
  feeAmount: 'int8',
  netAmount: 'int8',
  taxMethod: 'text',
  taxMonth: 'text',
  taxTrace: 'jsonb',
} as const;

/**
 * A statement for everybody against whom nothing speaks, with what it comes to where that is known by
 * now; their lines are taken by the caller.
 */
export async function insertStatements(
  tx: Tx,
  program: ProgramRow,
  settlement: Pick<SettlementRow, 'id' | 'createdAt'>,
  judged: readonly Judged[],
): Promise<NewStatement[]> {
  const statements = judged
    .filter(({ reason }) => reason === undefined)
    .map((one) => ({
      id: newId('statement'),
      settlementId: settlement.id,
      programId: program.id,
      distributorId: one.row.distributorId,
      payerId: program.payerId,
      grossAmount: one.row.grossAmount,
      person: one.taxpayer?.person ?? null,
      createdAt: settlement.createdAt,
      taxpayerKind: one.taxpayer?.kind ?? null,
      ...figuresKnown(one),
    }));
  await insertMany(tx, 'statement', statementColumns, statements);
  return statements;
}

function figuresKnown(judged: Judged) {
  const computed = isTaxedAtOnce(judged) ? judged.computed : undefined;
  return {
    status: computed === undefined ? 'locked' : 'computed',
    taxAmount: computed?.figures.taxAmount ?? 0n,
    feeAmount: computed?.figures.feeAmount ?? 0n,
    netAmount: computed?.figures.netAmount ?? 0n,
    taxMethod: computed?.taxMethod ?? null,
    taxMonth: computed?.taxMonth ?? null,
    taxTrace: computed?.record ?? null,
  };
}

/** available -> settling, the gross of each statement. */
export async function postLocks(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId' | 'createdAt'>,
  statements: readonly NewStatement[],
  accounts: LockedAccounts,
): Promise<void> {
  await postTransactions(
    tx,
    settlement.programId,
    statements.map(({ id, distributorId, grossAmount }) => ({
      reference: `settlement:${settlement.id}:lock:${id}`,
      kind: 'settlement_locked',
      occurredAt: settlement.createdAt,
      postings: locked(distributorId, grossAmount),
    })),
    accounts,
  );
}

export interface NewStatement {
  id: string;
  distributorId: string;
  grossAmount: bigint;
}

/** What was released between the sum and now would be taken without being in the gross. */
class LinesMoved extends Error {
  /** read as a serialization failure, so that the chunk is tried again */
  readonly code = '40001';
}

async function takeEarnings(
  tx: Tx,
  settlement: SettlementRow,
  statements: readonly NewStatement[],
): Promise<void> {
  if (statements.length === 0) return;
  const taken = await tx.rows<{ statementId: string; grossAmount: bigint }>(
    `WITH taken AS (
       UPDATE earning e SET statement_id = s.id
       FROM unnest($3::text[], $4::text[]) AS s (id, distributor_id)
       WHERE ${settleable} AND e.distributor_id = s.distributor_id
       RETURNING e.statement_id, e.amount
     )
     SELECT statement_id, sum(amount)::bigint AS gross_amount FROM taken GROUP BY statement_id`,
    [
      settlement.programId,
      settlement.cutoffAt,
      statements.map(({ id }) => id),
      statements.map(({ distributorId }) => distributorId),
    ],
  );
  const gross = new Map(taken.map(({ statementId, grossAmount }) => [statementId, grossAmount]));
  const same = statements.every(({ id, grossAmount }) => gross.get(id) === grossAmount);
  if (!same) throw new LinesMoved(`earnings of settlement ${settlement.id} moved while locking`);
}
