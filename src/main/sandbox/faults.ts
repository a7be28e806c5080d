import { z } from 'zod';

const rate = z.number().min(0).max(1).default(0);

/**
 * How often each fault happens: 0 never, 1 always, 0.05 once in every twenty calls. Only with
 * SANDBOX_FAULTS=1, for tests.
 */
export const FaultRates = z.strictObject({
  /** the transfer is executed, and the caller never gets an answer */
  timeout: rate,
  /** 503 before the transfer is looked at */
  errorBefore: rate,
  /** the transfer is executed and the answer is 503 */
  errorAfter: rate,
  /** 429, nothing moved */
  throttled: rate,
  /** the transfer is executed and some proxy answers a page */
  html: rate,
  /** a callback with a wrong signature comes beside the right one */
  forged: rate,
  /** two to five copies of a callback, in no order */
  duplicated: rate,
  /** the callback comes before the answer to the submission */
  early: rate,
});
export type FaultRates = z.output<typeof FaultRates>;
type Fault = keyof FaultRates;

const none = FaultRates.parse({});

export type SubmissionFault = 'timeout' | 'errorBefore' | 'errorAfter' | 'throttled' | 'html';
const ofSubmissions: readonly SubmissionFault[] = [
  'timeout',
  'errorBefore',
  'errorAfter',
  'throttled',
  'html',
];

/** Says what fails, counts what happened, and keeps the balances of merchants that have one. */
export class Faults {
  private rates = none;
  private readonly fired = new Map<Fault, number>();
  /** how much of its next time each fault has come by; nobody can tell where it begins */
  private readonly due = new Map<Fault, number>();
  /** fen; a merchant that is not here never runs short */
  private readonly balances = new Map<string, number>();

  set(rates: FaultRates): void {
    this.rates = rates;
  }

  /** How often each fault happened since the start. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.fired);
  }

  happens(fault: Fault): boolean {
    // Evenly rather than by dice: a short run of rare faults must not be one without them.
    const due = (this.due.get(fault) ?? Math.random()) + this.rates[fault];
    this.due.set(fault, due >= 1 ? due - 1 : due);
    if (due < 1) return false;
    this.fired.set(fault, (this.fired.get(fault) ?? 0) + 1);
    return true;
  }

  /** At most one fault of a submission at a time. */
  ofSubmission(): SubmissionFault | null {
    return ofSubmissions.find((fault) => this.happens(fault)) ?? null;
  }

  setBalance(merchantId: string, amount: number): void {
    this.balances.set(merchantId, amount);
  }

  /** Takes the amount from the merchant's balance; false when it is too low. */
  withdraw(merchantId: string, amount: number): boolean {
    const balance = this.balances.get(merchantId);
    if (balance === undefined) return true;
    if (balance < amount) return false;
    this.balances.set(merchantId, balance - amount);
    return true;
  }
}
