import { Refusal } from '../domain/kernel/refusal';
import type { AmountLimits, OverTransfer } from '../domain/payout/limits';
import type { Tx } from './database';
import type { Vault } from './vault';

/** A payout channel of one store as it is stored. Limits are fen; null: none. */
export interface ChannelRow {
  id: string;
  storeId: string;
  kind: string;
  name: string;
  settingsCipher: string;
  perTransferAmount: bigint | null;
  perDayAmount: bigint | null;
  createdAt: Date;
  perPayeeDayAmount: bigint | null;
  overTransfer: OverTransfer;
}

/** SQL: the most that one transfer through the channel `c` may be; null: no limit. */
export const largestTransfer =
  'LEAST(c.per_transfer_amount, c.per_day_amount, c.per_payee_day_amount)';
/** SQL: the most that is paid through the channel `c` as one net; null: more is split. */
export const wholeAtMost = `CASE WHEN c.over_transfer = 'refuse' THEN ${largestTransfer} END`;

/** Settings hold a merchant's credentials: they are sealed for their row. */
export const settingsPlace = (channelId: string) => `channel.settings:${channelId}`;

/** @throws Refusal `not_found`, also for a channel of another store */
export async function findChannel(
  read: Tx,
  caller: { storeId: string },
  channelId: string,
): Promise<ChannelRow> {
  const channel = await channelById(read, channelId);
  if (channel?.storeId !== caller.storeId) {
    throw new Refusal('not_found', 'There is no such channel.');
  }
  return channel;
}

export function channelById(read: Tx, channelId: string): Promise<ChannelRow | undefined> {
  return read.first<ChannelRow>('SELECT * FROM channel WHERE id = $1', [channelId]);
}

/** What an adapter is opened with. */
export function openSettings(
  vault: Vault,
  channel: Pick<ChannelRow, 'id' | 'kind' | 'settingsCipher'>,
) {
  const text = vault.open(settingsPlace(channel.id), channel.settingsCipher);
  return { id: channel.id, kind: channel.kind, settings: JSON.parse(text) as unknown };
}

/** Keeps a new channel of a store. */
export async function insertChannel(tx: Tx, channel: ChannelRow): Promise<void> {
  await tx.insert('channel', channel);
}

/** Puts other settings in the place of a channel's. */
export async function replaceSettings(
  tx: Tx,
  channelId: string,
  settingsCipher: string,
): Promise<void> {
  await tx.run('UPDATE channel SET settings_cipher = $2 WHERE id = $1', [
    channelId,
    settingsCipher,
  ]);
}

export interface StoredLimits extends AmountLimits {
  overTransfer: OverTransfer;
}

/** Puts other limits in the place of a channel's. */
export async function replaceLimits(
  tx: Tx,
  channelId: string,
  limits: StoredLimits,
): Promise<void> {
  const { perTransferAmount, perDayAmount, perPayeeDayAmount, overTransfer } = limits;
  await tx.run(
    `UPDATE channel SET per_transfer_amount = $2, per_day_amount = $3, per_payee_day_amount = $4,
       over_transfer = $5 WHERE id = $1`,
    [channelId, perTransferAmount, perDayAmount, perPayeeDayAmount, overTransfer],
  );
}

/** The channels of a store, newest first, from behind a cursor. */
export function listChannels(
  read: Tx,
  filter: { storeId: string; limit: number; cursor?: string | undefined },
): Promise<ChannelRow[]> {
  return read.rows<ChannelRow>(
    `SELECT * FROM channel WHERE store_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [filter.storeId, filter.cursor ?? null, filter.limit + 1],
  );
}
