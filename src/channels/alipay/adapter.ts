import type { z } from 'zod';
import type { TransferNews } from '../../domain/payout/news';
import { parseJson } from '../answer';
import type {
  BillOutcome,
  BillRow,
  CallbackVerdict,
  ChannelAdapter,
  PollingRules,
  QueryHints,
  QueryOutcome,
  SubmitOutcome,
  TransferOrder,
  Unknown,
} from '../channel';
import { fenOf, yuanText } from '../../domain/kernel/yuan';
import { refusalNews } from './error';
import { type Gateway, type GatewayAnswer, openGateway } from './gateway';
import { alipayDay, dayBounds, readMoment } from './moment';
import type { AlipaySettings } from './settings';
import { signedText, signType } from './signature';
import { AccountLog, Message, newsOf, succeeded, TransferState } from './wire';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const pollDelaysMs = [5, 10, 30, 60, 120, 300, 600].map((seconds) => seconds * second);

/** Account transfers answer at once; cards take up to a day and can come back within some more. */
const polling: Readonly<Record<AlipaySettings['product'], PollingRules>> = {
  account: {
    delayMs: (asked) => pollDelaysMs[asked] ?? 30 * minute,
    giveUpAfter: 30,
    watchForReturnMs: [],
  },
  bankCard: {
    delayMs: (asked) => pollDelaysMs[asked] ?? hour,
    giveUpAfter: 60,
    watchForReturnMs: [hour, 5 * hour, 18 * hour, ...Array.from({ length: 9 }, () => 24 * hour)],
  },
};

const callsPerSecond = 20;
const transferMethod = 'alipay.fund.trans.uni.transfer';
const queryMethod = 'alipay.fund.trans.common.query';
const billMethod = 'alipay.data.bill.accountlog.query';
const changedMessage = 'alipay.fund.trans.order.changed';

/** Speaks Alipay's fund transfers in certificate mode. Source: payout documents of the open platform. */
export function alipayAdapter(settings: AlipaySettings): ChannelAdapter {
  const gateway = openGateway(settings);
  return {
    polling: polling[settings.product],
    callsPerSecond,
    async submit(order) {
      const content = transferContent(order, settings);
      const answer = await gateway.call(transferMethod, content, settings.timeoutMs);
      return submitOutcome(answer, order);
    },
    async query(channelNumber, hints) {
      const content = { ...productOf(settings), out_biz_no: channelNumber };
      const answer = await gateway.call(queryMethod, content, settings.timeoutMs);
      return queryOutcome(answer, channelNumber, hints);
    },
    verifyCallback: (_headers, rawBody) => verifyMessage(gateway, settings, rawBody),
    callbackReply: (taken) => ({
      contentType: 'text/plain',
      body: taken ? 'success' : 'fail',
    }),
    bill: (day) => readBill(gateway, day, settings.timeoutMs),
  };
}

/** A query by our number needs product and scene as well, or Alipay does not find it. */
function productOf({ product }: AlipaySettings) {
  const codes = { account: 'TRANS_ACCOUNT_NO_PWD', bankCard: 'TRANS_BANKCARD_NO_PWD' };
  return { product_code: codes[product], biz_scene: 'DIRECT_TRANSFER' };
}

function transferContent(order: TransferOrder, settings: AlipaySettings): object {
  const { transferSceneName, transferSceneReportInfos, orderTitle, remark } = settings;
  return {
    ...productOf(settings),
    out_biz_no: order.channelNumber,
    trans_amount: yuanText(order.amount),
    order_title: orderTitle,
    remark,
    payee_info: payeeOf(order, settings),
    ...(transferSceneName === undefined ? {} : { transfer_scene_name: transferSceneName }),
    ...(transferSceneReportInfos === undefined
      ? {}
      : {
          transfer_scene_report_infos: transferSceneReportInfos.map((info) => ({
            info_type: info.infoType,
            info_content: info.infoContent,
          })),
        }),
  };
}

/** The holder's name is checked by Alipay against the account, so it is always sent. */
function payeeOf({ account, holderName }: TransferOrder, settings: AlipaySettings): object {
  if (settings.product === 'account') {
    return { identity: account, identity_type: settings.identityType, name: holderName };
  }
  return {
    identity: account,
    identity_type: 'BANKCARD_ACCOUNT',
    name: holderName,
    // 2: of a person
    bankcard_ext_info: { account_type: '2' },
  };
}

function submitOutcome(answer: GatewayAnswer | Unknown, order: TransferOrder): SubmitOutcome {
  if (answer.kind === 'unknown') return answer;
  if (answer.head.code === succeeded) return stateNews(answer.content, order);
  const refused = refusalNews(answer.head);
  // To a submission this can only be a mistake of somebody; asking is always safe.
  return refused.kind === 'not_found'
    ? unknown(`the provider answered ${codeOf(answer)}`)
    : refused;
}

/** A refusal speaks of the question; of the transfer it says at most that there is none. */
function queryOutcome(
  answer: GatewayAnswer | Unknown,
  channelNumber: string,
  hints: QueryHints | undefined,
): QueryOutcome {
  if (answer.kind === 'unknown') return answer;
  if (answer.head.code === succeeded) {
    return stateNews(answer.content, { channelNumber, amount: hints?.order.amount });
  }
  const refused = refusalNews(answer.head);
  if (refused.kind !== 'not_found') return unknown(`the provider answered ${codeOf(answer)}`);
  return isOld(hints)
    ? unknown('the transfer is too old to be sure that Alipay still knows it; see its bill')
    : refused;
}

