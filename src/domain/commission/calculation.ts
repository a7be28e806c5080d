import { type Fraction, roundFraction, wholeFraction } from '../kernel/fraction';
import { applyBps, splitByLargestRemainder, wholeBps } from '../kernel/money';
import { applyOverlays, chargeOverlays, type FrozenOverlay, type OverlayExtra } from './overlay';
import type { Caps, PlanBody } from './plan';
import { regionCommission, type RegionCommission } from './region';
import type { LevelTerms, LineTerms } from './terms';

export { baseAmounts, lineAmount, type OrderFacts, type OrderLineFacts } from './base';
export type { PassedOverWhy, UplineMember } from './eligibility';
export { freezeTerms, type LevelTerms, type LineTerms } from './terms';

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
  /** Per commission: by its rule alone, rounded, without overlays. */
  plainAmounts: bigint[];
  /** Per commission: with overlays, rounded, before the caps. */
  roundedAmounts: bigint[];
  /** Per commission: what each overlay adds, in the order in which they apply. */
  extras: OverlayExtra[][];
  totalCapAmount: bigint | null;
  marginCapAmount: bigint | null;
  /** Whether a cap took something from the levels. */
  shrunk: boolean;
  /** null: no agent earns on this line. */
  region: RegionCommission | null;
}

/** Who earns what on a line, levels and regional agent alike; the amount may be 0. */
export interface LineEarning {
  kind: 'sale' | 'region';
  /** null: the regional agent */
  level: number | null;
  distributorId: string;
  ruleId: string | null;
  rateBps: number | null;
  amount: bigint;
}

/**
 * What campaigns with a budget pay for a line by now, by `chargeKey`; a refund never makes it more.
 */
export type Charges = ReadonlyMap<string, bigint>;

export function chargeKey(level: number, campaignId: string): string {
  return `${level} ${campaignId}`;
}

/** What the campaigns pay by this calculation. */
export function chargesOf({ commissions, extras }: LineCalculation): Charges {
  return new Map(
    commissions.flatMap(({ level }, index) =>
      (extras[index] ?? []).map(
        ({ campaignId, chargedAmount }) => [chargeKey(level, campaignId), chargedAmount] as const,
      ),
    ),
  );
}

