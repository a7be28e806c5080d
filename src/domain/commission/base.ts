import { splitByLargestRemainder } from '../kernel/money';
import { Refusal } from '../kernel/refusal';
import { compareCodePoints } from '../kernel/text';

/** One line of an order as the shop reported it. Amounts are in the minor unit. */
export interface OrderLineFacts {
  externalId: string;
  sku: string;
  productId?: string;
  category?: string;
  tags: readonly string[];
  quantity: number;
  unitPriceAmount: bigint;
  /** Of the whole line, not per unit. */
  discountAmount: bigint;
  /** Unknown: the margin cap does not apply. */
  unitCostAmount?: bigint;
  /** Whether the program covers this product. */
  inScope: boolean;
}

export interface OrderFacts {
  lines: readonly OrderLineFacts[];
  orderDiscountAmount: bigint;
}

/** quantity x unit price - line discount: what a line weighs in the split of the order discount. */
export function lineAmount(line: OrderLineFacts): bigint {
  return BigInt(line.quantity) * line.unitPriceAmount - line.discountAmount;
}

/**
 * What each line keeps after its share of the order discount, in the order of the lines. Shares go
 * by largest remainder over the lines' amounts, ties to the externalId that is first in code-point
 * order, so that the order of the lines does not matter.
 * @throws Refusal discount_exceeds_lines when a line or the whole order would fall below 0
 */
export function baseAmounts(order: OrderFacts): bigint[] {
  const amounts = order.lines.map(lineAmount);
  const faults = amounts.flatMap((amount, index) =>
    amount < 0n ? [discountFault(`/lines/${index}/discountAmount`)] : [],
  );
  if (faults.length > 0) {
    throw new Refusal('discount_exceeds_lines', 'a line discount is above its line', {
      errors: faults,
    });
  }
  if (order.orderDiscountAmount > sum(amounts)) {
    throw new Refusal('discount_exceeds_lines', 'the order discount is above the lines together', {
      errors: [discountFault('/orderDiscountAmount')],
    });
  }
  const shares = discountShares(order, amounts);
  return amounts.map((amount, index) => amount - (shares[index] ?? 0n));
}

function discountShares(order: OrderFacts, amounts: readonly bigint[]): bigint[] {
  const positions = order.lines
    .map((line, index) => ({ index, externalId: line.externalId }))
    .sort((a, b) => compareCodePoints(a.externalId, b.externalId))
    .map(({ index }) => index);
  const parts = splitByLargestRemainder(
    order.orderDiscountAmount,
    positions.map((index) => amounts[index] ?? 0n),
  );
  const shares = amounts.map(() => 0n);
  positions.forEach((index, rank) => (shares[index] = parts[rank] ?? 0n));
  return shares;
}

function discountFault(pointer: string) {
  return { pointer, code: 'discount_exceeds_lines', message: 'is more than what it is taken from' };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
