import type { Tx } from './database';
import { accountPlace, type PayoutRow } from './payout';
import type { Vault } from './vault';

/** Blind index of the account that a payout is made to, within its channel. */
export function payeeKeyOf(
  vault: Vault,
  { id, channelId, accountCipher }: Pick<PayoutRow, 'id' | 'channelId' | 'accountCipher'>,
): string {
  return vault.index(`payout.payee:${channelId}`, vault.open(accountPlace(id), accountCipher));
}

/** The account that a payout is made to, found by its number at the channel; undefined: unknown. */
export async function payeeAccount(
  read: Tx,
  vault: Vault,
  channelId: string,
  channelNumber: string,
): Promise<string | undefined> {
  const payout = await read.first<{ id: string; accountCipher: string }>(
    'SELECT id, account_cipher FROM payout WHERE channel_id = $1 AND channel_number = $2',
    [channelId, channelNumber],
  );
  return payout && vault.open(accountPlace(payout.id), payout.accountCipher);
}
