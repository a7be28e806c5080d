import {
  addFractions,
  compareFractions,
  type Fraction,
  roundFraction,
  wholeFraction,
} from '../kernel/fraction';
import { type Rounding, splitByLargestRemainder, wholeBps } from '../kernel/money';
import { compareCodePoints } from '../kernel/text';
import { audienceKeys, productKeys, type RuleMatch } from './plan';
import type { Audience, Product } from './rule';

/**
 * What a campaign does to what a level earns: multiplies it, adds a share of the base in basis
 * points, or adds an amount of the minor unit per unit sold.
 */
export type OverlayEffect =
  { multiplyBps: number } | { addBps: number } | { addAmountPerUnit: number };

/** A campaign whose window holds the payment of the order. */
export interface Overlay {
  /** the campaign */
  id: string;
  startsAt: Date;
  match: RuleMatch;
  effect: OverlayEffect;
  levels: readonly number[];
  /** false: only the best of those for the distributor counts */
  stacks: boolean;
  /** What it may still give, in the minor unit; null: there is no limit. */
  budgetLeftAmount: bigint | null;
}

/** An overlay as it was granted to one level of a line; JSON-safe, frozen with the booking. */
export interface FrozenOverlay {
  campaignId: string;
  effect: OverlayEffect;
  /** What it added before the caps, as decimal digits; no recomputation adds more. */
  grantedAmount: string;
  /** Whether the campaign has a budget, which what a refund gave back to never pays again. */
  limited: boolean;
}

/** What is left of budgets, by campaign; one without a limit is not in it. Booking moves it. */
export type Budgets = Map<string, bigint>;

/** What one overlay adds to one level of a line. */
export interface OverlayExtra {
  campaignId: string;
  limited: boolean;
  /** before the caps */
  extraAmount: bigint;
  /** what is left of it after the caps: what the campaign pays */
  chargedAmount: bigint;
}

/** What of the line counts for an overlay. */
interface Sold {
  baseAmount: bigint;
  quantity: number;
}

/** An overlay in its place, with the most that it may add; null: no limit. */
export interface OverlayStep {
  effect: OverlayEffect;
  atMostAmount: bigint | null;
}

export function budgetsOf(overlays: readonly Overlay[]): Budgets {
  return new Map(
    overlays.flatMap(({ id, budgetLeftAmount }) =>
      budgetLeftAmount === null ? [] : [[id, budgetLeftAmount] as const],
    ),
  );
}

/** Whether an overlay is for this level, product and person. */
export function overlayFits(
  overlay: Pick<Overlay, 'match' | 'levels'>,
  level: number,
  product: Product,
  audience: Audience,
): boolean {
  return (
    overlay.levels.includes(level) &&
    fitsProduct(overlay.match, product) &&
    fitsAudience(overlay.match, audience)
  );
}

/** Whether an order could use an overlay at all; without it no budget need be held for it. */
export function overlayMayFit(
  overlay: Pick<Overlay, 'match' | 'levels'>,
  order: {
    levels: number;
    lines: readonly (Product & { inScope: boolean })[];
    upline: readonly (Audience & { earns: boolean })[];
  },
): boolean {
  const { match } = overlay;
  return (
    overlay.levels.some((level) => level <= order.levels) &&
    order.upline.some((member) => member.earns && fitsAudience(match, member)) &&
    order.lines.some((line) => line.inScope && fitsProduct(match, line))
  );
}

function fitsProduct(match: RuleMatch, product: Product): boolean {
  return productKeys.every((key) => {
    const asked = match[key];
    if (asked === undefined) return true;
    return key === 'tag' ? product.tags.includes(asked) : product[key] === asked;
  });
}

function fitsAudience(match: RuleMatch, audience: Audience): boolean {
  return audienceKeys.every((key) => match[key] === undefined || match[key] === audience[key]);
}

/**
 * Those of the fitting overlays that count, in the order in which they apply: of those that do not
 * stack the one that makes the most of `plain`, then all that stack, the earlier start first.
 */
export function overlaysInOrder(
  fitting: readonly Overlay[],
  plain: Fraction,
  sold: Sold,
): Overlay[] {
  const single = fitting.filter(({ stacks }) => !stacks).sort(byStart);
  const values = single.map(({ effect }) => effectOn(plain, effect, sold));
  // The first of equals stays: the earlier start, then the lower id.
  const best = single.reduce(
    (found, _, index) =>
      found < 0 || compareFractions(values[index]!, values[found]!) > 0 ? index : found,
    -1,
  );
  const stacking = fitting.filter(({ stacks }) => stacks).sort(byStart);
  return best < 0 ? stacking : [single[best]!, ...stacking];
}

/**
 * Applies overlays one after the other to what a level earns, exactly, and rounds at the end; none
 * lowers. The extra of each is the difference that it makes to the rounded amount, so that the
 * extras sum to the whole gain; after one that may add no more it goes on from what it was cut to,
 * but never from less than before.
 */
export function applyOverlays(
  plain: Fraction,
  steps: readonly OverlayStep[],
  sold: Sold,
  rounding: Rounding,
): { amount: bigint; extras: bigint[] } {
  let value = plain;
  let amount = roundFraction(plain, rounding);
  const extras = steps.map(({ effect, atMostAmount }) => {
    const raised = effectOn(value, effect, sold);
    if (compareFractions(raised, value) <= 0) return 0n;
    const extra = roundFraction(raised, rounding) - amount;
    const cut = atMostAmount !== null && extra > atMostAmount;
    const granted = cut ? atMostAmount : extra;
    amount += granted;
    value = cut ? larger(value, wholeFraction(amount)) : raised;
    return granted;
  });
  return { amount, extras };
}

/**
 * Splits what is left of the extras after the caps: by largest remainder over the extras. One with a
 * limit takes no more than it; the others take what that leaves, up to their own extra.
 * @returns the parts; less than `left` when the limits hold it
 */
export function chargeOverlays(
  left: bigint,
  overlays: readonly { extraAmount: bigint; atMostAmount: bigint | null }[],
): bigint[] {
  const parts = splitByLargestRemainder(
    left,
    overlays.map(({ extraAmount }) => extraAmount),
  );
  const most = overlays.map(({ extraAmount, atMostAmount }) =>
    atMostAmount !== null && atMostAmount < extraAmount ? atMostAmount : extraAmount,
  );
  const within = parts.map((part, index) => (part < most[index]! ? part : most[index]!));
  let open = left - within.reduce((sum, part) => sum + part, 0n);
  return within.map((part, index) => {
    const room = most[index]! - part;
    const more = open < room ? open : room;
    open -= more;
    return part + more;
  });
}

/** What a level would earn by an effect alone; it may be less than before. */
function effectOn(value: Fraction, effect: OverlayEffect, sold: Sold): Fraction {
  if ('multiplyBps' in effect) {
    return {
      numerator: value.numerator * BigInt(effect.multiplyBps),
      denominator: value.denominator * wholeBps,
    };
  }
  return addFractions(
    value,
    'addBps' in effect
      ? { numerator: sold.baseAmount * BigInt(effect.addBps), denominator: wholeBps }
      : wholeFraction(BigInt(effect.addAmountPerUnit) * BigInt(sold.quantity)),
  );
}

function larger(a: Fraction, b: Fraction): Fraction {
  return compareFractions(a, b) < 0 ? b : a;
}

function byStart(a: Overlay, b: Overlay): number {
  return a.startsAt.getTime() - b.startsAt.getTime() || compareCodePoints(a.id, b.id);
}
