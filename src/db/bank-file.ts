import type { Mode } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { ChannelRow } from './channel';
import type { Tx } from './database';
import { newId } from './id';
import { accountPlace } from './payout';
import type { Reach } from './program';
import type { Vault } from './vault';

/** A file for a bank as it is stored: without its text, which is made from the payouts' rows. */
export interface BankFileRow {
  id: string;
  channelId: string;
  messageId: string;
  currency: string;
  mode: Mode;
  payouts: number;
  /** fen */
  totalAmount: bigint;
  requestedBy: string;
  createdAt: Date;
}

/** One bank takes a file of this size without complaint; the rest goes into the next. */
export const payoutsAtMost = 5000;

export interface NewBankFile {
  channel: Pick<ChannelRow, 'id'>;
  currency: string;
  mode: Mode;
  requestedBy: string;
  createdAt: Date;
}

/**
 * Puts what waits for a bank into a file, each payout into one file only: of two requests at the
 * same moment the second gets what the first left. Payouts of test and of live programs, and of
 * two currencies, never share a file.
 * @throws Refusal `nothing_to_export`
 */
export async function createBankFile(tx: Tx, input: NewBankFile): Promise<BankFileRow> {
  const { channel, currency, mode, requestedBy, createdAt } = input;
  const waiting = await tx.rows<{ id: string; amount: bigint }>(
    `SELECT p.id, p.amount FROM payout p JOIN program g ON g.id = p.program_id
     WHERE p.channel_id = $1 AND p.status = 'processing' AND g.mode = $2 AND g.currency = $3
       AND NOT EXISTS (SELECT 1 FROM bank_file_row r WHERE r.payout_id = p.id)
     ORDER BY p.id LIMIT $4 FOR UPDATE OF p SKIP LOCKED`,
    [channel.id, mode, currency, payoutsAtMost],
  );
  if (waiting.length === 0) {
    throw new Refusal('nothing_to_export', 'No payout of this channel waits for a file.');
  }
  const id = newId('bankFile');
  const file: BankFileRow = {
    id,
    channelId: channel.id,
    messageId: id.replace('_', ''),
    currency,
    mode,
    payouts: waiting.length,
    totalAmount: waiting.reduce((sum, { amount }) => sum + amount, 0n),
    requestedBy,
    createdAt,
  };
  await tx.insert('bank_file', file);
  await tx.run(
    'INSERT INTO bank_file_row (payout_id, bank_file_id) SELECT unnest($1::text[]), $2',
    [waiting.map((payout) => payout.id), id],
  );
  return file;
}

/** The files of a channel that a caller may see, the latest first, before a cursor. */
export function bankFilesOf(
  read: Tx,
  channelId: string,
  { limit, before, mode }: { limit: number; before: string | undefined; mode: Reach['mode'] },
): Promise<BankFileRow[]> {
  return read.rows<BankFileRow>(
    `SELECT * FROM bank_file WHERE channel_id = $1 AND ($2::text IS NULL OR id < $2)
       AND ($4 = 'both' OR mode = $4)
     ORDER BY id DESC LIMIT $3`,
    [channelId, before ?? null, limit, mode],
  );
}

/** @throws Refusal `not_found`, also for a file of another store or of the other mode */
export async function findBankFile(read: Tx, caller: Reach, id: string): Promise<BankFileRow> {
  const file = await read.first<BankFileRow>(
    `SELECT f.* FROM bank_file f JOIN channel c ON c.id = f.channel_id
     WHERE f.id = $1 AND c.store_id = $2 AND ($3 = 'both' OR f.mode = $3)`,
    [id, caller.storeId, caller.mode],
  );
  if (file === undefined) throw new Refusal('not_found', 'There is no such file.');
  return file;
}

/** The orders of a file with their accounts in clear, in the order of their ids. */
export async function ordersOf(read: Tx, vault: Vault, fileId: string) {
  const rows = await read.rows<{
    id: string;
    channelNumber: string;
    accountCipher: string;
    holderName: string;
    amount: bigint;
  }>(
    `SELECT p.id, p.channel_number, p.account_cipher, p.holder_name, p.amount
     FROM bank_file_row r JOIN payout p ON p.id = r.payout_id
     WHERE r.bank_file_id = $1 ORDER BY p.id`,
    [fileId],
  );
  return rows.map(({ id, accountCipher, ...order }) => ({
    ...order,
    account: vault.open(accountPlace(id), accountCipher),
  }));
}
