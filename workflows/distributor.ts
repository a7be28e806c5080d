import {
  condition,
  continueAsNew,
  patched,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { DistributorActivities } from '../activities/distributor';
import type { DistributorInput } from '../src/contracts/workflow';
import { startWaiting, untilAnswered, untilDecided, type Waiting } from './waiting';

const { readApplication, advanceLife } = proxyActivities<DistributorActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/**
 * Sees a distributor from the application to the departure: what falls due is done once, on its day,
 * and decisions are taken while it sleeps. Id: distributor:<distributorId>.
 */
export async function distributor({ distributorId }: DistributorInput): Promise<void> {
  const waiting = startWaiting(); // handlers first, so no decision is missed
  if (patched('whole-life')) await untilOver(distributorId, waiting);
  else await untilApplicationDecided(distributorId, waiting);
  await untilAnswered();
}

/** Sleeps until something falls due, somebody decides, or the database says that there is news. */
async function untilOver(distributorId: string, waiting: Waiting): Promise<void> {
  for (;;) {
    const heard = () => waiting.wakeUps() + waiting.decisions();
    const before = heard();
    const { over, leftMs } = await advanceLife(distributorId);
    const isQuiet = heard() === before;
    if (isQuiet && over) return;
    // Who is woken again and again must not grow without end; the new run looks at the database first.
    if (workflowInfo().continueAsNewSuggested && (isQuiet || patched('continues-while-woken'))) {
      await untilAnswered();
      await continueAsNew<typeof distributor>({ distributorId });
    }
    if (!isQuiet || leftMs === 0) continue;
    const news = () => heard() !== before;
    if (leftMs === null) await condition(news);
    else await condition(news, leftMs);
  }
}

/** What this workflow was before it saw the whole life: runs that began so end so. */
async function untilApplicationDecided(distributorId: string, waiting: Waiting): Promise<void> {
  const { openReviewId } = await readApplication(distributorId);
  if (openReviewId !== null) await untilDecided(openReviewId, waiting);
}
