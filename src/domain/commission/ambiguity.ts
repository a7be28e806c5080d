import type { PlanRule, RuleMatch } from './plan';
import { audienceSide, compareRules, productSide } from './rule';

/** Two rules of one level that can both match a line and its beneficiary, and neither wins. */
export interface Ambiguity {
  /** Positions in the plan's list of rules; the first is the earlier one. */
  indexes: [number, number];
  ruleIds: [string, string];
}

/**
 * The rules that can tie: same level, same specificity, same priority, and something that both
 * match. One line can carry two tags, so rules on two tags can tie. Each rule is named at most once
 * as the later one, so the answer is not longer than the list of rules.
 */
export function findAmbiguities(rules: readonly PlanRule[]): Ambiguity[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).findIndex((other) => canTie(other, rule));
    const other = rules[earlier];
    return other === undefined
      ? []
      : [{ indexes: [earlier, index], ruleIds: [other.id, rule.id] } satisfies Ambiguity];
  });
}

/** Says whether a line and a beneficiary exist for which neither of the two rules wins. */
export function canTie(a: PlanRule, b: PlanRule): boolean {
  return a.level === b.level && compareRules(a, b) === 0 && overlap(a.match, b.match);
}

/** Whether something matches both, given that both ask for the same kind of thing on each side. */
function overlap(a: RuleMatch, b: RuleMatch): boolean {
  const product = productSide(a);
  const audience = audienceSide(a);
  const productsMeet = product?.key === 'tag' || product?.value === productSide(b)?.value;
  return productsMeet && audience?.value === audienceSide(b)?.value;
}
