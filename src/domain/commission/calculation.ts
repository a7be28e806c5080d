import { applyBps, splitByLargestRemainder } from '../kernel/money';
import { Refusal } from '../kernel/refusal';
import { compareCodePoints } from '../kernel/text';
import type { Caps, PlanBody, Rate } from './plan';
import { judgeRules } from './rule';

/** One line of an order as the shop reported it. Amounts are in the minor unit. */
export interface OrderLineFacts {
  externalId: string;
  sku: string;
  productId?: string;
  category?: string;
  tags: readonly string[];
  quantity: number;
  unitPriceAmount: bigint;
  /** Of the whole line, not per unit. */
  discountAmount: bigint;
  /** Unknown: the margin cap does not apply. */
  unitCostAmount?: bigint;
  /** Whether the program covers this product. */
  inScope: boolean;
}

export interface OrderFacts {
  lines: readonly OrderLineFacts[];
  orderDiscountAmount: bigint;
}

/** Somebody on the path from the attributed distributor ([0]) upwards, as of the payment. */
export interface UplineMember {
  distributorId: string;
  tier: string;
  /** Whether the status at that moment earns. */
  earns: boolean;
  /** Whether this is the buyer's own distributor account. */
  isBuyer: boolean;
  since?: string;
  status?: string;
}

export type PassedOverWhy = 'not_earning' | 'buyer' | 'out_of_scope';

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
}

export interface LineTerms {
  levels: LevelTerms[];
}

/** What of a line still counts: all of it at first, less after refunds. */
export interface RemainingLine {
  baseAmount: bigint;
  quantity: number;
  unitCostAmount?: bigint;
}

/** What one level of a line earns; the amount may be 0. */
export interface LevelCommission {
  level: number;
  distributorId: string;
  ruleId: string;
  /** null: the rate is an amount per unit. */
  rateBps: number | null;
  amount: bigint;
}

/** The steps of one line's calculation, for those who want to know how the amounts came about. */
export interface LineCalculation {
  commissions: LevelCommission[];
  /** Per commission: rounded, before the caps. */
  roundedAmounts: bigint[];
  totalCapAmount: bigint | null;
  marginCapAmount: bigint | null;
  /** Whether a cap took something. */
  shrunk: boolean;
}

/** quantity x unit price - line discount: what a line weighs in the split of the order discount. */
export function lineAmount(line: OrderLineFacts): bigint {
  return BigInt(line.quantity) * line.unitPriceAmount - line.discountAmount;
}

/**
 * What each line keeps after its share of the order discount, in the order of the lines. Shares go
 * by largest remainder over the lines' amounts, ties to the externalId that is first in code-point
 * order, so that the order of the lines does not matter.
 * @throws Refusal discount_exceeds_lines when a line or the whole order would fall below 0
 */
export function baseAmounts(order: OrderFacts): bigint[] {
  const amounts = order.lines.map(lineAmount);
  const faults = amounts.flatMap((amount, index) =>
    amount < 0n ? [discountFault(`/lines/${index}/discountAmount`)] : [],
  );
  if (faults.length > 0) {
    throw new Refusal('discount_exceeds_lines', 'a line discount is above its line', {
      errors: faults,
    });
  }
  if (order.orderDiscountAmount > sum(amounts)) {
    throw new Refusal('discount_exceeds_lines', 'the order discount is above the lines together', {
      errors: [discountFault('/orderDiscountAmount')],
    });
  }
  const shares = discountShares(order, amounts);
  return amounts.map((amount, index) => amount - (shares[index] ?? 0n));
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

/**
 * What each level of a line earns on what remains of it, rounded once per level and then capped.
 * Levels without a beneficiary or a rule are not in the answer.
 */
export function computeLine(
  plan: Pick<PlanBody, 'rounding' | 'caps'>,
  terms: LineTerms,
  remaining: RemainingLine,
): LevelCommission[] {
  return calculateLine(plan, terms, remaining).commissions;
}

/** `computeLine` with its steps. */
export function calculateLine(
  plan: Pick<PlanBody, 'rounding' | 'caps'>,
  terms: LineTerms,
  remaining: RemainingLine,
): LineCalculation {
  const earning = terms.levels.flatMap(({ level, distributorId, ruleId, rate }) =>
    distributorId !== null && ruleId !== null && rate !== null
      ? [{ level, distributorId, ruleId, rate }]
      : [],
  );
  const roundedAmounts = earning.map(({ rate }) => roundedAmount(plan, rate, remaining));
  const caps = capAmounts(plan.caps, remaining);
  const limits = [caps.totalCapAmount, caps.marginCapAmount].filter((cap) => cap !== null);
  const limit = limits.reduce<bigint | null>((a, b) => (a === null || b < a ? b : a), null);
  const shrunk = limit !== null && sum(roundedAmounts) > limit;
  const amounts = shrunk ? splitByLargestRemainder(limit, roundedAmounts) : roundedAmounts;
  const commissions = earning.map(({ level, distributorId, ruleId, rate }, index) => ({
    level,
    distributorId,
    ruleId,
    rateBps: 'bps' in rate ? rate.bps : null,
    amount: amounts[index] ?? 0n,
  }));
  return { commissions, roundedAmounts, ...caps, shrunk };
}

/** Why this member may not earn on this line, or undefined. The product is first: it bars all. */
function whyIneligible(
  plan: Pick<PlanBody, 'selfPurchase'>,
  member: UplineMember,
  line: OrderLineFacts,
): PassedOverWhy | undefined {
  if (!line.inScope) return 'out_of_scope';
  if (!member.earns) return 'not_earning';
  if (member.isBuyer && plan.selfPurchase === 'deny') return 'buyer';
  return undefined;
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

function roundedAmount(
  plan: Pick<PlanBody, 'rounding'>,
  rate: NonNullable<LevelTerms['rate']>,
  remaining: RemainingLine,
): bigint {
  // Nothing was paid for the line, so an amount per unit earns nothing either.
  if (remaining.baseAmount === 0n) return 0n;
  return 'bps' in rate
    ? applyBps(remaining.baseAmount, rate.bps, plan.rounding)
    : BigInt(rate.amountPerUnit) * BigInt(remaining.quantity);
}

function capAmounts(
  caps: Caps,
  { baseAmount, quantity, unitCostAmount }: RemainingLine,
): Pick<LineCalculation, 'totalCapAmount' | 'marginCapAmount'> {
  const { totalBps, marginBps } = caps;
  const marginAmount =
    unitCostAmount === undefined ? null : baseAmount - unitCostAmount * BigInt(quantity);
  return {
    totalCapAmount: totalBps === undefined ? null : applyBps(baseAmount, totalBps, 'floor'),
    marginCapAmount:
      marginBps === undefined || marginAmount === null
        ? null
        : applyBps(marginAmount < 0n ? 0n : marginAmount, marginBps, 'floor'),
  };
}

function discountShares(order: OrderFacts, amounts: readonly bigint[]): bigint[] {
  const positions = order.lines
    .map((line, index) => ({ index, externalId: line.externalId }))
    .sort((a, b) => compareCodePoints(a.externalId, b.externalId))
    .map(({ index }) => index);
  const parts = splitByLargestRemainder(
    order.orderDiscountAmount,
    positions.map((index) => amounts[index] ?? 0n),
  );
  const shares = amounts.map(() => 0n);
  positions.forEach((index, rank) => (shares[index] = parts[rank] ?? 0n));
  return shares;
}

function discountFault(pointer: string) {
  return { pointer, code: 'discount_exceeds_lines', message: 'is more than what it is taken from' };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
