import { applyNews, noteSilence } from '../src/db/payout-booking';
import { takeWatched, type WatchedPayout } from '../src/db/payout-watch';
import { adapterCache } from './channel';
import type { ActivityDeps } from './deps';

const takeAtOnce = 50;
const askAtOnce = 10;
/** A round ends in time for the next one; what is left stays due. */
const roundMs = 60_000;

/** The sweep over paid payouts whose provider is to be asked whether the money came back. */
export function createPayoutWatchActivities(deps: ActivityDeps) {
  const { db, clock } = deps;
  const adapterOf = adapterCache(deps);

  async function ask(watched: WatchedPayout): Promise<void> {
    const channel = adapterOf(watched);
    const outcome = await channel.query(watched.channelNumber);
    // No answer: it stays taken for some minutes and is asked about again.
    if (outcome.kind === 'unknown') return;
    const source = { operation: 'query', at: clock.now(), rules: channel.polling } as const;
    await db.transaction(async (tx) => {
      if (outcome.kind === 'not_found') await noteSilence(tx, watched.id, source, outcome);
      else await applyNews(tx, watched.id, outcome, source);
    });
  }

  return {
    /** @returns how many were asked about */
    async watchPayouts(): Promise<number> {
      const deadline = clock.now().getTime() + roundMs;
      for (let count = 0; ;) {
        const taken = await db.transaction((tx) => takeWatched(tx, clock.now(), takeAtOnce));
        for (let start = 0; start < taken.length; start += askAtOnce) {
          await Promise.all(taken.slice(start, start + askAtOnce).map(ask));
        }
        count += taken.length;
        if (taken.length < takeAtOnce || clock.now().getTime() > deadline) return count;
      }
    },
  };
}
