import fc from 'fast-check';
import { type BookedLine, bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  type Charges,
  chargesOf,
  earningsOf,
  type LineCalculation,
  type LineTerms,
  type OrderFacts,
  type OrderLineFacts,
} from '../../../src/domain/commission/calculation';
import { type Budgets, budgetsOf, type Overlay } from '../../../src/domain/commission/overlay';
import type { PlanBody } from '../../../src/domain/commission/plan';
import {
  agent,
  busyPlanOf,
  noBudget,
  order,
  overlaysOf,
  percentRate,
  planOf,
  ruleOf,
  someBudget,
  upline,
} from './arbitraries';

const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
const totalOf = (calculation: LineCalculation) =>
  sum(earningsOf(calculation).map(({ amount }) => amount));
const runs = { numRuns: 300 };

/** Most of it can earn, so that overlays have something to act on. */
const inScope: fc.Arbitrary<OrderFacts> = order.map((one) => ({
  ...one,
  lines: one.lines.map((line) => ({ ...line, inScope: true })),
}));
const situation = fc.record({
  plan: busyPlanOf(),
  order: fc.oneof(order, inScope),
  upline,
  overlays: overlaysOf(someBudget),
  agent,
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

function book(one: Situation, budgets: Budgets = budgetsOf(one.overlays)): BookedLine[] {
  return bookOrder(one.plan, one.upline, one.order, { ...one, budgets });
}

/** A booked line that refunds take from, as the database keeps it. */
function openLine(plan: PlanBody, line: OrderLineFacts, booked: BookedLine, budgets: Budgets) {
  const terms = JSON.parse(JSON.stringify(booked.terms)) as LineTerms;
  const left = { ...line, baseAmount: booked.baseAmount };
  let charges: Charges = chargesOf(booked.calculation!);
  let calculation = booked.calculation!;
  return {
    left,
    calculation: () => calculation,
    refund(amount: bigint, quantity: number) {
      left.baseAmount -= amount < left.baseAmount ? amount : left.baseAmount;
      left.quantity -= Math.min(quantity, left.quantity);
      calculation = calculateLine(plan, terms, left, charges);
      const now = chargesOf(calculation);
      for (const [key, before] of charges) {
        const campaignId = key.split(' ')[1]!;
        const budgetLeft = budgets.get(campaignId);
        if (budgetLeft === undefined) continue;
        const back = before - (now.get(key) ?? 0n);
        expect(back >= 0n).toBe(true);
        budgets.set(campaignId, budgetLeft + back);
      }
      charges = now;
    },
  };
}

describe('laws of overlays', () => {
  it('adds extras that sum to the gain, and campaigns pay exactly what the caps leave of it', () => {
    fc.assert(
      fc.property(situation, (one) => {
        for (const { calculation } of book(one)) {
          const { commissions, plainAmounts, roundedAmounts, extras } = calculation!;
          commissions.forEach(({ amount }, index) => {
            const own = extras[index]!;
            const plain = plainAmounts[index]!;
            const gain = sum(own.map(({ extraAmount }) => extraAmount));
            expect(gain).toBe(roundedAmounts[index]! - plain);
            const kept = amount > plain ? amount - plain : 0n;
            expect(sum(own.map(({ chargedAmount }) => chargedAmount))).toBe(kept);
            for (const { extraAmount, chargedAmount } of own) {
              expect(chargedAmount >= 0n && chargedAmount <= extraAmount).toBe(true);
            }
          });
        }
      }),
      runs,
    );
  });

  it('never lowers what a level earns before the caps', () => {
    fc.assert(
      fc.property(situation, (one) => {
        const without = book({ ...one, overlays: [] });
        book(one).forEach(({ calculation }, line) => {
          const plain = without[line]!.calculation!.roundedAmounts;
          expect(calculation!.plainAmounts).toEqual(plain);
          calculation!.roundedAmounts.forEach((rounded, index) => {
            expect(rounded >= plain[index]!).toBe(true);
          });
        });
      }),
      runs,
    );
  });

  it('keeps levels and regional agent together within every cap', () => {
    fc.assert(
      fc.property(situation, (one) => {
        for (const { calculation } of book(one)) {
          const { totalCapAmount, marginCapAmount } = calculation!;
          for (const cap of [totalCapAmount, marginCapAmount]) {
            if (cap !== null) expect(totalOf(calculation!) <= cap).toBe(true);
          }
          for (const { amount } of earningsOf(calculation!)) expect(amount >= 0n).toBe(true);
        }
      }),
      runs,
    );
  });

  it('gives a regional agent what the levels leave of its rate, and never less than 0', () => {
    fc.assert(
      fc.property(situation, (one) => {
        for (const { calculation, terms } of book(one)) {
          const { region } = calculation!;
          expect(region === null).toBe(terms.region === undefined || terms.region.why !== null);
          if (region === null) continue;
          const { amount, wholeAmount, takenAmount } = region;
          expect(amount <= wholeAmount).toBe(true);
          if (amount > 0n) expect(takenAmount + amount <= wholeAmount).toBe(true);
        }
      }),
      runs,
    );
  });

  it('recomputes a booking to the same from its frozen terms', () => {
    fc.assert(
      fc.property(situation, (one) => {
        book(one).forEach(({ calculation, terms, baseAmount }, index) => {
          const stored = JSON.parse(JSON.stringify(terms)) as LineTerms;
          const whole = { ...one.order.lines[index]!, baseAmount };
          expect(calculateLine(one.plan, stored, whole)).toEqual(calculation);
          const charges = chargesOf(calculation!);
          expect(calculateLine(one.plan, stored, whole, charges)).toEqual(calculation);
        });
      }),
      runs,
    );
  });

  it('does not depend on the order of the lines, even where a budget runs out', () => {
    const shuffled = situation.chain((one) => {
      const { lines } = one.order;
      // Two equal lines that ask for the same budget.
      const twins = [...lines, { ...lines[0]!, externalId: 'twin' }];
      return fc.tuple(
        fc.constant({ ...one, order: { ...one.order, lines: twins } }),
        fc.shuffledSubarray(twins, { minLength: twins.length }),
      );
    });
    const byExternalId = (one: Situation) => {
      const budgets = budgetsOf(one.overlays);
      const booked = book(one, budgets);
      return {
        budgets,
        lines: new Map(one.order.lines.map(({ externalId }, i) => [externalId, booked[i]])),
      };
    };
    fc.assert(
      fc.property(shuffled, ([one, lines]) => {
        const other = byExternalId({ ...one, order: { ...one.order, lines } });
        const first = byExternalId(one);
        expect(other.budgets).toEqual(first.budgets);
        for (const [externalId, line] of first.lines) {
          expect(other.lines.get(externalId)).toEqual(line);
        }
      }),
      runs,
    );
  });

  it('never lowers the total of a line when its base grows, under percent rules', () => {
    const caps = fc.record(
      { totalBps: fc.nat(10_000), marginBps: fc.nat(10_000) },
      { requiredKeys: [] },
    );
    const percent = fc.record({
      plan: busyPlanOf(planOf(fc.array(ruleOf(percentRate), { maxLength: 6 }), caps)),
      order: inScope,
      upline,
      overlays: overlaysOf(noBudget),
      agent,
    });
    const prices = fc.tuple(
      fc.bigInt(0n, 10n ** 5n),
      fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 10n ** 5n)),
    );
    fc.assert(
      fc.property(percent, prices, (one, [price, more]) => {
        const line = { ...one.order.lines[0]!, discountAmount: 0n };
        const total = (unitPriceAmount: bigint) => {
          const lines = [{ ...line, unitPriceAmount }];
          const alone: OrderFacts = { lines, orderDiscountAmount: 0n };
          return totalOf(book({ ...one, order: alone })[0]!.calculation!);
        };
        expect(total(price) <= total(price + more)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });
});

describe('laws of refunds with overlays, budgets and regional agents', () => {
  const pieces = fc.array(
    fc.record({
      line: fc.nat(),
      amount: fc.oneof(fc.bigInt(0n, 10n), fc.bigInt(0n, 10n ** 7n)),
      quantity: fc.nat(3),
    }),
    { maxLength: 8 },
  );

  it('is exactly 0 when all is refunded, in any pieces and order', () => {
    fc.assert(
      fc.property(situation, pieces, (one, parts) => {
        const budgets = budgetsOf(one.overlays);
        const open = book(one, budgets).map((line, index) =>
          openLine(one.plan, one.order.lines[index]!, line, budgets),
        );
        for (const { line, amount, quantity } of parts) {
          open[line % open.length]!.refund(amount, quantity);
        }
        for (const line of open) line.refund(line.left.baseAmount, line.left.quantity);
        for (const line of open) {
          expect(totalOf(line.calculation())).toBe(0n);
          expect([...chargesOf(line.calculation()).values()].every((c) => c === 0n)).toBe(true);
        }
      }),
      runs,
    );
  });

  it('never overspends a budget in any sequence of orders and refunds, and all of it comes back', () => {
    const step = fc.oneof(
      fc.record({ order: fc.oneof(order, inScope), upline, agent }),
      pieces.filter(({ length }) => length > 0).map((refunds) => ({ refunds })),
    );
    const history = fc.record({
      plan: busyPlanOf(),
      overlays: overlaysOf(someBudget),
      steps: fc.array(step, { minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(history, ({ plan, overlays, steps }) => {
        const budgets = budgetsOf(overlays);
        const open: ReturnType<typeof openLine>[] = [];
        for (const one of steps) {
          if ('refunds' in one) {
            for (const { line, amount, quantity } of one.refunds) {
              open[line % open.length]?.refund(amount, quantity);
            }
          } else {
            book({ plan, overlays, ...one }, budgets).forEach((line, index) =>
              open.push(openLine(plan, one.order.lines[index]!, line, budgets)),
            );
          }
          expectSpent(overlays, budgets, open);
        }
        for (const line of open) line.refund(line.left.baseAmount, line.left.quantity);
        expect(budgets).toEqual(budgetsOf(overlays));
      }),
      runs,
    );
  });

  /** What is left and what is paid are the budget, and neither is ever below 0. */
  function expectSpent(
    overlays: readonly Overlay[],
    budgets: Budgets,
    open: readonly ReturnType<typeof openLine>[],
  ) {
    const extras = open.flatMap((line) => line.calculation().extras.flat());
    for (const { id, budgetLeftAmount } of overlays) {
      if (budgetLeftAmount === null) continue;
      const own = extras.filter(({ campaignId }) => campaignId === id);
      const paid = sum(own.map(({ chargedAmount }) => chargedAmount));
      expect(paid + budgets.get(id)!).toBe(budgetLeftAmount);
      expect(budgets.get(id)! >= 0n).toBe(true);
    }
  }
});
