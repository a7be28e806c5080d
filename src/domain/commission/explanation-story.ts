import { amountText, momentText } from '../kernel/format';
import type { Language } from '../kernel/language';
import type { CommissionFacts } from './explanation-facts';
import type { ExplanationParts } from './explanation-parts';
import type { OverlayEffect } from './overlay';
import { reversalTexts } from './reversal-words';

/** Who reads it: the shop everything, who earns it nothing of what others earn on the line. */
export type Reader = 'shop' | 'beneficiary';

/** The whole story of a commission in a few sentences. */
export function storyText(
  parts: ExplanationParts,
  facts: CommissionFacts,
  { language, reader }: { language: Language; reader: Reader },
): string {
  const { currency } = facts.order;
  const context: Context = {
    parts,
    facts,
    money: (amount) => amountText(amount, currency),
    at: (moment) => momentText(moment, facts.timeZone),
  };
  const words = language === 'en' ? english : chinese;
  const { kind, overlays, caps, refunds, reversals, hold, settlement, payout, verified } = parts;
  const counting = overlays.filter(({ chosen }) => chosen);
  const sentences = [
    words.base(context),
    kind === 'region' ? words.region(context) : words.rule(context),
    ...counting.map((overlay) => words.overlay(context, overlay)),
    caps.applied && kind === 'sale' && (reader === 'shop' ? words.cap : words.ownCap)(context),
    ...refunds.map((refund) => words.refund(context, refund)),
    ...reversalTexts(reversals, context, language),
    hold.availableAt && words.available(context, hold.availableAt),
    !hold.availableAt && hold.releaseAt && words.held(context, hold.releaseAt),
    !hold.availableAt && !hold.releaseAt && words.paused,
    settlement && words.settled(context, settlement),
    payout && words.payout(payout.status),
    verified ? words.verified : words.disagrees(failed(parts)),
  ];
  return sentences.filter((sentence) => typeof sentence === 'string').join(words.between);
}

interface Context {
  parts: ExplanationParts;
  facts: CommissionFacts;
  money(amount: bigint): string;
  at(moment: Date): string;
}

interface Words {
  between: string;
  base(context: Context): string;
  rule(context: Context): string;
  region(context: Context): string;
  overlay(context: Context, overlay: ExplanationParts['overlays'][number]): string;
  cap(context: Context): string;
  /** without the sums of the line, which tell what others earn */
  ownCap(context: Context): string;
  refund(context: Context, refund: ExplanationParts['refunds'][number]): string;
  available(context: Context, moment: Date): string;
  held(context: Context, moment: Date): string;
  paused: string;
  settled(context: Context, settlement: NonNullable<ExplanationParts['settlement']>): string;
  payout(status: string): string;
  verified: string;
  disagrees(checks: string): string;
}

const english: Words = {
  between: ' ',
  base: ({ parts: { base }, facts: { order }, money, at }) =>
    `Line ${base.lineExternalId} of order ${order.externalId}, paid ${at(order.paidAt)}: ` +
    `${base.quantity} x ${money(base.unitPriceAmount)} ` +
    `less a discount of ${money(base.lineDiscountAmount)} ` +
    `and ${money(base.orderDiscountShareAmount)} of the order discount ` +
    `is a base of ${money(base.amount)}.`,
  rule: ({ parts: { level, rounding, base }, facts: { commission, plan }, money }) =>
    `By rule "${commission.ruleId}" of plan version ${plan.version}, level ${level} earns ` +
    (rounding.rateBps === null
      ? `${money(rounding.amountPerUnit ?? 0n)} for each of ${base.quantity} units: `
      : `${percent(rounding.rateBps)} of it: `) +
    `${money(rounding.roundedAmount)} ` +
    `after rounding ${rounding.mode === 'floor' ? 'down' : 'half up'}.`,
  region: ({ parts: { region, originalAmount }, money }) =>
    region === null
      ? ''
      : `The agent of region ${region.region} earns ${percent(region.bps)} of it, ` +
        `${money(region.wholeAmount)}, less the ${money(region.takenAmount)} that the levels ` +
        `took, within what the caps leave: ${money(originalAmount)}.`,
  overlay: ({ money }, overlay) =>
    `Campaign "${overlay.name}" ${effectText(overlay.effect, money, 'en')}: ` +
    `it added ${money(overlay.grantedAmount)}` +
    (overlay.limited ? ' within its budget' : '') +
    (overlay.chargedAmount === overlay.grantedAmount
      ? '.'
      : `, of which the caps left ${money(overlay.chargedAmount)}.`),
  cap: ({ parts: { caps, originalAmount }, money }) =>
    `A cap cut the line from ${money(caps.beforeAmount)} to ${money(caps.afterAmount)}, ` +
    `which leaves ${money(originalAmount)} here.`,
  ownCap: ({ parts: { originalAmount }, money }) =>
    `A cap cut the line, which leaves ${money(originalAmount)} here.`,
  refund: ({ money }, refund) =>
    `Refund ${refund.externalId} took ${money(refund.amount)} off the base: the commission went ` +
    `from ${money(refund.commissionBeforeAmount)} to ${money(refund.commissionAfterAmount)}.`,
  available: ({ at }, moment) => `It became available at ${at(moment)}.`,
  held: ({ at }, moment) => `It is held until ${at(moment)}.`,
  paused: 'It is held, and the hold stands still while an after-sale case is open.',
  settled: ({ parts: { tax }, money }, settlement) =>
    `Settlement ${settlement.period} took it into statement ${settlement.statementId}: ` +
    `gross ${money(settlement.grossAmount)}, tax ${money(tax?.statementTaxAmount ?? 0n)}, ` +
    `fee ${money(settlement.feeAmount)}, net ${money(settlement.netAmount)}.`,
  payout: (status) => `Payout status: ${status}.`,
  verified: 'Calculated again from the stored facts: everything agrees.',
  disagrees: (checks) =>
    `Calculated again from the stored facts: NOT everything agrees (${checks}).`,
};