/** All that a calculation gives: the levels in their order, then the regional agent. */
export function earningsOf({ commissions, region }: LineCalculation): LineEarning[] {
  const earnings: LineEarning[] = commissions.map((one) => ({ kind: 'sale', ...one }));
  if (region === null) return earnings;
  const { distributorId, rateBps, amount } = region;
  return [
    ...earnings,
    { kind: 'region', level: null, distributorId, ruleId: null, rateBps, amount },
  ];
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

/**
 * `computeLine` with its steps, the overlays and the regional agent.
 * @param charges of the calculation before, for a refund; without it the overlays are as granted
 */
export function calculateLine(
  plan: Pick<PlanBody, 'rounding' | 'caps'>,
  terms: LineTerms,
  remaining: RemainingLine,
  charges?: Charges,
): LineCalculation {
  const earning = earningLevels(terms);
  const levels = earning.map((level) => levelAmounts(plan, level, remaining));
  const roundedAmounts = levels.map(({ roundedAmount }) => roundedAmount);
  const caps = capAmounts(plan.caps, remaining);
  const capAmount = lower(caps.totalCapAmount, caps.marginCapAmount);
  const shrunk = capAmount !== null && sum(roundedAmounts) > capAmount;
  const capped = shrunk ? splitByLargestRemainder(capAmount, roundedAmounts) : roundedAmounts;
  const charged = levels.map((level, i) => chargeLevel(level, earning[i]!, capped[i]!, charges));
  const commissions = earning.map(({ level, distributorId, ruleId, rate }, index) => ({
    level,
    distributorId,
    ruleId,
    rateBps: 'bps' in rate ? rate.bps : null,
    amount: charged[index]!.amount,
  }));
  const takenAmount = sum(commissions.map(({ amount }) => amount));
  const { rounding } = plan;
  const { baseAmount } = remaining;
  const region =
    terms.region === undefined || terms.region.why !== null
      ? null
      : regionCommission(terms.region, { baseAmount, takenAmount, capAmount, rounding });
  return {
    commissions,
    plainAmounts: levels.map(({ plainAmount }) => plainAmount),
    roundedAmounts,
    extras: charged.map(({ extras }) => extras),
    ...caps,
    shrunk,
    region,
  };
}

/** A level that somebody earns by a rule. */
export interface EarningLevel {
  level: number;
  distributorId: string;
  tier: string;
  ruleId: string;
  rate: NonNullable<LevelTerms['rate']>;
  overlays: readonly FrozenOverlay[];
}

const noOverlays: readonly FrozenOverlay[] = [];

/** The levels of a line that somebody earns by a rule. */
export function earningLevels({ levels }: LineTerms): EarningLevel[] {
  return levels.flatMap(({ level, distributorId, tier, ruleId, rate, overlays }) =>
    distributorId !== null && tier !== null && ruleId !== null && rate !== null
      ? [{ level, distributorId, tier, ruleId, rate, overlays: overlays ?? noOverlays }]
      : [],
  );
}

/** What a rate gives on a line, not yet rounded. */
export function plainValue(
  rate: NonNullable<LevelTerms['rate']>,
  { baseAmount, quantity }: RemainingLine,
): Fraction {
  // Nothing was paid for the line, so an amount per unit earns nothing either.
  if (baseAmount === 0n) return wholeFraction(0n);
  return 'bps' in rate
    ? { numerator: baseAmount * BigInt(rate.bps), denominator: wholeBps }
    : wholeFraction(BigInt(rate.amountPerUnit) * BigInt(quantity));
}

interface LevelAmounts {
  plainAmount: bigint;
  roundedAmount: bigint;
  /** per overlay, before the caps */
  extras: bigint[];
}

const noExtras: bigint[] = [];

function levelAmounts(
  plan: Pick<PlanBody, 'rounding'>,
  { rate, overlays }: EarningLevel,
  remaining: RemainingLine,
): LevelAmounts {
  const plain = plainValue(rate, remaining);
  const plainAmount = roundFraction(plain, plan.rounding);
  if (overlays.length === 0) return { plainAmount, roundedAmount: plainAmount, extras: noExtras };
  if (remaining.baseAmount === 0n) {
    return { plainAmount, roundedAmount: plainAmount, extras: overlays.map(() => 0n) };
  }
  const steps = overlays.map(({ effect, grantedAmount }) => ({
    effect,
    atMostAmount: BigInt(grantedAmount),
  }));
  const { amount, extras } = applyOverlays(plain, steps, remaining, plan.rounding);
  return { plainAmount, roundedAmount: amount, extras };
}

const nothingCharged: OverlayExtra[] = [];

/**
 * What the campaigns pay of a level after the caps. What a refund gave back to a budget may be spent
 * by now, so a budget never pays more than before; the level then earns that much less.
 */
function chargeLevel(
  { plainAmount, extras }: LevelAmounts,
  { level, overlays }: EarningLevel,
  cappedAmount: bigint,
  charges: Charges | undefined,
): { amount: bigint; extras: OverlayExtra[] } {
  if (overlays.length === 0) return { amount: cappedAmount, extras: nothingCharged };
  const left = cappedAmount > plainAmount ? cappedAmount - plainAmount : 0n;
  const charged = chargeOverlays(
    left,
    overlays.map(({ campaignId, limited }, index) => ({
      extraAmount: extras[index]!,
      atMostAmount:
        limited && charges !== undefined ? (charges.get(chargeKey(level, campaignId)) ?? 0n) : null,
    })),
  );
  return {
    amount: cappedAmount - (left - sum(charged)),
    extras: overlays.map(({ campaignId, limited }, index) => ({
      campaignId,
      limited,
      extraAmount: extras[index]!,
      chargedAmount: charged[index]!,
    })),
  };
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

function lower(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
