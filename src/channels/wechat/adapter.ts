import { parseJson } from '../answer';
import type {
  ChannelAdapter,
  NotTaken,
  PollingRules,
  QueryHints,
  QueryOutcome,
  SubmitOutcome,
  TransferOrder,
  Unknown,
} from '../channel';
import { fundFlowBill } from './bill';
import { verifyCallback } from './callback';
import { type Gateway, type GatewayAnswer, unknownStatus, wechatGateway } from './gateway';
import { type KeyRing, keyRing } from './keys';
import { causeOf } from './refusal';
import type { WechatSettings } from './settings';
import { encryptName, headersOf } from './signature';
import { type Bill, CreatedBill, differenceOf, errorOf, FoundBill, newsOf } from './wire';

const path = '/v3/fund-app/mch-transfer/transfer-bills';

/** Calls a second that WeChat Pay allows a merchant for new transfers (doc 4012716434). */
const callsPerSecond = 100;
/** The same for queries (docs of the transfer bills), and for cancelling (doc 4012716458). */
const questionsPerSecond = { query: 100, cancel: 20 };

const nameRequiredFrom = 200_000n;
const nameAllowedFrom = 30n;

interface Merchant {
  settings: WechatSettings;
  ring: KeyRing;
  gateway: Gateway;
  /** left out: the results are only asked for */
  notifyUrl: string | undefined;
}

/**
 * Speaks WeChat Pay's transfer bills (商家转账, the payee confirms).
 * Source: docs merchant/4012716434 and what is named there, as of 2026-11.
 */
export function wechatAdapter(
  channelId: string,
  settings: WechatSettings,
  callbackBaseUrl: string,
): ChannelAdapter {
  const ring = keyRing(settings);
  const gateway = wechatGateway(settings, ring);
  const notifyUrl = notifyUrlOf(channelId, settings, callbackBaseUrl);
  const merchant: Merchant = { settings, ring, gateway, notifyUrl };
  return {
    polling: pollingOf(settings.pollMs),
    callsPerSecond,
    questionsPerSecond,
    submit: (order) => submit(merchant, order),
    query: (number, hints) => query(merchant, number, hints),
    cancel: (number, hints) => cancel(merchant, number, hints),
    verifyCallback: (headers, rawBody, now) =>
      verifyCallback(settings, ring, headersOf(headers), rawBody, now),
    callbackReply: (taken) => ({
      contentType: 'application/json; charset=utf-8',
      body: taken ? '' : JSON.stringify({ code: 'FAIL', message: 'the message was not taken' }),
    }),
    bill: (day) => fundFlowBill(gateway, settings.fundAccount, day, new Date()),
  };
}

/** WeChat calls public https addresses only; a query string it would refuse. */
function notifyUrlOf(
  channelId: string,
  { notifyBaseUrl }: WechatSettings,
  callbackBaseUrl: string,
): string | undefined {
  const base = notifyBaseUrl ?? (callbackBaseUrl.startsWith('https://') ? callbackBaseUrl : null);
  return base === null ? undefined : `${base}/callbacks/wechat/${channelId}`;
}

const minute = 12;
const hour = 60 * minute;
/** Waits between questions, in units of `pollMs` (5 s by default). */
const quickWaits = [1, 2, 3, 6, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour];
const slowWait = 4 * hour;
const confirmationWaits = [minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute];
const slowConfirmationWait = hour;

/**
 * The callback is faster than all of this. A bill can be asked about for 30 days; after four days
 * without any usable answer a person looks. What was paid does not come back (doc 4012711988).
 */
function pollingOf(pollMs: number): PollingRules {
  return {
    delayMs: (asked, awaitingConfirmation) =>
      pollMs *
      (awaitingConfirmation
        ? (confirmationWaits[asked] ?? slowConfirmationWait)
        : (quickWaits[asked] ?? slowWait)),
    giveUpAfter: quickWaits.length + 24,
    watchForReturnMs: [],
  };
}

async function submit(merchant: Merchant, order: TransferOrder): Promise<SubmitOutcome> {
  const { settings, ring, gateway } = merchant;
  if (order.amount >= nameRequiredFrom && order.holderName.trim() === '') {
    return {
      kind: 'not_taken',
      cause: 'setup',
      code: 'NAME_REQUIRED',
      message: 'a transfer of 2,000 yuan or more needs the name of its payee',
    };
  }
  const name = isNamed(order, settings) ? encryptName(ring, order.holderName.trim()) : undefined;
  const answer = await gateway.ask({
    method: 'POST',
    target: path,
    body: JSON.stringify(transferBody(merchant, order, name?.text)),
    ...(name === undefined ? {} : { encryptedWith: name.serial }),
  });
  if (answer.kind === 'unknown') return answer;
  if (answer.status !== 200) return refused(merchant, order, answer);
  return newsFrom(settings, answer, CreatedBill, order);
}

function isNamed({ amount }: TransferOrder, { checkName }: WechatSettings): boolean {
  return amount >= (checkName === 'always' ? nameAllowedFrom : nameRequiredFrom);
}

