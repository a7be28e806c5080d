import type { EventType } from '../contracts/event';
import { type CampaignStep, dueSteps, endOf } from '../domain/promotion/campaign';
import { transition } from '../domain/promotion/state';
import { programNow } from '../domain/kernel/clock';
import { type CampaignRow, lockCampaign, openCampaignMoment } from './campaign';
import { closeDueMoments } from './clock';
import type { Tx } from './database';
import { recordEvents } from './event';

const eventTypes: Readonly<Record<CampaignStep, EventType>> = {
  started: 'campaign.started',
  budget_low: 'campaign.budget_low',
  ended: 'campaign.ended',
};

/**
 * Does all that is due on a campaign by its program's clock and was not done yet: each is told once,
 * however often this is called.
 * @returns the milliseconds until the next moment; null when the campaign is over
 */
export async function advanceCampaign(
  tx: Tx,
  campaignId: string,
  realNow: Date,
): Promise<number | null> {
  let campaign: CampaignRow & { clockOffsetMs: bigint } = await lockCampaign(tx, campaignId);
  const at = programNow(campaign, realNow);
  const steps = dueSteps(campaign, at);
  for (const step of steps) campaign = { ...campaign, ...changeOf(campaign, step, at) };
  if (steps.length > 0) await tell(tx, campaign, steps, at);
  if (campaign.status === 'ended') return null;
  const nextAt = campaign.status === 'scheduled' ? campaign.startsAt : endOf(campaign);
  return Math.max(1, nextAt.getTime() - at.getTime());
}

function changeOf(campaign: CampaignRow, step: CampaignStep, at: Date): Partial<CampaignRow> {
  if (step === 'budget_low') return { lowAt: at };
  const status = transition(campaign.status, step);
  if (status === undefined) throw new Error(`${campaign.id} cannot be ${step} from here`);
  return { status };
}

/** Writes where the campaign stands now, tells it, and waits for the next moment. */
async function tell(
  tx: Tx,
  campaign: CampaignRow,
  steps: readonly CampaignStep[],
  at: Date,
): Promise<void> {
  const { id, storeId, programId, status, lowAt } = campaign;
  await tx.run('UPDATE campaign SET status = $2, low_at = $3 WHERE id = $1', [id, status, lowAt]);
  const { budgetAmount, usedAmount, stoppedAt } = campaign;
  const payload = {
    budgetAmount: budgetAmount === null ? null : String(budgetAmount),
    usedAmount: String(usedAmount),
  };
  await recordEvents(
    tx,
    steps.map((step) => ({
      storeId,
      programId,
      type: eventTypes[step],
      subjectId: id,
      payload: step === 'ended' ? { ...payload, stopped: stoppedAt !== null } : payload,
      occurredAt: at,
    })),
  );
  if (!steps.some((step) => step !== 'budget_low')) return;
  await closeDueMoments(tx, id, 'done');
  if (status === 'running') await openCampaignMoment(tx, campaign, 'end', endOf(campaign));
}
