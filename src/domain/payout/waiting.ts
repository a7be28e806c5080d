import { momentText } from '../kernel/format';
import type { PayoutStatus } from './state';

/** Why a payout waits, where its status alone does not say it. Stored as a code, shown as a text. */
export const waitingReasons = [
  'suspended',
  'dayLimit',
  'overDayLimit',
  'silent',
  'review',
  'turn',
  'balance',
  'throttled',
  'limit',
  'setup',
  'risk',
  'stopping',
  'payeeDayLimit',
  'overTransferLimit',
] as const;
export type WaitingReason = (typeof waitingReasons)[number];

/** The channel said that it did not take the order: nothing moved, and the same order may be sent again. */
const refused: readonly WaitingReason[] = ['balance', 'throttled', 'limit', 'setup'];

export function isRefusal(reason: WaitingReason | null): boolean {
  return reason !== null && refused.includes(reason);
}

/** A limit that an admin set stands in the way of a payout that was never sent. */
export const limitReasons: readonly WaitingReason[] = [
  'dayLimit',
  'payeeDayLimit',
  'overDayLimit',
  'overTransferLimit',
];

/** Too large whenever it is tried: only a person can mend that, by a higher limit or a cancellation. */
export function isTooLarge(reason: WaitingReason | null): boolean {
  return reason === 'overDayLimit' || reason === 'overTransferLimit';
}

export type Language = 'zh-CN' | 'en';

/** A sentence without its end, and how it goes on when the date is known. */
interface Words {
  says: Record<Language, string>;
  dated: Record<Language, (date: string) => string>;
}

const nextLook: Words['dated'] = {
  'zh-CN': (date) => `，下次查询：${date}`,
  en: (date) => `; it is asked again at ${date}`,
};
const nextTry: Words['dated'] = {
  'zh-CN': (date) => `，下次提交：${date}`,
  en: (date) => `; the next try is at ${date}`,
};

const byReason: Record<WaitingReason, Words> = {
  suspended: {
    says: {
      'zh-CN': '分销员已被暂停，尚未提交的付款暂缓',
      en: 'The distributor is suspended, so payouts that were not submitted yet are paused',
    },
    dated: nextTry,
  },
  dayLimit: {
    says: {
      'zh-CN': '已达到付款渠道的单日限额，稍后自动提交',
      en: "The channel's limit for a day is reached, so it is submitted later",
    },
    dated: nextTry,
  },
  overDayLimit: {
    says: {
      'zh-CN': '金额超过付款渠道的单日限额，正等待人工处理',
      en: "The amount is above the channel's limit for a day, so a person has to look at it",
    },
    dated: nextTry,
  },
  silent: {
    says: {
      'zh-CN': '付款渠道没有给出明确答复，系统正在查询，不会重复付款',
      en: 'The channel gave no clear answer and is being asked, and nothing is paid twice',
    },
    dated: nextLook,
  },
  review: {
    says: {
      'zh-CN': '付款渠道长时间没有明确答复，正等待人工处理',
      en: 'The channel has given no clear answer for long, so a person has to look at it',
    },
    dated: nextLook,
  },
  turn: {
    says: {
      'zh-CN': '付款渠道限制提交速度，正在排队',
      en: 'The channel limits the pace of submissions, and this one waits for its turn',
    },
    dated: nextTry,
  },
  balance: {
    says: {
      'zh-CN': '商户在付款渠道的余额不足，充值后自动继续',
      en: "The merchant's balance at the channel is too low; it goes on by itself after a top-up",
    },
    dated: nextTry,
  },
  throttled: {
    says: {
      'zh-CN': '付款渠道要求放慢提交速度',
      en: 'The channel asked for fewer calls',
    },
    dated: nextTry,
  },
  limit: {
    says: {
      'zh-CN': '付款渠道的额度已用完，额度恢复后自动提交',
      en: 'A limit of the channel is used up, so it is submitted when there is room again',
    },
    dated: nextTry,
  },
  setup: {
    says: {
      'zh-CN': '付款渠道拒绝了商户的设置，正等待人工处理',
      en: "The channel does not accept the merchant's setup, so a person has to mend it",
    },
    dated: nextTry,
  },
  risk: {
    says: {
      'zh-CN': '付款渠道正在进行风险审核',
      en: 'The channel examines the transfer for risk',
    },
    dated: nextLook,
  },
  stopping: {
    says: {
      'zh-CN': '管理员要求停止付款，正在向付款渠道确认',
      en: 'An admin asked to stop it, and the channel is being asked',
    },
    dated: nextLook,
  },
  payeeDayLimit: {
    says: {
      'zh-CN': '收款人在该付款渠道的单日收款额度已用完，次日自动提交',
      en: "The channel's limit for a day to this payee is reached, so it is submitted the next day",
    },
    dated: nextTry,
  },
  overTransferLimit: {
    says: {
      'zh-CN': '金额超过付款渠道的单笔限额，正等待人工处理',
      en: "The amount is above the channel's limit for one transfer, so a person has to look at it",
    },
    dated: nextTry,
  },
};

const byStatus: Record<PayoutStatus, Words | null> = {
  queued: {
    says: {
      'zh-CN': '排队中，即将提交给付款渠道',
      en: 'Queued; it will be submitted to the channel soon',
    },
    dated: nextTry,
  },
  submitting: {
    says: { 'zh-CN': '正在提交给付款渠道', en: 'Being submitted to the channel' },
    dated: nextLook,
  },
  unknown: byReason.silent,
  awaiting_confirmation: {
    says: {
      'zh-CN': '等待收款人在付款渠道确认收款',
      en: 'Waiting for the payee to confirm with the channel',
    },
    dated: {
      'zh-CN': (date) => `，确认截止时间：${date}`,
      en: (date) => ` until ${date}`,
    },
  },
  processing: {
    says: { 'zh-CN': '付款渠道正在处理', en: 'The channel is processing it' },
    dated: nextLook,
  },
  paid: null,
  returned: null,
  failed: null,
  canceled: null,
};

export interface Waiting {
  status: PayoutStatus;
  reason: string | null;
  /** real time; null: nobody knows */
  until: Date | null;
  /** when it was made, real time: said where nobody knows until when it waits */
  madeAt?: Date;
}

const made: Words['dated'] = {
  'zh-CN': (date) => `；付款单创建于 ${date}`,
  en: (date) => `; it was made at ${date}`,
};

/**
 * Why there is no money yet, in one sentence for a person with a date: until when it waits, else since
 * when it is there; null when there is nothing to wait for.
 * @param timeZone IANA zone in which the date is written
 */
export function whyNotYet(
  { status, reason, until, madeAt }: Waiting,
  language: Language,
  timeZone: string,
): { text: string; until: Date | null } | null {
  const known = waitingReasons.find((candidate) => candidate === reason);
  const words = byStatus[status] === null ? null : known ? byReason[known] : byStatus[status];
  if (words === null) return null;
  const [dated, moment] = until === null ? [made, madeAt] : [words.dated, until];
  const date = moment === undefined ? '' : dated[language](zonedText(moment, timeZone));
  return { text: `${words.says[language]}${date}${language === 'en' ? '.' : '。'}`, until };
}

/** `2026-11-03 09:05 (Asia/Shanghai)`: the same in every language, and never mistaken. */
export function zonedText(moment: Date, timeZone: string): string {
  return `${momentText(moment, timeZone)} (${timeZone})`;
}
