import { Refusal } from '../domain/kernel/refusal';
import { distributorAccounts } from '../domain/ledger/account';
import type { Residency } from '../domain/tax/id-number';
import type { Tx } from './database';
import { newId } from './id';
import { isOwnAccount } from './ledger';
import { maskAccount, maskIdNumber, type Vault } from './vault';

/** What a distributor has, in fen. All are 0 or more. */
export interface Balance {
  heldAmount: bigint;
  availableAmount: bigint;
  settlingAmount: bigint;
  /** what the distributor owes after a late refund */
  receivableAmount: bigint;
  /** what reached the distributor, net of returns */
  paidAmount: bigint;
}

/** The balances of one distributor, from the ledger and the payouts that arrived and stayed. */
export async function balanceOf(read: Tx, distributorId: string): Promise<Balance> {
  const rows = await read.rows<{ role: string; balance: bigint }>(
    `SELECT a.role, a.balance FROM ledger_account a WHERE ${isOwnAccount}
     UNION ALL
     SELECT 'paid', coalesce(sum(amount), 0)::bigint FROM payout
     WHERE distributor_id = $1 AND status = 'paid'`,
    [distributorId, distributorAccounts(distributorId)],
  );
  const balances = new Map(rows.map(({ role, balance }) => [role, balance]));
  const of = (role: string) => balances.get(role) ?? 0n;
  return {
    heldAmount: of('held'),
    availableAmount: of('available'),
    settlingAmount: of('settling'),
    receivableAmount: -of('receivable'),
    paidAmount: of('paid'),
  };
}

export interface EntryRow {
  id: bigint;
  reference: string;
  kind: string;
  role: string;
  amount: bigint;
  occurredAt: Date;
}

/** Entries of a distributor's accounts, the latest first, before a cursor. */
export function entriesOf(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<EntryRow[]> {
  return read.rows<EntryRow>(
    `SELECT e.id, t.reference, t.kind, a.role, e.amount, t.occurred_at
     FROM ledger_account a
     JOIN ledger_entry e ON e.account_id = a.id
     JOIN ledger_transaction t ON t.id = e.transaction_id
     WHERE ${isOwnAccount} AND ($3::bigint IS NULL OR e.id < $3)
     ORDER BY e.id DESC LIMIT $4`,
    [distributorId, distributorAccounts(distributorId), before ?? null, limit],
  );
}

export interface PayoutAccountRow {
  id: string;
  distributorId: string;
  channelId: string;
  accountCipher: string;
  accountIndex: string;
  accountMasked: string;
  holderName: string;
  createdAt: Date;
  replacedAt: Date | null;
}

/** Where a payout account's number is sealed for; who freezes it into a payout opens it with this. */
export function payoutAccountPlace(id: string): string {
  return `payout_account.account:${id}`;
}

/** The account in force: where the next payout goes. */
export function payoutAccountOf(
  read: Tx,
  distributorId: string,
): Promise<PayoutAccountRow | undefined> {
  return read.first<PayoutAccountRow>(
    `SELECT * FROM payout_account WHERE distributor_id = $1 AND replaced_at IS NULL
     ORDER BY id DESC LIMIT 1`,
    [distributorId],
  );
}

export interface NewPayoutAccount {
  distributorId: string;
  storeId: string;
  channelId: string;
  account: string;
  holderName: string;
  realNow: Date;
}

/**
 * Puts a payout account in the place of the one before, which stays on record. The same again
 * changes nothing.
 * @throws Refusal `unknown_channel`
 */
export async function putPayoutAccount(
  tx: Tx,
  vault: Vault,
  input: NewPayoutAccount,
): Promise<PayoutAccountRow> {
  const { distributorId, channelId, account, holderName, realNow } = input;
  const channel = await tx.first('SELECT 1 FROM channel WHERE id = $1 AND store_id = $2', [
    channelId,
    input.storeId,
  ]);
  if (channel === undefined) throw new Refusal('unknown_channel', 'The store has no such channel.');
  await tx.run('SELECT 1 FROM distributor WHERE id = $1 FOR UPDATE', [distributorId]);
  const accountIndex = vault.index('account', account);
  const before = await payoutAccountOf(tx, distributorId);
  const same =
    before?.channelId === channelId &&
    before.accountIndex === accountIndex &&
    before.holderName === holderName;
  if (before !== undefined && same) return before;
  await tx.run(
    'UPDATE payout_account SET replaced_at = $2 WHERE distributor_id = $1 AND replaced_at IS NULL',
    [distributorId, realNow],
  );
  const id = newId('payoutAccount');
  const row: PayoutAccountRow = {
    id,
    distributorId,
    channelId,
    accountCipher: vault.seal(payoutAccountPlace(id), account),
    accountIndex,
    accountMasked: maskAccount(account),
    holderName,
    createdAt: realNow,
    replacedAt: null,
  };
  await tx.insert('payout_account', row);
  return row;
}

/** A passport number is no resident's number, even if it should read the same. */
const indexPurpose = { mainland: 'id_number', nonResident: 'foreign_id_number' } as const;

export type TaxpayerKind = 'individual' | 'individualBusiness' | 'company';

export interface TaxProfileRow {
  distributorId: string;
  kind: TaxpayerKind;
  name: string;
  idNumberCipher: string;
  /** the taxpayer: the same person with several accounts has one index */
  idNumberIndex: string;
  idNumberMasked: string;
  residency: Residency;
  updatedAt: Date;
}

export function taxProfileOf(read: Tx, distributorId: string): Promise<TaxProfileRow | undefined> {
  return read.first<TaxProfileRow>('SELECT * FROM tax_profile WHERE distributor_id = $1', [
    distributorId,
  ]);
}

/** Writes who a distributor is for the tax office. `idNumber` is checked and upper case. */
export async function putTaxProfile(
  tx: Tx,
  vault: Vault,
  input: {
    distributorId: string;
    kind: TaxpayerKind;
    name: string;
    residency: Residency;
    idNumber: string;
    realNow: Date;
  },
): Promise<TaxProfileRow> {
  const { distributorId, kind, name, residency, idNumber, realNow } = input;
  const row: TaxProfileRow = {
    distributorId,
    kind,
    name,
    idNumberCipher: vault.seal(`tax_profile.id_number:${distributorId}`, idNumber),
    idNumberIndex: vault.index(indexPurpose[residency], idNumber),
    idNumberMasked: maskIdNumber(idNumber),
    residency,
    updatedAt: realNow,
  };
  await tx.run(
    `INSERT INTO tax_profile (distributor_id, kind, name, id_number_cipher, id_number_index,
       id_number_masked, updated_at, residency)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (distributor_id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
       id_number_cipher = excluded.id_number_cipher, id_number_index = excluded.id_number_index,
       id_number_masked = excluded.id_number_masked, updated_at = excluded.updated_at,
       residency = excluded.residency`,
    [
      ...[distributorId, kind, name, row.idNumberCipher, row.idNumberIndex, row.idNumberMasked],
      ...[realNow, residency],
    ],
  );
  return row;
}
