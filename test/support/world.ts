import { newId } from '../../src/db/id';
import type { TestApp } from './app';
import { type TestClient, testClient } from './http';
import { givenQueuedPayout } from './payout';
import { programBody, unique } from './program';
import { type TestStore, testStore } from './store';

/** The lists of a distributor's cases. */
export type CaseLists = 'appeals' | 'suspensions' | 'evictions' | 'departures';

/** One of everything that a store can have, made over HTTP where Temporal is not needed. */
export interface World {
  readonly store: TestStore;
  readonly key: TestClient;
  readonly admin: TestClient;
  readonly apiKeyId: string;
  readonly programId: string;
  readonly reviewProgramId: string;
  readonly planId: string;
  readonly draftPlanId: string;
  readonly simulationId: string;
  readonly channelId: string;
  readonly distributorId: string;
  readonly distributorCode: string;
  readonly orderId: string;
  readonly orderExternalId: string;
  readonly refundId: string;
  readonly afterSaleId: string;
  /** one closed case of each kind of the distributor, by its list */
  readonly caseIds: Readonly<Record<CaseLists, string>>;
  readonly commissionId: string;
  readonly tokenId: string;
  readonly schemeId: string;
  readonly assessmentId: string;
  readonly couponId: string;
  readonly bindingId: string;
  readonly transferId: string;
  readonly campaignId: string;
  readonly reviewId: string;
  readonly verificationId: string;
  readonly settlementId: string;
  readonly statementId: string;
  readonly payoutId: string;
  readonly holdId: string;
  readonly correctionId: string;
  readonly withdrawalId: string;
  readonly payerId: string;
  readonly invoiceId: string;
  readonly bankFileId: string;
  readonly noticeId: string;
  readonly materialId: string;
  readonly eventId: string;
}

