import type { TransferFailure, TransferRequest, TransferState } from './payment';

/** What happens to a transfer by itself, measured from its first submission in real time. */
export interface Step {
  afterMs: number;
  state: TransferState;
  failure: TransferFailure | null;
}

/** How the sandbox treats a payee. */
export interface Behaviour {
  opening: TransferState;
  steps: readonly Step[];
  /** `never`: the connection stays open without an answer until the caller gives up. */
  firstAnswer: 'prompt' | 'never';
  callbacks: {
    /** 0: the merchant finds out by asking. */
    copies: number;
    /** How late the first copy is. */
    delayMs: number;
    /** One copy is delivered before the answer to the submission. */
    beforeAnswer: boolean;
  };
}

const soonMs = 150;
const oneDayMs = 86_400_000;
const onceAtOnce = { copies: 1, delayMs: 0, beforeAnswer: false };
const noCallback = { copies: 0, delayMs: 0, beforeAnswer: false };

const step = (afterMs: number, state: TransferState): Step => ({ afterMs, state, failure: null });

const failing = (afterMs: number, code: string, message: string): Step => ({
  afterMs,
  state: 'failed',
  failure: { code, message },
});

function plain(steps: readonly Step[], callbacks = onceAtOnce): Behaviour {
  return { opening: 'processing', steps, firstAnswer: 'prompt', callbacks };
}

/** A payee who has to confirm; unconfirmed transfers close after a while, as real providers do. */
function confirmed(withinMs: number): Behaviour {
  const steps = [step(withinMs, 'expired')];
  return { ...plain(steps), opening: 'awaiting_confirmation' };
}

/**
 * The name of the payee's account says how its transfers behave; any other name behaves as `ok`.
 * All but `confirm` reach their end within 60 s (with the default of confirmSeconds).
 */
export function behaviourOf(
  request: Pick<TransferRequest, 'account' | 'confirmSeconds'>,
): Behaviour {
  const { account } = request;
  if (account.startsWith('fail:')) {
    const code = account.slice('fail:'.length) || 'UNSPECIFIED';
    return plain([failing(soonMs, code, `the payee's account answers ${code}`)]);
  }
  switch (account) {
    case 'slow':
      return plain([step(6_000, 'paid')]);
    case 'confirm':
      return confirmed(oneDayMs);
    case 'confirm-expire':
      return confirmed(request.confirmSeconds * 1000);
    case 'unknown-then-ok':
      return { ...plain([step(1_000, 'paid')], noCallback), firstAnswer: 'never' };
    case 'unknown-then-none':
      return {
        opening: 'nothing',
        steps: [failing(10_000, 'NOT_EXECUTED', 'the transfer was never executed')],
        firstAnswer: 'never',
        callbacks: noCallback,
      };
    case 'return':
      return plain([step(soonMs, 'paid'), step(5_000, 'returned')]);
    case 'dup-callback':
      return plain([step(0, 'paid')], { copies: 5, delayMs: 0, beforeAnswer: true });
    case 'late-callback':
      return plain([step(soonMs, 'paid')], { copies: 1, delayMs: 15_000, beforeAnswer: false });
    default:
      // As at most providers: the answer to the submission says already that the money has moved.
      return plain([step(0, 'paid')]);
  }
}

export const refusalCodes = ['BALANCE_SHORT', 'THROTTLED', 'LIMIT', 'SETUP'] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/**
 * `not-taken:<CODE>:<n>`: the first n submissions are not taken, with that code, and nothing moves;
 * after that the payee behaves as `ok`.
 */
export function refusalOf(account: string, submissionsBefore: number): RefusalCode | null {
  const [name, code, times = '1'] = account.split(':');
  if (name !== 'not-taken' || submissionsBefore >= Number(times)) return null;
  return refusalCodes.find((known) => known === code) ?? null;
}
