import { monthOf } from '../domain/kernel/period';
import { distributorAccount } from '../domain/ledger/account';
import { locked } from '../domain/ledger/posting';
import {
  type Candidate,
  figuresOf,
  reasonNotToPay,
  missingInvoiceAmount,
  reasonToSkip,
  type SkipReason,
} from '../domain/settlement/assess';
import { isAboveVatExemption } from '../domain/tax/stop';
import { incomeOf, type MonthTotal, withhold } from '../domain/tax/withhold';
import { insertMany } from './bulk';
import { wholeAtMost } from './channel';
import type { Tx } from './database';
import { newId } from './id';
import { lockBalances, postTransactions } from './ledger';
import { programById, type ProgramRow } from './program';
import { isBeingReversed } from './reversal-read';
import {
  advance,
  beginStage,
  lockSettlementRow,
  moveSettlement,
  settlementById,
  type SettlementRow,
} from './settlement';
import { openTaxStops } from './tax-stop';
import { recordTaxpayers, type TaxpayerCase, taxpayersOf } from './taxpayer';
import { personTotals, taxTermsOf, type TaxTerms } from './withholding';
import type { Vault } from './vault';

/** Distributors of one transaction: it takes about a second, and a kill costs no more than that. */
export const chunkSize = 2000;

/** Parameters: $1 program, $2 cutoff. A deduction counts as soon as it is booked, or the gross could pass what is available. */
const settleable = `e.program_id = $1 AND e.statement_id IS NULL AND e.available_at IS NOT NULL
  AND (e.available_at <= $2 OR e.amount < 0)`;

export interface CandidateRow extends Omit<Candidate, 'taxProfile'> {
  distributorId: string;
  channelKind: string | null;
  /** the largest net that the channel takes; null: any, if need be in parts */
  wholeAtMostAmount: bigint | null;
}

export interface Judged {
  row: CandidateRow;
  /** undefined: no tax profile was given */
  taxpayer: TaxpayerCase | undefined;
  reason: SkipReason | undefined;
}

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
  await beginStage(tx, settlementId, left?.count ?? 0);
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
  const accounts = ids.map((id) => distributorAccount(id, 'available'));
  await lockBalances(tx, settlement.programId, accounts);
  const program = await programById(tx, settlement.programId);
  const rows = await candidateRows(tx, settlement, ids);
  const judged = await judge(tx, vault, program, settlement, rows);
  await insertSkips(tx, settlementId, judged);
  await callFinance(tx, program, settlement, judged);
  await recordJudged(tx, vault, program.storeId, { judged, at: settlement.createdAt });
  await lockStatements(tx, program, settlement, judged);
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

async function countStatements(tx: Tx, settlementId: string): Promise<number> {
  const counted = await tx.first<{ count: number }>(
    'SELECT count(*)::int AS count FROM statement WHERE settlement_id = $1',
    [settlementId],
  );
  return counted?.count ?? 0;
}

/**
 * Only those with something to settle. Who was listed before a restart stays listed, and who was
 * locked before it is locked: what became theirs since belongs to the next settlement.
 */
export function candidateRows(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId' | 'cutoffAt'>,
  ids: readonly string[],
): Promise<CandidateRow[]> {
  return tx.rows<CandidateRow>(
    `SELECT due.distributor_id, due.gross_amount, d.status, a.id IS NOT NULL AS has_payout_account,
       EXISTS (SELECT 1 FROM settlement_hold h
         WHERE h.distributor_id = d.id AND h.lifted_at IS NULL) OR ${isBeingReversed} AS is_on_hold,
       c.kind AS channel_kind, ${wholeAtMost} AS whole_at_most_amount
     FROM (
       SELECT e.distributor_id, sum(e.amount)::bigint AS gross_amount FROM earning e
       WHERE ${settleable} AND e.distributor_id = ANY($3)
       GROUP BY e.distributor_id HAVING sum(e.amount) > 0
     ) due
     JOIN distributor d ON d.id = due.distributor_id
     LEFT JOIN payout_account a ON a.distributor_id = d.id AND a.replaced_at IS NULL
     LEFT JOIN channel c ON c.id = a.channel_id
     WHERE NOT EXISTS (SELECT 1 FROM settlement_skip k
       WHERE k.settlement_id = $4 AND k.distributor_id = d.id)
     AND NOT EXISTS (SELECT 1 FROM statement s
       WHERE s.settlement_id = $4 AND s.distributor_id = d.id)
     ORDER BY due.distributor_id`,
    [settlement.programId, settlement.cutoffAt, ids, settlement.id],
  );
}

