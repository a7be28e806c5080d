import { type Fault, Refusal } from '../kernel/refusal';
import { isInTheFuture, type OrderProgram } from './order';
import type { RefundedLine } from './status';

export interface RefundLineInput {
  /** the line's own externalId */
  externalId: string;
  /** pieces that came back; 0 for a price reduction */
  quantity: number;
  /** what the line's base loses, in the minor unit */
  amount: bigint;
}

export interface RefundInput {
  externalId: string;
  refundedAt: Date;
  lines: readonly RefundLineInput[];
}

/** The content of a refund as one text, the same for the same content. */
export function refundContent(orderId: string, refund: RefundInput): string {
  return JSON.stringify([
    orderId,
    refund.externalId,
    refund.refundedAt.toISOString(),
    refund.lines.map(({ externalId, quantity, amount }) => [externalId, quantity, String(amount)]),
  ]);
}

/** What is refused when it is dated before the payment of its order. */
type TooEarly = 'refund_before_payment' | 'receipt_before_payment' | 'after_sale_before_payment';

/** When something after the payment may have happened: not before it, not in the future. */
export function checkMoment(
  moment: Date,
  {
    paidAt,
    program,
    realNow,
  }: {
    paidAt: Date;
    program: Pick<OrderProgram, 'clockOffsetMs'>;
    realNow: Date;
  },
  { code, pointer }: { code: TooEarly; pointer: string },
): void {
  if (moment < paidAt) refuse(code, 'This is before the order was paid.', pointer);
  if (isInTheFuture(moment, program, realNow)) {
    refuse('in_the_future', 'This is later than the clock.', pointer);
  }
}

function refuse(code: TooEarly | 'in_the_future', message: string, pointer: string): never {
  throw new Refusal(code, message, { errors: [{ pointer, code, message }] });
}

/**
 * Finds the lines of a refund and checks that none loses more than it has left.
 * @throws Refusal unknown_order_line, refund_exceeds_line; each with every fault
 */
export function checkRefundLines<L extends RefundedLine & { externalId: string }>(
  lines: readonly L[],
  refund: Pick<RefundInput, 'lines'>,
): { line: L; quantity: number; amount: bigint }[] {
  const known = new Map(lines.map((line) => [line.externalId, line]));
  const unknown = refund.lines.flatMap(({ externalId }, index): Fault[] =>
    known.has(externalId)
      ? []
      : [
          {
            pointer: `/lines/${index}/externalId`,
            code: 'unknown_order_line',
            message: 'the order has no such line',
          },
        ],
  );
  if (unknown.length > 0) {
    throw new Refusal('unknown_order_line', 'The order has no such line.', { errors: unknown });
  }
  const found = refund.lines.map(({ externalId, quantity, amount }) => ({
    line: known.get(externalId)!,
    quantity,
    amount,
  }));
  const exceeding = found.flatMap(exceedingFaults);
  if (exceeding.length > 0) {
    throw new Refusal('refund_exceeds_line', 'A line would lose more than it has left.', {
      errors: exceeding,
    });
  }
  return found;
}

function exceedingFaults(
  { line, quantity, amount }: { line: RefundedLine; quantity: number; amount: bigint },
  index: number,
): Fault[] {
  const left = remaining(line);
  const faults: Fault[] = [];
  if (quantity > left.quantity) {
    faults.push(exceeds(`/lines/${index}/quantity`, `only ${left.quantity} remain`));
  }
  if (amount > left.baseAmount) {
    faults.push(exceeds(`/lines/${index}/amount`, `only ${left.baseAmount} remain`));
  }
  return faults;
}

function exceeds(pointer: string, message: string): Fault {
  return { pointer, code: 'refund_exceeds_line', message };
}

/** What of a line still counts. */
export function remaining(line: RefundedLine): { baseAmount: bigint; quantity: number } {
  return {
    baseAmount: line.baseAmount - line.refundedAmount,
    quantity: line.quantity - line.refundedQuantity,
  };
}
