import { groupBy } from '../kernel/group';
import { baseAmounts, type OrderLineFacts } from './base';
import {
  calculateLine,
  chargesOf,
  type LineCalculation,
  type LineTerms,
  type RemainingLine,
  type UplineMember,
} from './calculation';
import type { PlanBody } from './plan';
import { freezeTerms } from './terms';

/** A line as it was stored, with what was decided about it when it was booked. */
export interface StoredLine extends OrderLineFacts {
  id: string;
  baseAmount: bigint;
  terms: LineTerms;
  refundedQuantity: number;
  refundedAmount: bigint;
}

/** What one refund took from the line. */
export interface LineRefund {
  refundId: string;
  externalId: string;
  refundedAt: Date;
  quantity: number;
  amount: bigint;
}

/** Everything that decides about the amounts of an order. */
export interface OrderRecomputeFacts {
  plan: PlanBody;
  upline: readonly UplineMember[];
  orderDiscountAmount: bigint;
  lines: readonly StoredLine[];
  /** In the order in which they were booked. */
  refunds: readonly (LineRefund & { orderLineId: string })[];
}

/** Everything that decides about the amounts of one line. */
export interface LineFacts extends Omit<OrderRecomputeFacts, 'refunds'> {
  lineId: string;
  /** Of this line, in the order in which they were booked. */
  refunds: readonly LineRefund[];
}

/** The line as it was calculated, again, from the stored facts alone. */
export interface Recomputation {
  line: StoredLine;
  /** The line as the calculation saw it. */
  product: OrderLineFacts;
  baseAmount: bigint;
  terms: LineTerms;
  booking: LineCalculation;
  refunds: { refund: LineRefund; remaining: RemainingLine; result: LineCalculation }[];
  /** What counts now. */
  current: LineCalculation;
  remaining: RemainingLine;
}

/** Calculates a line and its refunds again by the functions that booked them. */
export function recompute(facts: LineFacts): Recomputation {
  const index = facts.lines.findIndex(({ id }) => id === facts.lineId);
  if (index < 0) throw new Error(`the order has no line ${facts.lineId}`);
  return recomputeLine(facts, facts.lines[index]!, baseAmounts(facts)[index]!, facts.refunds);
}

/** `recompute` of all lines of an order, in their order. */
export function recomputeOrder(facts: OrderRecomputeFacts): Recomputation[] {
  const bases = baseAmounts(facts);
  const refunds = groupBy(facts.refunds, ({ orderLineId }) => orderLineId);
  return facts.lines.map((line, index) =>
    recomputeLine(facts, line, bases[index]!, refunds.get(line.id) ?? []),
  );
}

function recomputeLine(
  facts: Pick<OrderRecomputeFacts, 'plan' | 'upline'>,
  line: StoredLine,
  baseAmount: bigint,
  lineRefunds: readonly LineRefund[],
): Recomputation {
  const { plan } = facts;
  const terms = withGrants(freezeTerms(plan, facts.upline, line), line.terms);
  const { quantity, unitCostAmount } = line;
  let remaining: RemainingLine = { baseAmount, quantity, unitCostAmount };
  const booking = calculateLine(plan, terms, remaining);
  let current = booking;
  const refunds = lineRefunds.map((refund) => {
    remaining = {
      baseAmount: remaining.baseAmount - refund.amount,
      quantity: remaining.quantity - refund.quantity,
      unitCostAmount,
    };
    current = calculateLine(plan, terms, remaining, chargesOf(current));
    return { refund, remaining, result: current };
  });
  return { line, product: line, baseAmount, terms, booking, refunds, current, remaining };
}

/**
 * What budgets had left and who was the agent of a region at that moment is known from the frozen
 * terms alone; who earns a level by which rule is decided again.
 */
function withGrants(terms: LineTerms, stored: LineTerms): LineTerms {
  for (const { level, overlays } of stored.levels) {
    const own = terms.levels.find((one) => one.level === level);
    if (own !== undefined && overlays !== undefined) own.overlays = overlays;
  }
  if (stored.region !== undefined) terms.region = stored.region;
  return terms;
}
