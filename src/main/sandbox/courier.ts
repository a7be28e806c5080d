import type { Books } from './books';
import { behaviourOf } from './behaviour';
import type { Payment, TransferEvent } from './payment';
import type { Faults } from './faults';
import { merchantKey, sign } from './signature';

/** Waits between attempts to deliver a callback, in milliseconds; the last one repeats. */
const retryDelaysMs = [500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000];
const giveUpAfterMs = 86_400_000;
const answerTimeoutMs = 5_000;

/** Tells merchants what became of their transfers: signed, repeated until somebody says 2xx. */
export class Courier {
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(
    private readonly books: Books,
    private readonly secret: string,
    private readonly faults: Faults,
  ) {}

  /** Sends an event as often, and as late, as the payee's behaviour says. */
  announce(payment: Payment, event: TransferEvent, alreadySent = 0): void {
    const { callbacks } = behaviourOf(payment.request);
    const more = this.faults.happens('duplicated') ? 1 + Math.floor(Math.random() * 4) : 0;
    if (this.faults.happens('forged')) this.later(0, () => this.forge(payment, event));
    for (let copy = alreadySent; copy < callbacks.copies + more; copy += 1) {
      // Further copies come in no particular rhythm, as they do in the field.
      const spreadMs = copy === 0 ? 0 : Math.floor(Math.random() * 3_000);
      this.later(callbacks.delayMs + spreadMs, () => this.deliver(payment, event, 0));
    }
  }

  /** One attempt. Says whether the merchant took it. */
  async send(payment: Payment, event: TransferEvent): Promise<boolean> {
    const key = merchantKey(this.secret, payment.request.merchantId);
    const taken = await this.post(payment, event, key);
    if (taken && !this.stopped && !this.books.isDelivered(event.id)) {
      this.books.add({ line: 'delivered', at: new Date().toISOString(), eventId: event.id });
      await this.books.settled();
    }
    return taken;
  }

  private async post(payment: Payment, event: TransferEvent, key: Buffer): Promise<boolean> {
    const { request } = payment;
    const body = JSON.stringify({
      id: event.id,
      merchantId: request.merchantId,
      channelNumber: request.channelNumber,
      amount: request.amount,
      state: event.state,
      failure: event.failure,
      occurredAt: event.at,
    });
    const timestamp = String(Math.floor(Date.now() / 1000));
    try {
      const response = await fetch(request.callbackUrl, {
        method: 'POST',
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(answerTimeoutMs),
        headers: {
          'content-type': 'application/json',
          'webhook-id': event.id,
          'webhook-timestamp': timestamp,
          'webhook-signature': sign(key, [event.id, timestamp, body]),
        },
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** What somebody else might send: a success that is none, signed with a key of his own. */
  private async forge(payment: Payment, event: TransferEvent): Promise<void> {
    const lie: TransferEvent = { ...event, id: `${event.id}-forged`, state: 'returned' };
    await this.post(payment, lie, Buffer.from('a key that nobody knows'));
  }

  /** After a restart: everything that nobody has taken yet is sent again. */
  resume(): void {
    for (const payment of this.books.payments.values()) {
      for (const event of payment.events) {
        if (!this.books.isDelivered(event.id)) this.announce(payment, event);
      }
    }
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private async deliver(payment: Payment, event: TransferEvent, attempt: number): Promise<void> {
    if (await this.send(payment, event)) return;
    if (Date.now() - Date.parse(event.at) > giveUpAfterMs) return;
    const delayMs = retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)] ?? 300_000;
    this.later(delayMs, () => this.deliver(payment, event, attempt + 1));
  }

  private later(delayMs: number, work: () => Promise<void>): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void work();
    }, delayMs);
    this.timers.add(timer);
  }
}
