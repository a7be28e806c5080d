import { advanceCampaign } from '../src/db/campaign-step';
import type { ActivityDeps } from './deps';

/** What a campaign's workflow asks of the outside. */
export function createCampaignActivities({ db, clock }: Pick<ActivityDeps, 'db' | 'clock'>) {
  return {
    /**
     * Starts, warns and ends the campaign where that is due, each once. Answers the milliseconds
     * until something is due again; null when it is over.
     */
    advanceCampaign(campaignId: string): Promise<number | null> {
      return db.transaction((tx) => advanceCampaign(tx, campaignId, clock.now()));
    },
  };
}

export type CampaignActivities = ReturnType<typeof createCampaignActivities>;
