import { applyBps, type Rounding } from '../kernel/money';
import { type PassedOverWhy, type UplineMember, whyIneligible } from './eligibility';
import type { PlanBody } from './plan';

/** The agent of the order's region as of its payment. */
export interface RegionAgent extends UplineMember {
  region: string;
  /** what levels and agent may take together of the base, in basis points */
  bps: number;
}

/** The regional agent of a line; JSON-safe, frozen with the booking. */
export interface RegionTerms {
  region: string;
  distributorId: string;
  tier: string;
  bps: number;
  /** null: the agent earns on this line */
  why: PassedOverWhy | null;
}

/** What the regional agent of a line earns; the amount may be 0. */
export interface RegionCommission {
  distributorId: string;
  rateBps: number;
  /** base x rate, rounded: what the levels and the agent share */
  wholeAmount: bigint;
  /** what the levels take of it, after the caps */
  takenAmount: bigint;
  amount: bigint;
}

/** Decides whether the agent earns on a line, as it is decided for a level. */
export function regionTerms(
  plan: Pick<PlanBody, 'selfPurchase'>,
  agent: RegionAgent,
  line: { inScope: boolean },
): RegionTerms {
  const { region, distributorId, tier, bps } = agent;
  return { region, distributorId, tier, bps, why: whyIneligible(plan, agent, line) ?? null };
}

/**
 * The difference between the agent's rate and what the levels took, never below 0, and no more than
 * what the cap leaves.
 * @param capAmount of the line; null: none
 */
export function regionCommission(
  terms: RegionTerms,
  line: { baseAmount: bigint; takenAmount: bigint; capAmount: bigint | null; rounding: Rounding },
): RegionCommission {
  const { distributorId, bps: rateBps } = terms;
  const { takenAmount, capAmount } = line;
  const wholeAmount = applyBps(line.baseAmount, rateBps, line.rounding);
  const limit = capAmount !== null && capAmount < wholeAmount ? capAmount : wholeAmount;
  const amount = limit > takenAmount ? limit - takenAmount : 0n;
  return { distributorId, rateBps, wholeAmount, takenAmount, amount };
}
