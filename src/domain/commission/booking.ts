import { compareCodePoints } from '../kernel/text';
import { baseAmounts, type OrderFacts, type OrderLineFacts } from './base';
import {
  calculateLine,
  earningLevels,
  type LevelCommission,
  type LineCalculation,
  type LineTerms,
  plainValue,
  type RemainingLine,
  type UplineMember,
} from './calculation';
import {
  applyOverlays,
  type Budgets,
  budgetsOf,
  type FrozenOverlay,
  type Overlay,
  overlayFits,
  overlaysInOrder,
} from './overlay';
import type { PlanBody } from './plan';
import { type RegionAgent, regionTerms } from './region';
import { freezeTerms } from './terms';

/** What of a line is stored and posted when an order is accepted. */
export interface BookedLine {
  baseAmount: bigint;
  /** frozen for every later recomputation */
  terms: LineTerms;
  /** per level with a rule; amounts of 0 are in it, but nothing is posted for them */
  commissions: LevelCommission[];
  /** the steps, with overlays and regional agent; null: no plan was in force */
  calculation: LineCalculation | null;
}

/** What else can earn on an order besides its plan. */
export interface BookingExtras {
  /** the campaigns whose window holds the payment */
  overlays?: readonly Overlay[];
  /** of the order's region as of the payment */
  agent?: RegionAgent | undefined;
  /** what is left of the campaigns' budgets; orders booked together share it. Default: as loaded. */
  budgets?: Budgets;
}

/**
 * Books an order under a plan, line by line. Without a plan in force the bases are kept and nobody
 * earns. Budgets are used by the lines in the order of their externalIds (code points), so that the
 * order in which the lines stand does not matter.
 * @param extras its `budgets` are moved by what this order takes
 * @throws Refusal discount_exceeds_lines
 */
export function bookOrder(
  plan: PlanBody | undefined,
  upline: readonly UplineMember[],
  order: OrderFacts,
  extras: BookingExtras = {},
): BookedLine[] {
  const bases = baseAmounts(order);
  if (plan === undefined) {
    return bases.map((baseAmount) => ({
      baseAmount,
      terms: { levels: [] },
      commissions: [],
      calculation: null,
    }));
  }
  const { overlays = [], agent } = extras;
  const budgets = extras.budgets ?? budgetsOf(overlays);
  const book = (line: OrderLineFacts, index: number): BookedLine => {
    const whole = wholeLine(line, bases[index]!);
    const terms = freezeTerms(plan, upline, line);
    if (agent !== undefined) terms.region = regionTerms(plan, agent, line);
    if (overlays.length > 0) grantOverlays(plan, terms, { line, whole, overlays, budgets });
    const calculation = calculateLine(plan, terms, whole);
    if (overlays.length > 0) giveBackUncharged(calculation, budgets);
    return {
      baseAmount: whole.baseAmount,
      terms,
      commissions: calculation.commissions,
      calculation,
    };
  };
  if (overlays.length === 0) return order.lines.map(book);
  const booked: BookedLine[] = [];
  const positions = order.lines
    .map((_, index) => index)
    .sort((a, b) => compareCodePoints(order.lines[a]!.externalId, order.lines[b]!.externalId));
  for (const index of positions) booked[index] = book(order.lines[index]!, index);
  return booked;
}

function wholeLine({ quantity, unitCostAmount }: OrderLineFacts, baseAmount: bigint) {
  return { baseAmount, quantity, ...(unitCostAmount === undefined ? {} : { unitCostAmount }) };
}

/** Freezes the overlays of each level with what they add, which their budgets reserve. */
function grantOverlays(
  plan: PlanBody,
  terms: LineTerms,
  by: {
    line: OrderLineFacts;
    whole: RemainingLine;
    overlays: readonly Overlay[];
    budgets: Budgets;
  },
): void {
  const { line, whole, overlays, budgets } = by;
  if (whole.baseAmount === 0n) return;
  for (const { level, distributorId, tier, rate } of earningLevels(terms)) {
    const audience = { distributorId, tier };
    const fitting = overlays.filter((overlay) => overlayFits(overlay, level, line, audience));
    if (fitting.length === 0) continue;
    const plain = plainValue(rate, whole);
    // What has nothing left to give is not the best for anybody; it stays in the terms, with 0.
    const spent = (overlay: Overlay) =>
      overlay.budgetLeftAmount !== null && (budgets.get(overlay.id) ?? 0n) <= 0n;
    const chosen = [
      ...overlaysInOrder(
        fitting.filter((overlay) => !spent(overlay)),
        plain,
        whole,
      ),
      ...fitting.filter(spent),
    ];
    const steps = chosen.map(({ id, effect, budgetLeftAmount }) => ({
      effect,
      atMostAmount: budgetLeftAmount === null ? null : (budgets.get(id) ?? 0n),
    }));
    const { extras } = applyOverlays(plain, steps, whole, plan.rounding);
    const frozen = chosen.map(({ id, effect, budgetLeftAmount }, index): FrozenOverlay => {
      const granted = extras[index]!;
      const limited = budgetLeftAmount !== null;
      if (limited) budgets.set(id, (budgets.get(id) ?? 0n) - granted);
      return { campaignId: id, effect, grantedAmount: String(granted), limited };
    });
    const own = terms.levels.find((one) => one.level === level);
    if (own !== undefined) own.overlays = frozen;
  }
}

/** A budget pays only what the caps left of an extra; the next line has the rest again. */
function giveBackUncharged({ extras }: LineCalculation, budgets: Budgets): void {
  for (const { campaignId, limited, extraAmount, chargedAmount } of extras.flat()) {
    if (!limited || extraAmount === chargedAmount) continue;
    budgets.set(campaignId, (budgets.get(campaignId) ?? 0n) + extraAmount - chargedAmount);
  }
}
