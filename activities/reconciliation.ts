import { channelById } from '../src/db/channel';
import {
  dueReconciliations,
  type DueDay,
  noteNoBill,
  reconcileDay,
} from '../src/db/reconciliation';
import { adapterCache } from './channel';
import type { ActivityDeps } from './deps';

/** What became of one day's comparison. */
export type BillResult = 'compared' | 'not_ready' | 'no_bills';

/** The comparison of providers' bill files with our books. */
export function createReconciliationActivities(deps: ActivityDeps) {
  const { db, clock, log } = deps;
  const adapterOf = adapterCache(deps);
  return {
    /** The days of all channels whose bill is still to be compared, the oldest first. */
    dueReconciliations(): Promise<DueDay[]> {
      return db.transaction((tx) => dueReconciliations(tx, clock.now()));
    },

    /** Fetches a day's bill and compares it. Safe to repeat: a day that is done stays as it is. */
    async reconcileBill({ channelId, day }: DueDay): Promise<BillResult> {
      const channel = await channelById(db.read, channelId);
      if (channel === undefined) throw new Error(`channel ${channelId} does not exist`);
      const { kind: channelKind, settingsCipher } = channel;
      const adapter = adapterOf({ channelId, channelKind, settingsCipher });
      if (adapter.bill === undefined) return 'no_bills';
      const outcome = await adapter.bill(day);
      if (outcome.kind !== 'bill') {
        const why = outcome.kind === 'unknown' ? outcome.detail : outcome.kind;
        await db.transaction((tx) => noteNoBill(tx, channel, day, why, clock.now()));
        return 'not_ready';
      }
      const comparison = await db.transaction((tx) =>
        reconcileDay(tx, channel, day, outcome.rows, clock.now()),
      );
      if (comparison !== null && comparison.differences.length > 0) {
        const differences = comparison.differences.length;
        log.warn({ channelId, day, differences }, "the provider's bill differs from our books");
      }
      return 'compared';
    },
  };
}
