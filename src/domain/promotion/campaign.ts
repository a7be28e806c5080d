import { wholeBps } from '../kernel/money';
import type { CampaignMove, CampaignStatus } from './state';

/** When a campaign counts: from `startsAt` up to, but not including, its end. */
export interface CampaignWindow {
  startsAt: Date;
  endsAt: Date;
  /** null: nobody ended it before its time */
  stoppedAt: Date | null;
}

/** What its budget says; amounts in the minor unit. */
export interface CampaignBudget {
  /** null: no limit */
  budgetAmount: bigint | null;
  usedAmount: bigint;
}

/** Where a campaign stands, with all that decides what happens to it next. */
export interface CampaignState extends CampaignWindow, CampaignBudget {
  status: CampaignStatus;
  lowAt: Date | null;
}

/** What is due on a campaign at a moment, in the order in which it is told. */
export type CampaignStep = CampaignMove | 'budget_low';

/** From this share of the budget on, the merchant is warned, once. */
const lowFromBps = 8_000n;

/** The first moment that is outside: the planned end, or the stop when that was earlier. */
export function endOf({ endsAt, stoppedAt }: Omit<CampaignWindow, 'startsAt'>): Date {
  return stoppedAt !== null && stoppedAt < endsAt ? stoppedAt : endsAt;
}

/** Where a campaign stands at a moment, whatever its workflow has done so far. */
export function statusAt(window: CampaignWindow, at: Date): CampaignStatus {
  if (at >= endOf(window)) return 'ended';
  return at < window.startsAt ? 'scheduled' : 'running';
}

/** What the budget still has; null without one. */
export function remainingAmount({ budgetAmount, usedAmount }: CampaignBudget): bigint | null {
  return budgetAmount === null ? null : budgetAmount - usedAmount;
}

/** Whether so much of the budget is used that the merchant should hear of it. */
export function isLow({ budgetAmount, usedAmount }: CampaignBudget): boolean {
  return budgetAmount !== null && usedAmount * wholeBps >= budgetAmount * lowFromBps;
}

/** All that is due at a moment and was not done yet. One that is over warns of nothing any more. */
export function dueSteps(campaign: CampaignState, at: Date): CampaignStep[] {
  const { status, startsAt, lowAt } = campaign;
  if (status === 'ended') return [];
  const now = statusAt(campaign, at);
  const ran = status === 'running' || (now !== 'scheduled' && startsAt < endOf(campaign));
  return [
    ...(status === 'scheduled' && ran ? (['started'] as const) : []),
    ...(lowAt === null && isLow(campaign) ? (['budget_low'] as const) : []),
    ...(now === 'ended' ? (['ended'] as const) : []),
  ];
}