/** Everything but the encrypted name is the same at every try: WeChat compares (单号重入). */
function transferBody(
  { settings, notifyUrl }: Merchant,
  order: TransferOrder,
  userName: string | undefined,
): object {
  return {
    appid: settings.appid,
    out_bill_no: order.channelNumber,
    transfer_scene_id: settings.transferSceneId,
    openid: order.account,
    ...(userName === undefined ? {} : { user_name: userName }),
    transfer_amount: Number(order.amount),
    transfer_remark: settings.remark,
    ...(notifyUrl === undefined ? {} : { notify_url: notifyUrl }),
    ...(settings.userRecvPerception === undefined
      ? {}
      : { user_recv_perception: settings.userRecvPerception }),
    transfer_scene_report_infos: settings.sceneReportInfos.map(({ infoType, infoContent }) => ({
      info_type: infoType,
      info_content: infoContent,
    })),
  };
}

/**
 * An error describes this request, never the bill: an earlier one may have made it. So the number is
 * asked about first; only when WeChat does not know it was the order not taken.
 */
async function refused(
  merchant: Merchant,
  order: TransferOrder,
  answer: GatewayAnswer,
): Promise<SubmitOutcome> {
  const error = errorOf(answer.text);
  const cause = error === undefined ? undefined : causeOf(error.code);
  if (error === undefined || cause === undefined) return unknownStatus(answer.status);
  const { code, message } = error;
  const notTaken: NotTaken = { kind: 'not_taken', cause, code, message };
  // Stopped at the door: these come before the order is read, and are not always signed.
  if (answer.signature !== 'wrong' && (cause === 'throttled' || code === 'SIGN_ERROR')) {
    return notTaken;
  }
  if (answer.signature !== 'right') return unknownStatus(answer.status);
  const known = await query(merchant, order.channelNumber, { order, lacksConfirmation: false });
  return known.kind === 'not_found' ? notTaken : known;
}

async function query(
  merchant: Merchant,
  channelNumber: string,
  hints?: QueryHints,
): Promise<QueryOutcome> {
  const { settings, gateway } = merchant;
  const target = `${path}/out-bill-no/${encodeURIComponent(channelNumber)}`;
  const answer = await gateway.ask({ method: 'GET', target });
  if (answer.kind === 'unknown') return answer;
  if (isNotFound(answer)) {
    return isForgotten(hints)
      ? unknown('the transfer is older than WeChat Pay can be asked about; see its bill file')
      : { kind: 'not_found' };
  }
  if (answer.status !== 200) return unknownStatus(answer.status);
  const news = newsFrom(settings, answer, FoundBill, { channelNumber, ...hints?.order });
  if (news.kind !== 'awaiting_confirmation' || news.confirmation || !hints?.lacksConfirmation) {
    return news;
  }
  // Only the answer to the order itself says what the payee's page is opened with; the same order
  // under the same number is the same bill.
  const again = await submit(merchant, hints.order);
  return again.kind === 'awaiting_confirmation' ? again : news;
}

/** Of a proxy between us, an unsigned 404 says nothing about the transfer. */
function isNotFound({ status, text, signature }: GatewayAnswer): boolean {
  return status === 404 && signature === 'right' && errorOf(text)?.code === 'NOT_FOUND';
}

/** Bills can be asked about for 30 days; one day less, because nobody's clock is exact. */
const askableMs = 29 * 24 * 3600 * 1000;

function isForgotten(hints: QueryHints | undefined): boolean {
  return hints?.submittedAt !== undefined && Date.now() - hints.submittedAt.getTime() > askableMs;
}

/** An accepted cancellation is not yet one: the bill says what became of it. */
async function cancel(
  merchant: Merchant,
  channelNumber: string,
  hints?: QueryHints,
): Promise<QueryOutcome> {
  const target = `${path}/out-bill-no/${encodeURIComponent(channelNumber)}/cancel`;
  await merchant.gateway.ask({ method: 'POST', target, body: '{}' });
  return query(merchant, channelNumber, hints && { ...hints, lacksConfirmation: false });
}

interface Expected {
  channelNumber: string;
  amount?: bigint;
  account?: string;
}

function newsFrom(
  settings: WechatSettings,
  { text, signature }: GatewayAnswer,
  schema: { safeParse(value: unknown): { success: true; data: Bill } | { success: false } },
  { channelNumber, amount, account }: Expected,
): Exclude<SubmitOutcome, NotTaken> {
  if (signature !== 'right') return unknown('the answer is not signed by WeChat Pay');
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) return unknown('the answer could not be read');
  const { mchid, appid } = settings;
  const difference = differenceOf(parsed.data, {
    mchid,
    appid,
    channelNumber,
    ...(amount === undefined ? {} : { amount }),
    ...(account === undefined ? {} : { openid: account }),
  });
  if (difference !== undefined) return unknown(`the answer is about another ${difference}`);
  return newsOf(parsed.data, settings);
}

const unknown = (detail: string): Unknown => ({ kind: 'unknown', detail });
