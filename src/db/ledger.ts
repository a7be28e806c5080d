import { createHash } from 'node:crypto';
import { type AccountCode, accountParts } from '../domain/ledger/account';
import { entriesOf, type Entry, type LedgerTransactionInput } from '../domain/ledger/posting';
import type { Tx } from './database';

/** The same reference was posted before with other content: a broken invariant, never a user's fault. */
export class LedgerConflict extends Error {
  readonly reference: string;

  constructor(reference: string) {
    super(`ledger transaction ${reference} was posted before with other content`);
    this.name = 'LedgerConflict';
    this.reference = reference;
  }
}

interface Prepared extends LedgerTransactionInput {
  entries: Entry[];
  requestHash: string;
}

/**
 * Posts transactions of one program, set-based: three statements for any number of them. A reference
 * that was posted before with the same content is skipped; with other content it throws
 * LedgerConflict. The database refuses a balance that would be below zero where that is forbidden.
 * @param known accounts of the program whose ids the caller has, for example locked ones
 * @returns the references that were posted now
 */
export async function postTransactions(
  tx: Tx,
  programId: string,
  transactions: readonly LedgerTransactionInput[],
  known: LockedAccounts = new Map(),
): Promise<Set<string>> {
  const prepared = transactions.map(prepare).filter(({ entries }) => entries.length > 0);
  if (prepared.length === 0) return new Set();
  const codes = new Set(prepared.flatMap(({ entries }) => entries.map(({ account }) => account)));
  const unknown = [...codes].filter((code) => !known.has(code));
  const [ids, accounts] = await Promise.all([
    insertTransactions(tx, programId, prepared),
    openAccounts(tx, programId, unknown),
  ]);
  const idOf = (code: AccountCode): bigint => known.get(code)?.id ?? accounts.get(code)!;
  const fresh = prepared.filter(({ reference }) => ids.has(reference));
  if (fresh.length < prepared.length) await assertSameContent(tx, prepared, ids);
  if (fresh.length === 0) return new Set();
  const rows = fresh.flatMap(({ reference, entries }) =>
    entries.map(({ account, amount }) => ({
      transactionId: ids.get(reference)!,
      accountId: idOf(account),
      amount,
    })),
  );
  await tx.run(
    `INSERT INTO ledger_entry (transaction_id, account_id, amount)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])`,
    [
      rows.map((row) => row.transactionId),
      rows.map((row) => row.accountId),
      rows.map((row) => row.amount),
    ],
  );
  return new Set(ids.keys());
}

function prepare(transaction: LedgerTransactionInput): Prepared {
  const entries = entriesOf(transaction.postings);
  const content = entries.map(({ account, amount }) => `${account} ${amount}`).join('\n');
  const requestHash = createHash('sha256').update(`${transaction.kind}\n${content}`).digest('hex');
  return { entries, requestHash, ...transaction };
}

async function insertTransactions(
  tx: Tx,
  programId: string,
  prepared: readonly Prepared[],
): Promise<Map<string, bigint>> {
  const rows = await tx.rows<{ reference: string; id: bigint }>(
    `INSERT INTO ledger_transaction (program_id, reference, request_hash, kind, occurred_at, recorded_at)
     SELECT $1, t.reference, t.hash, t.kind, t.occurred_at, now()
     FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS t (reference, hash, kind, occurred_at)
     ORDER BY t.reference
     ON CONFLICT (reference) DO NOTHING
     RETURNING reference, id`,
    [
      programId,
      prepared.map(({ reference }) => reference),
      prepared.map(({ requestHash }) => requestHash),
      prepared.map(({ kind }) => kind),
      prepared.map(({ occurredAt }) => occurredAt),
    ],
  );
  return new Map(rows.map(({ reference, id }) => [reference, id]));
}

async function assertSameContent(
  tx: Tx,
  prepared: readonly Prepared[],
  fresh: ReadonlyMap<string, bigint>,
): Promise<void> {
  const repeated = prepared.filter(({ reference }) => !fresh.has(reference));
  const stored = await tx.rows<{ reference: string; requestHash: string }>(
    'SELECT reference, request_hash FROM ledger_transaction WHERE reference = ANY($1)',
    [repeated.map(({ reference }) => reference)],
  );
  const hashes = new Map(stored.map(({ reference, requestHash }) => [reference, requestHash]));
  for (const { reference, requestHash } of repeated) {
    if (hashes.get(reference) !== requestHash) throw new LedgerConflict(reference);
  }
}