export const planBody = {
  levels: 1,
  rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

/** The body of API.md for a new campaign: half as much again, for two days. */
export function campaignBody(settings: Record<string, unknown> = {}) {
  return {
    externalId: unique('campaign'),
    name: 'Double eleven',
    startsAt: '2026-11-10T00:00:00+08:00',
    endsAt: '2026-11-12T00:00:00+08:00',
    match: {},
    effect: { multiplyBps: 15_000 },
    levels: [1],
    budgetAmount: 100_000,
    stacks: false,
    ...settings,
  };
}

/** The body of API.md for a new order of one line. */
export function orderBody(programId: string, settings: Record<string, unknown> = {}) {
  return {
    programId,
    externalId: unique('SO'),
    paidAt: '2026-11-10T10:00:00+08:00',
    currency: 'CNY',
    customer: { externalId: unique('customer') },
    lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
    ...settings,
  };
}

export async function givenWorld(app: TestApp, startsAt = '2026-11-01T00:00:00+08:00') {
  const store = await testStore(app.db);
  const key = testClient(app.url, store.apiKey);
  const admin = testClient(app.url, store.admin.token);
  const make = async (client: TestClient, path: string, body: object): Promise<Made> => {
    const made = await client.post(path, body);
    if (made.status > 202) throw new Error(`POST ${path}: ${made.status} ${made.text}`);
    return made.body as Made;
  };
  const idOf = async (path: string, body: object) => (await make(key, path, body)).id;

  const programId = await idOf('/v1/programs', programBody({ startsAt }));
  const reviewProgramId = await idOf(
    '/v1/programs',
    programBody({ startsAt, enrolment: 'review' }),
  );
  const plans = `/v1/programs/${programId}/plans`;
  const planId = await idOf(plans, { plan: planBody, note: 'first' });
  await make(key, `/v1/plans/${planId}/publication`, {});
  const reviewPlanId = await idOf(`/v1/programs/${reviewProgramId}/plans`, {
    plan: planBody,
    note: 'first',
  });
  await make(key, `/v1/plans/${reviewPlanId}/publication`, {});
  const channel = { kind: 'sandbox', name: 'Sandbox', settings: {} };
  const channelId = (await make(admin, '/v1/channels', channel)).id;
  const person = (program: string) => ({
    programId: program,
    externalId: unique('u'),
    name: '李明',
    phone: '13800138000',
    joinedAt: startsAt,
  });
  const distributor = await make(key, '/v1/distributors', person(programId));
  const { joinedAt: _now, ...applicant } = person(reviewProgramId);
  await make(key, '/v1/distributors', applicant);
  const reviews = await key.get(`/v1/reviews?programId=${reviewProgramId}`);
  const account = { channelId, account: 'ok', holderName: '李明' };
  await key.put(`/v1/distributors/${distributor.id}/payout-account`, account);
  await key.put(`/v1/distributors/${distributor.id}/tax-profile`, {
    kind: 'individual',
    name: '李明',
    idNumber: '11010519491231002X',
  });
  const attribution = { distributorCode: distributor.code };
  const order = await make(key, '/v1/orders', orderBody(programId, { attribution }));
  const refund = await make(key, `/v1/orders/${order.id}/refunds`, {
    externalId: unique('R'),
    refundedAt: '2026-11-11T10:00:00+08:00',
    lines: [{ externalId: '1', quantity: 0, amount: 100 }],
  });
  const afterSale = await make(key, `/v1/orders/${order.id}/after-sales`, {
    externalId: unique('AS'),
    openedAt: '2026-11-11T12:00:00+08:00',
  });
  const schemes = `/v1/programs/${programId}/assessments`;
  const schemeId = (await make(admin, schemes, schemeBody())).id;
  const settlementId = newId('settlement');
  const scene = { storeId: store.id, programId, channelId, settlementId };
  const payoutId = await givenPayout(app, scene);
  await app.db.read.insert('reconciliation', { channelId, day: reconciledDay, status: 'done' });
  const statement = await app.db.read.first<{ statementId: string }>(
    'SELECT statement_id FROM payout WHERE id = $1',
    [payoutId],
  );
  const findings = await givenFindings(app, store.id, payoutId);
  const withdrawalId = await givenWithdrawal(app, programId, distributor.id);
  return {
    store,
    key,
    admin,
    apiKeyId: (await make(admin, '/v1/api-keys', apiKeyBody)).id,
    programId,
    reviewProgramId,
    planId,
    draftPlanId: await idOf(plans, { plan: { ...planBody, rounding: 'halfUp' }, note: 'second' }),
    simulationId: await idOf(`/v1/plans/${planId}/simulations`, simulationBody),
    channelId,
    distributorId: distributor.id,
    distributorCode: distributor.code,
    orderId: order.id,
    orderExternalId: order.externalId,
    refundId: refund.id,
    afterSaleId: afterSale.id,
    caseIds: await givenCases(app, { storeId: store.id, programId, distributorId: distributor.id }),
    commissionId: order.commissions[0]?.id ?? '',
    tokenId: await idOf(`/v1/distributors/${distributor.id}/tokens`, {}),
    schemeId,
    assessmentId: await givenAssessment(app, {
      programId,
      schemeId,
      distributorId: distributor.id,
    }),
    couponId: await idOf('/v1/coupon-codes', {
      programId,
      code: unique('C').toUpperCase(),
      distributorId: distributor.id,
    }),
    bindingId: await idOf('/v1/bindings', {
      programId,
      customerExternalId: unique('customer'),
      distributorCode: distributor.code,
    }),
    transferId: (await make(admin, '/v1/binding-transfers', transferBody(programId, distributor)))
      .id,
    campaignId: await idOf(`/v1/programs/${programId}/campaigns`, campaignBody()),
    reviewId: (reviews.body as { data: Made[] }).data[0]?.id ?? '',
    verificationId: (await make(key, `/v1/programs/${programId}/verifications`, {})).id,
    settlementId,
    statementId: statement?.statementId ?? '',
    payoutId,
    ...findings,
    withdrawalId,
    ...(await givenInvoice(app, { ...scene, distributorId: distributor.id })),
    bankFileId: await givenBankFile(app, channelId),
    noticeId: await givenNotice(app, programId, distributor.id),
    materialId: await idOf(`/v1/programs/${programId}/materials`, materialBody()),
    eventId: await firstEvent(key),
  } satisfies World;
}

async function firstEvent(key: TestClient): Promise<string> {
  const events = await key.get('/v1/events?type=plan.published');
  return (events.body as { data: Made[] }).data[0]?.id ?? '';
}

/** A text for all tiers, shown from the first day of the world. */
export function materialBody(settings: Record<string, unknown> = {}) {
  return {
    externalId: unique('material'),
    title: 'Words for a group chat',
    kind: 'text',
    text: 'Fresh tea: {link} (code {code})',
    startsAt: '2026-11-01T00:00:00+08:00',
    ...settings,
  };
}

/** A day on which the bill of the world's channel was compared. */
export const reconciledDay = '2026-11-12';

/** A file that a bank got, as it is listed. */
async function givenBankFile(app: TestApp, channelId: string): Promise<string> {
  const id = newId('bankFile');
  await app.db.read.insert('bank_file', {
    ...{ id, channelId, messageId: id.replace('_', ''), currency: 'CNY', mode: 'test' },
    ...{ payouts: 1, totalAmount: 1n, requestedBy: 'test', createdAt: new Date() },
  });
  return id;
}

async function givenNotice(
  app: TestApp,
  programId: string,
  distributorId: string,
): Promise<string> {
  const id = newId('notice');
  await app.db.read.insert('notice', {
    ...{ id, programId, distributorId, template: 'activated', params: '{}' },
    ...{ subjectId: 'world', at: new Date() },
  });
  return id;
}

/** An invoice of a distributor, and the payer that it is for. */
async function givenInvoice(
  app: TestApp,
  owner: { storeId: string; programId: string; distributorId: string },
): Promise<{ payerId: string; invoiceId: string }> {
  const { storeId, programId, distributorId } = owner;
  const program = await app.db.read.first<{ payerId: string }>(
    'SELECT payer_id FROM program WHERE id = $1',
    [programId],
  );
  const payerId = program?.payerId ?? '';
  const invoiceId = newId('invoice');
  await app.db.read.insert('invoice', {
    id: invoiceId,
    storeId,
    payerId,
    distributorId,
    person: 'somebody',
    number: 'N-1',
    amount: 100n,
    issuedAt: new Date('2026-11-01T00:00:00Z'),
    actor: 'test',
    createdAt: new Date('2026-11-01T00:00:00Z'),
  });
  return { payerId, invoiceId };
}

export const simulationBody = {
  from: '2026-11-01T00:00:00+08:00',
  to: '2026-11-12T00:00:00+08:00',
};

function transferBody(programId: string, to: Made) {
  const customerExternalId = unique('customer');
  return { programId, customerExternalId, toDistributorId: to.id, reason: 'moved to another town' };
}

export const apiKeyBody = { name: 'k', scopes: ['orders:read'], mode: 'test' };

interface Made {
  id: string;
  code: string;
  externalId: string;
  commissions: { id: string }[];
}

async function givenPayout(
  app: TestApp,
  scene: { storeId: string; programId: string; channelId: string; settlementId: string },
): Promise<string> {
  const at = new Date('2026-11-12T00:00:00Z');
  await app.db.read.insert('settlement', {
    id: scene.settlementId,
    programId: scene.programId,
    period: '2026-10',
    run: 1,
    cutoffAt: at,
    status: 'paying',
    requestedBy: 'test',
    createdAt: at,
  });
  return (await givenQueuedPayout(app.db, app.vault, scene)).id;
}

/** The body of a scheme that rewards sales. */
export function schemeBody() {
  return {
    externalId: unique('scheme'),
    name: 'Monthly',
    calendar: 'monthly',
    kpis: [{ metric: 'ownSales', weightBps: 10_000, target: 10_000 }],
    outcomes: [
      { atLeastBps: 10_000, outcome: 'reward', amount: 5000 },
      { atLeastBps: 0, outcome: 'warning' },
    ],
  };
}

/** Straight into the table: a result with a help plan, to which one may object for a year. */
async function givenAssessment(
  app: TestApp,
  whose: { programId: string; schemeId: string; distributorId: string },
): Promise<string> {
  const id = newId('assessment');
  const at = new Date();
  await app.db.read.insert('assessment', {
    ...{ id, ...whose, period: '2026-10', tier: 'bronze', status: 'final', scoreBps: 0 },
    ...{ outcome: 'help', rewardAmount: 0n, closedAt: at, createdAt: at },
    kpis: JSON.stringify({ items: [], ownSalesAmount: '0' }),
    objectBy: new Date(at.getTime() + 366 * 86_400_000),
  });
  const task = { assessmentId: id, position: 1, text: 'Talk to your mentor', dueAt: at };
  await app.db.read.insert('assessment_task', task);
  return id;
}

/** Straight into the table: each kind is over, so that nothing of it concerns the distributor now. */
async function givenCases(
  app: TestApp,
  whose: { storeId: string; programId: string; distributorId: string },
): Promise<World['caseIds']> {
  const at = new Date();
  const over = { openedAt: at, openedBy: 'test', outcome: 'moot', closedAt: at };
  const make = async (kind: string, more: { againstId?: string; terms?: object } = {}) => {
    const id = newId('lifeCase');
    const terms = JSON.stringify(more.terms ?? {});
    await app.db.read.insert('life_case', { id, ...whose, kind, ...over, ...more, terms });
    return id;
  };
  const evictions = await make('eviction');
  const suspensions = await make('suspension');
  const departures = await make('departure');
  const appeals = await make('appeal', { againstId: evictions, terms: { evidence: [] } });
  return { appeals, suspensions, evictions, departures };
}

/** What finance has found in a settlement: somebody on hold, a correction that waits. */
async function givenFindings(app: TestApp, storeId: string, payoutId: string) {
  const of = await app.db.read.first<Record<string, string>>(
    'SELECT program_id, settlement_id, statement_id, distributor_id FROM payout WHERE id = $1',
    [payoutId],
  );
  const holdId = newId('settlementHold');
  const correctionId = newId('correction');
  const createdAt = new Date('2026-11-12T00:00:00Z');
  const { settlementId, ...owner } = of ?? {};
  await app.db.read.insert('settlement_hold', {
    ...{ id: holdId, ...owner, reason: 'a dispute', actor: 'test', createdAt },
  });
  await app.db.read.insert('correction', {
    ...{ id: correctionId, ...owner, settlementId, amount: 1n, reason: 'a fen' },
    ...{ requestedBy: 'test', status: 'rejected', createdAt, decidedAt: createdAt },
  });
  const reviewId = newId('review');
  await app.db.read.insert('review_task', {
    ...{ id: reviewId, storeId, programId: owner['programId'], kind: 'settlement' },
    ...{ subjectId: correctionId, status: 'decided', outcome: 'reject', facts: '{}' },
    ...{ workflowId: `review:${reviewId}`, excludedDeciders: [], createdAt },
    ...{ dueAt: createdAt, decidedAt: createdAt },
  });
  return { holdId, correctionId };
}

/** A withdrawal that was rejected. */
async function givenWithdrawal(app: TestApp, programId: string, distributorId: string) {
  const id = newId('settlement');
  const createdAt = new Date('2026-11-12T00:00:00Z');
  const program = await app.db.read.first<{ payerId: string }>(
    'SELECT payer_id FROM program WHERE id = $1',
    [programId],
  );
  await app.db.read.insert('settlement', {
    ...{ id, programId, period: `withdrawal:${id}`, run: 1, cutoffAt: createdAt, createdAt },
    ...{ status: 'rejected', requestedBy: 'test', kind: 'withdrawal', distributorId },
  });
  await app.db.read.insert('statement', {
    ...{ id: newId('statement'), settlementId: id, programId, distributorId, createdAt },
    ...{ payerId: program?.payerId, status: 'unlocked', grossAmount: 1n, netAmount: 1n },
  });
  return id;
}
