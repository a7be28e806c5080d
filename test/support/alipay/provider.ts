import { createHash, createSign, createVerify, randomUUID, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { alipayKeys } from './keys';

/** What the simulator does instead of an ordinary answer, once each. */
export type Fault =
  | 'execute-then-silence'
  | 'silence'
  | 'status-500'
  | 'status-429'
  | 'html'
  | 'unsigned'
  | 'other-signature'
  | 'changed-after-signing'
  | 'unknown-status'
  | 'other-number'
  | 'not-found'
  /** a body without an end */
  | 'endless'
  | 'redirect'
  | 'no-content'
  | { refuse: string }
  /** the answer says this instead, and is signed so */
  | { say: Readonly<Record<string, unknown>> };

/** A payment in the provider's own books. */
export interface Payment {
  number: string;
  identity: string;
  fen: number;
  status: 'SUCCESS' | 'FAIL' | 'DEALING' | 'REFUND';
  error: string | null;
  submissions: number;
  at: Date;
  returnedAt: Date | null;
  request: string;
}

const serial = (pem: string) => {
  const { issuer, serialNumber } = new X509Certificate(pem);
  const name = issuer.split('\n').reverse().join(',');
  return createHash('md5')
    .update(`${name}${BigInt(`0x${serialNumber}`)}`)
    .digest('hex');
};

type Biz = Record<string, unknown>;

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
type Result = Record<string, unknown>;

const refusal = (sub_code: string): Result => ({
  code: '40004',
  msg: 'Business Failed',
  sub_code,
  sub_msg: `refused: ${sub_code}`,
});

/**
 * Alipay's gateway for fund transfers as a server of its own, with its own books and its own reading
 * of the signing rules: it checks every parameter and field as the provider would, and knows
 * nothing of our code.
 */
export class AlipaySimulator {
  readonly appId = '2021000000000001';
  readonly payments = new Map<string, Payment>();
  /** why requests were refused before their content was read */
  readonly complaints: string[] = [];
  balanceFen = 1_000_000_000;
  /** which certificate signs answers and messages */
  signer: { key: string; certificate: string } = alipayKeys.alipay;
  url = '';
  private faults: Fault[] = [];
  private readonly held: ServerResponse[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => void this.receive(request, response));
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/gateway.do`;
    return this;
  }

  async close(): Promise<void> {
    for (const response of this.held) response.destroy();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close').catch(() => undefined);
  }

  /** The next calls meet these, in order. */
  fault(...faults: Fault[]): void {
    this.faults.push(...faults);
  }

  /** The bank has decided about a card. */
  settle(number: string, status: 'SUCCESS' | 'FAIL' | 'REFUND', error: string | null = null): void {
    const payment = this.known(number);
    if (status === 'FAIL') this.balanceFen += payment.fen;
    if (status === 'REFUND') {
      this.balanceFen += payment.fen;
      payment.returnedAt = new Date();
    }
    Object.assign(payment, { status, error });
  }

  /** A message about a payment as the body of a callback. */
  message(number: string, change: Record<string, string> = {}): string {
    const { fen, status, error } = this.known(number);
    const content = {
      out_biz_no: number,
      order_id: `O${number}`,
      status,
      trans_amount: yuan(fen),
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      pay_date: clock(new Date()),
      ...(error === null ? {} : { error_code: error, fail_reason: error }),
    };
    return this.signedForm({
      notify_id: `N${number}${status}`,
      utc_timestamp: String(Date.now()),
      msg_method: 'alipay.fund.trans.order.changed',
      app_id: this.appId,
      version: '1.1',
      charset: 'UTF-8',
      sign_type: 'RSA2',
      biz_content: JSON.stringify(content),
      ...change,
    });
  }

  /** A form signed as messages are. */
  signedForm(params: Record<string, string>, withType = false, algorithm = 'RSA-SHA256'): string {
    const text = Object.keys(params)
      .filter((name) => withType || name !== 'sign_type')
      .sort()
      .map((name) => `${name}=${params[name]}`)
      .join('&');
    const sign = createSign(algorithm).update(text, 'utf8').sign(this.signer.key, 'base64');
    return new URLSearchParams({ ...params, sign }).toString();
  }

  private known(number: string): Payment {
    const payment = this.payments.get(number);
    if (payment === undefined) throw new Error(`the simulator has no ${number}`);
    return payment;
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
    const wrong = this.wrongWith(request, params);
    const fault = this.faults.shift();
    if (fault === 'status-500') return void response.writeHead(500).end('busy');
    if (fault === 'status-429') return void response.writeHead(429).end();
    if (fault === 'html') return void response.end('<html><body>Bad Gateway</body></html>');
    if (fault === 'silence') return void this.held.push(response);
    if (fault === 'endless') return pour(response);
    if (fault === 'redirect') return void response.writeHead(302, { location: this.url }).end();
    if (fault === 'no-content') return void response.writeHead(204).end();
    const method = params['method'] ?? '';
    if (wrong !== undefined) {
      this.complaints.push(wrong);
      return this.answer(response, method, { ...refusal(wrong), code: '40002' });
    }
    if (typeof fault === 'object' && 'refuse' in fault) {
      return this.answer(response, method, refusal(fault.refuse));
    }
    const result = fault === 'not-found' ? refusal('ORDER_NOT_EXIST') : this.serve(method, params);
    if (fault === 'execute-then-silence') return void this.held.push(response);
    this.answer(response, method, result, fault);
  }

  /** Everything that the gateway refuses by itself. */
  private wrongWith(request: IncomingMessage, params: Record<string, string>): string | undefined {
    const { sign, ...signed } = params;
    if (request.method !== 'POST') return 'isv.invalid-method';
    if (params['app_id'] !== this.appId) return 'isv.invalid-app-id';
    if (params['sign_type'] !== 'RSA2') return 'isv.invalid-signature-type';
    if (params['format'] !== 'JSON' || params['version'] !== '1.0') return 'isv.invalid-parameter';
    if (params['charset']?.toLowerCase() !== 'utf-8') return 'isv.invalid-charset';
    if (params['app_cert_sn'] !== serial(alipayKeys.app.certificate)) return 'isv.app-cert-sn';
    if (params['alipay_root_cert_sn'] !== serial(alipayKeys.root)) return 'isv.root-cert-sn';
    const offMs = Date.now() - Date.parse(`${params['timestamp']?.replace(' ', 'T')}+08:00`);
    if (!(Math.abs(offMs) < 600_000)) return 'isv.invalid-timestamp';
    const text = Object.keys(signed)
      .sort()
      .map((name) => `${name}=${signed[name]}`)
      .join('&');
    const { publicKey } = new X509Certificate(alipayKeys.app.certificate);
    const verifier = createVerify('RSA-SHA256').update(text, 'utf8');
    return verifier.verify(publicKey, sign ?? '', 'base64') ? undefined : 'isv.invalid-signature';
  }

  private serve(method: string, params: Record<string, string>): Result {
    const biz = JSON.parse(params['biz_content'] ?? '{}') as Biz;
    switch (method) {
      case 'alipay.fund.trans.uni.transfer':
        return this.transfer(biz, params['biz_content'] ?? '');
      case 'alipay.fund.trans.common.query':
        return this.query(biz);
      case 'alipay.data.bill.accountlog.query':
        return this.log(biz);
      default:
        return refusal('isv.invalid-method');
    }
  }

  private transfer(biz: Biz, request: string): Result {
    const number = textOf(biz['out_biz_no']);
    const before = this.payments.get(number);
    if (before !== undefined) {
      before.submissions += 1;
      return before.request === request
        ? this.state(before)
        : refusal('PAYMENT_INFO_INCONSISTENCY');
    }
    const amount = textOf(biz['trans_amount']);
    const payee = (biz['payee_info'] ?? {}) as Record<string, unknown>;
    const card = biz['product_code'] === 'TRANS_BANKCARD_NO_PWD';
    if (!isRight(biz, payee, card, amount)) return refusal('INVALID_PARAMETER');
    const fen = Math.round(Number(amount) * 100);
    const identity = String(payee['identity']);
    const told = /^fail:(.+)$/.exec(identity)?.[1];
    if (told !== undefined) return refusal(told);
    if (fen > this.balanceFen) return refusal('PAYER_BALANCE_NOT_ENOUGH');
    this.balanceFen -= fen;
    const payment: Payment = {
      number,
      identity,
      fen,
      status: card ? 'DEALING' : 'SUCCESS',
      error: null,
      submissions: 1,
      at: new Date(),
      returnedAt: null,
      request,
    };
    this.payments.set(number, payment);
    return this.state(payment);
  }

  private query(biz: Biz): Result {
    const payment = this.payments.get(textOf(biz['out_biz_no']));
    if (
      payment === undefined ||
      biz['product_code'] === undefined ||
      biz['biz_scene'] === undefined
    ) {
      return refusal('ORDER_NOT_EXIST');
    }
    return this.state(payment);
  }

  private state({ number, fen, status, error, at }: Payment): Result {
    return {
      code: '10000',
      msg: 'Success',
      out_biz_no: number,
      order_id: `O${number}`,
      pay_fund_order_id: `F${number}`,
      status,
      trans_amount: yuan(fen),
      trans_date: clock(at),
      ...(error === null ? {} : { error_code: error, fail_reason: error }),
    };
  }

  private log(biz: Biz): Result {
    const from = Date.parse(`${String(biz['start_time']).replace(' ', 'T')}+08:00`);
    const to = Date.parse(`${String(biz['end_time']).replace(' ', 'T')}+08:00`) + 1000;
    const inside = (at: Date) => at.getTime() >= from && at.getTime() < to;
    const rows = [...this.payments.values()].flatMap(({ number, fen, at, returnedAt, status }) => [
      ...(status !== 'FAIL' && inside(at) ? [entry(number, fen, at, '支出')] : []),
      ...(returnedAt !== null && inside(returnedAt)
        ? [entry(number, fen, returnedAt, '收入')]
        : []),
    ]);
    const size = Number(biz['page_size']);
    const page = Number(biz['page_no']);
    return {
      code: '10000',
      msg: 'Success',
      page_no: String(page),
      page_size: String(size),
      total_size: String(rows.length),
      detail_list: rows.slice((page - 1) * size, page * size),
    };
  }

  private answer(response: ServerResponse, method: string, result: Result, fault?: Fault): void {
    const changed =
      fault === 'unknown-status'
        ? { ...result, status: 'SOMETHING_NEW' }
        : fault === 'other-number'
          ? { ...result, out_biz_no: randomUUID() }
          : typeof fault === 'object' && 'say' in fault
            ? { ...result, ...fault.say }
            : result;
    const text = JSON.stringify(changed);
    const key = fault === 'other-signature' ? alipayKeys.stranger.key : this.signer.key;
    const sign = createSign('RSA-SHA256').update(text, 'utf8').sign(key, 'base64');
    const sent = fault === 'changed-after-signing' ? text.replace('"FAIL"', '"SUCCESS"') : text;
    const tail =
      fault === 'unsigned'
        ? ''
        : `,"alipay_cert_sn":"${serial(this.signer.certificate)}","sign":"${sign}"`;
    response.setHeader('content-type', 'application/json;charset=utf-8');
    response.end(`{"${method.replaceAll('.', '_')}_response":${sent}${tail}}`);
  }
}

/** Writes until nobody reads any more. */
function pour(response: ServerResponse): void {
  const piece = Buffer.alloc(65_536, 'x');
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

function isRight(biz: Biz, payee: Record<string, unknown>, card: boolean, amount: string): boolean {
  const short = (text: unknown, most: number) =>
    typeof text === 'string' && text !== '' && text.length <= most;
  const product = card || biz['product_code'] === 'TRANS_ACCOUNT_NO_PWD';
  const types = card
    ? ['BANKCARD_ACCOUNT']
    : ['ALIPAY_LOGON_ID', 'ALIPAY_USER_ID', 'ALIPAY_OPEN_ID'];
  return (
    product &&
    biz['biz_scene'] === 'DIRECT_TRANSFER' &&
    short(biz['out_biz_no'], 64) &&
    /^\d+\.\d{2}$/.test(amount) &&
    Number(amount) >= 0.1 &&
    short(biz['order_title'], 128) &&
    short(payee['identity'], 64) &&
    types.includes(String(payee['identity_type'])) &&
    (payee['identity_type'] !== 'ALIPAY_LOGON_ID' || short(payee['name'], 64))
  );
}

function entry(number: string, fen: number, at: Date, direction: '支出' | '收入') {
  return {
    trans_dt: clock(at),
    account_log_id: randomUUID(),
    alipay_order_no: `O${number}`,
    merchant_order_no: number,
    trans_amount: yuan(fen),
    direction,
    balance: '0.00',
  };
}

const yuan = (fen: number) => (fen / 100).toFixed(2);

/** China's time; it has no summer time. */
const clock = (at: Date) =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
