import type { Language } from '../kernel/language';

/** By what an order can be brought to a distributor, in the order in which they are tried. */
export const attributionOrder = ['coupon', 'code', 'click', 'binding'] as const;

export type AttributedBy = (typeof attributionOrder)[number];

/** A distributor that a candidate leads to, as of the payment. */
export interface Holder {
  distributorId: string;
  /** Whether it had joined by then. */
  joined: boolean;
}

/** Something on or behind the order that may say who brought it. */
export interface Candidate {
  by: AttributedBy;
  /** What was given: the coupon code, the distributor code, the click id, the binding's id. */
  given: string;
  /** undefined: it leads to nobody. */
  holder: Holder | undefined;
  /** Why it does not count although it leads to somebody; left out: it does. */
  fault?: 'click_expired' | 'click_after_payment' | undefined;
}

export type RejectionReason =
  | 'coupon_unknown'
  | 'code_unknown'
  | 'click_unknown'
  | 'click_expired'
  | 'click_after_payment'
  | 'binding_unknown'
  | 'not_joined'
  | 'outranked';

export interface Rejection {
  by: AttributedBy;
  given: string;
  reason: RejectionReason;
}

export interface Attribution {
  /** null: nobody brought it */
  distributorId: string | null;
  by: AttributedBy | 'none';
  rejected: Rejection[];
}

/**
 * Who brought an order: the first candidate that leads to somebody who had joined by then. Every
 * other candidate is named with the reason why it lost. Whether that distributor earns now, or is
 * the buyer himself, is not asked here: the plan's `onIneligible` says who earns in its place.
 */
export function attribute(candidates: readonly Candidate[]): Attribution {
  const ranked = [...candidates].sort((a, b) => rank(a) - rank(b));
  const rejected: Rejection[] = [];
  let winner: { distributorId: string; by: AttributedBy } | undefined;
  for (const candidate of ranked) {
    const { by, given, holder } = candidate;
    const reason = whyNot(candidate);
    if (reason === undefined && holder !== undefined && winner === undefined) {
      winner = { distributorId: holder.distributorId, by };
    } else {
      rejected.push({ by, given, reason: reason ?? 'outranked' });
    }
  }
  return { distributorId: winner?.distributorId ?? null, by: winner?.by ?? 'none', rejected };
}

function rank({ by }: Candidate): number {
  return attributionOrder.indexOf(by);
}

function whyNot({ by, holder, fault }: Candidate): RejectionReason | undefined {
  if (holder === undefined) return `${by}_unknown`;
  if (fault !== undefined) return fault;
  return holder.joined ? undefined : 'not_joined';
}

/** The reasons in words. */
export const rejectionWords: Readonly<Record<RejectionReason, Readonly<Record<Language, string>>>> =
  {
    coupon_unknown: {
      en: 'No distributor of this program has this coupon code.',
      'zh-CN': '本计划中没有分销员使用该优惠码。',
    },
    code_unknown: {
      en: 'No distributor of this program has this code.',
      'zh-CN': '本计划中没有该代码的分销员。',
    },
    click_unknown: { en: 'There is no such click.', 'zh-CN': '没有该点击记录。' },
    click_expired: {
      en: 'The click was too long before the payment.',
      'zh-CN': '点击距付款已超出归因有效期。',
    },
    click_after_payment: {
      en: 'The click came after the payment.',
      'zh-CN': '点击发生在付款之后。',
    },
    binding_unknown: { en: 'There is no such binding.', 'zh-CN': '没有该绑定关系。' },
    not_joined: {
      en: 'The distributor had not joined when the order was paid.',
      'zh-CN': '订单付款时该分销员尚未加入。',
    },
    outranked: {
      en: 'Something that counts before it had already decided.',
      'zh-CN': '已由优先级更高的依据确定归属。',
    },
  };
