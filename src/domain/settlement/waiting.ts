import type { SettlementStatus } from './state';

export type Language = 'zh-CN' | 'en';

/** What a withdrawal waits for, as far as it is known. Dates are written already. */
export interface WithdrawalWait {
  status: SettlementStatus;
  requestedAt: string;
  /** by when finance is asked to decide; null: nobody is asked yet */
  dueAt: string | null;
  /** null: not approved */
  approvedAt: string | null;
}

type Sentence = Record<Language, (wait: WithdrawalWait) => string>;

const computing: Sentence = {
  'zh-CN': ({ requestedAt }) => `正在计算税款和实付金额，申请时间：${requestedAt}。`,
  en: ({ requestedAt }) => `Tax and net are being computed; it was asked for at ${requestedAt}.`,
};

const sentences: Readonly<Record<SettlementStatus, Sentence | null>> = {
  locking: computing,
  computing,
  review: {
    'zh-CN': ({ dueAt, requestedAt }) =>
      dueAt === null
        ? `等待财务审核，申请时间：${requestedAt}。`
        : `等待财务审核，审核期限：${dueAt}。`,
    en: ({ dueAt, requestedAt }) =>
      dueAt === null
        ? `Finance has to decide; it was asked for at ${requestedAt}.`
        : `Finance has to decide, by ${dueAt}.`,
  },
  paying: {
    'zh-CN': ({ approvedAt, requestedAt }) =>
      `已批准，正在生成付款单，批准时间：${approvedAt ?? requestedAt}。`,
    en: ({ approvedAt, requestedAt }) =>
      `Approved at ${approvedAt ?? requestedAt}, and its payouts are being made.`,
  },
  closed: null,
  rejected: null,
};

/**
 * Why a withdrawal has not arrived, in one sentence for a person with a date; null when there is
 * nothing to wait for. Once it has a payout that is under way, the payout says it better.
 */
export function whyNotWithdrawn(wait: WithdrawalWait, language: Language): string | null {
  return sentences[wait.status]?.[language](wait) ?? null;
}
