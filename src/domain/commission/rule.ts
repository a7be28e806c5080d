import {
  type AudienceKey,
  audienceKeys,
  type PlanBody,
  type PlanRule,
  type ProductKey,
  productKeys,
  type RuleMatch,
} from './plan';

/** The line as a rule sees it. */
export interface Product {
  sku: string;
  productId?: string;
  category?: string;
  tags: readonly string[];
}

/** The beneficiary as a rule sees it. */
export interface Audience {
  distributorId: string;
  tier: string;
}

/** Why a rule won or lost, in the order in which the comparison is made. */
export type RuleReason =
  | 'chosen'
  | 'product_differs'
  | 'audience_differs'
  | 'product_less_specific'
  | 'audience_less_specific'
  | 'lower_priority';

export interface RuleVerdict {
  rule: PlanRule;
  chosen: boolean;
  reason: RuleReason;
}

/** What the rule asks of the line, or undefined for any line. */
export function productSide(match: RuleMatch): { key: ProductKey; value: string } | undefined {
  return side(match, productKeys);
}

/** What the rule asks of the beneficiary, or undefined for anybody. */
export function audienceSide(match: RuleMatch): { key: AudienceKey; value: string } | undefined {
  return side(match, audienceKeys);
}

/** The more a side asks, the higher: sku 4, productId 3, category 2, tag 1, any 0. */
export function productRank(match: RuleMatch): number {
  const asked = productSide(match);
  return asked ? productKeys.length - productKeys.indexOf(asked.key) : 0;
}

/** distributorId 2, tier 1, any 0. */
export function audienceRank(match: RuleMatch): number {
  const asked = audienceSide(match);
  return asked ? audienceKeys.length - audienceKeys.indexOf(asked.key) : 0;
}

/**
 * Every rule of a level with what became of it for this line and beneficiary. At most one is
 * chosen: the most specific product side, then audience side, then the higher priority.
 * @throws Error when two rules tie, which a published plan cannot hold (`ambiguous-rules`)
 */
export function judgeRules(
  plan: Pick<PlanBody, 'rules'>,
  level: number,
  product: Product,
  audience: Audience,
): RuleVerdict[] {
  const rules = plan.rules.filter((rule) => rule.level === level);
  const matching = rules.filter((rule) => mismatch(rule.match, product, audience) === undefined);
  const [winner, second] = [...matching].sort((a, b) => compareRules(b, a));
  if (winner && second && compareRules(winner, second) === 0) {
    throw new Error(`rules ${winner.id} and ${second.id} of a plan in force tie`);
  }
  return rules.map((rule) => {
    if (rule === winner) return { rule, chosen: true, reason: 'chosen' };
    const reason = mismatch(rule.match, product, audience) ?? whyWeaker(rule, winner);
    return { rule, chosen: false, reason };
  });
}

/** Above 0 when the first rule wins over the second, should both match. */
export function compareRules(a: PlanRule, b: PlanRule): number {
  return (
    productRank(a.match) - productRank(b.match) ||
    audienceRank(a.match) - audienceRank(b.match) ||
    a.priority - b.priority
  );
}

function side<K extends ProductKey | AudienceKey>(match: RuleMatch, keys: readonly K[]) {
  for (const key of keys) {
    const value = match[key];
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

function mismatch(match: RuleMatch, product: Product, audience: Audience): RuleReason | undefined {
  const line = productSide(match);
  if (line && !productMatches(line, product)) return 'product_differs';
  const person = audienceSide(match);
  if (person && audience[person.key] !== person.value) return 'audience_differs';
  return undefined;
}

function productMatches(asked: { key: ProductKey; value: string }, product: Product): boolean {
  return asked.key === 'tag'
    ? product.tags.includes(asked.value)
    : product[asked.key] === asked.value;
}

function whyWeaker(rule: PlanRule, winner: PlanRule | undefined): RuleReason {
  if (!winner) throw new Error(`rule ${rule.id} matches, and yet no rule was chosen`);
  if (productRank(rule.match) < productRank(winner.match)) return 'product_less_specific';
  if (audienceRank(rule.match) < audienceRank(winner.match)) return 'audience_less_specific';
  return 'lower_priority';
}
