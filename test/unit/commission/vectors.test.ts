import {
  baseAmounts,
  computeLine,
  freezeTerms,
  type LineTerms,
  type OrderFacts,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
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
  overlays: unknown[];
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
const runnable = cases.filter(({ overlays }) => overlays.length === 0);

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

/** What is left of each line, and what it earns, while refunds take from it. */
function openOrder(one: VectorCase) {
  const plan = planOf(one);
  const order = orderOf(one);
  const bases = baseAmounts(order);
  const lines = order.lines.map((line, index) => ({
    ...line,
    baseAmount: bases[index]!,
    // The terms are stored as JSON between the booking and a refund.
    terms: JSON.parse(JSON.stringify(freezeTerms(plan, uplineOf(one), line))) as LineTerms,
  }));
  const earned = () =>
    byLineAndLevel(
      lines.flatMap((line) =>
        computeLine(plan, line.terms, line).map((commission) => ({
          line: line.externalId,
          ...commission,
          amount: Number(commission.amount),
          baseAmount: Number(line.baseAmount),
        })),
      ),
    );
  const refund = (part: { externalId: string; quantity: number; amount: number }) => {
    const line = lines.find(({ externalId }) => externalId === part.externalId)!;
    line.baseAmount -= BigInt(part.amount);
    line.quantity -= part.quantity;
  };
  return { earned, refund };
}

describe('the published vectors of the calculation', () => {
  it('has cases without overlays, all of which run', () => {
    expect(runnable).toHaveLength(34);
  });

  it.each(runnable.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const order = openOrder(one);
    const booked = order.earned().map(({ rateBps: _rate, ...rest }) => rest);
    expect(booked).toEqual(byLineAndLevel(one.expected));
    for (const { lines, remaining } of one.refunds) {
      lines.forEach(order.refund);
      const left = order.earned().map(({ line, level, amount }) => ({ line, level, amount }));
      expect(left).toEqual(byLineAndLevel(remaining));
    }
  });
});
