/** How a division of an amount ends: down, or to the nearest with the half going up. */
export type Rounding = 'floor' | 'halfUp';

/** 100 % in basis points. */
export const wholeBps = 10_000n;

/**
 * An exact division of integers that says its rounding. `floor` goes towards minus infinity, and
 * `halfUp` sends a half towards plus infinity, for negative amounts too.
 * @throws RangeError when the divisor is not positive
 */
export function divide(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  if (divisor <= 0n) throw new RangeError(`the divisor ${divisor} must be positive`);
  return rounding === 'floor'
    ? floorDivide(dividend, divisor)
    : floorDivide(2n * dividend + divisor, 2n * divisor);
}

/** `amount` x `bps` / 10000 in the minor unit, rounded once. */
export function applyBps(amount: bigint, bps: number | bigint, rounding: Rounding): bigint {
  return divide(amount * BigInt(bps), wholeBps, rounding);
}

/**
 * Splits a whole in proportion to weights: everybody gets the share rounded down, and what is left
 * goes one by one to the largest remainders, ties to the earlier index. The parts sum to the whole,
 * and no part with weight 0 gets anything.
 * @throws RangeError when the whole or a weight is negative, or when there is something to split
 *   and every weight is 0
 */
export function splitByLargestRemainder(whole: bigint, weights: readonly bigint[]): bigint[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole < 0n || weights.some((weight) => weight < 0n)) {
    throw new RangeError('a whole and its weights must not be negative');
  }
  if (whole === 0n) return weights.map(() => 0n);
  if (weightSum === 0n) throw new RangeError(`nothing carries a share of ${whole}`);
  const shares = weights.map((weight, index) => ({
    index,
    part: (whole * weight) / weightSum,
    remainder: (whole * weight) % weightSum,
  }));
  const parts = shares.map(({ part }) => part);
  const left = Number(whole - parts.reduce((sum, part) => sum + part, 0n));
  const byRemainder = [...shares].sort((a, b) => descending(a.remainder, b.remainder));
  for (const { index, part } of byRemainder.slice(0, left)) parts[index] = part + 1n;
  return parts;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

// The sort of JavaScript is stable, so equal remainders keep the order of their indexes.
function descending(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a > b ? -1 : 1;
}
