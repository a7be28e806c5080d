import type { RefundDraft } from './cancellations';
import type { Sale } from './invoices';
import type { People } from './people';
import { tagsOf } from './setup';

/**
 * The order of a sale. The first one of a customer carries its distributor's code, which binds the
 * customer; the others find their distributor by that binding. A customer that the shop did not
 * know is a guest of this one invoice and nobody's.
 */
export function orderOf(
  sale: Sale,
  context: { people: People; programId: string; distributorCode: string | undefined },
) {
  const { people, programId, distributorCode } = context;
  return {
    programId,
    externalId: `${people.tag}-${sale.invoice}`,
    paidAt: sale.paidAt,
    currency: 'CNY',
    customer: { externalId: `${people.tag}-${sale.customer ?? `guest-${sale.invoice}`}` },
    ...(distributorCode === undefined ? {} : { attribution: { distributorCode } }),
    lines: sale.lines.map(({ line, sku, quantity, unitPriceAmount }) => ({
      externalId: String(line),
      sku,
      tags: tagsOf(quantity),
      quantity,
      unitPriceAmount,
    })),
    shippingAmount: sale.shippingAmount,
  };
}

export type OrderBody = ReturnType<typeof orderOf>;

/** The orders of all sales in the order of time, with a code on the first of each customer. */
export function ordersOf(
  sales: readonly Sale[],
  context: { people: People; programId: string; codeOf: (index: number) => string | undefined },
): OrderBody[] {
  const { people, programId, codeOf } = context;
  const known = new Set<string>();
  return sales.map((sale) => {
    const { customer } = sale;
    const first = customer !== undefined && !known.has(customer);
    if (customer !== undefined) known.add(customer);
    const person = first ? people.distributorOf(customer) : undefined;
    const distributorCode = person === undefined ? undefined : codeOf(person.index);
    return orderOf(sale, { people, programId, distributorCode });
  });
}

export function refundOf(draft: RefundDraft, tag: string) {
  return {
    externalId: `${tag}-${draft.cancellation}-${draft.invoice}`,
    refundedAt: draft.refundedAt,
    lines: draft.lines.map(({ line, quantity, amount }) => ({
      externalId: String(line),
      quantity,
      amount,
    })),
  };
}

const ordersPerBatch = 500;
const linesPerBatch = 4000;

/** Cuts a list of orders into batches that one request can carry. */
export function batchesOf<T extends { lines: readonly unknown[] }>(orders: readonly T[]): T[][] {
  const batches: T[][] = [];
  let lines = linesPerBatch + 1;
  for (const order of orders) {
    const last = batches.at(-1);
    lines += order.lines.length;
    if (last === undefined || last.length >= ordersPerBatch || lines > linesPerBatch) {
      batches.push([order]);
      lines = order.lines.length;
    } else {
      last.push(order);
    }
  }
  return batches;
}
