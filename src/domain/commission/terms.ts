import type { OrderLineFacts } from './base';
import { type PassedOverWhy, type UplineMember, whyIneligible } from './eligibility';
import type { FrozenOverlay } from './overlay';
import type { PlanBody, Rate } from './plan';
import type { RegionTerms } from './region';
import { judgeRules } from './rule';

/** Who earns a level of a line, by which rule and rate; JSON-safe, frozen with the booking. */
export interface LevelTerms {
  level: number;
  /** null: nobody earns this level. */
  distributorId: string | null;
  tier: string | null;
  /** null: no rule matches, or there is no beneficiary. */
  ruleId: string | null;
  /** `amountPerUnit` in the minor unit, as decimal digits. */
  rate: { bps: number } | { amountPerUnit: string } | null;
  passedOver: { distributorId: string; why: PassedOverWhy }[];
  /** in the order in which they apply; only when there are any */
  overlays?: FrozenOverlay[];
}

export interface LineTerms {
  levels: LevelTerms[];
  /** only when the order's region had an agent */
  region?: RegionTerms;
}

/**
 * Decides for each level of a line who earns it, by which rule and rate. These terms are stored
 * with the line and decide about every later recomputation.
 */
export function freezeTerms(
  plan: PlanBody,
  upline: readonly UplineMember[],
  line: OrderLineFacts,
): LineTerms {
  const levels: LevelTerms[] = [];
  let next = 0;
  let stopped = false;
  for (let level = 1; level <= plan.levels; level += 1) {
    const passedOver: LevelTerms['passedOver'] = [];
    let beneficiary: UplineMember | undefined;
    while (!stopped && !beneficiary && next < upline.length) {
      const candidate = upline[next] as UplineMember;
      next += 1;
      const why = whyIneligible(plan, candidate, line);
      if (!why) beneficiary = candidate;
      else passedOver.push({ distributorId: candidate.distributorId, why });
      if (why && plan.onIneligible === 'stop') stopped = true;
      if (plan.onIneligible === 'skip') break;
    }
    levels.push({ level, ...termsOf(plan, level, line, beneficiary), passedOver });
  }
  return { levels };
}

function termsOf(
  plan: PlanBody,
  level: number,
  line: OrderLineFacts,
  beneficiary: UplineMember | undefined,
): Omit<LevelTerms, 'level' | 'passedOver'> {
  if (!beneficiary) return { distributorId: null, tier: null, ruleId: null, rate: null };
  const { distributorId, tier } = beneficiary;
  const rule = judgeRules(plan, level, line, beneficiary).find(({ chosen }) => chosen)?.rule;
  return { distributorId, tier, ruleId: rule?.id ?? null, rate: rule ? frozen(rule.rate) : null };
}

function frozen(rate: Rate): LevelTerms['rate'] {
  return 'bps' in rate ? { bps: rate.bps } : { amountPerUnit: String(rate.amountPerUnit) };
}