const chinese: Words = {
  between: '',
  base: ({ parts: { base }, facts: { order }, money, at }) =>
    `订单 ${order.externalId}（付款于 ${at(order.paidAt)}）第 ${base.lineExternalId} 行：` +
    `${base.quantity} × ${money(base.unitPriceAmount)}，` +
    `减行折扣 ${money(base.lineDiscountAmount)}，` +
    `减分摊的订单折扣 ${money(base.orderDiscountShareAmount)}，` +
    `计佣基数为 ${money(base.amount)}。`,
  rule: ({ parts: { level, rounding, base }, facts: { commission, plan }, money }) =>
    `依据方案第 ${plan.version} 版的规则“${commission.ruleId}”，第 ${level} 级` +
    (rounding.rateBps === null
      ? `按每件 ${money(rounding.amountPerUnit ?? 0n)}、共 ${base.quantity} 件计佣，`
      : `按计佣基数的 ${percent(rounding.rateBps)} 计佣，`) +
    `${rounding.mode === 'floor' ? '向下取整' : '四舍五入'}后为 ${money(rounding.roundedAmount)}。`,
  region: ({ parts: { region, originalAmount }, money }) =>
    region === null
      ? ''
      : `区域 ${region.region} 的代理按 ${percent(region.bps)} 计为 ${money(region.wholeAmount)}，` +
        `减去各级已得的 ${money(region.takenAmount)}，在上限余额之内得 ${money(originalAmount)}。`,
  overlay: ({ money }, overlay) =>
    `活动“${overlay.name}”${effectText(overlay.effect, money, 'zh-CN')}，` +
    `${overlay.limited ? '在预算内' : ''}增加 ${money(overlay.grantedAmount)}` +
    (overlay.chargedAmount === overlay.grantedAmount
      ? '。'
      : `，受上限约束后保留 ${money(overlay.chargedAmount)}。`),
  cap: ({ parts: { caps, originalAmount }, money }) =>
    `受上限约束，本行合计由 ${money(caps.beforeAmount)} 缩减为 ${money(caps.afterAmount)}，` +
    `本级为 ${money(originalAmount)}。`,
  ownCap: ({ parts: { originalAmount }, money }) => `受上限约束，本级为 ${money(originalAmount)}。`,
  refund: ({ money }, refund) =>
    `退款 ${refund.externalId} 使基数减少 ${money(refund.amount)}，` +
    `佣金由 ${money(refund.commissionBeforeAmount)} ` +
    `变为 ${money(refund.commissionAfterAmount)}。`,
  available: ({ at }, moment) => `已于 ${at(moment)} 解冻，可结算。`,
  held: ({ at }, moment) => `冻结至 ${at(moment)}。`,
  paused: '冻结中，售后处理期间冻结期暂停计算。',
  settled: ({ parts: { tax }, money }, settlement) =>
    `已计入结算期 ${settlement.period} 的结算单 ${settlement.statementId}：` +
    `应发 ${money(settlement.grossAmount)}，个税 ${money(tax?.statementTaxAmount ?? 0n)}，` +
    `手续费 ${money(settlement.feeAmount)}，实发 ${money(settlement.netAmount)}。`,
  payout: (status) => `付款状态：${payoutWords[status] ?? status}。`,
  verified: '按已存事实重新计算，结果完全一致。',
  disagrees: (checks) => `按已存事实重新计算，结果不一致（${checks}）。`,
};

const payoutWords: Readonly<Record<string, string>> = {
  queued: '排队中',
  submitting: '提交中',
  unknown: '结果待查',
  awaiting_confirmation: '待收款人确认',
  processing: '处理中',
  paid: '已付款',
  returned: '已退回',
  failed: '失败',
  canceled: '已取消',
  mixed: '各笔状态不同',
};

function effectText(effect: OverlayEffect, money: Context['money'], language: Language): string {
  const en = language === 'en';
  if ('multiplyBps' in effect) {
    const times = effect.multiplyBps / 10_000;
    return en ? `multiplies the commission by ${times}` : `将佣金乘以 ${times} 倍`;
  }
  if ('addBps' in effect) {
    const share = percent(effect.addBps);
    return en ? `adds ${share} of the base` : `按基数加计 ${share}`;
  }
  const each = money(BigInt(effect.addAmountPerUnit));
  return en ? `adds ${each} for each unit` : `每件加计 ${each}`;
}

function percent(rateBps: number): string {
  return `${rateBps / 100} %`;
}

function failed({ checks }: ExplanationParts): string {
  return checks.flatMap(({ name, ok }) => (ok ? [] : [name])).join(', ');
}
