import type { PayoutStatus } from './state';

/** Why a payout waits, where its status alone does not say it. Stored as a code, shown as a text. */
export const waitingReasons = ['suspended', 'dayLimit', 'silent', 'review'] as const;
export type WaitingReason = (typeof waitingReasons)[number];

export type Language = 'zh-CN' | 'en';

type Words = Record<Language, string>;

const byReason: Record<WaitingReason, Words> = {
  suspended: {
    'zh-CN': '分销员已被暂停，尚未提交的付款暂缓。',
    en: 'The distributor is suspended; payouts that were not submitted yet are paused.',
  },
  dayLimit: {
    'zh-CN': '已达到付款渠道的单日限额，稍后自动提交。',
    en: "The channel's limit for a day is reached; it will be submitted later.",
  },
  silent: {
    'zh-CN': '付款渠道没有给出明确答复，系统正在查询，不会重复付款。',
    en: 'The channel gave no clear answer. It is being asked; nothing is paid twice.',
  },
  review: {
    'zh-CN': '付款渠道长时间没有明确答复，正等待人工处理。',
    en: 'The channel has given no clear answer for long; a person has to look at it.',
  },
};

const byStatus: Record<PayoutStatus, Words | null> = {
  queued: { 'zh-CN': '排队中，即将提交给付款渠道。', en: 'Queued; it will be submitted soon.' },
  submitting: { 'zh-CN': '正在提交给付款渠道。', en: 'Being submitted to the channel.' },
  unknown: byReason.silent,
  awaiting_confirmation: {
    'zh-CN': '等待收款人在付款渠道确认收款。',
    en: 'Waiting for the payee to confirm with the channel.',
  },
  processing: { 'zh-CN': '付款渠道正在处理。', en: 'The channel is processing it.' },
  paid: null,
  returned: null,
  failed: null,
  canceled: null,
};

/** Why there is no money yet, for a person; null when there is nothing to wait for. */
export function whyNotYet(
  status: PayoutStatus,
  reason: string | null,
  language: Language,
): string | null {
  const known = waitingReasons.find((candidate) => candidate === reason);
  const words = byStatus[status] === null ? null : known ? byReason[known] : byStatus[status];
  return words === null ? null : words[language];
}
