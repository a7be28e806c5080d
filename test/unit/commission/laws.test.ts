import fc from 'fast-check';
import {
  baseAmounts,
  calculateLine,
  computeLine,
  freezeTerms,
  type LineTerms,
  type OrderFacts,
} from '../../../src/domain/commission/calculation';
import { busyPlanOf, order, percentRate, planOf, ruleOf, upline } from './arbitraries';

const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

describe('laws of the base', () => {
  it('sums to the lines minus the order discount, and no line falls below 0', () => {
    fc.assert(
      fc.property(order, (one) => {
        const bases = baseAmounts(one);
        const whole = sum(
          one.lines.map((l) => BigInt(l.quantity) * l.unitPriceAmount - l.discountAmount),
        );
        expect(sum(bases)).toBe(whole - one.orderDiscountAmount);
        expect(bases.every((base) => base >= 0n)).toBe(true);
      }),
    );
  });

  it('does not depend on the order of the lines', () => {
    const shuffled = order.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.shuffledSubarray([...one.lines], { minLength: one.lines.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([one, lines]) => {
        expect(byExternalId({ ...one, lines })).toEqual(byExternalId(one));
      }),
    );
  });

  function byExternalId(one: OrderFacts) {
    const bases = baseAmounts(one);
    return Object.fromEntries(one.lines.map((line, index) => [line.externalId, bases[index]]));
  }
});

describe('laws of a line', () => {
  const situation = fc.record({ plan: busyPlanOf(), order, upline });

  it('never passes a cap, and takes all of a cap that bites', () => {
    fc.assert(
      fc.property(situation, ({ plan, order: one, upline: path }) => {
        const bases = baseAmounts(one);
        one.lines.forEach((line, index) => {
          const remaining = { ...line, baseAmount: bases[index]! };
          const result = calculateLine(plan, freezeTerms(plan, path, line), remaining);
          const taken = sum(result.commissions.map(({ amount }) => amount));
          const caps = [result.totalCapAmount, result.marginCapAmount].filter((c) => c !== null);
          for (const cap of caps) expect(taken <= cap).toBe(true);
          if (result.shrunk) expect(caps).toContain(taken);
          else expect(taken).toBe(sum(result.roundedAmounts));
          for (const { amount } of result.commissions) expect(amount >= 0n).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is exactly 0 when all is refunded, in any pieces', () => {
    const pieces = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { maxLength: 5 });
    fc.assert(
      fc.property(situation, pieces, ({ plan, order: one, upline: path }, parts) => {
        const base = baseAmounts(one)[0]!;
        const line = one.lines[0]!;
        const terms = freezeTerms(plan, path, line);
        const left = { ...line, baseAmount: base };
        let booked = computeLine(plan, terms, left).map(({ amount }) => amount);
        for (const part of [...parts, base]) {
          left.baseAmount -= part < left.baseAmount ? part : left.baseAmount;
          left.quantity = left.baseAmount === 0n ? 0 : left.quantity;
          const now = computeLine(plan, terms, left).map(({ amount }) => amount);
          const differences = now.map((amount, index) => amount - booked[index]!);
          booked = booked.map((amount, index) => amount + differences[index]!);
          expect(booked).toEqual(now);
        }
        expect(booked.every((amount) => amount === 0n)).toBe(true);
      }),
    );
  });

  it('earns no level less on a larger base when no cap is set', () => {
    const percentPlan = planOf(fc.array(ruleOf(percentRate), { maxLength: 6 }), fc.constant({}));
    const bases = fc.tuple(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 10n ** 9n));
    fc.assert(
      fc.property(percentPlan, upline, order, bases, (plan, path, one, [base, more]) => {
        const line = one.lines[0]!;
        const terms = freezeTerms(plan, path, line);
        const small = computeLine(plan, terms, { ...line, baseAmount: base });
        const large = computeLine(plan, terms, { ...line, baseAmount: base + more });
        small.forEach(({ amount }, i) => expect(amount <= large[i]!.amount).toBe(true));
      }),
    );
  });

  it('pays nobody who may not earn, and nobody twice', () => {
    fc.assert(
      fc.property(situation, ({ plan, order: one, upline: path }) => {
        const { levels } = freezeTerms(plan, path, one.lines[0]!);
        const paid = levels.flatMap(({ distributorId }) => distributorId ?? []);
        expect(new Set(paid).size).toBe(paid.length);
        for (const id of paid) {
          const member = path.find(({ distributorId }) => distributorId === id)!;
          expect(member.earns).toBe(true);
          expect(member.isBuyer && plan.selfPurchase === 'deny').toBe(false);
          expect(one.lines[0]!.inScope).toBe(true);
        }
      }),
    );
  });

  it('decides the same on terms that went through JSON', () => {
    fc.assert(
      fc.property(situation, ({ plan, order: one, upline: path }) => {
        const line = one.lines[0]!;
        const terms = freezeTerms(plan, path, line);
        const stored = JSON.parse(JSON.stringify(terms)) as LineTerms;
        const remaining = { ...line, baseAmount: baseAmounts(one)[0]! };
        expect(computeLine(plan, stored, remaining)).toEqual(computeLine(plan, terms, remaining));
      }),
    );
  });
});
