import { advanceLife, type LifeProgress } from '../src/db/life';
import { latestReview } from '../src/db/review';
import type { ActivityDeps } from './deps';

/** What the lifecycle of a distributor asks of the outside. */
export function createDistributorActivities({
  db,
  clock,
  crashPoint,
}: Pick<ActivityDeps, 'db' | 'clock' | 'crashPoint'>) {
  return {
    /** The application's open review, if somebody still has to decide it. */
    async readApplication(distributorId: string): Promise<{ openReviewId: string | null }> {
      const review = await latestReview(db.read, 'application', distributorId);
      return { openReviewId: review?.status === 'open' ? review.id : null };
    },

    /** Does what has fallen due in this life, each once; answers for what it waits. */
    async advanceLife(distributorId: string): Promise<LifeProgress> {
      const progress = await db.transaction(async (tx) => {
        const done = await advanceLife(tx, distributorId, clock.now());
        crashPoint('life.beforeCommit');
        return done;
      });
      crashPoint('life.afterCommit');
      return progress;
    },
  };
}

export type DistributorActivities = ReturnType<typeof createDistributorActivities>;
