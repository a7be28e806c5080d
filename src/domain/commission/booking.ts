import {
  baseAmounts,
  computeLine,
  freezeTerms,
  type LevelCommission,
  type LineTerms,
  type OrderFacts,
  type UplineMember,
} from './calculation';
import type { PlanBody } from './plan';

/** What is stored of one line when an order is accepted. */
export interface BookedLine {
  baseAmount: bigint;
  /** frozen for every later recomputation */
  terms: LineTerms;
  /** per level with a rule; amounts of 0 are in it, but nothing is posted for them */
  commissions: LevelCommission[];
}

/**
 * Books an order under a plan, line by line. Without a plan in force the bases are kept and nobody
 * earns.
 * @throws Refusal discount_exceeds_lines
 */
export function bookOrder(
  plan: PlanBody | undefined,
  upline: readonly UplineMember[],
  order: OrderFacts,
): BookedLine[] {
  const bases = baseAmounts(order);
  return order.lines.map((line, index) => {
    const baseAmount = bases[index]!;
    if (plan === undefined) return { baseAmount, terms: { levels: [] }, commissions: [] };
    const terms = freezeTerms(plan, upline, line);
    const { quantity, unitCostAmount } = line;
    const whole = {
      baseAmount,
      quantity,
      ...(unitCostAmount === undefined ? {} : { unitCostAmount }),
    };
    return { baseAmount, terms, commissions: computeLine(plan, terms, whole) };
  });
}
