import type { IncomingHttpHeaders } from 'node:http';
import type { AskingRules, Question } from '../domain/payout/asking';
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

/**
 * The provider did not take the order and says why: nothing moved. The same order may be sent again,
 * under the same number, once the cause is gone. `balance_short`: the merchant's account is empty;
 * `throttled`: too many calls; `limit`: an amount or number per day or month is used up; `setup`:
 * credentials, product or parameters are wrong, which a person has to mend.
 */
export interface NotTaken {
  kind: 'not_taken';
  cause: 'balance_short' | 'throttled' | 'limit' | 'setup';
  /** the provider's own */
  code: string;
  message: string;
}

export type SubmitOutcome = TransferNews | Unknown | NotTaken;
export type QueryOutcome = TransferNews | Unknown | NotFound;

/** A verified message from a provider. */
export interface CallbackNews {
  /** the provider's own id of this message; a repeat carries the same */
  eventId: string;
  channelNumber: string;
  /** what the provider says it moved, in fen */
  amount: bigint;
  /** to whom, where the provider says so; compared with the payout's own account */
  account?: string;
  news: TransferNews;
}

/** What the asker knows already. An answer about another amount or payee is then `unknown`. */
export interface QueryHints {
  order: TransferOrder;
  /** when it was handed over last; a provider forgets what is old, so that NOT_FOUND says nothing */
  submittedAt?: Date;
  /** the payee has to confirm, and we do not have what the payee's page is opened with */
  lacksConfirmation: boolean;
}

export type CallbackVerdict =
  | { kind: 'news'; callback: CallbackNews }
  | { kind: 'bad_signature' }
  /** The signature is right, but the content is none of what this channel speaks of. */
  | { kind: 'not_understood'; detail: string };

/** When a provider is asked, in real time. */
export interface PollingRules extends AskingRules {
  /** Questions without any usable answer before a person has to look. */
  giveUpAfter: number;
}

/**
 * How a callback is acknowledged in the provider's own form. The status is ours: 200 for what was
 * taken (also a repeat), 401 for a wrong signature, 400 for what is not understood.
 */
export interface CallbackReply {
  contentType: string;
  /** empty: none is sent */
  body: string;
}

/** One row of a provider's bill file: what it says it moved on that day. The amount is fen. */
export interface BillRow {
  channelNumber: string;
  amount: bigint;
  kind: 'paid' | 'returned';
  /** the provider's own number of the transfer */
  providerNumber: string | null;
  at: Date;
}

/** `not_ready`: the file of that day does not exist yet; it is asked for again later. */
export type BillOutcome = { kind: 'bill'; rows: BillRow[] } | { kind: 'not_ready' } | Unknown;

/** One payment provider with one merchant's credentials. No method throws for what a provider does. */
export interface ChannelAdapter {
  readonly polling: PollingRules;
  /** Calls a second that the provider allows a merchant for submissions; left out: no limit. */
  readonly callsPerSecond?: number;
  /** The same for questions about transfers, and for calls that stop one. */
  readonly questionsPerSecond?: Readonly<Partial<Record<Question, number>>>;
  submit(order: TransferOrder): Promise<SubmitOutcome>;
  query(channelNumber: string, hints?: QueryHints): Promise<QueryOutcome>;
  /** Asks the provider to stop a transfer; answers what the transfer is then. */
  cancel?(channelNumber: string, hints?: QueryHints): Promise<QueryOutcome>;
  /** Verifies the raw bytes before anything in them is read. */
  verifyCallback(headers: IncomingHttpHeaders, rawBody: Buffer, now: Date): CallbackVerdict;
  /** How the provider wants a callback answered; left out: in our own form. */
  callbackReply?(taken: boolean): CallbackReply;
  /** The bill file of one calendar day of the provider (`YYYY-MM-DD`, Asia/Shanghai). */
  bill?(day: string): Promise<BillOutcome>;
}

/** A stored channel with its settings in clear. */
export interface ChannelConfig {
  id: string;
  kind: string;
  settings: unknown;
}

/** Opens the adapter of a stored channel. */
export interface ChannelRegistry {
  /** @throws ZodError when the stored settings are not of the channel's kind */
  open(channel: ChannelConfig): ChannelAdapter;
}
