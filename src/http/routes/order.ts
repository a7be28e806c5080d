import { clickIdReader } from '../../db/click';
import { findOrder, listOrderIds, loadOrderViews, type OrderView as Order } from '../../db/order';
import { acceptOrders, type IntakeContext, type OrderOutcome } from '../../db/order-intake';
import { recordReceipt } from '../../db/receipt';
import { findRefund, listRefunds, refundOrder } from '../../db/refund';
import type { Tx } from '../../db/database';
import type { Language } from '../../domain/kernel/language';
import type { OrderInput } from '../../domain/order/order';
import { listOf, listQuery, mapPage, page } from '../list';
import type { Problem } from '../problem';
import { answer, defineRoute, type Item } from '../route';
import {
  OrderBatchBody,
  OrderBatchView,
  OrderBody,
  orderInput,
  orderParams,
  orderQuery,
  OrderView,
  ReceiptBody,
  RefundBody,
  refundParams,
  RefundResult,
  RefundView,
} from '../schemas/order';

const tag = 'Orders';
const mayRead = { scope: 'orders:read' } as const;
const mayWrite = { scope: 'orders:write', roles: ['owner', 'operations'] } as const;
const batchBytes = 8 * 1024 * 1024;

const postOrder = defineRoute({
  method: 'post',
  path: '/v1/orders',
  summary: 'Report a paid order',
  description:
    'Attributes the order and books its commissions, which are held. The same externalId with the same content answers the first order.',
  tag,
  access: mayWrite,
  body: OrderBody,
  answers: { 201: OrderView, 200: OrderView },
  grouped: {
    // Orders of one caller share a transaction; what they answer is in one language.
    lane: ({ caller: { storeId, mode, actor }, locale }) => `${storeId} ${mode} ${actor} ${locale}`,
    write: async (tx, contexts) => {
      const { caller, locale: language, deps } = contexts[0]!;
      const readClickId = clickIdReader(deps.vault);
      const now = latest(contexts.map((context) => context.now));
      const orders = contexts.map(({ body }) => orderInput(body));
      const outcomes = await acceptOrders(tx, { caller, now, language, readClickId }, orders);
      return outcomes.map((outcome) => {
        if (outcome.status === 'refused') return { refusal: outcome.refusal };
        const { status, order } = outcome;
        if (status === 200) return { answer: answer(200, order) };
        const audit = { action: 'order.accepted', subjectId: order.id };
        return { answer: answer(201, order), audit };
      });
    },
  },
});

function latest(moments: readonly Date[]): Date {
  return new Date(Math.max(...moments.map((moment) => moment.getTime())));
}

const postOrders = defineRoute({
  method: 'post',
  path: '/v1/orders/batch',
  summary: 'Report up to 1000 paid orders',
  description:
    'Every order has its own result; one that is refused spoils no other. Orders are taken in the order given.',
  tag,
  access: mayWrite,
  bodyLimit: batchBytes,
  itemsIn: 'orders',
  body: OrderBatchBody,
  answers: { 200: OrderBatchView },
  write: async ({ tx, body, caller, now, locale, item, problemOf, deps: { vault }, audit }) => {
    const items = body.orders.map((value, index) => item(OrderBody, index, value));
    const readClickId = clickIdReader(vault);
    const context = { caller, now, language: locale, readClickId };
    const outcomes = await acceptValid(tx, context, items);
    const orderIds = [...outcomes.values()].flatMap((outcome) =>
      outcome.status === 201 ? [outcome.order.id] : [],
    );
    const [subjectId] = orderIds;
    if (subjectId !== undefined) {
      await audit({ action: 'orders.accepted', subjectId, after: { orderIds } });
    }
    const results = items.map((one, index) => {
      const outcome = one.ok ? outcomes.get(index) : undefined;
      if (!one.ok) return refused(index, one.problem);
      if (outcome === undefined) throw new Error(`order ${index} of the batch has no outcome`);
      return outcome.status === 'refused'
        ? refused(index, problemOf(outcome.refusal))
        : { index, status: outcome.status, order: outcome.order };
    });
    return answer(200, { results });
  },
});

function refused(index: number, problem: Problem) {
  return { index, status: problem.status, problem };
}

/** The outcomes of the well-formed orders, by their index in the batch. */
async function acceptValid(
  tx: Tx,
  context: IntakeContext,
  items: readonly Item<Parameters<typeof orderInput>[0]>[],
): Promise<Map<number, OrderOutcome>> {
  const valid = items.flatMap((item, index): { index: number; order: OrderInput }[] =>
    item.ok ? [{ index, order: orderInput(item.value) }] : [],
  );
  if (valid.length === 0) return new Map();
  const outcomes = await acceptOrders(
    tx,
    context,
    valid.map(({ order }) => order),
  );
  return new Map(valid.map(({ index }, position) => [index, outcomes[position]!]));
}

