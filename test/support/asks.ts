import type { Route } from '../../src/http/route';
import type { Answer, TestClient } from './http';
import { programBody } from './program';
import {
  apiKeyBody,
  campaignBody,
  type CaseLists,
  materialBody,
  orderBody,
  planBody,
  reconciledDay,
  schemeBody,
  simulationBody,
  type World,
} from './world';

/** A route as people write it: `POST /v1/orders`. */
export const nameOf = (route: Pick<Route, 'method' | 'path'>) =>
  `${route.method.toUpperCase()} ${route.path}`;

/** The path of a route with the ids of a world. */
export function pathIn(route: Route, world: World): string {
  const kind = /^\/v1\/([a-z-]+)\//.exec(route.path)?.[1] ?? '';
  const draft = route.path === '/v1/plans/:id/publication';
  const ids: Record<string, string> = {
    admins: world.store.admin.id,
    'api-keys': world.apiKeyId,
    programs: world.programId,
    plans: draft ? world.draftPlanId : world.planId,
    bindings: world.bindingId,
    'binding-transfers': world.transferId,
    campaigns: world.campaignId,
    'coupon-codes': world.couponId,
    orders: world.orderId,
    simulations: world.simulationId,
    'after-sales': world.afterSaleId,
    commissions: world.commissionId,
    reviews: world.reviewId,
    distributors: world.distributorId,
    channels: world.channelId,
    settlements: world.settlementId,
    statements: world.statementId,
    payouts: world.payoutId,
    payers: world.payerId,
    verifications: world.verificationId,
    'assessment-schemes': world.schemeId,
    assessments: world.assessmentId,
    'settlement-holds': world.holdId,
    corrections: world.correctionId,
    'bank-files': world.bankFileId,
    materials: world.materialId,
    events: world.eventId,
  };
  const path = route.path
    .replace(':refundId', world.refundId)
    .replace(':invoiceId', world.invoiceId)
    .replace(':month', '2026-10')
    .replace('/links/:code', `/links/${world.distributorCode}`)
    .replace(':withdrawalId', world.withdrawalId)
    .replace(':afterSaleId', world.afterSaleId)
    .replace(':tokenId', world.tokenId)
    .replace(':noticeId', world.noticeId)
    .replace(':position', '1')
    .replace(/(appeals|suspensions|evictions|departures)\/:caseId/, (_, kind: CaseLists) =>
      [kind, world.caseIds[kind]].join('/'),
    )
    .replace(':day', reconciledDay);
  if (!path.includes(':id')) return path;
  const id = ids[kind];
  if (id === undefined || id === '') throw new Error(`say which id ${route.path} takes`);
  return path.replace(':id', id);
}

