import { latestReview } from '../src/db/review';
import type { ActivityDeps } from './deps';

/** What the lifecycle of a distributor asks of the outside. */
export function createDistributorActivities({ db }: Pick<ActivityDeps, 'db'>) {
  return {
    /** The application's open review, if somebody still has to decide it. */
    async readApplication(distributorId: string): Promise<{ openReviewId: string | null }> {
      const review = await latestReview(db.read, 'application', distributorId);
      return { openReviewId: review?.status === 'open' ? review.id : null };
    },
  };
}

export type DistributorActivities = ReturnType<typeof createDistributorActivities>;
