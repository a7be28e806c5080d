import { findDistributor } from '../../db/distributor';
import { balanceOf } from '../../db/distributor-account';
import {
  invoicedAmounts,
  invoiceOf,
  type InvoiceRow,
  invoicesOf,
  recordInvoice,
} from '../../db/invoice';
import { programById } from '../../db/program';
import { programNow } from '../../domain/kernel/clock';
import { amountText } from '../../domain/kernel/format';
import { Refusal } from '../../domain/kernel/refusal';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import { InvoiceBody, InvoiceCoverView, invoiceParams, InvoiceView } from '../schemas/payer';

const tag = 'Tax';
const mayRead = { scope: 'distributors:read' } as const;

const postInvoice = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/invoices',
  summary: 'Record an invoice of a company or an individual business',
  description:
    'These are paid without withholding, against invoices that cover the gross. An invoice pays once; one payment may use several, and several payments one.',
  tag,
  access: { scope: 'settlements:write', roles: ['owner', 'finance', 'operations'] },
  params: distributorParams,
  body: InvoiceBody,
  answers: { 201: InvoiceView, 200: InvoiceView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id: distributorId, programId, storeId } = await findDistributor(tx, caller, params.id);
    const program = await programById(tx, programId);
    if (body.issuedAt > programNow(program, now)) {
      throw new Refusal('in_the_future', "The invoice was issued after the program's clock.");
    }
    const { actor } = caller;
    const owner = { storeId, payerId: program.payerId, distributorId };
    const { invoice, created } = await recordInvoice(tx, {
      ...body,
      ...owner,
      actor,
      realNow: now,
    });
    if (!created) return answer(200, view(invoice));
    await audit({
      action: 'distributor.invoice_recorded',
      subjectId: distributorId,
      after: { invoiceId: invoice.id, amount: invoice.amount.toString() },
    });
    return answer(201, view(invoice));
  },
});

function view({ id, distributorId, number, amount, usedAmount, issuedAt, createdAt }: InvoiceRow) {
  return { id, distributorId, number, amount, usedAmount, issuedAt, createdAt };
}

const listInvoices = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/invoices',
  summary: 'List the invoices of a distributor, the latest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(InvoiceView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await invoicesOf(db.read, id, { limit: limit + 1, before: cursor });
    return answer(
      200,
      mapPage(
        page(rows, limit, (row) => row.id),
        view,
      ),
    );
  },
});

const getInvoice = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/invoices/:invoiceId',
  summary: 'Read an invoice and what payments have used of it',
  tag,
  access: mayRead,
  params: invoiceParams,
  answers: { 200: InvoiceView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    return answer(200, view(await invoiceOf(db.read, id, params.invoiceId)));
  },
});

const getCover = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/invoice-cover',
  summary: 'What recorded invoices lack to pay what is available',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: InvoiceCoverView },
  handle: async ({ params, caller, deps: { db }, locale }) => {
    const { id, programId } = await findDistributor(db.read, caller, params.id);
    const { currency } = await programById(db.read, programId);
    const { availableAmount } = await balanceOf(db.read, id);
    const left = (await invoicedAmounts(db.read, [id])).get(id) ?? 0n;
    const coveredAmount = left > 0n ? left : 0n;
    const missing = availableAmount - left;
    const missingAmount = missing > 0n ? missing : 0n;
    const text = coverText(amountText(missingAmount, currency), missingAmount > 0n, locale);
    return answer(200, { availableAmount, coveredAmount, missingAmount, text });
  },
});

function coverText(missing: string, isMissing: boolean, locale: 'zh-CN' | 'en'): string {
  if (locale === 'zh-CN') {
    return isMissing ? `还缺少金额为 ${missing} 的发票，收到后即可结算。` : '发票已足额。';
  }
  return isMissing
    ? `Invoices over ${missing} are still missing; once recorded, it is settled.`
    : 'Recorded invoices cover what is available.';
}

export const invoiceRoutes = [postInvoice, listInvoices, getInvoice, getCover];
