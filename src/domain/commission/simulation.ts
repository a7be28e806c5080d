import { remaining } from '../order/refund';
import { type DistributorHistory, standingAt, uplineAt } from '../referral/upline';
import type { PathRules } from '../referral/upline';
import { bookOrder } from './booking';
import {
  calculateLine,
  earningsOf,
  type LineTerms,
  type OrderLineFacts,
  type RemainingLine,
  type UplineMember,
} from './calculation';
import type { PlanBody } from './plan';
import type { RegionAgent } from './region';

/** A line as it was booked, with what refunds took from it since. */
export interface SimulatedLine extends OrderLineFacts {
  baseAmount: bigint;
  /** frozen when the order was booked */
  terms: LineTerms;
  refundedQuantity: number;
  refundedAmount: bigint;
}

export interface SimulatedOrder {
  /** the plan that decided when the order was paid; undefined: none was in force */
  planInForce: PlanBody | undefined;
  /** as far up as the simulated plan reads it */
  upline: readonly UplineMember[];
  /** of the order's region as of the payment */
  agent: RegionAgent | undefined;
  orderDiscountAmount: bigint;
  lines: readonly SimulatedLine[];
}

/** 0 is the regional agent. A draft may have more levels than the guard lets anybody publish. */
export const countedLevels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

export type CountedLevel = (typeof countedLevels)[number];

const scalarKeys = [
  'orders',
  'lines',
  'linesWithoutCost',
  'baseAmount',
  'refundedAmount',
  'marginAmount',
  'inForceAmount',
  'inForceWithCostAmount',
  'inForceCappedLines',
  'planAmount',
  'planWithCostAmount',
  'planCappedLines',
] as const;

type TotalKey = (typeof scalarKeys)[number] | `${'inForce' | 'plan'}Level${CountedLevel}Amount`;

/** Everything that is counted, as one flat record: it stays of this size however many orders go in. */
export const totalKeys: readonly TotalKey[] = [
  ...scalarKeys,
  ...countedLevels.map((level) => `inForceLevel${level}Amount` as const),
  ...countedLevels.map((level) => `planLevel${level}Amount` as const),
];

/**
 * Counts and amounts in the minor unit. `...WithCost` is of the lines whose unit cost is known, over
 * which `marginAmount` is summed.
 */
export type Totals = Record<TotalKey, bigint>;

/** What one person of one tier earns on both sides. */
export interface PersonTotal {
  distributorId: string;
  tier: string;
  inForceAmount: bigint;
  planAmount: bigint;
  /** how many above 0 the simulated plan would book */
  commissions: number;
}

export function noTotals(): Totals {
  return Object.fromEntries(totalKeys.map((key) => [key, 0n])) as Totals;
}

export function addTotals(one: Totals, other: Totals): Totals {
  return Object.fromEntries(totalKeys.map((key) => [key, one[key] + other[key]])) as Totals;
}

/**
 * What these orders cost under a plan and under the plans that decided, both by the function that
 * books, on what refunds left of each line. Campaigns' overlays are in neither.
 */
export function simulateOrders(
  plan: PlanBody,
  orders: readonly SimulatedOrder[],
): { totals: Totals; people: PersonTotal[] } {
  const totals = noTotals();
  const people = new Map<string, PersonTotal>();
  for (const order of orders) {
    totals.orders += 1n;
    const { planInForce, agent } = order;
    const booked = bookOrder(plan, order.upline, order, { agent });
    order.lines.forEach((line, index) => {
      const rest = restOf(line);
      const hasCost = countLine(totals, line, rest);
      if (planInForce !== undefined) {
        const paid = payOf(planInForce, line.terms, rest);
        addSide({ totals, people, side: 'inForce', hasCost }, paid);
      }
      const terms = { ...booked[index]!.terms };
      // Under the same rule about buyers the agent stays as it was decided then.
      if (planInForce?.selfPurchase === plan.selfPurchase) withRegionOf(terms, line.terms);
      addSide({ totals, people, side: 'plan', hasCost }, payOf(plan, terms, rest));
    });
  }
  return { totals, people: [...people.values()] };
}

