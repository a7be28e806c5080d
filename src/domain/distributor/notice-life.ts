import type { NoticeParams } from './notice';

type Params = NoticeParams;

const words = (title: string, text: (params: Params) => string) => (params: Params) => ({
  title,
  text: text(params),
});

const why = ({ reason }: Params) => (reason ? ` Reason: ${reason}` : '');
const whyZh = ({ reason }: Params) => (reason ? `原因：${reason}` : '');
const day = (moment: Params[string] | undefined) => String(moment).slice(0, 10);

/** What a distributor is told on the way out, and back. */
export const lifeNoticeWords = {
  warned: {
    en: words(
      'We miss you',
      ({ days, proposedAt }) =>
        `No sale and no sign-in for ${days} days. Sell once or sign in before ${day(proposedAt)}, or your place may be given up. Do you need material, training or another product? Write to us, we help.`,
    ),
    'zh-CN': words(
      '好久不见',
      ({ days, proposedAt }) =>
        `您已有 ${days} 天没有成交或登录。请在 ${day(proposedAt)} 前完成一笔订单或登录，否则可能被清退。需要素材、培训或选品支持，请随时联系我们。`,
    ),
  },
  eviction_proposed: {
    en: words(
      'Your place may end',
      () =>
        'You have not sold since the warning, so your place was proposed to end and will be reviewed. One sale stops it.',
    ),
    'zh-CN': words(
      '清退待审核',
      () => '您在提醒后仍未成交，已被提议清退，正在等待审核。完成一笔订单即可终止。',
    ),
  },
  eviction_refused: {
    en: words('You stay', (params) => `The proposal to end your place was declined.${why(params)}`),
    'zh-CN': words(
      '清退未通过',
      (params) => `对您的清退提议未获批准，您可继续推广。${whyZh(params)}`,
    ),
  },
  eviction_notice: {
    en: words(
      'Your place will end',
      (params) =>
        `Your place ends on ${day(params['until'])} unless you sell or appeal before.${why(params)}`,
    ),
    'zh-CN': words(
      '清退通知',
      (params) => `如您在 ${day(params['until'])} 前既未成交也未申诉，清退将生效。${whyZh(params)}`,
    ),
  },
  appeal_reminder: {
    en: words('Last days to appeal', ({ until }) => `You can appeal until ${day(until)}.`),
    'zh-CN': words('申诉即将截止', ({ until }) => `您可在 ${day(until)} 前提出申诉。`),
  },
  appealed: {
    en: words(
      'Appeal received',
      () => 'Somebody who did not decide before will decide. Nothing takes effect until then.',
    ),
    'zh-CN': words('已收到申诉', () => '将由未参与原决定的人员审理，在此之前原决定不生效。'),
  },
  appeal_approved: {
    en: words('Your appeal was upheld', (params) => `You are active again.${why(params)}`),
    'zh-CN': words('申诉成功', (params) => `您已恢复正常。${whyZh(params)}`),
  },
  active_again: {
    en: words('Good to have you back', () => 'You are active again.'),
    'zh-CN': words('欢迎回来', () => '您已恢复正常。'),
  },
  evicted: {
    en: words(
      'Your place has ended',
      (params) => `You are no longer in the program. What you earned will be paid.${why(params)}`,
    ),
    'zh-CN': words(
      '清退已生效',
      (params) => `您已退出该计划，已获得的佣金仍会支付。${whyZh(params)}`,
    ),
  },
  suspended: {
    en: words(
      'You are suspended',
      (params) =>
        `Your commissions are held, not lost, and you may appeal. Code: ${params['reasonCode']}.${why(params)}`,
    ),
    'zh-CN': words(
      '账号已暂停',
      (params) =>
        `您的佣金暂时冻结，不会丢失，您可以申诉。代码：${params['reasonCode']}。${whyZh(params)}`,
    ),
  },
  suspension_confirmed: {
    en: words(
      'Your suspension was confirmed',
      (params) =>
        `${params['until'] === null ? 'Your appeal decides whether your place ends.' : `Your place ends on ${day(params['until'])} unless you appeal before.`}${why(params)}`,
    ),
    'zh-CN': words(
      '暂停已确认',
      (params) =>
        `${params['until'] === null ? '是否清退以您的申诉结果为准。' : `如您在 ${day(params['until'])} 前未申诉，您将被清退。`}${whyZh(params)}`,
    ),
  },
  commissions_reversed: {
    en: words(
      'Commissions were reversed',
      (params) =>
        `${params['commissions']} commissions of ${params['sum']} in all were taken back.${why(params)}`,
    ),
    'zh-CN': words(
      '佣金已撤销',
      (params) => `共撤销 ${params['commissions']} 笔佣金，合计 ${params['sum']}。${whyZh(params)}`,
    ),
  },
  commissions_restored: {
    en: words(
      'Commissions were given back',
      (params) => `${params['sum']} of reversed commissions came back.${why(params)}`,
    ),
    'zh-CN': words(
      '佣金已恢复',
      (params) => `已恢复此前撤销的佣金 ${params['sum']}。${whyZh(params)}`,
    ),
  },
  suspension_lifted: {
    en: words(
      'Your suspension was lifted',
      (params) => `Your commissions go on as before.${why(params)}`,
    ),
    'zh-CN': words('暂停已解除', (params) => `您的佣金恢复正常结算。${whyZh(params)}`),
  },
  departure_requested: {
    en: words('You want to leave', ({ until }) => `You can take it back until ${day(until)}.`),
    'zh-CN': words('已收到退出申请', ({ until }) => `您可在 ${day(until)} 前撤回。`),
  },
  departure_withdrawn: {
    en: words('You stay', () => 'Your wish to leave was taken back.'),
    'zh-CN': words('已撤回退出申请', () => '您将继续留在该计划。'),
  },
  left: {
    en: words('You have left', () => 'What you earned will be paid.'),
    'zh-CN': words('您已退出', () => '已获得的佣金仍会支付。'),
  },
  reinstated: {
    en: words(
      'You are reinstated',
      (params) =>
        `${params['downlines']} downlines and ${params['customers']} customers came back.${why(params)}`,
    ),
    'zh-CN': words(
      '您已恢复资格',
      (params) =>
        `已恢复 ${params['downlines']} 名下级和 ${params['customers']} 名客户。${whyZh(params)}`,
    ),
  },
  returned: {
    en: words('Welcome back', (params) => `You may promote again from now on.${why(params)}`),
    'zh-CN': words('欢迎回来', (params) => `您现在可以重新开始推广。${whyZh(params)}`),
  },
  sponsor_left: {
    en: words('Your sponsor has left', () => 'You have another sponsor, or none, from now on.'),
    'zh-CN': words('您的推荐人已退出', () => '您的推荐关系已按规则调整。'),
  },
} as const;
