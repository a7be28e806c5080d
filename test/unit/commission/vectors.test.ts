import { type BookedLine, bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  type Charges,
  chargesOf,
  type LineTerms,
  type OrderFacts,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
import type { Overlay } from '../../../src/domain/commission/overlay';
import type { PlanBody, PlanRule } from '../../../src/domain/commission/plan';
import { readVectors } from '../../vectors/read';

interface VectorLine {
  externalId: string;
  sku: string;
  productId: string;
  category: string;
  tags: string[];
  quantity: number;
  unitPriceAmount: number;
  discountAmount?: number;
  unitCostAmount?: number;
}

interface VectorCase {
  name: string;
  plan: Omit<PlanBody, 'rules' | 'tiers' | 'bonuses'> & {
    rules: (Omit<PlanRule, 'priority'> & { priority?: number })[];
  };
  upline: { id: string; tier: string; active: boolean }[];
  buyer: string | null;
  order: { lines: VectorLine[]; orderDiscountAmount: number };
  overlays: (Omit<Overlay, 'startsAt' | 'stacks' | 'budgetLeftAmount'> & {
    startsAt: string;
    stacks?: boolean;
  })[];
  expected: {
    line: string;
    level: number;
    distributorId: string;
    ruleId: string;
    amount: number;
    baseAmount: number;
  }[];
  refunds: {
    lines: { externalId: string; quantity: number; amount: number }[];
    remaining: { line: string; level: number; amount: number }[];
  }[];
}

const { cases } = readVectors('commission.json') as { cases: VectorCase[] };

const byLineAndLevel = <T extends { line: string; level: number }>(rows: T[]): T[] =>
  [...rows].sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : a.level - b.level));

function planOf({ plan }: VectorCase): PlanBody {
  const rules = plan.rules.map((rule) => ({ ...rule, priority: rule.priority ?? 0 }));
  return { ...plan, rules, tiers: [], bonuses: [] };
}

function uplineOf({ upline, buyer }: VectorCase): UplineMember[] {
  return upline.map(({ id, tier, active }) => ({
    distributorId: id,
    tier,
    earns: active,
    isBuyer: id === buyer,
  }));
}

function orderOf({ order }: VectorCase): OrderFacts {
  return {
    orderDiscountAmount: BigInt(order.orderDiscountAmount),
    lines: order.lines.map((line) => ({
      ...line,
      unitPriceAmount: BigInt(line.unitPriceAmount),
      discountAmount: BigInt(line.discountAmount ?? 0),
      unitCostAmount: line.unitCostAmount === undefined ? undefined : BigInt(line.unitCostAmount),
      inScope: true,
    })),
  };
}

function overlaysOf({ overlays }: VectorCase): Overlay[] {
  return overlays.map(({ startsAt, stacks = false, ...rest }) => ({
    ...rest,
    startsAt: new Date(startsAt),
    stacks,
    budgetLeftAmount: null,
  }));
}

/** What is left of each line, and what it earns, while refunds take from it. */
function openOrder(one: VectorCase) {
  const plan = planOf(one);
  const order = orderOf(one);
  const booked = bookOrder(plan, uplineOf(one), order, { overlays: overlaysOf(one) });
  const lines = order.lines.map((line, index) => ({
    ...line,
    baseAmount: booked[index]!.baseAmount,
    // The terms are stored as JSON between the booking and a refund.
    terms: JSON.parse(JSON.stringify(booked[index]!.terms)) as LineTerms,
    charges: chargesOf(booked[index]!.calculation!),
  }));
  const earned = (index: number, commissions: BookedLine['commissions']) =>
    commissions.map((commission) => ({
      line: lines[index]!.externalId,
      ...commission,
      amount: Number(commission.amount),
      baseAmount: Number(lines[index]!.baseAmount),
    }));
  const again = (line: (typeof lines)[number], charges?: Charges) =>
    calculateLine(plan, line.terms, line, charges);
  return {
    booked: () => booked.flatMap(({ commissions }, index) => earned(index, commissions)),
    recomputed: () => lines.flatMap((line, index) => earned(index, again(line).commissions)),
    refund: (part: { externalId: string; quantity: number; amount: number }) => {
      const index = lines.findIndex(({ externalId }) => externalId === part.externalId);
      const line = lines[index]!;
      line.baseAmount -= BigInt(part.amount);
      line.quantity -= part.quantity;
      const calculation = again(line, line.charges);
      line.charges = chargesOf(calculation);
      return earned(index, calculation.commissions);
    },
  };
}

describe('the published vectors of the calculation', () => {
  it('has 40 cases, all of which run', () => {
    expect(cases).toHaveLength(40);
  });

  it.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const order = openOrder(one);
    const booked = order.booked().map(({ rateBps: _rate, ...rest }) => rest);
    expect(byLineAndLevel(booked)).toEqual(byLineAndLevel(one.expected));
    expect(order.recomputed()).toEqual(order.booked());
    for (const { lines, remaining } of one.refunds) {
      const left = lines.flatMap(order.refund);
      expect(
        byLineAndLevel(left.map(({ line, level, amount }) => ({ line, level, amount }))),
      ).toEqual(byLineAndLevel(remaining));
    }
  });
});
