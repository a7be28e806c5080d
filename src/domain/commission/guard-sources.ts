import type { Language } from '../kernel/language';
import type { GuardRule } from './guard';

type Words = Readonly<Record<Language, string>>;

const article7 = (item: 1 | 2 | 3): Words => ({
  en: `禁止传销条例 (Regulation on Prohibition of Pyramid Selling, 2005), art. 7(${item})`,
  'zh-CN': `《禁止传销条例》（2005）第七条第（${['一', '二', '三'][item - 1]}）项`,
});

const prosecution: Words = {
  en: '公通字〔2013〕37号: the threshold of criminal prosecution counts 3 levels, the organiser’s own included',
  'zh-CN': '公通字〔2013〕37号：刑事立案追诉按三级以上计，含组织者本级',
};

const merchant: Words = {
  en: 'The plan’s own caps; what a line may cost is the merchant’s decision',
  'zh-CN': '方案自身的上限；单行最高成本由商户决定',
};

/** What each rule rests on, as collected in the project's notes on the law, or in the design. */
export const guardSources: Readonly<Record<GuardRule, Words>> = {
  'depth-over-3': {
    en: `${article7(3).en}; ${prosecution.en}`,
    'zh-CN': `${article7(3)['zh-CN']}；${prosecution['zh-CN']}`,
  },
  'head-count-pay': article7(1),
  'entry-fee': article7(2),
  'purchase-to-qualify': article7(2),
  'ambiguous-rules': {
    en: 'Calculation, choice of the rule: the most specific match wins, then the priority',
    'zh-CN': '计算规则·规则选择：匹配最具体者优先，其次看优先级',
  },
  'unlimited-team-bonus': article7(3),
  'pay-without-order': article7(1),
  'pays-on-downline-sales': {
    en: `${article7(3).en}; a case of 2022 (Chongqing Banan) fined two configured levels at which nothing had been paid`,
    'zh-CN': `${article7(3)['zh-CN']}；2022年重庆巴南案：仅配置两级分销、尚未发放佣金即被处罚`,
  },
  'depth-3': prosecution,
  'team-bonus': article7(3),
  'invitation-bonus': article7(1),
  'hold-too-short': {
    en: 'Calculation, hold: an order is kept when its refund window has passed',
    'zh-CN': '计算规则·冻结期：退款期过后订单才算留存',
  },
  'rates-rise-with-depth': article7(3),
  'rates-over-own-cap': merchant,
  'overlay-without-budget': merchant,
  'unknown-tier': { en: 'The tiers of the plan', 'zh-CN': '方案中的等级列表' },
};
