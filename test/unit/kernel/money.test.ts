import fc from 'fast-check';
import { applyBps, divide, splitByLargestRemainder } from '../../../src/domain/kernel/money';

const amount = fc.bigInt({ min: 0n, max: 2n ** 60n });
const divisor = fc.bigInt({ min: 1n, max: 2n ** 40n });

describe('divide', () => {
  it.each([
    ['floor goes down', 19n, 10n, 'floor', 1n],
    ['floor of a negative goes down too', -19n, 10n, 'floor', -2n],
    ['floor of an exact negative is exact', -20n, 10n, 'floor', -2n],
    ['below the half goes down', 14n, 10n, 'halfUp', 1n],
    ['the half goes up', 15n, 10n, 'halfUp', 2n],
    ['the half of an odd divisor is no half', 3n, 7n, 'halfUp', 0n],
    ['the half of a negative goes up', -15n, 10n, 'halfUp', -1n],
    ['0 stays 0', 0n, 7n, 'halfUp', 0n],
  ] as const)('%s', (_, dividend, by, rounding, expected) => {
    expect(divide(dividend, by, rounding)).toBe(expected);
  });

  it.each([0n, -1n])('refuses the divisor %s', (by) => {
    expect(() => divide(1n, by, 'floor')).toThrow(RangeError);
  });

  it('is the nearest integer, from below for floor', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), divisor, (dividend, by) => {
        const down = dividend - divide(dividend, by, 'floor') * by;
        expect(down >= 0n && down < by).toBe(true);
        const near = dividend - divide(dividend, by, 'halfUp') * by;
        expect(2n * near >= -by && 2n * near < by).toBe(true);
      }),
    );
  });
});

describe('applyBps', () => {
  it.each([
    ['10 % of 1999 down', 1999n, 1000, 'floor', 199n],
    ['10 % of 1995 half up', 1995n, 1000, 'halfUp', 200n],
    ['5 % of 1994 half up', 1994n, 500, 'halfUp', 100n],
    ['all of it', 7n, 10_000, 'floor', 7n],
    ['nothing of it', 7n, 0, 'halfUp', 0n],
  ] as const)('%s', (_, whole, bps, rounding, expected) => {
    expect(applyBps(whole, bps, rounding)).toBe(expected);
  });
});

describe('splitByLargestRemainder', () => {
  it.each([
    ['even', 100n, [1n, 1n, 1n], [34n, 33n, 33n]],
    ['a tie goes to the earlier index', 1n, [5n, 5n], [1n, 0n]],
    ['the larger remainder goes first', 1n, [1n, 2n], [0n, 1n]],
    ['weight 0 gets nothing', 3n, [0n, 2n, 0n, 2n], [0n, 2n, 0n, 1n]],
    ['nothing to split', 0n, [0n, 0n], [0n, 0n]],
    ['nobody and nothing', 0n, [], []],
  ] as const)('%s', (_, whole, weights, expected) => {
    expect(splitByLargestRemainder(whole, weights)).toEqual(expected);
  });

  it.each([
    ['a negative whole', -1n, [1n]],
    ['a negative weight', 1n, [2n, -1n]],
    ['something to split and nobody to carry it', 1n, [0n, 0n]],
  ] as const)('refuses %s', (_, whole, weights) => {
    expect(() => splitByLargestRemainder(whole, weights)).toThrow(RangeError);
  });

  const split = fc
    .tuple(amount, fc.array(amount, { minLength: 1, maxLength: 12 }))
    .filter(([whole, weights]) => whole === 0n || weights.some((weight) => weight > 0n));

  it('sums to the whole, and no part is a unit or more away from its exact share', () => {
    fc.assert(
      fc.property(split, ([whole, weights]) => {
        const parts = splitByLargestRemainder(whole, weights);
        const weightSum = weights.reduce((a, b) => a + b, 0n);
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(whole);
        parts.forEach((part, index) => {
          const distance = part * weightSum - whole * (weights[index] ?? 0n);
          expect(weightSum === 0n || (distance < weightSum && distance > -weightSum)).toBe(true);
        });
      }),
    );
  });

  it('gives no part more than its weight when the whole is not above the weights together', () => {
    fc.assert(
      fc.property(split, ([whole, weights]) => {
        fc.pre(whole <= weights.reduce((a, b) => a + b, 0n));
        splitByLargestRemainder(whole, weights).forEach((part, index) =>
          expect(part <= (weights[index] ?? 0n)).toBe(true),
        );
      }),
    );
  });
});
