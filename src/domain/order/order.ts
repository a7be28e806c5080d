import { programNow } from '../kernel/clock';
import { type Fault, Refusal } from '../kernel/refusal';

/** One line as the shop reports it. Amounts are in the minor unit. */
export interface OrderLineInput {
  externalId: string;
  sku: string;
  productId?: string | undefined;
  category?: string | undefined;
  tags: readonly string[];
  quantity: number;
  unitPriceAmount: bigint;
  /** of the whole line */
  discountAmount: bigint;
  /** unknown: no margin cap */
  unitCostAmount?: bigint | undefined;
}

/** An order as the shop reports it, with the defaults filled in. */
export interface OrderInput {
  programId: string;
  externalId: string;
  paidAt: Date;
  currency: string;
  customerExternalId: string;
  attribution: {
    couponCode?: string | undefined;
    distributorCode?: string | undefined;
    clickId?: string | undefined;
  };
  region?: string | undefined;
  lines: readonly OrderLineInput[];
  orderDiscountAmount: bigint;
  shippingAmount: bigint;
  taxAmount: bigint;
}

/** What an order is checked against. */
export interface OrderProgram {
  currency: string;
  startsAt: Date;
  clockOffsetMs: bigint;
}

/** A moment that a shop reports may be so far ahead of the program's clock. */
export const clockToleranceMs = 600_000;

/**
 * The content of an order as one text, the same for the same content: every field in a fixed
 * place, moments in UTC, tags as a set. It tells a repeated order from another one that uses the
 * same externalId.
 */
export function orderContent(order: OrderInput): string {
  const { attribution } = order;
  return JSON.stringify([
    order.programId,
    order.externalId,
    order.paidAt.toISOString(),
    order.currency,
    order.customerExternalId,
    [attribution.couponCode, attribution.distributorCode, attribution.clickId],
    order.region,
    [order.orderDiscountAmount, order.shippingAmount, order.taxAmount].map(String),
    order.lines.map((line) => [
      line.externalId,
      line.sku,
      line.productId,
      line.category,
      [...new Set(line.tags)].sort(),
      line.quantity,
      String(line.unitPriceAmount),
      String(line.discountAmount),
      line.unitCostAmount === undefined ? null : String(line.unitCostAmount),
    ]),
  ]);
}

/** Whether the program can take this order now; undefined when it can. */
export function whyRefused(
  order: Pick<OrderInput, 'paidAt' | 'currency'>,
  program: OrderProgram,
  realNow: Date,
): Refusal | undefined {
  if (isInTheFuture(order.paidAt, program, realNow)) {
    return refusal('in_the_future', 'The order was paid later than the clock.', '/paidAt');
  }
  if (order.paidAt < program.startsAt) {
    return refusal(
      'before_program_start',
      'The order was paid before the program started.',
      '/paidAt',
    );
  }
  if (order.currency !== program.currency) {
    return refusal('currency_mismatch', `The program is in ${program.currency}.`, '/currency');
  }
  return undefined;
}

/** Whether a reported moment is later than the program's clock allows. */
export function isInTheFuture(
  moment: Date,
  program: Pick<OrderProgram, 'clockOffsetMs'>,
  realNow: Date,
): boolean {
  return moment.getTime() > programNow(program, realNow).getTime() + clockToleranceMs;
}

function refusal(
  code: 'in_the_future' | 'before_program_start' | 'currency_mismatch',
  message: string,
  pointer: string,
): Refusal {
  const fault: Fault = { pointer, code, message };
  return new Refusal(code, message, { errors: [fault] });
}