/**
 * No document says for how long Alipay finds a transfer by our number. So after this time "not found"
 * never lets an order go again: it may have been paid and forgotten.
 */
const surelyKnownMs = 29 * 24 * hour;

function isOld(hints: QueryHints | undefined): boolean {
  return (
    hints?.submittedAt !== undefined && Date.now() - hints.submittedAt.getTime() > surelyKnownMs
  );
}

const unknown = (detail: string): Unknown => ({ kind: 'unknown', detail });

const codeOf = ({ head }: GatewayAnswer) => (head.sub_code ?? head.code).slice(0, 64);

function stateNews(
  content: unknown,
  asked: { channelNumber: string; amount?: bigint | undefined },
): TransferNews | Unknown {
  const parsed = TransferState.safeParse(content);
  if (!parsed.success) return unknown('the answer could not be read');
  const { out_biz_no: number, trans_amount: amount } = parsed.data;
  if (number !== asked.channelNumber) return unknown('the answer is about another transfer');
  const named = amount === undefined ? undefined : fenOf(amount);
  if (amount !== undefined && named === undefined) return unknown('the answer could not be read');
  if (named !== undefined && asked.amount !== undefined && named !== asked.amount) {
    return unknown('the answer names another amount');
  }
  return newsOf(parsed.data) ?? unknown('the answer names an unknown status');
}

/**
 * A message to the app's gateway: a form, signed like a request. Whether `sign_type` belongs to the
 * signed text differs between Alipay's interfaces; the type itself must be RSA2 either way.
 */
function verifyMessage(
  gateway: Gateway,
  { appId }: AlipaySettings,
  rawBody: Buffer,
): CallbackVerdict {
  const params = readForm(rawBody.toString('utf8'));
  const { sign: signature, sign_type: type, alipay_cert_sn: serial, ...rest } = params ?? {};
  if (signature === undefined || type !== signType) return { kind: 'bad_signature' };
  const named = serial === undefined ? rest : { ...rest, alipay_cert_sn: serial };
  const texts = [signedText(named), signedText({ ...named, sign_type: type })];
  if (!texts.some((text) => gateway.isSigned(text, signature, serial))) {
    return { kind: 'bad_signature' };
  }
  const notUnderstood = (detail: string) => ({ kind: 'not_understood' as const, detail });
  const message = Message.safeParse(params);
  if (!message.success) return notUnderstood('the message could not be read');
  if (message.data.app_id !== appId) return notUnderstood('the message is meant for another app');
  if (message.data.msg_method !== changedMessage) {
    return notUnderstood('the message is of another kind');
  }
  const state = TransferState.safeParse(parseJson(message.data.biz_content));
  const amount = state.success ? fenOf(state.data.trans_amount ?? '') : undefined;
  const news = state.success ? newsOf(state.data) : undefined;
  if (!state.success || amount === undefined || news === undefined) {
    return notUnderstood('the transfer in the message could not be read');
  }
  const { notify_id: eventId } = message.data;
  const channelNumber = state.data.out_biz_no;
  return { kind: 'news', callback: { eventId, channelNumber, amount, news } };
}

/** A form whose names are each there once; a repeated name could mean two things. */
function readForm(text: string): Record<string, string> | undefined {
  const form = new URLSearchParams(text);
  const names = [...form.keys()];
  return new Set(names).size === names.length ? Object.fromEntries(form) : undefined;
}

const billPageSize = 2000;
const billPagesAtMost = 500;

/** The account's log of one day of Alipay, all pages; a day that is not over has none yet. */
async function readBill(gateway: Gateway, day: string, timeoutMs: number): Promise<BillOutcome> {
  if (day >= alipayDay(new Date())) return { kind: 'not_ready' };
  const { from, to } = dayBounds(day);
  const rows: BillRow[] = [];
  for (let pageNo = 1; pageNo <= billPagesAtMost; pageNo += 1) {
    const answer = await gateway.call(
      billMethod,
      { start_time: from, end_time: to, page_no: String(pageNo), page_size: String(billPageSize) },
      timeoutMs,
    );
    if (answer.kind === 'unknown') return answer;
    if (answer.head.code !== succeeded) return unknown(`the provider answered ${codeOf(answer)}`);
    const page = AccountLog.safeParse(answer.content);
    if (!page.success) return unknown('the bill could not be read');
    const read = page.data.detail_list.map(billRow);
    if (read.includes(undefined)) return unknown('a row of the bill could not be read');
    rows.push(...read.filter((row) => row !== undefined && row !== null));
    if (pageNo * billPageSize >= page.data.total_size) return { kind: 'bill', rows };
  }
  return unknown('the bill has too many pages');
}

type LogEntry = z.output<typeof AccountLog>['detail_list'][number];

/** Null for what no order of ours moved, for example a top-up; undefined when it cannot be read. */
function billRow(entry: LogEntry): BillRow | null | undefined {
  if (entry.merchant_order_no === '') return null;
  const amount = fenOf(entry.trans_amount.replace(/^-/, ''));
  const at = readMoment(entry.trans_dt);
  if (amount === undefined || at === null) return undefined;
  return {
    channelNumber: entry.merchant_order_no,
    amount,
    kind: entry.direction === '支出' ? 'paid' : 'returned',
    providerNumber: entry.alipay_order_no ?? null,
    at,
  };
}
