import type { SkipReason } from './assess';

/** Why somebody is not settled this time, in one sentence for finance. */
export const skipWords: Readonly<Record<SkipReason, Record<'zh-CN' | 'en', string>>> = {
  suspended: {
    'zh-CN': '分销员已被暂停，恢复后进入下一期结算。',
    en: 'The distributor is suspended; the next settlement after that takes what is owed.',
  },
  no_payout_account: {
    'zh-CN': '分销员没有收款账户。',
    en: 'The distributor has no payout account.',
  },
  no_tax_profile: {
    'zh-CN': '分销员没有纳税资料，无法计算代扣税款。',
    en: 'The distributor has no tax profile, so what to withhold is not known.',
  },
  needs_invoice: {
    'zh-CN': '企业和个体工商户凭发票付款，已登记的发票金额不足。',
    en: 'A business is paid against invoices, and those on record do not cover the amount.',
  },
  minor: {
    'zh-CN': '纳税人未成年，须由财务人工处理。',
    en: 'The taxpayer is a minor; finance has to decide.',
  },
  non_resident: {
    'zh-CN': '纳税人为非居民，须由财务人工处理。',
    en: 'The taxpayer is not a resident; finance has to decide.',
  },
  vat_exemption: {
    'zh-CN': '当月收入超过增值税免征额，须由财务人工处理。',
    en: 'The income of the month is above the VAT exemption; finance has to decide.',
  },
  below_minimum: {
    'zh-CN': '金额低于计划的最低结算额，结转到下一期。',
    en: 'The amount is below the minimum of the program and is carried over.',
  },
  above_channel_maximum: {
    'zh-CN': '实付金额超过渠道单笔限额，且渠道设置为不拆分，结转到下一期。',
    en: 'The net is above what the channel pays in one transfer, and the channel does not split; it is carried over.',
  },
  net_zero: {
    'zh-CN': '扣除税款和手续费后没有余额，结转到下一期。',
    en: 'Nothing is left after tax and fee; it is carried over.',
  },
  below_channel_minimum: {
    'zh-CN': '扣除税款和手续费后低于付款渠道的最低金额，结转到下一期。',
    en: 'What is left after tax and fee is below the minimum of the channel; it is carried over.',
  },
  on_hold: {
    'zh-CN': '财务已暂缓该分销员的结算，解除后进入下一期结算。',
    en: 'Finance holds the distributor back; the next settlement after the hold takes it.',
  },
  excluded: {
    'zh-CN': '财务已将该结算单移出本期，进入下一期结算。',
    en: 'Finance took the statement out of this settlement; the next one takes it.',
  },
};
