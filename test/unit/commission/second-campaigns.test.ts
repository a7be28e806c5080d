import fc from 'fast-check';
import { bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  chargesOf,
  type LineCalculation,
  type LineTerms,
} from '../../../src/domain/commission/calculation';
import { budgetsOf } from '../../../src/domain/commission/overlay';
import { partOf } from './second-calculation';
import { agentWith, lived, type Story, type Told } from './second-campaigns';
import { stories } from './second-cases';

/** The same story through the product's functions, as the database would call them. */
function product({ plan, overlays, steps }: Story): Told {
  const budgets = budgetsOf(overlays);
  const orders: ReturnType<typeof open>[][] = [];
  const open = (terms: LineTerms, calculation: LineCalculation, left: Left) => ({
    terms: JSON.parse(JSON.stringify(terms)) as LineTerms,
    calculation,
    left,
  });
  return steps.map((step) => {
    let lines: string[][] = [];
    if ('order' in step) {
      const { upline, agentBps, orderDiscount, ...order } = step.order;
      const agent = agentBps === null ? undefined : agentWith(agentBps);
      const now = overlays.map((one) => ({
        ...one,
        budgetLeftAmount: budgets.get(one.id) ?? null,
      }));
      const facts = { lines: order.lines, orderDiscountAmount: orderDiscount };
      const booked = bookOrder(plan, upline, facts, { overlays: now, budgets, agent });
      orders.push(
        booked.map(({ terms, calculation, baseAmount }, i) =>
          open(terms, calculation!, { ...order.lines[i]!, baseAmount }),
        ),
      );
      lines = booked.map(({ calculation }) => said(calculation!));
    } else if (orders.length > 0) {
      const sold = orders[step.refund.order % orders.length]!;
      const line = sold[step.refund.line % sold.length]!;
      const { quantity, amount } = partOf(step.refund, line.left.quantity, line.left.baseAmount);
      line.left.quantity -= quantity;
      line.left.baseAmount -= amount;
      const before = line.calculation;
      line.calculation = calculateLine(plan, line.terms, line.left, chargesOf(before));
      const paid = before.extras.flat().map(({ chargedAmount }) => chargedAmount);
      line.calculation.extras.flat().forEach(({ campaignId, limited, chargedAmount }, i) => {
        if (!limited) return;
        budgets.set(campaignId, budgets.get(campaignId)! + paid[i]! - chargedAmount);
      });
      lines = [said(line.calculation)];
    }
    return { lines, budgets: [...budgets].map(([id, amount]) => `${id} ${amount}`) };
  });
}

interface Left {
  quantity: number;
  baseAmount: bigint;
}

function said({ commissions, extras, region }: LineCalculation): string[] {
  const words = commissions.map(({ level, distributorId, ruleId, amount }, i) => {
    const paid = extras[i]!.filter(({ chargedAmount }) => chargedAmount > 0n);
    const campaigns = paid.map((one) => `${one.campaignId}=${one.chargedAmount}`).sort();
    return [level, distributorId, ruleId, amount, ...campaigns].join(' ');
  });
  return region === null ? words : [...words, `agent ${region.amount}`];
}

it('agrees with a second calculation on campaigns that count together, through any story', () => {
  fc.assert(
    fc.property(stories, (story) => {
      expect(product(story)).toEqual(lived(story));
    }),
    { numRuns: Number(process.env['SECOND_RUNS'] ?? 700) },
  );
});
