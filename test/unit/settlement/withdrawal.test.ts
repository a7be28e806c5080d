import fc from 'fast-check';
import { limitPassed, takeLines } from '../../../src/domain/settlement/withdrawal';

const line = (id: string, amount: bigint, day: number) => ({
  id,
  amount,
  availableAt: new Date(Date.UTC(2026, 0, day)),
});

describe('a withdrawal takes the oldest lines', () => {
  test.each([
    ['a whole line', 100n, ['b'], null],
    ['part of the second', 130n, ['b', 'c'], 70n],
    ['all', 1100n, ['b', 'c', 'a'], null],
    ['one fen', 1n, ['b'], 99n],
  ])('%s', (_, amount, ids, restAmount) => {
    const lines = [line('a', 900n, 9), line('b', 100n, 1), line('c', 100n, 2)];
    const { lines: taken, split } = takeLines(lines, amount);
    expect(taken.map(({ id }) => id)).toEqual(ids);
    expect(split?.restAmount ?? null).toBe(restAmount);
  });

  test('deductions come first, so that what stays is never below 0', () => {
    const { lines, split } = takeLines([line('a', 100n, 1), line('b', -30n, 9)], 50n);
    expect(lines.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(split?.restAmount).toBe(20n);
  });

  test('more than there is is an error of the caller', () => {
    expect(() => takeLines([line('a', 100n, 1)], 101n)).toThrow(RangeError);
  });

  test('law: taken minus rest is the amount, and what stays open is the balance less it', () => {
    const amounts = fc.array(
      fc.bigInt({ min: -500n, max: 1000n }).filter((n) => n !== 0n),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(amounts, fc.nat(), (all, seed) => {
        const lines = all.map((amount, i) => line(`l${i}`, amount, 1 + ((i * 7) % 20)));
        const balance = all.reduce((a, b) => a + b, 0n);
        fc.pre(balance > 0n);
        const amount = (BigInt(seed) % balance) + 1n;
        const { lines: taken, split } = takeLines(lines, amount);
        const sum = taken.reduce((total, each) => total + each.amount, 0n);
        expect(sum - (split?.restAmount ?? 0n)).toBe(amount);
        const open = lines.filter((each) => !taken.includes(each));
        expect(open.every((each) => each.amount > 0n)).toBe(true);
        if (split !== null) {
          expect(split.restAmount).toBeGreaterThan(0n);
          expect(split.restAmount).toBeLessThan(split.line.amount);
        }
      }),
    );
  });
});

test.each([
  ['no limits', 10_000n, 0n, {}, undefined],
  ['up to the limit of one', 100n, 0n, { perTransferAmount: 100n }, undefined],
  ['above it', 101n, 0n, { perTransferAmount: 100n }, ['per_transfer', 100n]],
  ['up to the limit of a day', 60n, 40n, { perDayAmount: 100n }, undefined],
  ['above it', 61n, 40n, { perDayAmount: 100n }, ['per_day', 60n]],
  ['a limit that was lowered meanwhile', 1n, 140n, { perDayAmount: 100n }, ['per_day', 0n]],
  ['no withdrawals at all', 1n, 0n, { perDayAmount: 0n }, ['per_day', 0n]],
] as const)('%s', (_, amount, today, limits, expected) => {
  const all = { perDayAmount: undefined, perTransferAmount: undefined, ...limits };
  const passed = limitPassed(amount, today, all);
  expect(passed === undefined ? undefined : [passed.limit, passed.leftAmount]).toEqual(expected);
});