/** What speaks against each, with the tax as far as earlier settlements decide it. */
export async function judge(
  tx: Tx,
  vault: Vault,
  program: ProgramRow,
  settlement: Pick<SettlementRow, 'createdAt'>,
  rows: readonly CandidateRow[],
): Promise<Judged[]> {
  const terms = await taxTermsOf(tx, program.id, settlement.createdAt);
  const month = monthOf(settlement.createdAt, program.timeZone);
  const withholds = terms.method !== 'none';
  const ids = rows.map(({ distributorId }) => distributorId);
  const taxpayers = await taxpayersOf(tx, vault, { program, month, withholds, ids });
  const persons = [...taxpayers.values()].map(({ person }) => person);
  const totals = await personTotals(tx, terms, persons, month);
  const { minimumPayoutAmount } = program;
  return rows.map((row) => {
    const taxpayer = taxpayers.get(row.distributorId);
    const candidate = { ...row, taxProfile: taxpayer?.profile ?? null };
    const before = reasonToSkip(candidate, { minimumPayoutAmount, withholds });
    if (before !== undefined) return { row, taxpayer, reason: before };
    const history = totals.get(taxpayer?.person ?? '') ?? [];
    const reason = reasonAfterTax(program, terms, { row, taxpayer, month, history });
    return { row, taxpayer, reason };
  });
}

interface Assessed {
  row: CandidateRow;
  taxpayer: TaxpayerCase | undefined;
  month: string;
  history: readonly MonthTotal[];
}

function reasonAfterTax(
  program: ProgramRow,
  terms: TaxTerms,
  { row, taxpayer, month, history }: Assessed,
): SkipReason | undefined {
  const incomeAmount = row.grossAmount;
  const isTaxed = terms.method !== 'none' && taxpayer?.kind === 'individual';
  const monthIncome = incomeOf(history, month) + incomeAmount;
  if (isTaxed && !taxpayer.vatApproved && isAboveVatExemption(month, monthIncome)) {
    return 'vat_exemption';
  }
  const method = isTaxed ? terms.method : 'none';
  const { taxAmount } = withhold({ ...terms, method, month, incomeAmount, history });
  const fee = { fixedAmount: program.feeFixedAmount, bps: program.feeBps };
  const { netAmount } = figuresOf(incomeAmount, taxAmount, fee);
  return reasonNotToPay(netAmount, row);
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
} as const;

async function lockStatements(
  tx: Tx,
  program: ProgramRow,
  settlement: SettlementRow,
  judged: readonly Judged[],
): Promise<void> {
  const statements = await insertStatements(tx, program, settlement, judged);
  if (statements.length === 0) return;
  await takeEarnings(tx, settlement, statements);
  await postLocks(tx, settlement, statements);
}

/** A statement for everybody against whom nothing speaks; their lines are taken by the caller. */
export async function insertStatements(
  tx: Tx,
  program: ProgramRow,
  settlement: Pick<SettlementRow, 'id' | 'createdAt'>,
  judged: readonly Judged[],
): Promise<NewStatement[]> {
  const statements = judged
    .filter(({ reason }) => reason === undefined)
    .map(({ row, taxpayer }) => ({
      id: newId('statement'),
      settlementId: settlement.id,
      programId: program.id,
      distributorId: row.distributorId,
      payerId: program.payerId,
      status: 'locked',
      grossAmount: row.grossAmount,
      person: taxpayer?.person ?? null,
      createdAt: settlement.createdAt,
      taxpayerKind: taxpayer?.kind ?? null,
    }));
  await insertMany(tx, 'statement', statementColumns, statements);
  return statements;
}

/** available -> settling, the gross of each statement. */
export async function postLocks(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId' | 'createdAt'>,
  statements: readonly NewStatement[],
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
