import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFaults, type Faults, type Operation, type ProviderSimulator } from '../provider';
import {
  beijingDay,
  beijingTime,
  type BookedBill,
  defaultLimits,
  isFinal,
  type Limits,
  type State,
  WechatBooks,
} from './books';
import {
  authenticate,
  type Merchant,
  readTransfer,
  type RequestParts,
  WechatError,
} from './checks';
import { signedHeaders } from './crypto';
import { billFile } from './file';
import { firstKey, type KeyPair, newApiV3Key, newMerchantKey, newPlatformKey } from './keys';
import { Notices } from './notices';

export interface WechatOptions {
  limits?: Partial<Limits>;
  /** fen; default 10 million yuan */
  balance?: bigint;
  whenShort?: 'refuse' | 'hold';
  names?: ReadonlyMap<string, string>;
  /** payees confirm by themselves as soon as they are asked */
  autoConfirm?: boolean;
  port?: number;
}

/** One request with its answer, as it went over the wire. */
export interface Exchange {
  request: RequestParts;
  status: number;
  answerHeaders: Record<string, string>;
  answer: string;
}

export interface WechatSimulator extends ProviderSimulator {
  readonly mchid: string;
  readonly appid: string;
  readonly bookkeeping: WechatBooks;
  readonly notices: Notices;
  readonly traffic: readonly Exchange[];
  /** where bill files are said to lie; left out: here */
  fileHost: string | undefined;
  settings(changes?: Record<string, unknown>): Record<string, unknown>;
  force(channelNumber: string, state: State, reason?: string): void;
  advance(ms: number): void;
  /** WeChat signs with a new key from now on; the old one still opens names. Answers the new one. */
  rotatePlatformKey(): KeyPair;
  /** The merchant has a new API certificate; the old one ends when `endOldMerchantKeys` is called. */
  addMerchantKey(): KeyPair;
  endOldMerchantKeys(): void;
  setApiV3Key(key: string): void;
  /** Changes the lines of bill files before they are hashed. */
  tamperBill(change: ((text: string) => string) | undefined): void;
  /** Changes answers before they are signed: what WeChat itself would have written. */
  tamperAnswer: ((text: string) => string) | undefined;
}

const base = '/v3/fund-app/mch-transfer/transfer-bills';
const filePath = '/v3/billdownload/file';

/** WeChat Pay as one merchant sees it, on a free port of this machine. */
export async function startWechatSimulator(options: WechatOptions = {}): Promise<WechatSimulator> {
  const simulator = new Simulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}

class Simulator implements WechatSimulator {
  readonly mchid = '1900001109';
  readonly appid = 'wxf636efh567hg4356';
  readonly traffic: Exchange[] = [];
  readonly bookkeeping: WechatBooks;
  readonly notices: Notices;
  private readonly faults: Faults = createFaults();
  private readonly stranger = firstKey('stranger', newPlatformKey);
  private merchantKeys = [firstKey('merchant', newMerchantKey)];
  private platformKeys = [firstKey('platform', newPlatformKey)];
  private apiV3Key = newApiV3Key();
  private readonly files = new Map<string, string>();
  private tamper: ((text: string) => string) | undefined;
  private readonly server = createServer((request, response) => void this.serve(request, response));
  url = '';
  fileHost: string | undefined;
  tamperAnswer: WechatSimulator['tamperAnswer'];

  constructor(private readonly options: WechatOptions) {
    this.notices = new Notices({
      faults: this.faults,
      mchid: this.mchid,
      apiV3Key: () => this.apiV3Key,
      signing: () => this.signing(),
      stranger: this.stranger,
    });
    this.bookkeeping = new WechatBooks(
      {
        limits: { ...defaultLimits, ...options.limits },
        balance: options.balance ?? 1_000_000_000n,
        whenShort: options.whenShort ?? 'hold',
        names: options.names ?? new Map(),
      },
      (bill) => this.notices.announce({ ...bill }),
    );
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  settings(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      mchid: this.mchid,
      appid: this.appid,
      merchantKeys: this.merchantKeys.map(({ serial, privateKey }) => ({ serial, privateKey })),
      apiV3Keys: [this.apiV3Key],
      platformKeys: this.platformKeys.map(({ serial, publicKey }) => ({ serial, publicKey })),
      sceneReportInfos: [
        { infoType: '岗位类型', infoContent: '推广员' },
        { infoType: '报酬说明', infoContent: '推广佣金' },
      ],
      remark: '推广佣金',
      gatewayUrls: [this.url],
      pollMs: 100,
      timeoutMs: 2000,
      ...changes,
    };
  }

