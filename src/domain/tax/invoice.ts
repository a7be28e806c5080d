/** An invoice with what is left of it, fen. */
export interface OpenInvoice {
  id: string;
  leftAmount: bigint;
}

/** A part of an invoice, fen; more than 0. */
export interface InvoicePart {
  invoiceId: string;
  amount: bigint;
}

/**
 * Covers an amount with invoices in the order given, each up to what is left of it.
 * @returns undefined when they do not cover it
 */
export function coverWith(
  invoices: readonly OpenInvoice[],
  amount: bigint,
): InvoicePart[] | undefined {
  const parts = takeInOrder(
    invoices.map(({ id, leftAmount }) => ({ invoiceId: id, amount: leftAmount })),
    amount,
  );
  return sumOf(parts) === amount ? parts : undefined;
}

/**
 * Which parts of what a payment used are free again when an amount of it comes back: the last used
 * first. Of several give-backs of one statement each gets its own share.
 * @param used net uses in the order in which they were taken
 */
export function releaseFrom(used: readonly InvoicePart[], amount: bigint): InvoicePart[] {
  return takeInOrder([...used].reverse(), amount);
}

function takeInOrder(parts: readonly InvoicePart[], wanted: bigint): InvoicePart[] {
  let missing = wanted;
  return parts.flatMap(({ invoiceId, amount }) => {
    const taken = amount < missing ? amount : missing;
    if (taken <= 0n) return [];
    missing -= taken;
    return [{ invoiceId, amount: taken }];
  });
}

function sumOf(parts: readonly InvoicePart[]): bigint {
  return parts.reduce((sum, { amount }) => sum + amount, 0n);
}
