import type { IncomingHttpHeaders } from 'node:http';
import type { TransferNews } from '../../domain/payout/news';
import { contentOf, parseJson, whyNoAnswer } from '../answer';
import type {
  BillOutcome,
  CallbackVerdict,
  ChannelAdapter,
  NotTaken,
  PollingRules,
  QueryHints,
  QueryOutcome,
  SubmitOutcome,
  TransferOrder,
  Unknown,
} from '../channel';
import { isTimely, matchesSignature, sandboxKey, sandboxSignature } from './signature';
import {
  BillBody,
  CallbackBody,
  FaultBody,
  newsOf,
  type SandboxSettings,
  TransferView,
} from './wire';

/** Where the sandbox provider is, and how it reaches us. */
export interface SandboxEndpoint {
  url: string;
  /** secret of the installation; every channel's key is derived from it */
  secret: string;
  /** the API as the sandbox sees it; callbacks go to `<this>/callbacks/sandbox/<channelId>` */
  callbackBaseUrl: string;
}

const defaultSubmitTimeoutMs = 2_000;
const queryTimeoutMs = 2_000;
const billTimeoutMs = 30_000;
const defaultConfirmSeconds = 20;
/** A bill of a day of 100,000 transfers is the longest answer. */
const billAtMost = 64 * 1024 * 1024;

const pollDelaysMs = [1_000, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 20_000];
const slowestPollMs = 30_000;
/** A payee may take a day to confirm; the callback is faster than we have to be. */
const slowestConfirmationPollMs = 120_000;

/** From 1 s on, slower each time; about ten minutes of silence before a person looks. */
export const sandboxPolling: PollingRules = {
  delayMs: (asked, awaitingConfirmation) =>
    pollDelaysMs[asked] ?? (awaitingConfirmation ? slowestConfirmationPollMs : slowestPollMs),
  giveUpAfter: 25,
  // The callback is faster; these few questions are for the case that it is lost.
  watchForReturnMs: [8_000, 22_000, 90_000],
};

/** Speaks the sandbox provider's HTTP: signed requests, signed callbacks. The channel is the merchant. */
export function sandboxAdapter(
  channelId: string,
  settings: SandboxSettings,
  endpoint: SandboxEndpoint,
): ChannelAdapter {
  const key = sandboxKey(endpoint.secret, channelId);
  const call = (method: 'GET' | 'POST', path: string, body: string, timeoutMs: number) =>
    signedCall({ endpoint, channelId, key }, method, path, body, timeoutMs);
  return {
    polling: sandboxPolling,
    ...(settings.callsPerSecond === undefined ? {} : { callsPerSecond: settings.callsPerSecond }),
    async submit(order) {
      const body = transferBody(order, channelId, settings, endpoint);
      const timeoutMs = settings.submitTimeoutMs ?? defaultSubmitTimeoutMs;
      const reply = await call('POST', '/transfers', body, timeoutMs);
      return submitOutcome(reply, order);
    },
    query: async (number, hints) =>
      queryOutcome(await call('GET', pathOf(number), '', queryTimeoutMs), number, hints),
    cancel: async (number, hints) =>
      queryOutcome(
        await call('POST', `${pathOf(number)}/cancellation`, '', queryTimeoutMs),
        number,
        hints,
      ),
    bill: async (day) =>
      billOutcome(await call('GET', `/bills/${encodeURIComponent(day)}`, '', billTimeoutMs), day),
    verifyCallback: (headers, rawBody, now) =>
      verifyCallback({ channelId, key }, headers, rawBody, now),
  };
}

const pathOf = (channelNumber: string) => `/transfers/${encodeURIComponent(channelNumber)}`;

function transferBody(
  order: TransferOrder,
  channelId: string,
  settings: SandboxSettings,
  endpoint: SandboxEndpoint,
): string {
  return JSON.stringify({
    channelNumber: order.channelNumber,
    account: order.account,
    holderName: order.holderName,
    amount: Number(order.amount),
    callbackUrl: `${endpoint.callbackBaseUrl}/callbacks/sandbox/${channelId}`,
    confirmSeconds: settings.confirmSeconds ?? defaultConfirmSeconds,
  });
}

type Reply = { status: number; text: string } | Unknown;

interface Credentials {
  endpoint: SandboxEndpoint;
  channelId: string;
  key: Buffer;
}

async function signedCall(
  { endpoint, channelId, key }: Credentials,
  method: 'GET' | 'POST',
  path: string,
  body: string,
  timeoutMs: number,
): Promise<Reply> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  try {
    const response = await fetch(`${endpoint.url}${path}`, {
      method,
      ...(method === 'POST' ? { body } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'sandbox-merchant': channelId,
        'sandbox-timestamp': timestamp,
        'sandbox-signature': sandboxSignature(key, [timestamp, method, path, body]),
      },
    });
    const content = await contentOf(response, billAtMost);
    if (content === undefined) return { kind: 'unknown', detail: 'the answer is too long' };
    return { status: response.status, text: content.toString('utf8') };
  } catch (error) {
    return { kind: 'unknown', detail: whyNoAnswer(error) };
  }
}

