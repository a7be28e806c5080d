import {
  type AfterSaleReference,
  closeAfterSale,
  findAfterSale,
  listAfterSales,
  openAfterSale,
} from '../../db/after-sale';
import { findOrder } from '../../db/order';
import type { Tx } from '../../db/database';
import type { AuditNote } from '../../db/audit';
import type { Caller } from '../../domain/kernel/access';
import { listOf, listQuery, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  AfterSaleBody,
  AfterSaleView,
  caseParams,
  ClosureBody,
  orderCaseParams,
} from '../schemas/after-sale';
import { orderParams } from '../schemas/order';

const tag = 'Orders';
const mayRead = { scope: 'orders:read' } as const;
const mayWrite = { scope: 'orders:write', roles: ['owner', 'operations'] } as const;

const postAfterSale = defineRoute({
  method: 'post',
  path: '/v1/orders/:id/after-sales',
  summary: 'Open an after-sale case',
  description:
    'While it is open, the hold of the commissions of its lines stands still (`releaseAt` is null). What is available already stays available. After 30 days a review of kind `dispute` opens, and again every 30 days for as long as the case is open.',
  tag,
  access: mayWrite,
  params: orderParams,
  body: AfterSaleBody,
  answers: { 201: AfterSaleView, 200: AfterSaleView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { afterSale, created } = await openAfterSale(tx, { caller, now }, params.id, body);
    if (!created) return answer(200, afterSale);
    const { id, orderId, lines, openedAt } = afterSale;
    const after = { orderId, lines, openedAt };
    await audit({ action: 'after_sale.opened', subjectId: id, after });
    return answer(201, afterSale);
  },
});

const getAfterSales = defineRoute({
  method: 'get',
  path: '/v1/orders/:id/after-sales',
  summary: 'List the after-sale cases of an order',
  tag,
  access: mayRead,
  params: orderParams,
  query: listQuery,
  answers: { 200: listOf(AfterSaleView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { order } = await findOrder(db.read, caller, params.id);
    const rows = await listAfterSales(db.read, order.id, { cursor, limit: limit + 1 });
    return answer(
      200,
      page(rows, limit, ({ id }) => id),
    );
  },
});

const getAfterSale = defineRoute({
  method: 'get',
  path: '/v1/orders/:id/after-sales/:afterSaleId',
  summary: 'Read an after-sale case',
  tag,
  access: mayRead,
  params: orderCaseParams,
  answers: { 200: AfterSaleView },
  handle: async ({ params, caller, deps: { db } }) => {
    const reference = { id: params.afterSaleId, order: params.id };
    return answer(200, await findAfterSale(db.read, caller, reference));
  },
});

const getCase = defineRoute({
  method: 'get',
  path: '/v1/after-sales/:id',
  summary: 'Read an after-sale case by its own id',
  tag,
  access: mayRead,
  params: caseParams,
  answers: { 200: AfterSaleView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, await findAfterSale(db.read, caller, params)),
});

const closureWords = {
  summary: 'Close an after-sale case',
  description:
    'The hold goes on with what was left of it, and an open review of the case ends. The same closure again changes nothing; one at another moment is refused.',
} as const;

const postOrderClosure = defineRoute({
  method: 'post',
  path: '/v1/orders/:id/after-sales/:afterSaleId/closure',
  ...closureWords,
  tag,
  access: mayWrite,
  params: orderCaseParams,
  body: ClosureBody,
  answers: { 200: AfterSaleView },
  write: ({ params, ...context }) => close(context, { id: params.afterSaleId, order: params.id }),
});

const postClosure = defineRoute({
  method: 'post',
  path: '/v1/after-sales/:id/closure',
  ...closureWords,
  tag,
  access: mayWrite,
  params: caseParams,
  body: ClosureBody,
  answers: { 200: AfterSaleView },
  write: ({ params, ...context }) => close(context, params),
});

interface CloseContext {
  tx: Tx;
  caller: Caller;
  now: Date;
  body: { closedAt?: Date | undefined; outcome?: string | undefined };
  audit(note: AuditNote): Promise<void>;
}

async function close(
  { tx, caller, now, body, audit }: CloseContext,
  reference: AfterSaleReference,
) {
  const result = await closeAfterSale(tx, { caller, now }, reference, body.closedAt);
  const { afterSale, closed } = result;
  if (closed) {
    await audit({
      action: 'after_sale.closed',
      subjectId: afterSale.id,
      after: { orderId: afterSale.orderId, closedAt: afterSale.closedAt },
      ...(body.outcome === undefined ? {} : { reason: body.outcome }),
    });
  }
  return answer(200, afterSale);
}

export const afterSaleRoutes = [
  postAfterSale,
  getAfterSales,
  getAfterSale,
  getCase,
  postOrderClosure,
  postClosure,
];
