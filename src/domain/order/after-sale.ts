import { type Fault, Refusal } from '../kernel/refusal';

/** A case in which the customer and the shop settle what becomes of goods, as the shop reports it. */
export interface AfterSaleInput {
  externalId: string;
  openedAt: Date;
  /** externalIds of the lines it is about; left out: all of the order */
  lines?: readonly string[] | undefined;
}

/** A case that is still open after so many days is put before an admin. */
export const openDaysAtMost = 30;

/** The content of a case as one text, the same for the same content; lines are a set. */
export function afterSaleContent(orderId: string, afterSale: AfterSaleInput): string {
  const lines = afterSale.lines === undefined ? null : [...new Set(afterSale.lines)].sort();
  return JSON.stringify([orderId, afterSale.externalId, afterSale.openedAt.toISOString(), lines]);
}

/**
 * The lines of a case, in the order's own order.
 * @throws Refusal unknown_order_line, with every line that the order does not have
 */
export function linesOfCase(
  known: readonly string[],
  { lines }: Pick<AfterSaleInput, 'lines'>,
): string[] {
  if (lines === undefined) return [...known];
  const errors = lines.flatMap((line, index): Fault[] =>
    known.includes(line)
      ? []
      : [
          {
            pointer: `/lines/${index}`,
            code: 'unknown_order_line',
            message: 'the order has no such line',
          },
        ],
  );
  if (errors.length > 0) {
    throw new Refusal('unknown_order_line', 'The order has no such line.', { errors });
  }
  return known.filter((line) => lines.includes(line));
}
