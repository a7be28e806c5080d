import type { Language } from '../kernel/language';
import type { LineCalculation } from './calculation';
import type { CommissionFacts, ExplainedCampaign } from './explanation-facts';
import { type EarningKey, termsOf } from './explanation-earning';
import { type FrozenOverlay, overlayFits } from './overlay';
import type { Recomputation } from './recompute';

/** Why a campaign of that time counts for a level or not. */
export const overlayReasons = [
  'counts',
  'budget_spent',
  'not_for_this',
  'not_the_best',
  'came_later',
] as const;

export type OverlayReason = (typeof overlayReasons)[number];

/**
 * Every campaign whose window held the payment, with what it added to this level; those that count
 * come first, in the order in which they apply.
 */
export function overlaysOf(facts: CommissionFacts, again: Recomputation, language: Language) {
  const { commission, campaigns } = facts;
  if (commission.kind !== 'sale') return [];
  const frozen = again.terms.levels.find(({ level }) => level === commission.level)?.overlays ?? [];
  const counting = frozen.flatMap((overlay) => {
    const campaign = campaigns.find(({ id }) => id === overlay.campaignId);
    return campaign === undefined ? [] : [counts(campaign, overlay, facts, again, language)];
  });
  const used = new Set(frozen.map(({ campaignId }) => campaignId));
  const losing = campaigns
    .filter(({ id }) => !used.has(id))
    .map((campaign) => loses(campaign, facts, again, language));
  return [...counting, ...losing];
}

function counts(
  campaign: ExplainedCampaign,
  overlay: FrozenOverlay,
  { commission }: CommissionFacts,
  again: Recomputation,
  language: Language,
) {
  const booked = chargeOf(again.booking, commission, campaign.id);
  const left = chargeOf(again.current, commission, campaign.id);
  const chosen = overlay.grantedAmount !== '0' || !overlay.limited;
  const reason: OverlayReason = chosen ? 'counts' : 'budget_spent';
  return {
    campaignId: campaign.id,
    name: campaign.name,
    chosen,
    reason,
    why: reasonText(reason, language),
    effect: overlay.effect,
    limited: overlay.limited,
    grantedAmount: BigInt(overlay.grantedAmount),
    chargedAmount: booked,
    remainingAmount: left,
  };
}

function loses(
  campaign: ExplainedCampaign,
  { commission }: CommissionFacts,
  again: Recomputation,
  language: Language,
) {
  const reason = whyNot(campaign, commission, again);
  return {
    campaignId: campaign.id,
    name: campaign.name,
    chosen: false,
    reason,
    why: reasonText(reason, language),
    effect: campaign.effect,
    limited: campaign.limited,
    grantedAmount: 0n,
    chargedAmount: 0n,
    remainingAmount: 0n,
  };
}

function whyNot(
  campaign: ExplainedCampaign,
  commission: EarningKey,
  { terms, product }: Recomputation,
): OverlayReason {
  const { distributorId, tier } = termsOf(terms, commission);
  if (distributorId === null || tier === null || commission.level === null) return 'not_for_this';
  const audience = { distributorId, tier };
  if (!overlayFits(campaign, commission.level, product, audience)) return 'not_for_this';
  return campaign.isLater || campaign.stacks ? 'came_later' : 'not_the_best';
}

function chargeOf(
  { commissions, extras }: LineCalculation,
  { level }: EarningKey,
  campaignId: string,
): bigint {
  const index = commissions.findIndex((one) => one.level === level);
  const own = (extras[index] ?? []).find((extra) => extra.campaignId === campaignId);
  return own?.chargedAmount ?? 0n;
}

const words: Readonly<Record<OverlayReason, Readonly<Record<Language, string>>>> = {
  counts: { en: 'It counts for this level.', 'zh-CN': '对该级有效。' },
  budget_spent: {
    en: 'It is for this level, but its budget was used up.',
    'zh-CN': '适用于该级，但预算已用完。',
  },
  not_for_this: {
    en: 'It is for other levels, products or people.',
    'zh-CN': '适用于其他级别、商品或人员。',
  },
  not_the_best: {
    en: 'It does not stack, and another campaign gave the distributor more.',
    'zh-CN': '该活动不可叠加，而另一活动对分销员更有利。',
  },
  came_later: {
    en: 'It was made after the order was booked.',
    'zh-CN': '该活动在订单入账之后才建立。',
  },
};

function reasonText(reason: OverlayReason, language: Language): string {
  return words[reason][language];
}
