import type { DecidedAmounts } from '../ledger/posting';

/** A commission that no statement has taken, as a decision finds it. Amounts are in the minor unit. */
export interface UnpaidCommission {
  commissionId: string;
  /** what remains of it; above 0 */
  amount: bigint;
  /** what its earnings that are not released come to */
  heldAmount: bigint;
}

/** What a decision takes of one commission, or gives back of it; both parts are 0 or more. */
export interface DecidedCommission extends DecidedAmounts {
  commissionId: string;
}

/**
 * What a reversal takes: all that remains of each commission, from where its money lies. A refund can
 * have taken more from one side than lies there: then the other side has it all.
 */
export function takenBy(commissions: readonly UnpaidCommission[]): DecidedCommission[] {
  return commissions.map(({ commissionId, amount, heldAmount }) => {
    const held = between(0n, heldAmount, amount);
    return { commissionId, heldAmount: held, releasedAmount: amount - held };
  });
}

/** A commission that is reversed, as its restoration finds it. */
export interface ReversedState {
  commissionId: string;
  /** what the calculation gives by now, with the refunds since; 0 or more */
  amount: bigint;
  /** whether its hold is over */
  isReleased: boolean;
}

/** What a restoration gives back: what the calculation gives by now, never what was refunded since. */
export function givenBackBy(commissions: readonly ReversedState[]): DecidedCommission[] {
  return commissions.map(({ commissionId, amount, isReleased }) => ({
    commissionId,
    heldAmount: isReleased ? 0n : amount,
    releasedAmount: isReleased ? amount : 0n,
  }));
}

export function sumOf(decided: readonly DecidedAmounts[]): DecidedAmounts {
  return decided.reduce<DecidedAmounts>(
    (sum, { heldAmount, releasedAmount }) => ({
      heldAmount: sum.heldAmount + heldAmount,
      releasedAmount: sum.releasedAmount + releasedAmount,
    }),
    { heldAmount: 0n, releasedAmount: 0n },
  );
}

function between(low: bigint, value: bigint, high: bigint): bigint {
  if (value < low) return low;
  return value > high ? high : value;
}

/** A reversal of one commission as its explanation tells it. Moments are those of the program's clock. */
export interface ExplainedReversal {
  reversalId: string;
  at: Date;
  reason: string;
  takenAmount: bigint;
  /** what the calculation gives by now: so much would come back */
  amount: bigint;
  /** null: it is still reversed */
  restoredAt: Date | null;
  restoredAmount: bigint | null;
}

/** What stands in the way of a commission's being paid by its calculation; undefined: nothing. */
export function openReversal<R extends Pick<ExplainedReversal, 'restoredAt'>>(
  reversals: readonly R[],
): R | undefined {
  return reversals.find(({ restoredAt }) => restoredAt === null);
}

/**
 * Whether a stored amount is right: what the calculation gives, or 0 while the commission is
 * reversed, which then keeps what the calculation gives.
 */
export function remainsRight(
  storedAmount: bigint,
  calculatedAmount: bigint,
  reversals: readonly Pick<ExplainedReversal, 'restoredAt' | 'amount'>[],
): boolean {
  const reversal = openReversal(reversals);
  if (reversal === undefined) return storedAmount === calculatedAmount;
  return storedAmount === 0n && reversal.amount === calculatedAmount;
}
