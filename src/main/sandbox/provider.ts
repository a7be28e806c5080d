import { behaviourOf, type RefusalCode, refusalOf } from './behaviour';
import type { Books } from './books';
import type { Courier } from './courier';
import type { Faults } from './faults';
import {
  canMove,
  type Payment,
  paymentKey,
  type TransferFailure,
  type TransferRequest,
  type TransferState,
} from './payment';

export type SubmitAnswer =
  | { kind: 'known'; payment: Payment }
  | { kind: 'no_answer' }
  | { kind: 'number_reused' }
  /** nothing moved, and nothing is in the books */
  | { kind: 'not_taken'; code: RefusalCode };

/** The provider itself: takes transfers, lets them take their course, and never forgets one. */
export class Provider {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly refusals = new Map<string, number>();

  constructor(
    private readonly books: Books,
    private readonly courier: Courier,
    private readonly faults: Faults,
  ) {}

  /** Goes on where the last process stopped: what is overdue happens now. */
  resume(): void {
    for (const payment of this.books.payments.values()) this.plan(payment);
    this.courier.resume();
  }

  /**
   * Takes a transfer. The number decides: a repeat with the same content moves no money again and
   * answers what is known; other content under the same number is refused.
   */
  async submit(request: TransferRequest): Promise<SubmitAnswer> {
    const known = this.books.find(request.merchantId, request.channelNumber);
    const code = known ? null : this.refuses(request);
    if (code !== null) return { kind: 'not_taken', code };
    const answer = known ? this.repeat(known, request) : await this.open(request);
    await this.books.settled();
    return answer;
  }

  async query(merchantId: string, channelNumber: string): Promise<Payment | undefined> {
    const payment = this.books.find(merchantId, channelNumber);
    await this.books.settled();
    return payment?.state === 'nothing' ? undefined : payment;
  }

  /** The payee says yes. False when the transfer does not wait for that. */
  async confirm(channelNumber: string): Promise<Payment | 'not_found' | 'not_waiting'> {
    const payment = this.books.findAny(channelNumber);
    if (!payment) return 'not_found';
    if (payment.state === 'paid') return payment;
    if (payment.state !== 'awaiting_confirmation') return 'not_waiting';
    this.move(payment, 'paid', null);
    await this.books.settled();
    return payment;
  }

  /** The merchant takes it back; only possible while the payee has not confirmed. */
  async cancel(merchantId: string, channelNumber: string): Promise<Payment | undefined> {
    const payment = this.books.find(merchantId, channelNumber);
    if (payment && canMove(payment.state, 'canceled')) this.move(payment, 'canceled', null);
    await this.books.settled();
    return payment?.state === 'nothing' ? undefined : payment;
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.courier.stop();
  }

  private refuses(request: TransferRequest): RefusalCode | null {
    const key = paymentKey(request.merchantId, request.channelNumber);
    const before = this.refusals.get(key) ?? 0;
    const code = refusalOf(request.account, before);
    if (code !== null) this.refusals.set(key, before + 1);
    if (code !== null) return code;
    return this.faults.withdraw(request.merchantId, request.amount) ? null : 'BALANCE_SHORT';
  }

  private async open(request: TransferRequest): Promise<SubmitAnswer> {
    this.books.add({ line: 'submission', at: new Date().toISOString(), request });
    const payment = this.books.find(request.merchantId, request.channelNumber);
    if (!payment) throw new Error('a payment that was just added is not in the books');
    const behaviour = behaviourOf(request);
    const paysAtOnce = behaviour.steps[0]?.afterMs === 0;
    if (behaviour.callbacks.beforeAnswer || (paysAtOnce && this.faults.happens('early'))) {
      await this.finishBeforeAnswer(payment);
    } else if (paysAtOnce) {
      this.move(payment, 'paid', null);
    } else {
      this.plan(payment);
    }
    return behaviour.firstAnswer === 'never' ? { kind: 'no_answer' } : { kind: 'known', payment };
  }

  private repeat(payment: Payment, request: TransferRequest): SubmitAnswer {
    if (payment.request.account !== request.account || payment.request.amount !== request.amount) {
      return { kind: 'number_reused' };
    }
    const { merchantId, channelNumber } = request;
    const at = new Date().toISOString();
    this.books.add({ line: 'repeat', at, merchantId, channelNumber });
    if (payment.state === 'nothing') {
      const failure = behaviourOf(payment.request).steps[0]?.failure ?? null;
      this.move(payment, 'failed', failure);
    }
    return { kind: 'known', payment };
  }

  /** The money has moved, and the merchant has been told, before the submission is answered. */
  private async finishBeforeAnswer(payment: Payment): Promise<void> {
    const event = this.record(payment, 'paid', null);
    await this.books.settled();
    await this.courier.send(payment, event);
    this.courier.announce(payment, event, 1);
  }

  private plan(payment: Payment): void {
    const { merchantId, channelNumber } = payment.request;
    const next = behaviourOf(payment.request).steps.find(
      (step) => canMove(payment.state, step.state) && !hasBeen(payment, step.state),
    );
    if (!next) return;
    const dueInMs = payment.submittedAt.getTime() + next.afterMs - Date.now();
    const key = paymentKey(merchantId, channelNumber);
    clearTimeout(this.timers.get(key));
    const run = () => {
      this.timers.delete(key);
      if (canMove(payment.state, next.state)) this.move(payment, next.state, next.failure);
    };
    this.timers.set(key, setTimeout(run, Math.max(0, dueInMs)));
  }

  private move(payment: Payment, state: TransferState, failure: TransferFailure | null): void {
    const event = this.record(payment, state, failure);
    // Nobody hears of a move before it is on the disk.
    void this.books.settled().then(() => {
      this.courier.announce(payment, event);
    });
    this.plan(payment);
  }

  private record(payment: Payment, state: TransferState, failure: TransferFailure | null) {
    const { merchantId, channelNumber } = payment.request;
    const at = new Date().toISOString();
    this.books.add({ line: 'move', at, merchantId, channelNumber, state, failure });
    const event = payment.events.at(-1);
    if (!event) throw new Error('a move that was just added left no event');
    return event;
  }
}

function hasBeen(payment: Payment, state: TransferState): boolean {
  return payment.events.some((event) => event.state === state);
}
