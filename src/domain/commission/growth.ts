import type { PlanBody, PlanRule, Rate, RuleMatch } from './plan';
import { judgeRules, type Product, productSide } from './rule';

/** What another tier would change in the rates of one level for some products. */
export interface RateChange {
  level: number;
  /** the product side of the rules; empty: any product */
  match: RuleMatch;
  /** null: no rule pays */
  now: { ruleId: string; rate: Rate } | null;
  then: { ruleId: string; rate: Rate } | null;
}

/**
 * The rates that differ between two tiers of a plan for one person, for every product side that some
 * rule of either tier names. Judged by the same rules as an order.
 */
export function rateChanges(
  plan: Pick<PlanBody, 'rules'>,
  person: { distributorId: string; from: string; to: string },
): RateChange[] {
  const { distributorId, from, to } = person;
  const places = new Map(
    plan.rules
      .filter(({ match: { tier } }) => tier === from || tier === to)
      .map((rule) => [placeOf(rule), rule] as const),
  );
  return [...places.values()].flatMap((rule): RateChange[] => {
    const match = productMatch(rule.match);
    const chosen = (tier: string) => {
      const verdicts = judgeRules(plan, rule.level, productOf(match), { distributorId, tier });
      const winner = verdicts.find((verdict) => verdict.chosen)?.rule;
      return winner === undefined ? null : { ruleId: winner.id, rate: winner.rate };
    };
    const [now, then] = [chosen(from), chosen(to)];
    return now?.ruleId === then?.ruleId ? [] : [{ level: rule.level, match, now, then }];
  });
}

function placeOf({ level, match }: PlanRule): string {
  const side = productSide(match);
  return `${level} ${side?.key ?? ''} ${side?.value ?? ''}`;
}

function productMatch(match: RuleMatch): RuleMatch {
  const side = productSide(match);
  return side === undefined ? {} : { [side.key]: side.value };
}

/** A product that only this side describes. */
function productOf({ sku = '', productId, category, tag }: RuleMatch): Product {
  return {
    sku,
    tags: tag === undefined ? [] : [tag],
    ...(productId === undefined ? {} : { productId }),
    ...(category === undefined ? {} : { category }),
  };
}
