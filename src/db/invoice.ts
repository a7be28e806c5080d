import { Refusal } from '../domain/kernel/refusal';
import { coverWith, type InvoicePart, releaseFrom } from '../domain/tax/invoice';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';

/** An invoice of a company or individual business, with what payments have used of it. Fen. */
export interface InvoiceRow {
  id: string;
  distributorId: string;
  number: string;
  amount: bigint;
  usedAmount: bigint;
  issuedAt: Date;
  actor: string;
  createdAt: Date;
}

export interface NewInvoice {
  storeId: string;
  payerId: string;
  distributorId: string;
  number: string;
  amount: bigint;
  issuedAt: Date;
  actor: string;
  realNow: Date;
}

const columns = `i.id, i.distributor_id, i.number, i.amount, i.issued_at, i.actor, i.created_at,
  coalesce((SELECT sum(u.amount) FROM invoice_use u WHERE u.invoice_id = i.id), 0)::bigint AS used_amount`;

/**
 * Records an invoice against which its issuer is paid. One number of one taxpayer counts once,
 * whatever the account; the same again answers the first.
 * @throws Refusal `no_invoice_needed`, `invoice_conflict`
 */
export async function recordInvoice(
  tx: Tx,
  input: NewInvoice,
): Promise<{ invoice: InvoiceRow; created: boolean }> {
  const { storeId, payerId, distributorId, number, amount, issuedAt, actor, realNow } = input;
  const profile = await tx.first<{ kind: string; person: string }>(
    'SELECT kind, id_number_index AS person FROM tax_profile WHERE distributor_id = $1',
    [distributorId],
  );
  if (profile === undefined || profile.kind === 'individual') {
    throw new Refusal(
      'no_invoice_needed',
      'Only a company or an individual business, by its tax profile, is paid against invoices.',
    );
  }
  const id = newId('invoice');
  const made = await tx.run(
    `INSERT INTO invoice (id, store_id, payer_id, distributor_id, person, number, amount, issued_at,
       actor, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (payer_id, person, number) DO NOTHING`,
    [id, storeId, payerId, distributorId, profile.person, number, amount, issuedAt, actor, realNow],
  );
  const invoice = await tx.first<InvoiceRow>(
    `SELECT ${columns} FROM invoice i
     WHERE i.payer_id = $1 AND i.person = $2 AND i.number = $3`,
    [payerId, profile.person, number],
  );
  if (invoice === undefined) throw new Error(`invoice ${id} was not kept`);
  const same =
    invoice.distributorId === distributorId &&
    invoice.amount === amount &&
    invoice.issuedAt.getTime() === issuedAt.getTime();
  if (!same) {
    throw new Refusal('invoice_conflict', 'This invoice number is recorded with other content.');
  }
  return { invoice, created: made === 1 };
}