/**
 * The upline that a plan reads: as it was frozen with the order, and where the plan goes further up
 * than the one that decided, on from there as of the payment. Where somebody's history is not known
 * yet, it answers whose is missing.
 */
export function uplineUnder(
  rules: PathRules,
  booked: readonly UplineMember[],
  order: { paidAt: Date; customerExternalId: string },
  histories: ReadonlyMap<string, DistributorHistory>,
): { members: readonly UplineMember[] } | { missing: string } {
  const top = booked.at(-1);
  const left = rules.levels - reached(rules, booked);
  if (top === undefined || left <= 0) return { members: booked };
  const history = histories.get(top.distributorId);
  if (history === undefined) return { missing: top.distributorId };
  const next = standingAt(history, order.paidAt)?.sponsorId ?? null;
  if (next === null) return { members: booked };
  const { paidAt: at, customerExternalId } = order;
  const from = { distributorId: next, at, customerExternalId };
  const rest = uplineAt(histories, from, { ...rules, levels: left });
  return 'missing' in rest ? rest : { members: [...booked, ...rest.members] };
}

/** How many levels of the plan a path already fills. */
function reached(rules: PathRules, members: readonly UplineMember[]): number {
  if (rules.onIneligible !== 'compress') return members.length;
  const deny = rules.selfPurchase === 'deny';
  return members.filter(({ earns, isBuyer }) => earns && !(isBuyer && deny)).length;
}

function restOf(line: SimulatedLine): RemainingLine {
  const { unitCostAmount } = line;
  return { ...remaining(line), ...(unitCostAmount === undefined ? {} : { unitCostAmount }) };
}

/** @returns whether the line's cost is known */
function countLine(totals: Totals, line: SimulatedLine, rest: RemainingLine): boolean {
  totals.lines += 1n;
  totals.baseAmount += rest.baseAmount;
  totals.refundedAmount += line.refundedAmount;
  if (rest.unitCostAmount === undefined) {
    totals.linesWithoutCost += 1n;
    return false;
  }
  totals.marginAmount += rest.baseAmount - rest.unitCostAmount * BigInt(rest.quantity);
  return true;
}

interface Pay {
  parts: { level: CountedLevel; distributorId: string; tier: string; amount: bigint }[];
  capped: boolean;
}

function payOf(plan: PlanBody, terms: LineTerms, rest: RemainingLine): Pay {
  const calculation = calculateLine(plan, terms, rest);
  const parts = earningsOf(calculation).map(({ level, distributorId, amount }) => ({
    level: (level ?? 0) as CountedLevel,
    distributorId,
    tier: (level === null ? terms.region?.tier : terms.levels[level - 1]?.tier) ?? '',
    amount,
  }));
  return { parts, capped: calculation.shrunk };
}

function withRegionOf(terms: LineTerms, frozen: LineTerms): void {
  if (frozen.region === undefined) delete terms.region;
  else terms.region = frozen.region;
}

function addSide(
  to: {
    totals: Totals;
    people: Map<string, PersonTotal>;
    side: 'inForce' | 'plan';
    hasCost: boolean;
  },
  { parts, capped }: Pay,
): void {
  const { totals, people, side, hasCost } = to;
  if (capped) totals[`${side}CappedLines`] += 1n;
  for (const { level, distributorId, tier, amount } of parts) {
    if (amount === 0n) continue;
    totals[`${side}Amount`] += amount;
    totals[`${side}Level${level}Amount`] += amount;
    if (hasCost) totals[`${side}WithCostAmount`] += amount;
    const person = personOf(people, distributorId, tier);
    person[`${side}Amount`] += amount;
    if (side === 'plan') person.commissions += 1;
  }
}

function personOf(
  people: Map<string, PersonTotal>,
  distributorId: string,
  tier: string,
): PersonTotal {
  const key = `${distributorId} ${tier}`;
  const known = people.get(key);
  if (known !== undefined) return known;
  const person = { distributorId, tier, inForceAmount: 0n, planAmount: 0n, commissions: 0 };
  people.set(key, person);
  return person;
}