  books() {
    return [...this.bookkeeping.bills.values()].map((bill) => ({
      channelNumber: bill.out_bill_no,
      account: bill.openid,
      amount: BigInt(bill.transfer_amount),
      state: bill.state,
      paidAt: bill.paidAt?.toISOString() ?? null,
      returnedAt: null,
      submissions: bill.submissions,
    }));
  }

  fault: ProviderSimulator['fault'] = (rule) => this.faults.add(rule);
  confirm = (channelNumber: string) => this.bookkeeping.confirm(channelNumber);
  topUp = (amount: bigint) => this.bookkeeping.topUp(amount);
  advance = (ms: number) => this.bookkeeping.advance(ms);
  force = (channelNumber: string, state: State, reason?: string) =>
    this.bookkeeping.force(channelNumber, state, reason ?? null);
  bill = (day: string) => {
    const text = billFile(this.bookkeeping.flows, day);
    return this.tamper === undefined ? text : this.tamper(text);
  };
  tamperBill(change: ((text: string) => string) | undefined): void {
    this.tamper = change;
  }
  setApiV3Key(key: string): void {
    this.apiV3Key = key;
  }
  rotatePlatformKey(): KeyPair {
    const key = newPlatformKey();
    this.platformKeys = [key, ...this.platformKeys];
    return key;
  }
  addMerchantKey(): KeyPair {
    const key = newMerchantKey();
    this.merchantKeys = [key, ...this.merchantKeys];
    return key;
  }
  endOldMerchantKeys(): void {
    this.merchantKeys = this.merchantKeys.slice(0, 1);
  }
  idle = () => this.notices.idle();
  async close(): Promise<void> {
    this.notices.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private signing(): KeyPair {
    const key = this.platformKeys[0];
    if (key === undefined) throw new Error('no platform key');
    return key;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const parts: RequestParts = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    const path = parts.target.replace(/\?.*$/, '');
    if (path === filePath) return this.serveFile(parts, response);
    const operation = operationOf(parts.method, path);
    const fault = operation === undefined ? undefined : this.faults.request(operation);
    if (fault === 'timeout') return;
    if (fault === 'serverError') return this.answer(parts, response, 500, systemError);
    if (fault === 'throttled') return this.answer(parts, response, 429, frequencyLimited);
    if (fault === 'html') {
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>502 Bad Gateway</html>');
      return;
    }
    if (fault === 'notFound') return this.answer(parts, response, 404, notFound);
    const { status, body } = this.work(parts, path);
    if (fault === 'executeThenTimeout') return;
    if (fault === 'executeThenServerError') return this.answer(parts, response, 500, systemError);
    if (operation === 'submit' && status === 200 && this.faults.isEarly()) {
      // The payee is quick: the callback comes before the answer that tells of the bill.
      this.bookkeeping.confirm((body as { out_bill_no: string }).out_bill_no);
      await this.notices.idle();
    }
    this.answerAs(fault, parts, response, status, body);
  }

  private work(parts: RequestParts, path: string): { status: number; body: object } {
    try {
      authenticate(parts, this.merchant());
      return { status: 200, body: this.execute(parts, path) };
    } catch (error) {
      if (!(error instanceof WechatError)) throw error;
      const { status, code, message } = error;
      return { status, body: { code, message } };
    }
  }

  private merchant(): Merchant {
    const { mchid, appid, merchantKeys, platformKeys } = this;
    return { mchid, appid, merchantKeys, platformKeys };
  }

  private execute(parts: RequestParts, path: string): object {
    if (parts.method === 'POST' && path === base) {
      const bill = this.bookkeeping.take(readTransfer(parts, this.merchant()));
      if (this.options.autoConfirm === true) {
        const number = bill.out_bill_no;
        setTimeout(() => this.bookkeeping.confirm(number), 20).unref();
      }
      return createdView(bill);
    }
    const number = /\/out-bill-no\/([^/]+)(\/cancel)?$/.exec(path);
    if (number?.[1] !== undefined && path.startsWith(base)) {
      const outBillNo = decodeURIComponent(number[1]);
      return number[2] === undefined
        ? this.foundView(this.bookkeeping.find(outBillNo))
        : canceledView(this.bookkeeping.cancel(outBillNo));
    }
    if (path === '/v3/bill/fundflowbill') return this.billAddress(parts.target);
    throw new WechatError(404, 'RESOURCE_NOT_EXISTS', '请求的资源不存在');
  }

  private foundView(bill: BookedBill): object {
    return {
      mch_id: this.mchid,
      out_bill_no: bill.out_bill_no,
      transfer_bill_no: bill.transfer_bill_no,
      appid: bill.appid,
      state: bill.state,
      transfer_amount: bill.transfer_amount,
      transfer_remark: bill.transfer_remark,
      ...(bill.fail_reason === null ? {} : { fail_reason: bill.fail_reason }),
      openid: bill.openid,
      create_time: beijingTime(bill.createdAt),
      update_time: beijingTime(bill.updatedAt),
    };
  }

  private billAddress(target: string): object {
    const query = new URLSearchParams(target.slice(target.indexOf('?')));
    const day = query.get('bill_date') ?? '';
    const account = query.get('account_type') ?? 'BASIC';
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new WechatError(400, 'PARAM_ERROR', '账单日期有误');
    if (day >= beijingDay(this.bookkeeping.now())) {
      throw new WechatError(400, 'STATEMENT_CREATING', '账单生成中');
    }
    const hasAny = this.bookkeeping.flows.some(({ at }) => beijingDay(at) === day);
    if (account !== 'OPERATION' || !hasAny) {
      throw new WechatError(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
    }
    const token = randomBytes(16).toString('hex');
    const text = this.bill(day);
    this.files.set(token, text);
    return {
      download_url: `${this.fileHost ?? this.url}${filePath}?token=${token}`,
      hash_type: 'SHA1',
      hash_value: createHash('sha1').update(text).digest('hex'),
    };
  }

  private serveFile(parts: RequestParts, response: ServerResponse): void {
    const token = new URLSearchParams(parts.target.slice(parts.target.indexOf('?'))).get('token');
    const text = this.files.get(token ?? '');
    try {
      authenticate(parts, this.merchant());
    } catch {
      response.writeHead(401).end();
      return;
    }
    const fault = this.faults.request('billFile');
    if (fault === 'timeout') return;
    // Files are not signed: what is wrong with one shows in its hash.
    const content = fault === 'wrongSignature' ? text?.replace('`', ' `') : text;
    this.record(parts, 200, {}, content ?? '');
    response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': 'text/plain' });
    response.end(content);
  }

  private answerAs(
    fault: ReturnType<Faults['request']>,
    parts: RequestParts,
    response: ServerResponse,
    status: number,
    body: object,
  ): void {
    if (fault === 'empty') return this.answer(parts, response, status, undefined);
    if (fault === 'amountAsText') {
      const { transfer_amount: amount = 1 } = body as { transfer_amount?: number };
      return this.answer(parts, response, status, { ...body, transfer_amount: String(amount) });
    }
    if (fault === 'unknownState') {
      return this.answer(parts, response, status, { ...body, state: 'ARCHIVED' });
    }
    const isSigned = fault !== 'unsigned' && fault !== 'wrongSignature';
    this.answer(parts, response, status, body, isSigned ? 'signed' : fault);
  }

  private answer(
    parts: RequestParts,
    response: ServerResponse,
    status: number,
    body: object | undefined,
    how: 'signed' | 'unsigned' | 'wrongSignature' = 'signed',
  ): void {
    const written = body === undefined ? '' : JSON.stringify(body);
    const text = this.tamperAnswer?.(written) ?? written;
    const key =
      how === 'wrongSignature'
        ? { ...this.stranger, serial: this.signing().serial }
        : this.signing();
    const headers: Record<string, string> = {
      'Content-Type': 'application/json; charset=utf-8',
      'Request-ID': randomBytes(16).toString('hex'),
      ...(how === 'unsigned' ? {} : signedHeaders(text, key)),
    };
    this.record(parts, status, headers, text);
    response.writeHead(status, headers).end(text);
  }

  private record(
    request: RequestParts,
    status: number,
    answerHeaders: Record<string, string>,
    answer: string,
  ): void {
    this.traffic.push({ request, status, answerHeaders, answer });
    if (this.traffic.length > 5000) this.traffic.shift();
  }
}

const systemError = { code: 'SYSTEM_ERROR', message: '系统错误，请使用原单号重试' };
const frequencyLimited = { code: 'FREQUENCY_LIMITED', message: '频率超限，请降低频率后原单重试' };
const notFound = { code: 'NOT_FOUND', message: '记录不存在' };

function operationOf(method: string, path: string): Operation | undefined {
  if (path.startsWith('/v3/bill')) return 'bill';
  if (!path.startsWith(base)) return undefined;
  if (method === 'GET') return 'query';
  return path === base ? 'submit' : 'cancel';
}

function createdView(bill: BookedBill): object {
  return {
    out_bill_no: bill.out_bill_no,
    transfer_bill_no: bill.transfer_bill_no,
    create_time: beijingTime(bill.createdAt),
    state: bill.state,
    ...(isFinal(bill.state) && bill.fail_reason !== null ? { fail_reason: bill.fail_reason } : {}),
    ...(bill.state === 'WAIT_USER_CONFIRM' ? { package_info: bill.package_info } : {}),
  };
}

function canceledView(bill: BookedBill): object {
  return {
    out_bill_no: bill.out_bill_no,
    transfer_bill_no: bill.transfer_bill_no,
    state: bill.state,
    update_time: beijingTime(bill.updatedAt),
  };
}
