import type { TransferNews } from './news';
import { isRefusal, type WaitingReason } from './waiting';

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

/**
 * What can happen to a payout: we submit or withdraw it, the provider says something, or nothing, or
 * that it did not take the order.
 */
export const payoutMoves = [
  'submit',
  'withdraw',
  'silence',
  'refusal',
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
  refusal: 'stay',
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
    refusal: 'illegal',
    processing: 'contradiction',
    awaiting_confirmation: 'contradiction',
    paid: 'contradiction',
    failed: 'contradiction',
    canceled: 'contradiction',
    returned: 'contradiction',
  },
  submitting: { ...sent, silence: 'unknown' },
  // Sent again under the same number, once the provider has said that it does not know the number.
  unknown: { ...sent, submit: 'submitting', refusal: 'submitting' },
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

/**
 * Whether the order may be handed to the provider now: the first time, while the provider does not
 * know the number, and after it said that it did not take the order. Always under the same number.
 */
export function mayHandOver(status: PayoutStatus, reason: WaitingReason | null): boolean {
  if (typeof transition(status, 'submit') !== 'string') return true;
  if (status === 'submitting') return isRefusal(reason);
  // The provider has it but our account there was empty: it wants the same order once more.
  return status === 'processing' && reason === 'balance';
}

/**
 * The order was booked as sent and nothing was booked since: the step that sends it is under way, or
 * is taken again by whoever takes over from a process that died. It books what the call comes to,
 * together with all that callbacks have brought by then.
 */
export function isBeingSent({
  status,
  waitingText,
  waitingUntil,
}: {
  status: PayoutStatus;
  waitingText: WaitingReason | null;
  waitingUntil: Date | null;
}): boolean {
  return status === 'submitting' && waitingText === null && waitingUntil === null;
}

/** An admin may ask for another try only where nothing is on its way, or nobody knows. */
export function isRetryable(status: PayoutStatus, reason: WaitingReason | null): boolean {
  return (
    status === 'queued' || status === 'unknown' || (status === 'submitting' && isRefusal(reason))
  );
}

/** It was sent and is not at its end: the channel can be asked to stop it. */
export function isStoppable(status: PayoutStatus, reason: WaitingReason | null): boolean {
  if (status === 'awaiting_confirmation' || status === 'processing') return true;
  return status === 'submitting' && isRefusal(reason);
}