/** Invoices of a distributor, the latest first, before a cursor. */
export function invoicesOf(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<InvoiceRow[]> {
  return read.rows<InvoiceRow>(
    `SELECT ${columns} FROM invoice i
     WHERE i.distributor_id = $1 AND ($2::text IS NULL OR i.id < $2) ORDER BY i.id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}

/** @throws Refusal `not_found` */
export async function invoiceOf(
  read: Tx,
  distributorId: string,
  invoiceId: string,
): Promise<InvoiceRow> {
  const invoice = await read.first<InvoiceRow>(
    `SELECT ${columns} FROM invoice i WHERE i.distributor_id = $1 AND i.id = $2`,
    [distributorId, invoiceId],
  );
  if (invoice === undefined) throw new Refusal('not_found', 'There is no such invoice.');
  return invoice;
}

/**
 * What is left of the invoices of distributors, less what they were locked for and not yet paid:
 * that may be below 0. Who has neither is not in the answer.
 */
export async function invoicedAmounts(
  read: Tx,
  distributorIds: readonly string[],
): Promise<Map<string, bigint>> {
  if (distributorIds.length === 0) return new Map();
  const rows = await read.rows<{ distributorId: string; amount: bigint }>(
    `SELECT distributor_id, sum(amount)::bigint AS amount FROM (
       SELECT i.distributor_id, i.amount FROM invoice i WHERE i.distributor_id = ANY($1)
       UNION ALL
       SELECT i.distributor_id, -u.amount FROM invoice i JOIN invoice_use u ON u.invoice_id = i.id
       WHERE i.distributor_id = ANY($1)
       UNION ALL
       SELECT t.distributor_id, -t.gross_amount FROM statement t
       WHERE t.distributor_id = ANY($1) AND t.status IN ('locked', 'computed')
     ) moved GROUP BY distributor_id`,
    [distributorIds],
  );
  return new Map(rows.map(({ distributorId, amount }) => [distributorId, amount]));
}

interface Covered {
  id: string;
  distributorId: string;
  grossAmount: bigint;
}

/**
 * The parts of invoices with which statements would be paid, under the invoices' locks: who is not
 * covered to the end is not in the answer. Oldest invoices first.
 */
export async function coverStatements(
  tx: Tx,
  statements: readonly Covered[],
): Promise<Map<string, InvoicePart[]>> {
  const covered = new Map<string, InvoicePart[]>();
  if (statements.length === 0) return covered;
  const ids = statements.map(({ distributorId }) => distributorId);
  await tx.run(
    'SELECT 1 FROM invoice WHERE distributor_id = ANY($1) ORDER BY id FOR NO KEY UPDATE',
    [ids],
  );
  const invoices = await tx.rows<InvoiceRow>(
    `SELECT ${columns} FROM invoice i WHERE i.distributor_id = ANY($1)
     ORDER BY i.issued_at, i.id`,
    [ids],
  );
  for (const { id, distributorId, grossAmount } of statements) {
    const own = invoices
      .filter((invoice) => invoice.distributorId === distributorId)
      .map((invoice) => ({ id: invoice.id, leftAmount: invoice.amount - invoice.usedAmount }));
    const parts = coverWith(own, grossAmount);
    if (parts !== undefined) covered.set(id, parts);
  }
  return covered;
}

const useColumns = {
  invoiceId: 'text',
  statementId: 'text',
  reference: 'text',
  amount: 'int8',
  createdAt: 'timestamptz',
} as const;

/** Records what statements use of invoices, each once. */
export async function useInvoices(
  tx: Tx,
  covered: ReadonlyMap<string, readonly InvoicePart[]>,
  createdAt: Date,
): Promise<void> {
  const rows = [...covered].flatMap(([statementId, parts]) =>
    parts.map(({ invoiceId, amount }) => ({
      invoiceId,
      statementId,
      reference: `statement:${statementId}:invoice:${invoiceId}`,
      amount,
      createdAt,
    })),
  );
  await insertMany(tx, 'invoice_use', useColumns, rows);
}

/** What a payment used is free again, as far as the payment came back. */
export async function giveInvoicesBack(
  tx: Tx,
  given: { statementId: string; grossAmount: bigint; reference: string; at: Date },
): Promise<void> {
  const { statementId, grossAmount, reference, at: createdAt } = given;
  // Two payouts of one statement may come back at once; the invoices' locks put them in a row.
  const invoices = await tx.rows(
    `SELECT 1 FROM invoice i WHERE i.id IN (
       SELECT u.invoice_id FROM invoice_use u WHERE u.statement_id = $1)
     ORDER BY i.id FOR NO KEY UPDATE`,
    [statementId],
  );
  if (invoices.length === 0) return;
  const used = await tx.rows<InvoicePart>(
    `SELECT invoice_id, sum(amount)::bigint AS amount FROM invoice_use WHERE statement_id = $1
     GROUP BY invoice_id HAVING sum(amount) > 0 ORDER BY min(id)`,
    [statementId],
  );
  const rows = releaseFrom(used, grossAmount).map(({ invoiceId, amount }) => ({
    invoiceId,
    statementId,
    reference: `${reference}:invoice:${invoiceId}`,
    amount: -amount,
    createdAt,
  }));
  await insertMany(tx, 'invoice_use', useColumns, rows);
}
