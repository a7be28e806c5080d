import { amountText, momentText } from '../kernel/format';
import type { Language } from '../kernel/language';
import type { BonusCommissionFacts, BonusParts } from './bonus-explanation';
import { reversalTexts } from './reversal-words';

/** The whole story of a bonus in a few sentences. */
export function bonusText(
  parts: BonusParts,
  facts: BonusCommissionFacts,
  language: Language,
): string {
  const context: Context = {
    parts,
    facts,
    money: (amount) => amountText(amount, facts.currency),
    at: (moment) => momentText(moment, facts.timeZone),
  };
  const words = language === 'en' ? english : chinese;
  const { hold, maximum, refunds, reversals, verified } = parts;
  const sentences = [
    words.opening(context),
    ...parts.conditions.map((condition) => words.condition(context, condition)),
    words.amount(context),
    maximum.applied && maximum.amount !== null && words.maximum(context, maximum.amount),
    words.place(context),
    ...refunds.map((refund) => words.refund(context, refund)),
    ...reversalTexts(reversals, context, language),
    hold.availableAt && words.available(context, hold.availableAt),
    !hold.availableAt && hold.releaseAt && words.held(context, hold.releaseAt),
    verified ? words.verified : words.disagrees(failed(parts)),
  ];
  return sentences.filter((sentence) => typeof sentence === 'string').join(words.between);
}

interface Context {
  parts: BonusParts;
  facts: BonusCommissionFacts;
  money(amount: bigint): string;
  at(moment: Date): string;
}

type Condition = BonusParts['conditions'][number];

interface Words {
  between: string;
  opening(context: Context): string;
  condition(context: Context, condition: Condition): string;
  amount(context: Context): string;
  maximum(context: Context, maxAmount: bigint): string;
  /** of an invitation with a monthly maximum */
  place(context: Context): string | undefined;
  refund(context: Context, refund: BonusParts['refunds'][number]): string;
  available(context: Context, moment: Date): string;
  held(context: Context, moment: Date): string;
  verified: string;
  disagrees(checks: string): string;
}

const names = {
  invitation: { en: 'Invitation', 'zh-CN': '邀请' },
  team: { en: 'Team', 'zh-CN': '团队' },
  breakthrough: { en: 'Breakthrough', 'zh-CN': '业绩突破' },
  firstOrder: { en: 'The first order kept past its hold', 'zh-CN': '首笔冻结期满未退的订单' },
  ownSales: { en: 'Own sales of the period', 'zh-CN': '本期个人业绩' },
  teamSales: { en: 'Team sales of the period', 'zh-CN': '本期团队业绩' },
} as const;

const english: Words = {
  between: ' ',
  opening: ({ parts }) =>
    `${names[parts.kind].en} bonus "${parts.bonusId}" of plan version ${parts.planVersion} ` +
    `for the period ${parts.period}` +
    (parts.invited ? `, for the invited distributor ${parts.invited.distributorId}.` : '.'),
  condition: ({ money }, { name, atLeastAmount, bookedAmount, currentAmount }) =>
    `${names[name].en}: ${money(bookedAmount)} when it was booked, ${money(currentAmount)} now` +
    (atLeastAmount === null ? '.' : `; at least ${money(atLeastAmount)} is asked for.`),
  amount: ({ parts: { rounding, originalAmount }, money }) =>
    rounding.rateBps === null
      ? `The bonus was booked with ${money(originalAmount)}.`
      : `${percent(rounding.rateBps)} of the team sales, rounded ` +
        `${rounding.mode === 'floor' ? 'down' : 'half up'}: ${money(originalAmount)} was booked.`,
  maximum: ({ money }, maxAmount) => `The maximum of ${money(maxAmount)} applied.`,
  place: ({ parts: { invited, maximum } }) =>
    invited === null || maximum.perMonth === null
      ? undefined
      : `It is number ${invited.place} of at most ${maximum.perMonth} invitations in the period` +
        (invited.beyond === undefined ? '.' : `; ${invited.beyond.length} more are not paid for.`),
  refund: ({ money }, refund) =>
    `Refund ${refund.externalId} changed it from ${money(refund.commissionBeforeAmount)} ` +
    `to ${money(refund.commissionAfterAmount)}.`,
  available: ({ at }, moment) => `It became available at ${at(moment)}.`,
  held: ({ at }, moment) => `It is held until ${at(moment)}.`,
  verified: 'Calculated again from the stored facts: everything agrees.',
  disagrees: (checks) =>
    `Calculated again from the stored facts: NOT everything agrees (${checks}).`,
};

const chinese: Words = {
  between: '',
  opening: ({ parts }) =>
    `方案第 ${parts.planVersion} 版的${names[parts.kind]['zh-CN']}奖金“${parts.bonusId}”，` +
    `所属周期 ${parts.period}` +
    (parts.invited ? `，被邀请分销员为 ${parts.invited.distributorId}。` : '。'),
  condition: ({ money }, { name, atLeastAmount, bookedAmount, currentAmount }) =>
    `${names[name]['zh-CN']}：入账时为 ${money(bookedAmount)}，现为 ${money(currentAmount)}` +
    (atLeastAmount === null ? '。' : `，要求不低于 ${money(atLeastAmount)}。`),
  amount: ({ parts: { rounding, originalAmount }, money }) =>
    rounding.rateBps === null
      ? `入账奖金 ${money(originalAmount)}。`
      : `按团队业绩的 ${percent(rounding.rateBps)} 计算，` +
        `${rounding.mode === 'floor' ? '向下取整' : '四舍五入'}，入账 ${money(originalAmount)}。`,
  maximum: ({ money }, maxAmount) => `已达上限 ${money(maxAmount)}。`,
  place: ({ parts: { invited, maximum } }) =>
    invited === null || maximum.perMonth === null
      ? undefined
      : `为本期第 ${invited.place} 个邀请（每期最多 ${maximum.perMonth} 个）` +
        (invited.beyond === undefined
          ? '。'
          : `，另有 ${invited.beyond.length} 个超出，不予发放。`),
  refund: ({ money }, refund) =>
    `退款 ${refund.externalId} 使奖金由 ${money(refund.commissionBeforeAmount)} ` +
    `变为 ${money(refund.commissionAfterAmount)}。`,
  available: ({ at }, moment) => `已于 ${at(moment)} 解冻，可结算。`,
  held: ({ at }, moment) => `冻结至 ${at(moment)}。`,
  verified: '按已存事实重新计算，结果完全一致。',
  disagrees: (checks) => `按已存事实重新计算，结果不一致（${checks}）。`,
};

function percent(rateBps: number): string {
  return `${rateBps / 100} %`;
}

function failed({ checks }: BonusParts): string {
  return checks.flatMap(({ name, ok }) => (ok ? [] : [name])).join(', ');
}
