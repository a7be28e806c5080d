import { isFinal, mayHandOver, type PayoutStatus } from './state';
import { isTooLarge, type WaitingReason } from './waiting';

/** What a payout's workflow waits for next, and how long; real time. */
export interface NextStep {
  next: 'wait' | 'call' | 'end';
  waitMs: number;
}

interface Standing {
  status: PayoutStatus;
  waitingText: WaitingReason | null;
  waitingUntil: Date | null;
  /** questions since the status changed last */
  asked: number;
}

export type Todo = 'hand_over' | 'ask' | 'nothing';

/** What there is to do with a payout now. Of what was sent and not refused the provider is asked. */
export function todo({ status, waitingText }: Standing): Todo {
  if (isFinal(status)) return 'nothing';
  if (status === 'queued') return 'hand_over';
  // An unknown one is asked about first; only "I do not know the number" lets it go again.
  if (status === 'unknown') return 'ask';
  return mayHandOver(status, waitingText) ? 'hand_over' : 'ask';
}

/** How often a payout looks again when nothing says when, for example while its distributor is suspended. */
const lookAgainMs = 60_000;

/** When there is more to do, and whether a person has to look. */
export function nextStep(
  payout: Standing,
  rules: {
    delayMs(asked: number, awaitingConfirmation: boolean): number;
    readonly giveUpAfter: number;
  },
  now: Date,
): NextStep {
  const { status, waitingText, waitingUntil, asked } = payout;
  if (isFinal(status)) return { next: 'end', waitMs: 0 };
  if (todo(payout) === 'hand_over') {
    const waitMs = waitingText === null ? 0 : lookAgainMs;
    const leftMs = waitingUntil === null ? waitMs : waitingUntil.getTime() - now.getTime();
    return { next: isTooLarge(waitingText) ? 'call' : 'wait', waitMs: Math.max(0, leftMs) };
  }
  const waitMs =
    waitingText === 'stopping' && waitingUntil !== null
      ? Math.max(0, waitingUntil.getTime() - now.getTime())
      : rules.delayMs(asked, status === 'awaiting_confirmation');
  const silent = status === 'submitting' || status === 'unknown';
  const isLong = asked > 0 && asked % rules.giveUpAfter === 0;
  return { next: silent && isLong ? 'call' : 'wait', waitMs };
}
