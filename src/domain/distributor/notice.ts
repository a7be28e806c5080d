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
} satisfies Readonly<Record<string, Readonly<Record<Language, Words>>>>;

export type NoticeTemplate = keyof typeof noticeWords;

/** A notice in words. */
export function noticeText(
  template: NoticeTemplate,
  params: NoticeParams,
  language: Language,
): NoticeText {
  const words: Words = noticeWords[template][language];
  return words(params);
}
