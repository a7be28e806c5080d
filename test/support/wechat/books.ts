import { randomBytes } from 'node:crypto';
import { WechatError, type TransferRequest } from './checks';

export type State =
  | 'ACCEPTED'
  | 'PROCESSING'
  | 'WAIT_USER_CONFIRM'
  | 'TRANSFERING'
  | 'SUCCESS'
  | 'FAIL'
  | 'CANCELING'
  | 'CANCELLED';

export interface BookedBill extends TransferRequest {
  transfer_bill_no: string;
  state: State;
  fail_reason: string | null;
  package_info: string;
  createdAt: Date;
  updatedAt: Date;
  paidAt: Date | null;
  submissions: number;
  /** whether its amount is taken out of the merchant's account */
  isFunded: boolean;
}

/** What a merchant may pay by default (doc merchant/4013747667), in fen. */
export interface Limits {
  minimum: number;
  perTransfer: number;
  perPayeeDay: number;
  perDay: number;
}

export const defaultLimits: Limits = {
  minimum: 10,
  perTransfer: 20_000,
  perPayeeDay: 200_000,
  perDay: 5_000_000,
};

const confirmWithinMs = 24 * 3600 * 1000;
const queryableMs = 30 * 24 * 3600 * 1000;

/** One movement of the merchant's account. */
export interface Flow {
  at: Date;
  bill: BookedBill;
  direction: '支出' | '收入';
  balance: bigint;
}

export interface WechatBooksOptions {
  limits: Limits;
  balance: bigint;
  /** what an empty account does: the order is refused, or waits in PROCESSING */
  whenShort: 'refuse' | 'hold';
  /** verified names by openid; a name that differs fails the transfer */
  names: ReadonlyMap<string, string>;
}

const openStates: readonly State[] = ['ACCEPTED', 'PROCESSING', 'WAIT_USER_CONFIRM', 'TRANSFERING'];

/** WeChat Pay's own books of one merchant: bills, states, limits, balance. */
export class WechatBooks {
  readonly bills = new Map<string, BookedBill>();
  readonly flows: Flow[] = [];
  private balance: bigint;
  private offsetMs = 0;

  constructor(
    readonly options: WechatBooksOptions,
    private readonly finished: (bill: BookedBill) => void,
  ) {
    this.balance = options.balance;
  }

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  /** Time passes: bills that nobody confirmed within 24 h are closed and their money goes back. */
  advance(ms: number): void {
    this.offsetMs += ms;
    for (const bill of this.bills.values()) {
      const isOpen = openStates.includes(bill.state);
      if (isOpen && this.now().getTime() >= bill.createdAt.getTime() + confirmWithinMs) {
        this.end(bill, 'FAIL', 'OVERDUE_CLOSE');
      }
    }
  }

  topUp(amount: bigint): void {
    this.balance += amount;
    for (const bill of this.bills.values()) if (bill.state === 'PROCESSING') this.fund(bill);
  }

  /** Takes an order; the same order again is the same bill. @throws WechatError */
  take(order: TransferRequest): BookedBill {
    const known = this.bills.get(order.out_bill_no);
    if (known !== undefined) {
      if (!isSameOrder(known, order)) {
        throw new WechatError(400, 'INVALID_REQUEST', '商户单号已存在，但信息不一致，请查单后确认');
      }
      known.submissions += 1;
      return known;
    }
    this.checkLimits(order);
    if (this.options.whenShort === 'refuse' && this.balance < BigInt(order.transfer_amount)) {
      throw new WechatError(403, 'NOT_ENOUGH', '商户账户资金不足，请充值后原单重试');
    }
    const now = this.now();
    const bill: BookedBill = {
      ...order,
      transfer_bill_no: `13300${String(now.getTime())}${randomBytes(4).readUInt32BE(0)}`,
      state: 'PROCESSING',
      fail_reason: null,
      package_info: randomBytes(48).toString('base64'),
      createdAt: now,
      updatedAt: now,
      paidAt: null,
      submissions: 1,
      isFunded: false,
    };
    this.bills.set(order.out_bill_no, bill);
    if (this.paidToday(({ openid }) => openid === bill.openid) > this.options.limits.perPayeeDay) {
      this.end(bill, 'FAIL', 'DAY_RECEIVED_QUOTA_EXCEED');
    } else this.fund(bill);
    return bill;
  }

  /** @throws WechatError NOT_FOUND, also for what is older than 30 days */
  find(outBillNo: string): BookedBill {
    const bill = this.bills.get(outBillNo);
    const age = bill === undefined ? 0 : this.now().getTime() - bill.createdAt.getTime();
    if (bill === undefined || age > queryableMs) {
      throw new WechatError(404, 'NOT_FOUND', '记录不存在');
    }
    if (bill.state === 'CANCELING') this.end(bill, 'CANCELLED', 'MCH_CANCEL');
    return bill;
  }

