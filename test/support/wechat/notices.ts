import { randomUUID } from 'node:crypto';
import type { Faults } from '../provider';
import { beijingTime, type BookedBill } from './books';
import { sealResource, signedHeaders } from './crypto';
import type { KeyPair } from './keys';

/** WeChat's own retries after 15 s, 15 s, 30 s, 3 min, ... here in quick motion. */
const retryDelaysMs = [20, 40, 80, 160, 320, 640, 1280, 2560];
const answerWithinMs = 5000;

export interface Sent {
  url: string;
  headers: Record<string, string>;
  body: string;
  status: number | null;
  answer: string;
}

export interface NoticeOptions {
  faults: Faults;
  mchid: string;
  apiV3Key(): string;
  signing(): KeyPair;
  stranger: KeyPair;
}

/** Callbacks of WeChat Pay: encrypted, signed, repeated until they are taken. */
export class Notices {
  readonly sent: Sent[] = [];
  private readonly underway = new Set<Promise<void>>();
  private held: (() => void)[] = [];
  private isClosed = false;

  constructor(private readonly options: NoticeOptions) {}

  /** What a message encloses. */
  plainOf(bill: BookedBill): object {
    return {
      mch_id: this.options.mchid,
      out_bill_no: bill.out_bill_no,
      transfer_bill_no: bill.transfer_bill_no,
      transfer_amount: bill.transfer_amount,
      state: bill.state,
      ...(bill.fail_reason === null ? {} : { fail_reason: bill.fail_reason }),
      openid: bill.openid,
      create_time: beijingTime(bill.createdAt),
      update_time: beijingTime(bill.updatedAt),
    };
  }

  /** The message about a bill that has ended. */
  messageOf(bill: BookedBill, changes: object = {}): string {
    const plain = { ...this.plainOf(bill), ...changes };
    return JSON.stringify({
      id: randomUUID(),
      create_time: beijingTime(new Date()),
      resource_type: 'encrypt-resource',
      event_type: 'MCHTRANSFER.BILL.FINISHED',
      summary: '商家转账单据终态通知',
      resource: sealResource(plain, this.options.apiV3Key()),
    });
  }

  announce(bill: BookedBill): void {
    const url = bill.notify_url;
    if (url === null) return;
    const body = this.messageOf(bill);
    const deliver = () => this.track(this.deliver(url, body));
    switch (this.options.faults.callback()) {
      case 'lost':
        return;
      case 'duplicated':
        deliver();
        deliver();
        return;
      case 'shuffled':
        this.held.unshift(deliver);
        if (this.held.length >= 2) this.release();
        return;
      case 'wronglySigned':
        this.track(this.post(url, body, this.options.stranger).then(() => undefined));
        deliver();
        return;
      case undefined:
        deliver();
    }
  }

  /** Sends what was held back to be shuffled. */
  release(): void {
    const held = this.held;
    this.held = [];
    for (const deliver of held) deliver();
  }

  /** The headers of a message as WeChat Pay signs it now. */
  headersOf(body: string): Record<string, string> {
    return signedHeaders(body, this.options.signing());
  }

  /** Posts a message once, signed by whom the test says. */
  async post(
    url: string,
    body: string,
    key = this.options.signing(),
    changes: Record<string, string> = {},
  ): Promise<Sent> {
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'Mozilla/4.0',
      ...signedHeaders(body, key),
      ...changes,
    };
    const sent: Sent = { url, headers, body, status: null, answer: '' };
    this.sent.push(sent);
    try {
      const signal = AbortSignal.timeout(answerWithinMs);
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      sent.answer = await response.text();
      sent.status = response.status;
    } catch {
      // not taken: tried again
    }
    return sent;
  }

  async idle(): Promise<void> {
    this.release();
    while (this.underway.size > 0) await Promise.all(this.underway);
  }

  close(): void {
    this.isClosed = true;
  }

  private track(work: Promise<void>): void {
    this.underway.add(work);
    void work.finally(() => this.underway.delete(work));
  }

  private async deliver(url: string, body: string): Promise<void> {
    for (const delayMs of [0, ...retryDelaysMs]) {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (this.isClosed) return;
      const { status } = await this.post(url, body);
      if (status === 200 || status === 204) return;
    }
  }
}
