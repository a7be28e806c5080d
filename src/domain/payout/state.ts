import type { TransferNews } from './news';

export const payoutStatuses = [
  'queued',
  'submitting',
  'unknown',
  'awaiting_confirmation',
  'processing',
  'paid',
  'returned',
  'failed',
  'canceled',
] as const;

export type PayoutStatus = (typeof payoutStatuses)[number];

/** What can happen to a payout: we submit or withdraw it, the provider says something, or nothing. */
export const payoutMoves = [
  'submit',
  'withdraw',
  'silence',
  'processing',
  'awaiting_confirmation',
  'paid',
  'failed',
  'canceled',
  'returned',
] as const;

export type PayoutMove = (typeof payoutMoves)[number];

/**
 * `stay`: the news is old or says what is known. `contradiction`: the provider says what cannot be
 * true together with what it said before; nothing is booked and a person looks at it.
 */
export type Transition = { to: PayoutStatus } | 'stay' | 'contradiction' | 'illegal';

type Row = Record<PayoutMove, PayoutStatus | 'stay' | 'contradiction' | 'illegal'>;

/** Sent, and the end is not known: everything the provider says is believed. */
const sent: Row = {
  submit: 'illegal',
  withdraw: 'illegal',
  silence: 'stay',
  processing: 'processing',
  awaiting_confirmation: 'awaiting_confirmation',
  paid: 'paid',
  failed: 'failed',
  canceled: 'canceled',
  returned: 'returned',
};

/** The money never left, or is back: it must not be paid after all. */
const givenBack: Row = {
  ...sent,
  processing: 'stay',
  awaiting_confirmation: 'stay',
  paid: 'contradiction',
  failed: 'stay',
  canceled: 'stay',
  returned: 'contradiction',
};

const table: Record<PayoutStatus, Row> = {
  // Never sent: a provider that knows it anyway contradicts our books.
  queued: {
    submit: 'submitting',
    withdraw: 'canceled',
    silence: 'illegal',
    processing: 'contradiction',
    awaiting_confirmation: 'contradiction',
    paid: 'contradiction',
    failed: 'contradiction',
    canceled: 'contradiction',
    returned: 'contradiction',
  },
  submitting: { ...sent, silence: 'unknown' },
  // Sent again under the same number, once the provider has said that it does not know the number.
  unknown: { ...sent, submit: 'submitting' },
  awaiting_confirmation: { ...sent, awaiting_confirmation: 'stay' },
  processing: { ...sent, processing: 'stay' },
  paid: {
    ...sent,
    processing: 'stay',
    awaiting_confirmation: 'stay',
    paid: 'stay',
    failed: 'contradiction',
    canceled: 'contradiction',
  },
  returned: {
    ...sent,
    processing: 'stay',
    awaiting_confirmation: 'stay',
    paid: 'stay',
    failed: 'stay',
    canceled: 'stay',
    returned: 'stay',
  },
  failed: givenBack,
  canceled: givenBack,
};

/** Where a move leads from a status. */
export function transition(from: PayoutStatus, move: PayoutMove): Transition {
  const to = table[from][move];
  return to === 'stay' || to === 'contradiction' || to === 'illegal' ? to : { to };
}

export function moveOf(news: TransferNews): PayoutMove {
  return news.kind;
}

/** Its settlement does not wait for it any more. `paid` is final there, though it can still return. */
export function isFinal(status: PayoutStatus): boolean {
  return ['paid', 'returned', 'failed', 'canceled'].includes(status);
}

/** An admin may ask for another try only where nothing is on its way, or nobody knows. */
export function isRetryable(status: PayoutStatus): boolean {
  return status === 'queued' || status === 'unknown';
}

/** The provider has it and it is not at its end: the channel can be asked to stop it. */
export function isStoppable(status: PayoutStatus): boolean {
  return status === 'awaiting_confirmation' || status === 'processing';
}
