import type { Language } from '../kernel/language';
import type { Finding, FindingFacts, GuardRule } from './guard';

type Words<R extends GuardRule> = Readonly<Record<Language, (facts: FindingFacts[R]) => string>>;

const list = (ids: readonly string[]) => ids.map((id) => `"${id}"`).join(', ');
const listZh = (ids: readonly string[]) => ids.map((id) => `“${id}”`).join('、');
const share = (bps: number) => `${bps / 100} %`;

/** What each check has to say. The words name a risk; they never judge what the law would say. */
const guardWords: { readonly [R in GuardRule]: Words<R> } = {
  'depth-over-3': {
    en: ({ levels }) =>
      `The plan pays ${levels} levels. Beyond three the risk is not one that a waiver can carry.`,
    'zh-CN': ({ levels }) => `方案设置了 ${levels} 级佣金。超过三级的风险不能通过豁免承担。`,
  },
  'head-count-pay': {
    en: ({ subject, id }) =>
      subject === 'bonus'
        ? `The invitation bonus "${id}" is paid for the head alone: ask for a first order of some worth.`
        : `Tier "${id}" can be had by the number of people alone: ask for sales as well.`,
    'zh-CN': ({ subject, id }) =>
      subject === 'bonus'
        ? `邀请奖金“${id}”仅凭拉人即可获得，存在按人头计酬的风险：请要求首单达到一定金额。`
        : `等级“${id}”仅凭人数即可达到，存在按人头计酬的风险：请同时要求销售额。`,
  },
  'entry-fee': {
    en: ({ subject, id, value }) =>
      subject === 'tier'
        ? `Everybody begins in tier "${id}", and it asks for "${value}": joining would have to be paid for.`
        : `Rule "${id}" pays on "${value}", which names a payment to join.`,
    'zh-CN': ({ subject, id, value }) =>
      subject === 'tier'
        ? `所有人都从等级“${id}”开始，而它要求“${value}”：相当于缴费才能加入，存在入门费风险。`
        : `规则“${id}”对“${value}”计佣，该名称表示加入时缴纳的费用，存在入门费风险。`,
  },
  'purchase-to-qualify': {
    en: ({ subject, id }) =>
      `${subject === 'bonus' ? 'Bonus' : 'Tier'} "${id}" can be reached by buying oneself, because ` +
      'the plan counts own purchases. Deny them, or drop the condition.',
    'zh-CN': ({ subject, id }) =>
      `${subject === 'bonus' ? '奖金' : '等级'}“${id}”可通过自购达成，因为方案把自购计入。请拒绝自购计佣，或去掉该条件。`,
  },
  'ambiguous-rules': {
    en: ({ ruleIds: [first, second] }) =>
      `Rules "${first}" and "${second}" can match the same line equally well. ` +
      'Give them different priorities.',
    'zh-CN': ({ ruleIds: [first, second] }) =>
      `规则“${first}”与“${second}”可能同等匹配同一订单行，无法决定取哪一条。请为它们设置不同的优先级。`,
  },
  'unlimited-team-bonus': {
    en: ({ id, fault }) =>
      fault === 'depth'
        ? `The team bonus "${id}" reaches deeper than three levels.`
        : `The team bonus "${id}" has no maximum: give it a maxAmount.`,
    'zh-CN': ({ id, fault }) =>
      fault === 'depth'
        ? `团队奖金“${id}”的深度超过三级。`
        : `团队奖金“${id}”没有上限：请设置 maxAmount。`,
  },
  'pay-without-order': {
    en: ({ id }) => `Bonus "${id}" is paid at sales of 0, without any paid order.`,
    'zh-CN': ({ id }) => `奖金“${id}”在销售额为 0 时即发放，没有对应的已付款订单。`,
  },
  'pays-on-downline-sales': {
    en: ({ ids }) =>
      `${list(ids)} pay somebody for what others sell. That carries a risk at any depth: ` +
      'the administrative rule has no threshold of levels or people.',
    'zh-CN': ({ ids }) =>
      `${listZh(ids)}以他人的销售额向上级计酬。无论几级都存在风险：行政规定没有层级或人数的门槛。`,
  },
  'depth-3': {
    en: () =>
      'The plan pays three levels. With the merchant’s own level counted these are four; ' +
      'from three levels and 30 people on there is a risk of criminal prosecution.',
    'zh-CN': () =>
      '方案设置了三级佣金；计入商户本级即为四级。达到三级且 30 人以上存在刑事追诉的风险。',
  },
  'team-bonus': {
    en: ({ ids }) => `${list(ids)}: a bonus on a team’s sales carries the risk of team pay.`,
    'zh-CN': ({ ids }) => `${listZh(ids)}：按团队销售额发放奖金，存在团队计酬的风险。`,
  },
  'invitation-bonus': {
    en: ({ ids }) =>
      `${list(ids)}: a bonus for bringing people in carries the risk of pay by head count, ` +
      'even when it waits for a first order.',
    'zh-CN': ({ ids }) =>
      `${listZh(ids)}：因发展人员而发放奖金，即使以首单为条件，仍存在按人头计酬的风险。`,
  },
  'hold-too-short': {
    en: ({ holdDays }) =>
      `The program holds commissions for ${holdDays} days; under 7 days they can be paid out ` +
      'before the buyer’s time to give goods back is over.',
    'zh-CN': ({ holdDays }) =>
      `计划的佣金冻结期为 ${holdDays} 天；少于 7 天时，佣金可能在买家退货期结束前就已发放。`,
  },
  'rates-rise-with-depth': {
    en: ({ id, level }) =>
      `Rule "${id}" pays level ${level} more than the level below it, so recruiting pays better than selling.`,
    'zh-CN': ({ id, level }) =>
      `规则“${id}”给第 ${level} 级的比例高于其下一级，发展下线比销售更有利，存在风险。`,
  },
  'rates-over-own-cap': {
    en: ({ sumBps, limitBps }) =>
      `The highest rates of all levels add up to ${share(sumBps)}, and a line may cost ` +
      `${share(limitBps)}: above that every level shrinks.`,
    'zh-CN': ({ sumBps, limitBps }) =>
      `各级最高比例合计 ${share(sumBps)}，而单行上限为 ${share(limitBps)}：超出部分各级按比例缩减。`,
  },
  'overlay-without-budget': {
    en: () =>
      'The campaign has no budget: what it costs has no limit but the caps of the plan, ' +
      'which is a risk of its own.',
    'zh-CN': () => '活动未设预算：除方案自身的上限外，成本没有封顶，存在超支风险。',
  },
  'unknown-tier': {
    en: ({ ruleId, tier }) =>
      `Rule "${ruleId}" asks for the tier "${tier}", which the plan does not list.`,
    'zh-CN': ({ ruleId, tier }) => `规则“${ruleId}”要求等级“${tier}”，但方案的等级列表中没有它。`,
  },
};

/** A finding as one sentence or two. */
export function findingText<R extends GuardRule>(finding: Finding<R>, language: Language): string {
  const words = guardWords[finding.rule] as Words<GuardRule>;
  return words[language](finding);
}

/** What a waiver is, and what it is not. */
export const waiverText: Readonly<Record<Language, string>> = {
  en: "The merchant's own decision; it says nothing about legality.",
  'zh-CN': '由商户自行决定并承担风险；不构成任何法律评价。',
};
