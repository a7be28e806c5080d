import type { Tx } from './database';

/** A paid payout whose provider is to be asked whether the money came back. */
export interface WatchedPayout {
  id: string;
  channelId: string;
  channelNumber: string;
  channelKind: string;
  settingsCipher: string;
}

/** Whoever took it has so long; after that another worker takes it. */
const leaseMs = 5 * 60_000;

/** Takes payouts whose next question is due; of several workers each gets others. */
export function takeWatched(tx: Tx, at: Date, limit: number): Promise<WatchedPayout[]> {
  return tx.rows<WatchedPayout>(
    `UPDATE payout p SET watch_at = $2 FROM channel c
     WHERE c.id = p.channel_id AND p.id IN (
       SELECT id FROM payout WHERE watch_at <= $1 ORDER BY watch_at LIMIT $3
       FOR UPDATE SKIP LOCKED)
     RETURNING p.id, p.channel_id, p.channel_number, c.kind AS channel_kind, c.settings_cipher`,
    [at, new Date(at.getTime() + leaseMs), limit],
  );
}

/** The next round of the sweep asks about this payout. */
export async function watchNow(tx: Tx, payoutIds: readonly string[], at: Date): Promise<void> {
  await tx.run(`UPDATE payout SET watch_at = $2 WHERE id = ANY($1) AND status = 'paid'`, [
    payoutIds,
    at,
  ]);
}
