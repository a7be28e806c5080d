import type { Language } from '../kernel/language';
import { lifeNoticeWords } from './notice-life';

/** What a notice is filled with: ids, amounts as decimal texts, moments as ISO texts, reasons. */
export type NoticeParams = Readonly<Record<string, string | number | null>>;

interface NoticeText {
  title: string;
  text: string;
}

type Words = (params: NoticeParams) => NoticeText;

const dayOf = (moment: string | number | null | undefined) => String(moment).slice(0, 10);

/**
 * What a distributor is told, by template, in both languages. A notice is stored as template and
 * parameters, so that its words follow the reader's language.
 */
export const noticeWords = {
  applied: {
    en: () => ({ title: 'Application received', text: 'Your application will be reviewed.' }),
    'zh-CN': () => ({ title: '已收到申请', text: '您的申请将会得到审核。' }),
  },
  activated: {
    en: () => ({ title: 'Welcome', text: 'You may promote from now on.' }),
    'zh-CN': () => ({ title: '欢迎加入', text: '您现在可以开始推广。' }),
  },
  rejected: {
    en: ({ reason, reapplyFrom }) => ({
      title: 'Application declined',
      text: `Reason: ${reason}${reapplyFrom === null ? '' : `. You may apply again from ${dayOf(reapplyFrom)}.`}`,
    }),
    'zh-CN': ({ reason, reapplyFrom }) => ({
      title: '申请未通过',
      text: `原因：${reason}${reapplyFrom === null ? '' : `。${dayOf(reapplyFrom)} 起可再次申请。`}`,
    }),
  },
  ...lifeNoticeWords,
  tier_promoted: {
    en: ({ to }) => ({ title: 'A higher tier', text: `You are in tier ${to} from now on.` }),
    'zh-CN': ({ to }) => ({ title: '等级提升', text: `您已升至等级“${to}”。` }),
  },
  tier_demoted: {
    en: ({ from, to, reason }) => ({
      title: 'Another tier',
      text: `You are in tier ${to} from now on, no longer in ${from}. Reason: ${reason}`,
    }),
    'zh-CN': ({ from, to, reason }) => ({
      title: '等级调整',
      text: `您的等级已由“${from}”调整为“${to}”。原因：${reason}`,
    }),
  },
  tier_changed: {
    en: ({ from, to, reason }) => ({
      title: 'Tier changed',
      text: `Your tier was changed from ${from} to ${to}. Reason: ${reason}`,
    }),
    'zh-CN': ({ from, to, reason }) => ({
      title: '等级已变更',
      text: `您的等级已由“${from}”变更为“${to}”。原因：${reason}`,
    }),
  },
  tier_notice_given: {
    en: ({ from, to, endsAt, reason }) => ({
      title: 'Your tier is at risk',
      text: `You keep tier ${from} until ${endsAt}; then it becomes ${to} unless its conditions are met by then. Today: ${reason}`,
    }),
    'zh-CN': ({ from, to, endsAt, reason }) => ({
      title: '等级即将调整',
      text: `您的等级“${from}”保留至 ${endsAt}；届时仍未达到保级条件的，将调整为“${to}”。目前：${reason}`,
    }),
  },
  tier_notice_withdrawn: {
    en: ({ from }) => ({ title: 'Your tier stays', text: `You keep tier ${from}.` }),
    'zh-CN': ({ from }) => ({ title: '等级保留', text: `您将保留等级“${from}”。` }),
  },
  tier_review_opened: {
    en: ({ to }) => ({
      title: 'Promotion under review',
      text: `You meet the conditions of tier ${to}; somebody will look at it.`,
    }),
    'zh-CN': ({ to }) => ({ title: '晋级审核中', text: `您已达到等级“${to}”的条件，正在审核。` }),
  },
  tier_review_declined: {
    en: ({ to, reason }) => ({
      title: 'Promotion declined',
      text: `You stay in your tier; ${to} was not approved. Reason: ${reason}`,
    }),
    'zh-CN': ({ to, reason }) => ({
      title: '晋级未通过',
      text: `未批准您升至等级“${to}”，当前等级不变。原因：${reason}`,
    }),
  },
  assessment_result: {
    en: ({ scheme, period, score, outcome }) => ({
      title: `Result of ${period}`,
      text: `${scheme}: a score of ${score}. What follows: ${outcomeWords(outcome, 'en')}.`,
    }),
    'zh-CN': ({ scheme, period, score, outcome }) => ({
      title: `${period} 考核结果`,
      text: `${scheme}：得分 ${score}，结果：${outcomeWords(outcome, 'zh-CN')}。`,
    }),
  },
  assessment_objection_decided: {
    en: ({ period, corrected, reason }) => ({
      title: `Your objection to ${period}`,
      text:
        `The result ${corrected === 1 ? 'was corrected' : 'stays as it is'}.` +
        (reason === null ? '' : ` Reason: ${reason}`),
    }),
    'zh-CN': ({ period, corrected, reason }) => ({
      title: `${period} 考核异议`,
      text:
        (corrected === 1 ? '考核结果已更正。' : '维持原考核结果。') +
        (reason === null ? '' : `原因：${reason}`),
    }),
  },
} satisfies Readonly<Record<string, Readonly<Record<Language, Words>>>>;

export type NoticeTemplate = keyof typeof noticeWords;

function outcomeWords(outcome: string | number | null | undefined, language: Language): string {
  const words: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
    reward: { en: 'a reward', 'zh-CN': '奖励' },
    nothing: { en: 'nothing', 'zh-CN': '无' },
    help: { en: 'a help plan', 'zh-CN': '帮扶计划' },
    warning: { en: 'a warning', 'zh-CN': '警告' },
  };
  return words[String(outcome)]?.[language] ?? String(outcome);
}

/** A notice in words. */
export function noticeText(
  template: NoticeTemplate,
  params: NoticeParams,
  language: Language,
): NoticeText {
  const words: Words = noticeWords[template][language];
  return words(params);
}