/** The ids of accounts by code; accounts that do not exist yet are opened with balance 0. */
async function openAccounts(
  tx: Tx,
  programId: string,
  codes: readonly AccountCode[],
): Promise<Map<string, bigint>> {
  if (codes.length === 0) return new Map();
  const known = await accountIds(tx, programId, codes);
  const missing = codes.filter((code) => !known.has(code));
  if (missing.length === 0) return known;
  const opened = await openMissing(tx, programId, missing);
  // Somebody else may have opened one since we looked.
  const others = missing.filter((code) => !opened.has(code));
  const late = others.length === 0 ? [] : await accountIds(tx, programId, others);
  return new Map([...known, ...opened, ...late]);
}

/** Opens accounts. @returns the ids of those that nobody else has opened meanwhile */
async function openMissing(
  tx: Tx,
  programId: string,
  codes: readonly AccountCode[],
): Promise<Map<string, bigint>> {
  const parts = codes.map((code) => accountParts(code));
  const rows = await tx.rows<{ code: string; id: bigint }>(
    `INSERT INTO ledger_account (program_id, code, role, distributor_id)
     SELECT $1, t.code, t.role, t.distributor_id
     FROM unnest($2::text[], $3::text[], $4::text[]) AS t (code, role, distributor_id)
     ORDER BY t.code
     ON CONFLICT (program_id, code) DO NOTHING RETURNING code, id`,
    [
      programId,
      codes,
      parts.map(({ role }) => role),
      parts.map(({ distributorId }) => distributorId),
    ],
  );
  return idsByCode(rows);
}

async function accountIds(
  tx: Tx,
  programId: string,
  codes: readonly string[],
): Promise<Map<string, bigint>> {
  const rows = await tx.rows<{ code: string; id: bigint }>(
    'SELECT code, id FROM ledger_account WHERE program_id = $1 AND code = ANY($2)',
    [programId, codes],
  );
  return idsByCode(rows);
}

function idsByCode(rows: readonly { code: string; id: bigint }[]): Map<string, bigint> {
  return new Map(rows.map(({ code, id }) => [code, id]));
}

/**
 * Whether a row `a` of ledger_account is a distributor's. Parameters: $1 the distributor, $2 its
 * `distributorAccounts`: accounts are found by name alone.
 */
export const isOwnAccount = `a.program_id = (SELECT program_id FROM distributor WHERE id = $1)
  AND a.code = ANY($2)`;

/** An account as it is until the end of the transaction that has locked it. */
export interface LockedAccount {
  id: bigint;
  balance: bigint;
}

export type LockedAccounts = ReadonlyMap<AccountCode, LockedAccount>;

/**
 * Locks accounts in id order until the end of the transaction; accounts that do not exist yet are
 * opened. Whoever decides by a balance locks it first.
 */
export async function lockAccounts(
  tx: Tx,
  programId: string,
  codes: readonly AccountCode[],
): Promise<Map<AccountCode, LockedAccount>> {
  const asked = [...new Set(codes)];
  const known = await lockKnown(tx, programId, asked);
  const missing = asked.filter((code) => !known.has(code));
  if (missing.length === 0) return known;
  await openMissing(tx, programId, missing);
  // Their ids are the latest, so the order of the locks stays that of the ids.
  return new Map([...known, ...(await lockKnown(tx, programId, missing))]);
}

/** The balances of accounts, locked like `lockAccounts` does. */
export async function lockBalances(
  tx: Tx,
  programId: string,
  codes: readonly AccountCode[],
): Promise<Map<AccountCode, bigint>> {
  const accounts = await lockAccounts(tx, programId, codes);
  return new Map([...accounts].map(([code, { balance }]) => [code, balance]));
}

async function lockKnown(
  tx: Tx,
  programId: string,
  codes: readonly AccountCode[],
): Promise<Map<AccountCode, LockedAccount>> {
  const rows = await tx.rows<LockedAccount & { code: AccountCode }>(
    `SELECT code, id, balance FROM ledger_account WHERE program_id = $1 AND code = ANY($2)
     ORDER BY id FOR NO KEY UPDATE`,
    [programId, codes],
  );
  return new Map(rows.map(({ code, ...account }) => [code, account]));
}
