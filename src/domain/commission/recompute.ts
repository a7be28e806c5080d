import {
  baseAmounts,
  calculateLine,
  freezeTerms,
  type LineCalculation,
  type LineTerms,
  type OrderLineFacts,
  type RemainingLine,
  type UplineMember,
} from './calculation';
import type { PlanBody } from './plan';

/** A line as it was stored, with what was decided about it when it was booked. */
export interface StoredLine extends Omit<OrderLineFacts, 'inScope'> {
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

/** Everything that decides about the amounts of one line. */
export interface LineFacts {
  plan: PlanBody;
  upline: readonly UplineMember[];
  orderDiscountAmount: bigint;
  lines: readonly StoredLine[];
  lineId: string;
  /** In the order in which they were booked. */
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
  const line = facts.lines[index];
  if (line === undefined) throw new Error(`the order has no line ${facts.lineId}`);
  const lines = facts.lines.map((one) => ({ ...one, inScope: wasInScope(one.terms) }));
  const product = lines[index] as OrderLineFacts;
  const baseAmount =
    baseAmounts({ lines, orderDiscountAmount: facts.orderDiscountAmount })[index] ?? 0n;
  const terms = freezeTerms(facts.plan, facts.upline, product);
  const { quantity, unitCostAmount } = line;
  let remaining: RemainingLine = { baseAmount, quantity, unitCostAmount };
  const booking = calculateLine(facts.plan, terms, remaining);
  const refunds = facts.refunds.map((refund) => {
    remaining = {
      baseAmount: remaining.baseAmount - refund.amount,
      quantity: remaining.quantity - refund.quantity,
      unitCostAmount,
    };
    return { refund, remaining, result: calculateLine(facts.plan, terms, remaining) };
  });
  const current = refunds.at(-1)?.result ?? booking;
  return { line, product, baseAmount, terms, booking, refunds, current, remaining };
}

/** What a level earns in a calculation, before and after the caps; 0 when it earns nothing. */
export function levelAmounts(
  calculation: LineCalculation,
  level: number,
): { roundedAmount: bigint; amount: bigint } {
  const index = calculation.commissions.findIndex((commission) => commission.level === level);
  return {
    roundedAmount: calculation.roundedAmounts[index] ?? 0n,
    amount: calculation.commissions[index]?.amount ?? 0n,
  };
}

// The products of a program can change later; the frozen terms say what held for this line.
function wasInScope(terms: LineTerms): boolean {
  return !terms.levels.some(({ passedOver }) =>
    passedOver.some(({ why }) => why === 'out_of_scope'),
  );
}
