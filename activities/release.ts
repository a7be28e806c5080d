import { doAllDue } from '../src/db/duty';
import { releaseAllDue } from '../src/db/release';
import type { ActivityDeps } from './deps';

export function createReleaseActivities({ db, clock }: ActivityDeps) {
  return {
    /** Moves what is over its hold to `available`, in every program by its own clock. */
    async releaseAllDue(): Promise<void> {
      await releaseAllDue(db, clock.now());
    },

    /** Does duties that fell due, wakes workflows whose moment has passed, runs periodic work. */
    doAllDue(): Promise<number> {
      return doAllDue(db, clock.now());
    },
  };
}
