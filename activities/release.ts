import { overdueMoments } from '../src/db/clock';
import { enqueueSignal } from '../src/db/outbox';
import { releaseAllDue } from '../src/db/release';
import { reviewById, workflowOfReview } from '../src/db/review';
import type { ActivityDeps } from './deps';

const wakeAtMost = 1000;

export function createReleaseActivities({ db, clock }: ActivityDeps) {
  return {
    /** Moves what is over its hold to `available`, in every program by its own clock. */
    async releaseAllDue(): Promise<void> {
      await releaseAllDue(db, clock.now());
    },

    /** Wakes workflows whose due moment has passed on their program's clock. */
    async wakeOverdue(): Promise<number> {
      return db.transaction(async (tx) => {
        const overdue = await overdueMoments(tx, clock.now(), wakeAtMost);
        for (const { subjectId } of overdue) {
          const start = workflowOfReview(await reviewById(tx, subjectId));
          await enqueueSignal(tx, { ...start, signalName: 'clockMoved' });
        }
        return overdue.length;
      });
    },
  };
}
