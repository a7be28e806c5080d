import fc from 'fast-check';
import { bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  chargesOf,
  earningsOf,
  type LineTerms,
} from '../../../src/domain/commission/calculation';
import { type Answer, type Case, expected, partOf } from './second-calculation';
import { cases } from './second-cases';

function product(one: Case): Answer {
  const budgets = new Map(
    one.overlays.flatMap((o) => (o.budgetLeftAmount === null ? [] : [[o.id, o.budgetLeftAmount]])),
  );
  const agent =
    one.agentBps === null
      ? undefined
      : {
          distributorId: 'agent',
          tier: 'a',
          earns: true,
          isBuyer: false,
          region: 'r',
          bps: one.agentBps,
        };
  const order = { lines: one.lines, orderDiscountAmount: one.orderDiscount };
  const lines = bookOrder(one.plan, one.upline, order, { overlays: one.overlays, budgets, agent });
  const say = (calculation: ReturnType<typeof calculateLine>) =>
    earningsOf(calculation).map(
      ({ level, distributorId, ruleId, amount }) => `${level} ${distributorId} ${ruleId} ${amount}`,
    );
  const states = lines.map((line, i) => ({
    terms: JSON.parse(JSON.stringify(line.terms)) as LineTerms,
    calculation: line.calculation!,
    left: { ...one.lines[i]!, baseAmount: line.baseAmount },
  }));
  const refunded = one.refunds.map((refund) => {
    const state = states[refund.line % states.length]!;
    const { quantity, amount } = partOf(refund, state.left.quantity, state.left.baseAmount);
    state.left.baseAmount -= amount;
    state.left.quantity -= quantity;
    const before = chargesOf(state.calculation);
    const extrasBefore = state.calculation.extras.flat();
    state.calculation = calculateLine(one.plan, state.terms, state.left, before);
    state.calculation.extras.flat().forEach(({ campaignId, limited, chargedAmount }, i) => {
      if (!limited) return;
      const back = extrasBefore[i]!.chargedAmount - chargedAmount;
      budgets.set(campaignId, budgets.get(campaignId)! + back);
    });
    return say(state.calculation);
  });
  return { booked: lines.map(({ calculation }) => say(calculation!)), refunded, budgets };
}

it('agrees with a second calculation on random plans, orders, campaigns, agents and refunds', () => {
  fc.assert(
    fc.property(cases, (one) => {
      expect(product(one)).toEqual(expected(one));
    }),
    { numRuns: Number(process.env['SECOND_RUNS'] ?? 1000) },
  );
});
