import type { Language } from '../kernel/language';
import { pausedReleaseAt } from '../order/hold';
import { amountsOf, rateBpsOf, termsOf } from './explanation-earning';
import type { Check, CommissionFacts, UplineDecision } from './explanation-facts';
import { earnedAmount, firstEarning, payoutOf, settlementOf, taxOf } from './explanation-money';
import { overlaysOf } from './explanation-overlays';
import { ruleReasonText, uplineText } from './explanation-words';
import { type Recomputation, recompute } from './recompute';
import { remainsRight } from './reversal';
import { judgeRules } from './rule';
import { sameTerms } from './verification';

/** An explanation but for its story: calculated again from the stored facts, and compared. */
export function explanationParts(facts: CommissionFacts, language: Language) {
  const again = recompute({
    ...facts.order,
    plan: facts.plan.body,
    lineId: facts.lineId,
    refunds: facts.refunds,
  });
  const checks = checksOf(facts, again);
  return {
    commissionId: facts.commission.id,
    orderId: facts.order.id,
    planId: facts.plan.id,
    planVersion: facts.plan.version,
    kind: facts.commission.kind,
    level: facts.commission.level,
    distributorId: facts.commission.distributorId,
    amount: facts.commission.amount,
    originalAmount: facts.commission.originalAmount,
    verified: checks.every(({ ok }) => ok),
    checks,
    base: baseOf(facts, again),
    candidates: candidatesOf(facts, again, language),
    upline: uplineOf(facts, again, language),
    levels: levelsOf(again),
    overlays: overlaysOf(facts, again, language),
    region: regionOf(again),
    caps: capsOf(facts, again),
    rounding: roundingOf(facts, again),
    hold: holdOf(facts),
    refunds: refundsOf(facts, again),
    reversals: [...facts.reversals],
    settlement: settlementOf(facts),
    tax: taxOf(facts),
    payout: payoutOf(facts),
  };
}

export type ExplanationParts = ReturnType<typeof explanationParts>;

function checksOf(facts: CommissionFacts, again: Recomputation): Check[] {
  const { commission, earnings, posted } = facts;
  const { line } = again;
  const terms = termsOf(again.terms, commission);
  const refunded = facts.refunds.reduce((sum, { amount }) => sum + amount, 0n);
  const units = facts.refunds.reduce((sum, { quantity }) => sum + quantity, 0);
  return [
    { name: 'base', ok: again.baseAmount === line.baseAmount },
    { name: 'terms', ok: sameTerms(again.terms, line.terms) },
    {
      name: 'commission',
      ok:
        terms.distributorId === commission.distributorId &&
        terms.ruleId === commission.ruleId &&
        rateBpsOf(terms) === commission.rateBps,
    },
    {
      name: 'original',
      ok: commission.originalAmount === amountsOf(again.booking, commission).amount,
    },
    {
      name: 'remaining',
      ok: remainsRight(
        commission.amount,
        amountsOf(again.current, commission).amount,
        facts.reversals,
      ),
    },
    { name: 'refunds', ok: refunded === line.refundedAmount && units === line.refundedQuantity },
    { name: 'hold', ok: holdAgrees(facts) },
    { name: 'earnings', ok: earnedAmount(earnings) === commission.amount },
    { name: 'ledger', ok: posted.ledgerAmount === posted.earningsAmount },
  ];
}

function baseOf({ order }: CommissionFacts, { line, baseAmount, remaining }: Recomputation) {
  const listAmount = BigInt(line.quantity) * line.unitPriceAmount;
  return {
    amount: baseAmount,
    lineExternalId: line.externalId,
    sku: line.sku,
    quantity: line.quantity,
    unitPriceAmount: line.unitPriceAmount,
    listAmount,
    lineDiscountAmount: line.discountAmount,
    orderDiscountAmount: order.orderDiscountAmount,
    orderDiscountShareAmount: listAmount - line.discountAmount - baseAmount,
    outside: { shippingAmount: order.shippingAmount, taxAmount: order.taxAmount },
    remaining: { amount: remaining.baseAmount, quantity: remaining.quantity },
  };
}

function candidatesOf(facts: CommissionFacts, again: Recomputation, language: Language) {
  const { level } = facts.commission;
  if (level === null) return [];
  const { distributorId, tier } = termsOf(again.terms, facts.commission);
  if (distributorId === null || tier === null) return [];
  const audience = { distributorId, tier };
  const verdicts = judgeRules(facts.plan.body, level, again.product, audience);
  const winner = verdicts.find(({ chosen }) => chosen)?.rule;
  return verdicts.map(({ rule, chosen, reason }) => ({
    ruleId: rule.id,
    chosen,
    reason,
    why: ruleReasonText(reason, { rule, winner, product: again.product, audience }, language),
  }));
}

