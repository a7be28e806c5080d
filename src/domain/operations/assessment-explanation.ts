import { amountText, momentText } from '../kernel/format';
import { canonical } from '../kernel/canonical';
import { addDays } from '../kernel/clock';
import type { Language } from '../kernel/language';
import { type ExplainedReversal, remainsRight } from '../commission/reversal';
import { reversalTexts } from '../commission/reversal-words';
import { assess, type AssessmentResult, type KpiMetric, type SchemeBody } from './assessment';

/** What a reward was booked from, as it is stored with its commission. */
export interface RewardFacts {
  assessmentId: string;
  schemeId: string;
  tier: string;
  kpis: AssessmentResult['kpis'];
  ownSalesAmount: string;
  scoreBps: number;
  /** the whole reward by this result, decimal text */
  rewardAmount: string;
  /** what the result before an objection had brought; `0` for the first */
  beforeAmount: string;
  /** the end of the period, or the decision of the objection, ISO 8601: the hold begins there */
  holdFrom: string;
  holdDays: number;
}

/** Everything stored about the commission of an assessment. */
export interface RewardCommissionFacts {
  commission: {
    id: string;
    distributorId: string;
    period: string;
    bonusKey: 'result' | 'correction';
    baseAmount: bigint;
    amount: bigint;
    originalAmount: bigint;
  };
  facts: RewardFacts;
  scheme: { name: string; body: SchemeBody };
  /** what decisions took back of it, the first one first */
  reversals: readonly ExplainedReversal[];
  earnings: readonly {
    kind: 'commission' | 'adjustment' | 'part' | 'giveBack';
    amount: bigint;
    releaseAt: Date | null;
    availableAt: Date | null;
  }[];
  ledgerAmount: bigint;
  currency: string;
  timeZone: string;
}

export type RewardExplanation = ReturnType<typeof explainReward>;

/** Explains the reward of an assessment from its frozen facts, scored again and compared. */
export function explainReward(stored: RewardCommissionFacts, language: Language) {
  const { commission, facts, scheme } = stored;
  const again = assess(scheme.body, facts.tier, valuesOf(facts));
  const first = stored.earnings.find(({ kind }) => kind === 'commission');
  const checks = checksOf(stored, again);
  const verified = checks.every(({ ok }) => ok);
  return {
    commissionId: commission.id,
    kind: 'assessment' as const,
    assessmentId: facts.assessmentId,
    schemeId: facts.schemeId,
    period: commission.period,
    distributorId: commission.distributorId,
    tier: facts.tier,
    amount: commission.amount,
    originalAmount: commission.originalAmount,
    verified,
    checks,
    base: { amount: commission.baseAmount },
    kpis: facts.kpis,
    scoreBps: facts.scoreBps,
    rewardAmount: BigInt(facts.rewardAmount),
    beforeAmount: BigInt(facts.beforeAmount),
    reversals: [...stored.reversals],
    hold: {
      startsAt: 'periodEnd' as const,
      periodEndsAt: new Date(facts.holdFrom),
      days: facts.holdDays,
      releaseAt: first?.releaseAt ?? null,
      availableAt: first?.availableAt ?? null,
    },
    text: textOf(stored, verified, language),
  };
}

function valuesOf({ kpis, ownSalesAmount }: RewardFacts) {
  const values: Partial<Record<KpiMetric, string>> = { ownSales: ownSalesAmount };
  for (const { metric, have } of kpis) values[metric] = have;
  return values;
}

function checksOf(stored: RewardCommissionFacts, again: AssessmentResult) {
  const { commission, facts, earnings, ledgerAmount } = stored;
  const expected = again.rewardAmount - BigInt(facts.beforeAmount);
  const first = earnings.find(({ kind }) => kind === 'commission');
  const release = addDays(new Date(facts.holdFrom), facts.holdDays);
  const earned = earnings
    .filter(({ kind }) => kind === 'commission' || kind === 'adjustment')
    .reduce((sum, { amount }) => sum + amount, 0n);
  return [
    {
      name: 'terms' as const,
      ok: canonical(again.kpis) === canonical(facts.kpis) && again.scoreBps === facts.scoreBps,
    },
    { name: 'base' as const, ok: commission.baseAmount === BigInt(facts.ownSalesAmount) },
    { name: 'original' as const, ok: commission.originalAmount === expected },
    {
      name: 'remaining' as const,
      ok: remainsRight(commission.amount, expected, stored.reversals),
    },
    { name: 'hold' as const, ok: first?.releaseAt?.getTime() === release.getTime() },
    { name: 'earnings' as const, ok: earned === commission.amount },
    { name: 'ledger' as const, ok: ledgerAmount === commission.originalAmount },
  ];
}

function textOf(stored: RewardCommissionFacts, verified: boolean, language: Language): string {
  const { commission, facts, scheme, currency, timeZone } = stored;
  const money = (amount: bigint) => amountText(amount, currency);
  const score = `${facts.scoreBps / 100} %`;
  const kpis = facts.kpis.map(({ metric, have, target, weightBps, reachedBps }) => {
    const [weight, share] = [`${weightBps / 100} %`, `${reachedBps / 100} %`];
    return language === 'en'
      ? `${metric}: ${have} of ${target}, ${share} reached, weight ${weight}.`
      : `${metric}：${have}，目标 ${target}，达成 ${share}，权重 ${weight}。`;
  });
  const at = (moment: Date) => momentText(moment, timeZone);
  const since = at(new Date(facts.holdFrom));
  const reversed = reversalTexts(stored.reversals, { money, at }, language);
  if (language === 'en') {
    const corrected =
      commission.bonusKey === 'correction'
        ? `After an objection; ${money(BigInt(facts.beforeAmount))} had been booked before.`
        : '';
    return [
      `Assessment "${scheme.name}" for ${commission.period}, tier ${facts.tier}.`,
      ...kpis,
      `Score ${score}: a reward of ${money(BigInt(facts.rewardAmount))}.`,
      corrected,
      `Booked: ${money(commission.originalAmount)}, held for ${facts.holdDays} days from ${since}.`,
      ...reversed,
      verified
        ? 'Calculated again from the stored facts: everything agrees.'
        : 'Calculated again from the stored facts: NOT everything agrees.',
    ]
      .filter((sentence) => sentence !== '')
      .join(' ');
  }
  const corrected =
    commission.bonusKey === 'correction'
      ? `经异议更正，此前已入账 ${money(BigInt(facts.beforeAmount))}。`
      : '';
  return [
    `考核“${scheme.name}”，周期 ${commission.period}，等级“${facts.tier}”。`,
    ...kpis,
    `得分 ${score}，奖励 ${money(BigInt(facts.rewardAmount))}。`,
    corrected,
    `入账 ${money(commission.originalAmount)}，自 ${since} 起冻结 ${facts.holdDays} 天。`,
    ...reversed,
    verified ? '按已存事实重新计算，结果完全一致。' : '按已存事实重新计算，结果不一致。',
  ].join('');
}