const getOrders = defineRoute({
  method: 'get',
  path: '/v1/orders',
  summary: 'List orders',
  tag,
  access: mayRead,
  query: orderQuery,
  answers: { 200: listOf(OrderView) },
  handle: async ({ query: { limit, cursor, programId }, caller, locale, deps: { db } }) => {
    const ids = await listOrderIds(db.read, caller, { programId, cursor, limit: limit + 1 });
    const found = page(ids, limit, (id) => id);
    const views = await loadOrderViews(db.read, found.data, locale);
    return answer(
      200,
      mapPage(found, (id) => views.get(id)!),
    );
  },
});

const getOrder = defineRoute({
  method: 'get',
  path: '/v1/orders/:id',
  summary: 'Read an order with its commissions',
  tag,
  access: mayRead,
  params: orderParams,
  answers: { 200: OrderView },
  handle: async ({ params, caller, locale, deps: { db } }) => {
    const { order } = await findOrder(db.read, caller, params.id);
    return answer(200, await viewOf(db.read, order.id, locale));
  },
});

async function viewOf(read: Tx, orderId: string, language: Language): Promise<Order> {
  const view = (await loadOrderViews(read, [orderId], language)).get(orderId);
  if (view === undefined) throw new Error(`order ${orderId} is gone`);
  return view;
}

const postReceipt = defineRoute({
  method: 'post',
  path: '/v1/orders/:id/receipts',
  summary: 'Say when the customer received the order',
  description:
    'Where the hold counts from the receipt, it moves the release of what is still held. A second, different receipt is refused.',
  tag,
  access: mayWrite,
  params: orderParams,
  body: ReceiptBody,
  answers: { 201: OrderView, 200: OrderView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const context = { caller, now };
    const { order, recorded } = await recordReceipt(tx, context, params.id, body.receivedAt);
    const view = await viewOf(tx, order.id, locale);
    if (!recorded) return answer(200, view);
    const after = { receivedAt: body.receivedAt };
    await audit({ action: 'order.received', subjectId: order.id, after });
    return answer(201, view);
  },
});

const postRefund = defineRoute({
  method: 'post',
  path: '/v1/orders/:id/refunds',
  summary: 'Refund lines of an order, whole or in part',
  description:
    'The commissions are computed again on what remains, with the frozen terms, and the difference is posted. `quantity` may be 0 for a price reduction.',
  tag,
  access: mayWrite,
  params: orderParams,
  body: RefundBody,
  answers: { 201: RefundResult, 200: RefundResult },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const result = await refundOrder(tx, { caller, now }, params.id, body);
    const { refundId, order, created } = result;
    const refund = await findRefund(tx, order.id, refundId);
    const view = await viewOf(tx, order.id, locale);
    const touched = new Set(refund.lines.map(({ externalId }) => externalId));
    const commissions = view.commissions.filter(
      ({ lineExternalId }) => lineExternalId !== null && touched.has(lineExternalId),
    );
    const shown = { ...refund, orderStatus: view.status, commissions };
    if (!created) return answer(200, shown);
    await audit({ action: 'order.refunded', subjectId: order.id, after: { refundId } });
    return answer(201, shown);
  },
});

const getRefunds = defineRoute({
  method: 'get',
  path: '/v1/orders/:id/refunds',
  summary: 'List the refunds of an order',
  tag,
  access: mayRead,
  params: orderParams,
  query: listQuery,
  answers: { 200: listOf(RefundView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { order } = await findOrder(db.read, caller, params.id);
    const rows = await listRefunds(db.read, order.id, { cursor, limit: limit + 1 });
    return answer(
      200,
      page(rows, limit, ({ id }) => id),
    );
  },
});

const getRefund = defineRoute({
  method: 'get',
  path: '/v1/orders/:id/refunds/:refundId',
  summary: 'Read a refund',
  tag,
  access: mayRead,
  params: refundParams,
  answers: { 200: RefundView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { order } = await findOrder(db.read, caller, params.id);
    return answer(200, await findRefund(db.read, order.id, params.refundId));
  },
});

export const orderRoutes = [
  postOrder,
  postOrders,
  getOrders,
  getOrder,
  postReceipt,
  postRefund,
  getRefunds,
  getRefund,
];