function uplineOf(facts: CommissionFacts, { terms }: Recomputation, language: Language) {
  return facts.order.upline.map((member) => {
    const level = terms.levels.find((one) => one.distributorId === member.distributorId);
    const passed = terms.levels
      .flatMap(({ passedOver }) => passedOver)
      .find(({ distributorId }) => distributorId === member.distributorId);
    const decision: UplineDecision = level ? 'earns' : (passed?.why ?? 'not_reached');
    return {
      distributorId: member.distributorId,
      tier: member.tier,
      status: member.status ?? null,
      since: member.since ?? null,
      level: level?.level ?? null,
      decision,
      why: uplineText(decision, level?.level, facts.plan.body.onIneligible, language),
    };
  });
}

function levelsOf({ terms, booking, current }: Recomputation) {
  return terms.levels.map(({ level, distributorId, ruleId }) => {
    const key = { kind: 'sale' as const, level };
    const { plainAmount, roundedAmount, amount: originalAmount } = amountsOf(booking, key);
    const remainingAmount = amountsOf(current, key).amount;
    return {
      ...{ level, distributorId, ruleId },
      ...{ plainAmount, roundedAmount, originalAmount, remainingAmount },
    };
  });
}

/** The agent of the order's region: the whole rate less what the levels took; null without one. */
function regionOf({ terms, booking, current }: Recomputation) {
  if (terms.region === undefined) return null;
  const { region, distributorId, bps, why } = terms.region;
  return {
    ...{ region, distributorId, bps, why },
    wholeAmount: booking.region?.wholeAmount ?? 0n,
    takenAmount: booking.region?.takenAmount ?? 0n,
    originalAmount: booking.region?.amount ?? 0n,
    remainingAmount: current.region?.amount ?? 0n,
  };
}

function capsOf({ plan }: CommissionFacts, { booking, line }: Recomputation) {
  return {
    totalBps: plan.body.caps.totalBps ?? null,
    totalCapAmount: booking.totalCapAmount,
    marginBps: plan.body.caps.marginBps ?? null,
    marginCapAmount: booking.marginCapAmount,
    unitCostAmount: line.unitCostAmount ?? null,
    beforeAmount: booking.roundedAmounts.reduce((sum, amount) => sum + amount, 0n),
    afterAmount: booking.commissions.reduce((sum, { amount }) => sum + amount, 0n),
    applied: booking.shrunk,
  };
}

function roundingOf({ plan, commission }: CommissionFacts, again: Recomputation) {
  const { rate } = termsOf(again.terms, commission);
  const { plainAmount, roundedAmount } = amountsOf(again.booking, commission);
  return {
    mode: plan.body.rounding,
    rateBps: rate && 'bps' in rate ? rate.bps : null,
    amountPerUnit: rate && 'amountPerUnit' in rate ? BigInt(rate.amountPerUnit) : null,
    exactAmount:
      rate && 'bps' in rate
        ? decimalText(again.baseAmount * BigInt(rate.bps))
        : plainAmount.toString(),
    roundedAmount: plainAmount,
    withOverlaysAmount: roundedAmount,
  };
}

function holdOf({ order, pauses, earnings }: CommissionFacts) {
  const first = firstEarning(earnings);
  return {
    startsAt: order.hold.startsAt,
    days: order.hold.days,
    assumeReceivedAfterDays: order.hold.assumeReceivedAfterDays,
    paidAt: order.paidAt,
    receivedAt: order.receivedAt,
    afterSales: pauses.map(({ from, to }) => ({ openedAt: from, closedAt: to })),
    releaseAt: first?.releaseAt ?? null,
    availableAt: first?.availableAt ?? null,
  };
}

function refundsOf({ commission }: CommissionFacts, again: Recomputation) {
  let before = amountsOf(again.booking, commission).amount;
  return again.refunds.map(({ refund, remaining, result }) => {
    const after = amountsOf(result, commission).amount;
    const row = {
      refundId: refund.refundId,
      externalId: refund.externalId,
      refundedAt: refund.refundedAt,
      quantity: refund.quantity,
      amount: refund.amount,
      remainingBaseAmount: remaining.baseAmount,
      remainingQuantity: remaining.quantity,
      commissionBeforeAmount: before,
      commissionAfterAmount: after,
      changeAmount: after - before,
    };
    before = after;
    return row;
  });
}

/** Once released, an earning keeps its moment, whatever is reported about the receipt later. */
function holdAgrees({ order, pauses, earnings }: CommissionFacts): boolean {
  const first = firstEarning(earnings);
  if (first === undefined || first.availableAt !== null) return true;
  const expected = pausedReleaseAt(order.hold, order, pauses);
  return first.releaseAt?.getTime() === expected?.getTime();
}

/** An amount in ten-thousandths of the minor unit as a decimal text without trailing zeros. */
function decimalText(tenThousandths: bigint): string {
  const fraction = (tenThousandths % 10_000n).toString().padStart(4, '0').replace(/0+$/, '');
  const whole = (tenThousandths / 10_000n).toString();
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
