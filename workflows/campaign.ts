import {
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignActivities } from '../activities/campaign';
import { budgetUsed, type CampaignInput, clockMoved } from '../src/contracts/workflow';

const { advanceCampaign } = proxyActivities<CampaignActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/**
 * Tells when a campaign starts, when its budget runs low and when it ends, each once. Whether an
 * order is inside is decided by its window, never by this workflow. Id: campaign:<campaignId>.
 */
export async function campaign({ campaignId }: CampaignInput): Promise<void> {
  const news = listen(); // handlers first, so no message is missed
  for (;;) {
    news.read();
    const leftMs = await advanceCampaign(campaignId);
    if (leftMs === null) return;
    if (workflowInfo().continueAsNewSuggested && !news.hasNews()) {
      await continueAsNew<typeof campaign>({ campaignId });
    }
    await news.within(leftMs);
  }
}

interface News {
  hasNews(): boolean;
  read(): void;
  /** Waits for news, at most so long. */
  within(ms: number): Promise<void>;
}

/** Hears that the clock was moved, that it was stopped, and that the budget was used. */
function listen(): News {
  let unread = 0;
  const hear = () => {
    unread += 1;
  };
  setHandler(clockMoved, hear);
  setHandler(budgetUsed, hear);
  const hasNews = () => unread > 0;
  return {
    hasNews,
    read: () => {
      unread = 0;
    },
    within: async (ms) => {
      await condition(hasNews, ms);
    },
  };
}