function submitOutcome(reply: Reply, order: TransferOrder): SubmitOutcome {
  if ('kind' in reply) return reply;
  // A number that the provider holds for something else, or a body that it cannot read, is a fault
  // of ours. Asking is always safe; calling it a failure would give back money that may have moved.
  if (reply.status !== 200) return refusalOf(reply) ?? unknownStatus(reply.status);
  return transferNews(reply.text, order.channelNumber, order.amount);
}

const refusals: Readonly<Record<string, { status: number; cause: NotTaken['cause'] }>> = {
  BALANCE_SHORT: { status: 402, cause: 'balance_short' },
  THROTTLED: { status: 429, cause: 'throttled' },
  LIMIT: { status: 403, cause: 'limit' },
  SETUP: { status: 403, cause: 'setup' },
};

/** Only the provider's own words count: a 429 of some proxy may come after the call went through. */
function refusalOf({ status, text }: { status: number; text: string }): NotTaken | undefined {
  const parsed = FaultBody.safeParse(parseJson(text));
  const known = parsed.success ? refusals[parsed.data.code] : undefined;
  if (!parsed.success || known?.status !== status) return undefined;
  return { kind: 'not_taken', cause: known.cause, ...parsed.data };
}

function billOutcome(reply: Reply, day: string): BillOutcome {
  if ('kind' in reply) return reply;
  const fault = FaultBody.safeParse(parseJson(reply.text));
  if (reply.status === 404 && fault.data?.code === 'NOT_READY') return { kind: 'not_ready' };
  if (reply.status !== 200) return unknownStatus(reply.status);
  const parsed = BillBody.safeParse(parseJson(reply.text));
  if (!parsed.success) return { kind: 'unknown', detail: 'the bill could not be read' };
  if (parsed.data.day !== day) return { kind: 'unknown', detail: 'the bill is of another day' };
  const rows = parsed.data.rows.map((row) => ({ ...row, amount: BigInt(row.amount) }));
  return { kind: 'bill', rows };
}

function queryOutcome(
  reply: Reply,
  channelNumber: string,
  hints: QueryHints | undefined,
): QueryOutcome {
  if ('kind' in reply) return reply;
  if (reply.status === 404 && isNotFound(reply.text)) return { kind: 'not_found' };
  if (reply.status !== 200) return unknownStatus(reply.status);
  return transferNews(reply.text, channelNumber, hints?.order.amount ?? null);
}

const unknownStatus = (status: number): Unknown => ({
  kind: 'unknown',
  detail: `the provider answered ${status}`,
});

/** A 404 of some proxy between us says nothing about the transfer. */
function isNotFound(text: string): boolean {
  const body = parseJson(text);
  return typeof body === 'object' && body !== null && 'code' in body && body.code === 'NOT_FOUND';
}

function transferNews(
  text: string,
  channelNumber: string,
  amount: bigint | null,
): TransferNews | Unknown {
  const parsed = TransferView.safeParse(parseJson(text));
  if (!parsed.success) return { kind: 'unknown', detail: 'the answer could not be read' };
  if (parsed.data.channelNumber !== channelNumber) {
    return { kind: 'unknown', detail: 'the answer is about another transfer' };
  }
  if (amount !== null && BigInt(parsed.data.amount) !== amount) {
    return { kind: 'unknown', detail: 'the answer names another amount' };
  }
  return newsOf(parsed.data);
}

function verifyCallback(
  { channelId, key }: { channelId: string; key: Buffer },
  headers: IncomingHttpHeaders,
  rawBody: Buffer,
  now: Date,
): CallbackVerdict {
  const id = one(headers['webhook-id']);
  const timestamp = one(headers['webhook-timestamp']);
  const given = one(headers['webhook-signature']);
  if (!id || !timestamp || !given || !isTimely(timestamp, now)) return { kind: 'bad_signature' };
  const expected = sandboxSignature(key, [id, timestamp, rawBody]);
  if (!matchesSignature(expected, given)) return { kind: 'bad_signature' };
  const parsed = CallbackBody.safeParse(parseJson(rawBody.toString('utf8')));
  if (!parsed.success) return { kind: 'not_understood', detail: 'the body could not be read' };
  const body = parsed.data;
  if (body.merchantId !== channelId || body.id !== id) {
    return { kind: 'not_understood', detail: 'the body is meant for another merchant or message' };
  }
  const { state, failure, occurredAt } = body;
  return {
    kind: 'news',
    callback: {
      eventId: id,
      channelNumber: body.channelNumber,
      amount: BigInt(body.amount),
      news: newsOf({
        state,
        failure,
        paidAt: occurredAt,
        returnedAt: occurredAt,
        confirmBy: null,
      }),
    },
  };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? undefined : header;
}
