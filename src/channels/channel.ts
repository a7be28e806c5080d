import type { IncomingHttpHeaders } from 'node:http';
import type { TransferNews } from '../domain/payout/news';

/** What a provider is asked to pay. The number was stored before the first call and never changes. */
export interface TransferOrder {
  channelNumber: string;
  account: string;
  holderName: string;
  /** fen, positive */
  amount: bigint;
}

/**
 * No answer, or one that says nothing about the transfer: a time-out, a broken connection, 5xx, 429,
 * 401, a body that cannot be read. The money may have moved. It is asked about, never assumed.
 */
export interface Unknown {
  kind: 'unknown';
  detail: string;
}

/**
 * The provider does not know the number. That is not a failure, because a call may still be on its
 * way; it is the only answer after which the same order may be sent again, under the same number.
 */
export interface NotFound {
  kind: 'not_found';
}

export type SubmitOutcome = TransferNews | Unknown;
export type QueryOutcome = TransferNews | Unknown | NotFound;

/** A verified message from a provider. */
export interface CallbackNews {
  /** the provider's own id of this message; a repeat carries the same */
  eventId: string;
  channelNumber: string;
  /** what the provider says it moved, in fen */
  amount: bigint;
  news: TransferNews;
}

export type CallbackVerdict =
  | { kind: 'news'; callback: CallbackNews }
  | { kind: 'bad_signature' }
  /** The signature is right, but the content is none of what this channel speaks of. */
  | { kind: 'not_understood'; detail: string };

/** When a provider is asked, in real time. */
export interface PollingRules {
  /** Wait before the n-th question (from 0) while the transfer has not reached its end. */
  delayMs(asked: number, awaitingConfirmation: boolean): number;
  /** Questions without any usable answer before a person has to look. */
  giveUpAfter: number;
  /** Waits between questions after success, to see money that comes back soon. */
  watchForReturnMs: readonly number[];
}

/** One payment provider with one merchant's credentials. No method throws for what a provider does. */
export interface ChannelAdapter {
  readonly polling: PollingRules;
  submit(order: TransferOrder): Promise<SubmitOutcome>;
  query(channelNumber: string): Promise<QueryOutcome>;
  /** Asks the provider to stop a transfer; answers what the transfer is then. */
  cancel?(channelNumber: string): Promise<QueryOutcome>;
  /** Verifies the raw bytes before anything in them is read. */
  verifyCallback(headers: IncomingHttpHeaders, rawBody: Buffer, now: Date): CallbackVerdict;
}

/** A stored channel with its settings in clear. */
export interface ChannelConfig {
  id: string;
  kind: string;
  settings: unknown;
}

/** Opens the adapter of a stored channel. */
export interface ChannelRegistry {
  open(channel: ChannelConfig): ChannelAdapter;
}