/** A body that a route takes, with the ids of a world. A route with a body must be listed here. */
export const bodies: Record<string, (world: World) => object> = {
  'POST /v1/admins': () => ({
    email: 'new@example.com',
    name: 'New',
    password: 'correct horse battery',
    roles: ['finance'],
  }),
  'POST /v1/api-keys': () => apiKeyBody,
  'POST /v1/programs': () => programBody(),
  'PATCH /v1/programs/:id': () => ({ name: 'Other' }),
  'PUT /v1/programs/:id/products': () => ({
    skus: ['A'],
    productIds: [],
    categories: [],
    tags: [],
  }),
  'POST /v1/programs/:id/clock': () => ({ now: '2027-11-25T00:00:00+08:00' }),
  'POST /v1/programs/:id/plans': () => ({ plan: planBody, note: 'again' }),
  'POST /v1/plans/:id/publication': () => ({}),
  'POST /v1/plans/:id/waivers': () => ({ rule: 'depth-3', reason: 'Our own risk.' }),
  'POST /v1/plans/:id/simulations': () => simulationBody,
  'POST /v1/programs/:id/campaigns': () => campaignBody(),
  'POST /v1/campaigns/:id/stop': () => ({ reason: 'sold out' }),
  'POST /v1/programs/:id/materials': () => materialBody(),
  'PATCH /v1/materials/:id': () => ({ title: 'Other words' }),
  'PUT /v1/programs/:id/region-agents': (world) => ({
    agents: [{ region: 'CN-33', distributorId: world.distributorId, bps: 1000 }],
  }),
  'POST /v1/programs/:id/previews': (world) => orderBody(world.programId),
  'POST /v1/bindings': (world) => ({
    programId: world.programId,
    customerExternalId: 'somebody',
    distributorCode: world.distributorCode,
  }),
  'POST /v1/binding-transfers': (world) => ({
    programId: world.programId,
    customerExternalId: 'somebody-else',
    toDistributorId: world.distributorId,
    reason: 'moved to another town',
  }),
  'POST /v1/binding-transfers/:id/objections': () => ({ text: 'she is my customer' }),
  'POST /v1/distributors/:id/links': () => ({ channel: 'poster' }),
  'POST /v1/distributors/:id/sponsor-changes': () => ({ sponsorCode: null, reason: 'asked for' }),
  'POST /v1/distributors/:id/tier-changes': () => ({ tier: 'bronze', reason: 'asked for' }),
  'POST /v1/distributors/:id/courses': () => ({
    courseCode: 'tea-101',
    passedAt: '2026-11-12T00:00:00+08:00',
  }),
  'POST /v1/distributors/:id/tokens': () => ({}),
  'POST /v1/programs/:id/assessments': () => schemeBody(),
  'POST /v1/assessments/:id/objections': () => ({ text: 'An order is missing.' }),
  'POST /v1/distributors/:id/appeals': () => ({ text: 'That was not me.' }),
  'POST /v1/distributors/:id/suspensions': () => ({ reasonCode: 'spam', reason: 'Spam.' }),
  'POST /v1/distributors/:id/departures': () => ({}),
  'POST /v1/distributors/:id/returns': () => ({ reason: 'A new start.' }),
  'POST /v1/coupon-codes': (world) => ({
    programId: world.programId,
    code: 'SUMMER',
    distributorId: world.distributorId,
  }),
  'POST /v1/orders': (world) => orderBody(world.programId),
  'POST /v1/orders/batch': (world) => ({ orders: [orderBody(world.programId)] }),
  'POST /v1/orders/:id/receipts': () => ({ receivedAt: '2026-11-12T00:00:00+08:00' }),
  'POST /v1/orders/:id/refunds': () => ({
    externalId: 'R-2',
    refundedAt: '2026-11-12T10:00:00+08:00',
    lines: [{ externalId: '1', quantity: 0, amount: 1 }],
  }),
  'POST /v1/orders/:id/after-sales': () => ({
    externalId: 'AS-2',
    openedAt: '2026-11-12T10:00:00+08:00',
  }),
  'POST /v1/orders/:id/after-sales/:afterSaleId/closure': () => ({}),
  'POST /v1/after-sales/:id/closure': () => ({}),
  'PUT /v1/reviews/:id/assignee': (world) => ({ assigneeId: world.store.admin.id }),
  'POST /v1/reviews/:id/decisions': () => ({ decision: 'approve', reason: 'good' }),
  'PUT /v1/distributors/:id/payout-account': (world) => ({
    channelId: world.channelId,
    account: 'ok',
    holderName: '李明',
  }),
  'PUT /v1/distributors/:id/tax-profile': () => ({
    kind: 'individual',
    name: '李明',
    idNumber: '11010519491231002X',
  }),
  'POST /v1/distributors': (world) => ({
    programId: world.programId,
    externalId: 'u-new',
    name: '王芳',
    phone: '13900139000',
  }),
  'PUT /v1/programs/:id/application-policy': () => ({}),
  'POST /v1/distributors/:id/applications': () => ({ answers: {} }),
  'POST /v1/distributors/:id/agreements': () => ({ version: '1' }),
  'POST /v1/channels/:id/bank-files': () => ({ mode: 'test' }),
  'POST /v1/reviews/decisions': (world) => ({
    items: [{ id: world.reviewId, decision: 'approve', reason: 'good' }],
  }),
  'POST /v1/channels': () => ({ kind: 'sandbox', name: 'Second', settings: {} }),
  'PUT /v1/channels/:id/settings': () => ({ settings: { confirmSeconds: 5 } }),
  'PUT /v1/channels/:id/limits': () => ({ perDayAmount: 5 }),
  'POST /v1/programs/:id/settlements': () => ({}),
  'POST /v1/distributors/:id/withdrawals': () => ({ amount: 1 }),
  'POST /v1/statements/:id/exclusions': () => ({ reason: 'a dispute is open' }),
  'POST /v1/settlement-holds/:id/lifting': () => ({ reason: 'settled' }),
  'POST /v1/settlements/:id/corrections': (world) => ({
    statementId: world.statementId,
    amount: 1,
    reason: 'a fen is missing',
  }),
  'POST /v1/programs/:id/verifications': () => ({}),
  'POST /v1/payers/:id/tax-methods': () => ({ month: '2030-01', method: 'none' }),
  'POST /v1/payers/:id/tax-remittances': () => ({ month: '2026-10', reference: 'T-1' }),
  'POST /v1/payers/:id/declarations': () => ({ month: '2026-10' }),
  'POST /v1/distributors/:id/invoices': () => ({
    number: 'N-2',
    amount: 100,
    issuedAt: '2026-11-12T10:00:00+08:00',
  }),
};

/** Queries that a route cannot do without. */
export const queries: Record<string, (world: World) => string> = {
  'GET /v1/plans/:id/difference': (world) => `?from=${world.draftPlanId}`,
  'GET /v1/ledger/trial-balance': (world) => `?programId=${world.programId}`,
};

/** Asks a route for what it takes, with the ids of a world. */
export function send(client: TestClient, route: Route, world: World): Promise<Answer> {
  const name = nameOf(route);
  const path = pathIn(route, world) + (queries[name]?.(world) ?? '');
  if (route.method === 'get') return client.get(path);
  if (route.method === 'delete') return client.delete(path);
  if (route.body === undefined) return client[route.method](path);
  const body = bodies[name];
  if (body === undefined) throw new Error(`give ${name} a body`);
  return client[route.method](path, body(world));
}
