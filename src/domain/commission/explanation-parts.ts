import type { Language } from '../kernel/language';
import { releaseAt } from '../order/hold';
import type { LevelTerms, LineTerms } from './calculation';
import type {
  Check,
  CommissionFacts,
  ExplainedEarning,
  ExplainedStatement,
  UplineDecision,
} from './explanation-facts';
import { ruleReasonText, uplineText } from './explanation-words';
import { levelAmounts, type Recomputation, recompute } from './recompute';
import { judgeRules } from './rule';

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
    overlays: [] as never[],
    caps: capsOf(facts, again),
    rounding: roundingOf(facts, again),
    hold: holdOf(facts),
    refunds: refundsOf(facts, again),
    settlement: settlementOf(facts),
    tax: taxOf(facts),
    payout: payoutOf(facts),
  };
}

export type ExplanationParts = ReturnType<typeof explanationParts>;

function checksOf(facts: CommissionFacts, again: Recomputation): Check[] {
  const { commission, earnings, posted } = facts;
  const { line } = again;
  const terms = termsOfLevel(again.terms, commission.level);
  const refunded = facts.refunds.reduce((sum, { amount }) => sum + amount, 0n);
  const units = facts.refunds.reduce((sum, { quantity }) => sum + quantity, 0);
  const earned = earnings
    .filter(({ kind }) => kind === 'commission' || kind === 'adjustment')
    .reduce((sum, { amount }) => sum + amount, 0n);
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
      ok: commission.originalAmount === levelAmounts(again.booking, commission.level).amount,
    },
    {
      name: 'remaining',
      ok: commission.amount === levelAmounts(again.current, commission.level).amount,
    },
    { name: 'refunds', ok: refunded === line.refundedAmount && units === line.refundedQuantity },
    { name: 'hold', ok: holdAgrees(facts) },
    { name: 'earnings', ok: earned === commission.amount },
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
  const { distributorId, tier } = termsOfLevel(again.terms, level);
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
    const { roundedAmount, amount } = levelAmounts(booking, level);
    const remainingAmount = levelAmounts(current, level).amount;
    return { level, distributorId, ruleId, roundedAmount, originalAmount: amount, remainingAmount };
  });
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
  const { rate } = termsOfLevel(again.terms, commission.level);
  const { roundedAmount } = levelAmounts(again.booking, commission.level);
  return {
    mode: plan.body.rounding,
    rateBps: rate && 'bps' in rate ? rate.bps : null,
    amountPerUnit: rate && 'amountPerUnit' in rate ? BigInt(rate.amountPerUnit) : null,
    exactAmount:
      rate && 'bps' in rate
        ? decimalText(again.baseAmount * BigInt(rate.bps))
        : roundedAmount.toString(),
    roundedAmount,
  };
}

function holdOf({ order, earnings }: CommissionFacts) {
  const first = firstEarning(earnings);
  return {
    startsAt: order.hold.startsAt,
    days: order.hold.days,
    assumeReceivedAfterDays: order.hold.assumeReceivedAfterDays,
    paidAt: order.paidAt,
    receivedAt: order.receivedAt,
    releaseAt: first?.releaseAt ?? null,
    availableAt: first?.availableAt ?? null,
  };
}

function refundsOf({ commission }: CommissionFacts, again: Recomputation) {
  let before = levelAmounts(again.booking, commission.level).amount;
  return again.refunds.map(({ refund, remaining, result }) => {
    const after = levelAmounts(result, commission.level).amount;
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

function settlementOf({ earnings, statements }: CommissionFacts) {
  const settled = statementOf({ earnings, statements });
  if (!settled) return null;
  return {
    id: settled.settlementId,
    period: settled.period,
    cutoffAt: settled.cutoffAt,
    status: settled.settlementStatus,
    statementId: settled.id,
    statementStatus: settled.status,
    grossAmount: settled.grossAmount,
    feeAmount: settled.feeAmount,
    netAmount: settled.netAmount,
    lines: earnings.map(({ id, kind, amount, refundId, statementId }) => ({
      earningId: id,
      kind,
      amount,
      refundId,
      statementId,
    })),
  };
}

function taxOf({ earnings, statements }: CommissionFacts) {
  const settled = statementOf({ earnings, statements });
  if (!settled || settled.taxMethod === null) return null;
  const { taxMethod: method, taxMonth: month, taxAmount: statementTaxAmount } = settled;
  return { method, month, statementTaxAmount, trace: settled.taxTrace ?? null };
}

function payoutOf({ earnings, statements, payouts }: CommissionFacts) {
  const settled = statementOf({ earnings, statements });
  const own = payouts.filter(({ statementId }) => statementId === settled?.id);
  if (!settled || own.length === 0) return null;
  return {
    statementId: settled.id,
    status: own.every(({ status }) => status === own[0]?.status) ? own[0]!.status : 'mixed',
    payouts: own.map(({ statementId: _statement, ...payout }) => payout),
  };
}

/** Once released, an earning keeps its moment, whatever is reported about the receipt later. */
function holdAgrees({ order, earnings }: CommissionFacts): boolean {
  const first = firstEarning(earnings);
  if (first === undefined || first.availableAt !== null) return true;
  return first.releaseAt.getTime() === releaseAt(order.hold, order).getTime();
}

/** The earning that the commission's status follows. */
function firstEarning(earnings: readonly ExplainedEarning[]): ExplainedEarning | undefined {
  return earnings.find(({ kind }) => kind === 'commission') ?? earnings[0];
}

function statementOf(
  facts: Pick<CommissionFacts, 'earnings' | 'statements'>,
): ExplainedStatement | undefined {
  const statementId = firstEarning(facts.earnings)?.statementId;
  return facts.statements.find(({ id }) => id === statementId);
}

function termsOfLevel(terms: LineTerms, level: number): LevelTerms {
  const found = terms.levels.find((one) => one.level === level);
  if (!found) throw new Error(`the plan has no level ${level}`);
  return found;
}

function rateBpsOf({ rate }: LevelTerms): number | null {
  return rate && 'bps' in rate ? rate.bps : null;
}

/** Whether two terms say the same; the order of keys in stored JSON means nothing. */
function sameTerms(a: LineTerms, b: LineTerms): boolean {
  const plain = ({ levels }: LineTerms) =>
    JSON.stringify(
      levels.map(({ level, distributorId, tier, ruleId, rate, passedOver }) => [
        level,
        distributorId,
        tier,
        ruleId,
        rate && ('bps' in rate ? ['bps', rate.bps] : ['amountPerUnit', rate.amountPerUnit]),
        passedOver.map((one) => [one.distributorId, one.why]),
      ]),
    );
  return plain(a) === plain(b);
}

/** An amount in ten-thousandths of the minor unit as a decimal text without trailing zeros. */
function decimalText(tenThousandths: bigint): string {
  const fraction = (tenThousandths % 10_000n).toString().padStart(4, '0').replace(/0+$/, '');
  const whole = (tenThousandths / 10_000n).toString();
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
