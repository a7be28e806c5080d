import type { LineCalculation, LineTerms } from './calculation';
import type { CommissionFacts } from './explanation-facts';

/** Which commission of a line: a level, or the regional agent's. */
export type EarningKey = Pick<CommissionFacts['commission'], 'kind' | 'level'>;

/** What the frozen terms say about one commission of a line. */
export interface EarningTerms {
  distributorId: string | null;
  tier: string | null;
  ruleId: string | null;
  rate: { bps: number } | { amountPerUnit: string } | null;
}

export function termsOf(terms: LineTerms, { kind, level }: EarningKey): EarningTerms {
  if (kind === 'sale') {
    const found = terms.levels.find((one) => one.level === level);
    if (!found) throw new Error(`the plan has no level ${level}`);
    return found;
  }
  if (!terms.region) throw new Error('the line has no regional agent');
  const { distributorId, tier, bps } = terms.region;
  return { distributorId, tier, ruleId: null, rate: { bps } };
}

export function rateBpsOf({ rate }: EarningTerms): number | null {
  return rate && 'bps' in rate ? rate.bps : null;
}

/** What a commission comes to in a calculation, rounded before the caps and after; 0 for nothing. */
export function amountsOf(
  calculation: LineCalculation,
  { kind, level }: EarningKey,
): { plainAmount: bigint; roundedAmount: bigint; amount: bigint } {
  if (kind === 'region') {
    const { region } = calculation;
    const roundedAmount = region?.wholeAmount ?? 0n;
    return { plainAmount: roundedAmount, roundedAmount, amount: region?.amount ?? 0n };
  }
  const index = calculation.commissions.findIndex((commission) => commission.level === level);
  return {
    plainAmount: calculation.plainAmounts[index] ?? 0n,
    roundedAmount: calculation.roundedAmounts[index] ?? 0n,
    amount: calculation.commissions[index]?.amount ?? 0n,
  };
}