  /** The payee confirms; what becomes of it depends on the payee (`fail_<REASON>`, names). */
  confirm(outBillNo: string): void {
    const bill = this.bills.get(outBillNo);
    if (bill === undefined) return;
    if (bill.state !== 'WAIT_USER_CONFIRM' && bill.state !== 'TRANSFERING') return;
    const planned = /^fail_([A-Z0-9_]+)$/.exec(bill.openid)?.[1];
    const realName = this.options.names.get(bill.openid);
    const isNamedWrongly =
      bill.user_name !== null && realName !== undefined && bill.user_name !== realName;
    if (planned !== undefined) this.end(bill, 'FAIL', planned);
    else if (isNamedWrongly) this.end(bill, 'FAIL', 'NAME_NOT_CORRECT');
    else this.end(bill, 'SUCCESS', null);
  }

  /** @throws WechatError when it is at its end */
  cancel(outBillNo: string): BookedBill {
    const bill = this.find(outBillNo);
    if (isFinal(bill.state)) {
      throw new WechatError(400, 'INVALID_REQUEST', '当前单据状态不支持撤销');
    }
    this.move(bill, 'CANCELING');
    return bill;
  }

  /** Puts a bill into a state, as WeChat's inner workings would. */
  force(outBillNo: string, state: State, reason: string | null = null): void {
    const bill = this.bills.get(outBillNo);
    if (bill === undefined) throw new Error(`the simulator knows no bill ${outBillNo}`);
    if (isFinal(state)) this.end(bill, state, reason);
    else this.move(bill, state);
  }

  private checkLimits(order: TransferRequest): void {
    const { minimum, perTransfer, perDay } = this.options.limits;
    const amount = order.transfer_amount;
    if (amount < minimum || amount > perTransfer) {
      throw new WechatError(400, 'INVALID_REQUEST', '转账金额超出单笔限额');
    }
    if (this.paidToday(() => true) + amount > perDay) {
      throw new WechatError(400, 'INVALID_REQUEST', '超出商户单日转账额度，请核实产品设置是否准确');
    }
  }

  private paidToday(of: (bill: BookedBill) => boolean): number {
    const today = beijingDay(this.now());
    return [...this.bills.values()]
      .filter((bill) => of(bill) && beijingDay(bill.createdAt) === today)
      .filter(({ state }) => state !== 'FAIL' && state !== 'CANCELLED')
      .reduce((sum, { transfer_amount: amount }) => sum + amount, 0);
  }

  private fund(bill: BookedBill): void {
    const amount = BigInt(bill.transfer_amount);
    if (this.balance < amount) return;
    this.balance -= amount;
    bill.isFunded = true;
    this.move(bill, 'WAIT_USER_CONFIRM');
  }

  private move(bill: BookedBill, state: State): void {
    bill.state = state;
    bill.updatedAt = this.now();
  }

  private end(bill: BookedBill, state: State, reason: string | null): void {
    const wasFinal = isFinal(bill.state);
    this.move(bill, state);
    bill.fail_reason = reason;
    if (state === 'SUCCESS') {
      bill.paidAt = this.now();
      this.flows.push({ at: this.now(), bill, direction: '支出', balance: this.balance });
    } else if (bill.isFunded && !wasFinal) {
      this.balance += BigInt(bill.transfer_amount);
      bill.isFunded = false;
    }
    this.finished(bill);
  }
}

export const isFinal = (state: State) => ['SUCCESS', 'FAIL', 'CANCELLED'].includes(state);

/** `YYYY-MM-DD` in Beijing. */
export const beijingDay = (moment: Date) =>
  new Date(moment.getTime() + 8 * 3600 * 1000).toISOString().slice(0, 10);

/** RFC 3339 with Beijing's offset, as WeChat writes moments. */
export const beijingTime = (moment: Date) =>
  new Date(moment.getTime() + 8 * 3600 * 1000).toISOString().replace(/\.\d+Z$/, '+08:00');

function isSameOrder(one: TransferRequest, other: TransferRequest): boolean {
  const facts = (order: TransferRequest) =>
    JSON.stringify([
      order.appid,
      order.openid,
      order.user_name,
      order.transfer_amount,
      order.transfer_scene_id,
      order.transfer_remark,
      order.user_recv_perception,
      order.notify_url,
      order.transfer_scene_report_infos,
    ]);
  return facts(one) === facts(other);
}
