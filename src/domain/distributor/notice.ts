import type { Language } from '../kernel/language';

/** What a notice is filled with: ids, amounts as decimal texts, moments as ISO texts, reasons. */
export type NoticeParams = Readonly<Record<string, string | number | null>>;

interface NoticeText {
  title: string;
  text: string;
}

type Words = (params: NoticeParams) => NoticeText;

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
    en: ({ reason }) => ({ title: 'Application declined', text: `Reason: ${reason}` }),
    'zh-CN': ({ reason }) => ({ title: '申请未通过', text: `原因：${reason}` }),
  },
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
