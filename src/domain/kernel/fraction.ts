import { divide, type Rounding } from './money';

/** An exact amount between two divisions. The denominator is above 0; it is never reduced. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

export function wholeFraction(amount: bigint): Fraction {
  return { numerator: amount, denominator: 1n };
}

export function addFractions(a: Fraction, b: Fraction): Fraction {
  if (a.denominator === b.denominator) {
    return { numerator: a.numerator + b.numerator, denominator: a.denominator };
  }
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

/** Below 0, 0 or above 0, as a sort wants it. */
export function compareFractions(a: Fraction, b: Fraction): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** The only way back to the minor unit. */
export function roundFraction({ numerator, denominator }: Fraction, rounding: Rounding): bigint {
  return divide(numerator, denominator, rounding);
}
