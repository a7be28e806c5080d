import { advanceLife, type LifeProgress } from '../src/db/life';
import { latestReview } from '../src/db/review';
import type { ActivityDeps } from './deps';

/** What the lifecycle of a distributor asks of the outside. */
export function createDistributorActivities({ db, clock }: Pick<ActivityDeps, 'db' | 'clock'>) {
  return {
    /** The application's open review, if somebody still has to decide it. */
    async readApplication(distributorId: string): Promise<{ openReviewId: string | null }> {
      const review = await latestReview(db.read, 'application', distributorId);
      return { openReviewId: review?.status === 'open' ? review.id : null };
    },

    /** Does what has fallen due in this life, each once; answers for what it waits. */
    advanceLife(distributorId: string): Promise<LifeProgress> {
      return db.transaction((tx) => advanceLife(tx, distributorId, clock.now()));
    },
  };
}

export type DistributorActivities = ReturnType<typeof createDistributorActivities>;
