import { z } from 'zod';
import type { Tx } from '../../db/database';
import { findDistributor } from '../../db/distributor';
import { findProgram } from '../../db/program';
import {
  findSettlement,
  openSettlement,
  reviewsOfSettlements,
  type SettlementRow,
  settlementsOf,
  skippedOf,
} from '../../db/settlement';
import { takeBackCalendarSettlement } from '../../db/settlement-replace';
import { verifySettlement } from '../../db/settlement-result';
import {
  countLines,
  findStatement,
  type LineRow,
  linesOfStatement,
  type StatementRow,
  statementsOfDistributor,
  statementsOfSettlement,
} from '../../db/statement-read';
import { programNow } from '../../domain/kernel/clock';
import type { OddList, Outliers } from '../../domain/settlement/outlier';
import { explainTax } from '../../domain/tax/explain';
import { taxStepWords } from '../../domain/tax/words';
import { listOf, listQuery, mapPage, page } from '../list';
import type { Locale } from '../problem';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';
import { distributorParams } from '../schemas/distributor';
import { programParams } from '../schemas/program';
import {
  LineView,
  SettlementBody,
  SettlementOpened,
  settlementQuery,
  SettlementView,
  StatementView,
  StatementWithLines,
  VerificationView,
} from '../schemas/settlement';

const tag = 'Settlements';
const mayRead = { scope: 'settlements:read' } as const;
const mayWrite = { scope: 'settlements:write', roles: ['owner', 'finance'] } as const;
const settlementParams = z.strictObject({ id: idParam('settlement') });
const statementParams = z.strictObject({ id: idParam('statement') });

/** Lines that come with a statement itself; the list of lines has all of them. */
const linesShown = 1000;

const open = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/settlements',
  summary: 'Settle what is available by a cutoff',
  description:
    'Locks, computes, and waits for the review by finance. A program has at most one settlement that is not decided yet; one that the calendar opened and nobody has begun to decide is taken back (it ends as `rejected`) and settled in this one.',
  tag,
  access: mayWrite,
  params: programParams,
  body: SettlementBody,
  answers: { 202: SettlementOpened },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const at = programNow(program, now);
    await takeBackCalendarSettlement(tx, program, { actor: caller.actor, at, realNow: now });
    const settlement = await openSettlement(tx, program, {
      cutoffAt: body.cutoffAt,
      requestedBy: caller.actor,
      realNow: now,
    });
    const { id, programId, status, period, run, cutoffAt } = settlement;
    await audit({ action: 'settlement.opened', subjectId: id, after: { programId, period, run } });
    return answer(202, { id, programId, status, period, run, cutoffAt });
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/settlements',
  summary: 'List the settlements of a program, the latest first',
  tag,
  access: mayRead,
  params: programParams,
  query: settlementQuery,
  answers: { 200: listOf(SettlementView) },
  handle: async ({ params, query: { limit, cursor, kind }, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, params.id);
    const rows = await settlementsOf(db.read, id, { limit: limit + 1, before: cursor, kind });
    const settlements = page(rows, limit, (row) => row.id);
    const data = await viewsOf(db.read, settlements.data);
    return answer(200, { data, nextCursor: settlements.nextCursor });
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/settlements/:id',
  summary: 'Read a settlement: status, totals, who was skipped and why, progress',
  tag,
  access: mayRead,
  params: settlementParams,
  answers: { 200: SettlementView },
  handle: async ({ params, caller, deps: { db } }) => {
    const settlement = await findSettlement(db.read, caller, params.id);
    const [view] = await viewsOf(db.read, [settlement]);
    return answer(200, view!);
  },
});

async function viewsOf(read: Tx, settlements: readonly SettlementRow[]) {
  const ids = settlements.map(({ id }) => id);
  const skipped = await skippedOf(read, ids);
  const reviews = await reviewsOfSettlements(read, ids);
  return settlements.map((row) => ({
    id: row.id,
    programId: row.programId,
    kind: row.kind,
    distributorId: row.distributorId,
    requestedBy: row.requestedBy,
    status: row.status,
    period: row.period,
    run: row.run,
    cutoffAt: row.cutoffAt,
    totals: {
      distributors: row.distributors,
      grossAmount: row.grossAmount,
      taxAmount: row.taxAmount,
      feeAmount: row.feeAmount,
      netAmount: row.netAmount,
    },
    skipped: skipped.get(row.id) ?? [],
    taxMonth: row.taxMonth,
    resultHash: row.resultHash,
    progress: { stage: row.status, done: row.progressDone, total: row.progressTotal },
    reviewId: reviews.get(row.id) ?? null,
    outliers: outliersView(row.outliers),
    links: {
      statements: `/v1/settlements/${row.id}/statements`,
      skipped: `/v1/settlements/${row.id}/skipped`,
      outliers: `/v1/settlements/${row.id}/outliers`,
      review: reviews.has(row.id) ? `/v1/reviews/${reviews.get(row.id)}` : null,
    },
    createdAt: row.createdAt,
    approvedAt: row.approvedAt,
    closedAt: row.closedAt,
  }));
}

function outliersView(outliers: Outliers | null) {
  if (outliers === null) return null;
  const named = ({ count, statements }: OddList) => ({
    count,
    statements: statements.map(({ grossAmount, usualAmount, ...ids }) => ({
      ...ids,
      grossAmount: BigInt(grossAmount),
      usualAmount: usualAmount === null ? null : BigInt(usualAmount),
    })),
  });
  return {
    muchLarger: named(outliers.muchLarger),
    newPayees: named(outliers.newPayees),
    changedAccounts: named(outliers.changedAccounts),
    lastCycles: outliers.lastCycles.map(({ grossAmount, netAmount, ...cycle }) => ({
      ...cycle,
      grossAmount: BigInt(grossAmount),
      netAmount: BigInt(netAmount),
    })),
  };
}

const listStatements = defineRoute({
  method: 'get',
  path: '/v1/settlements/:id/statements',
  summary: 'List the statements of a settlement',
  tag,
  access: mayRead,
  params: settlementParams,
  query: listQuery,
  answers: { 200: listOf(StatementView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db }, locale }) => {
    const { id } = await findSettlement(db.read, caller, params.id);
    const slice = { limit: limit + 1, before: cursor };
    const rows = page(await statementsOfSettlement(db.read, id, slice), limit, (row) => row.id);
    return answer(
      200,
      mapPage(rows, (row) => statementView(row, locale)),
    );
  },
});

const listDistributorStatements = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/statements',
  summary: 'List the statements of a distributor, the latest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(StatementView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db }, locale }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const slice = { limit: limit + 1, before: cursor };
    const rows = page(await statementsOfDistributor(db.read, id, slice), limit, (row) => row.id);
    return answer(
      200,
      mapPage(rows, (row) => statementView(row, locale)),
    );
  },
});

const getStatement = defineRoute({
  method: 'get',
  path: '/v1/statements/:id',
  summary: 'Read a statement with its tax and its lines',
  tag,
  access: mayRead,
  params: statementParams,
  answers: { 200: StatementWithLines },
  handle: async ({ params, caller, deps: { db }, locale }) => {
    const statement = await findStatement(db.read, caller, params.id);
    const lines = await linesOfStatement(db.read, statement.id, { limit: linesShown, offset: 0 });
    const lineCount = await countLines(db.read, statement.id);
    return answer(200, {
      ...statementView(statement, locale),
      lineCount,
      lines: lines.map(lineView),
    });
  },
});

const listLines = defineRoute({
  method: 'get',
  path: '/v1/statements/:id/lines',
  summary: 'List the lines of a statement, the oldest first',
  tag,
  access: mayRead,
  params: statementParams,
  query: listQuery,
  answers: { 200: listOf(LineView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findStatement(db.read, caller, params.id);
    // The lines of a statement never change, so a position is as stable as an id.
    const offset = /^\d{1,9}$/.test(cursor ?? '') ? Number(cursor) : 0;
    const rows = await linesOfStatement(db.read, id, { limit: limit + 1, offset });
    return answer(
      200,
      mapPage(
        page(rows, limit, () => String(offset + limit)),
        lineView,
      ),
    );
  },
});

/** A stored tax record is short; its steps and their words are made for the reader. */
function statementView({ taxTrace, ...row }: StatementRow, locale: Locale) {
  const statement = { ...row, links: statementLinks(row) };
  if (taxTrace === null) return { ...statement, taxTrace };
  const language = locale === 'zh-CN' ? 'zh' : 'en';
  const trace = explainTax(taxTrace);
  const steps = trace.steps.map((step) => ({ ...step, text: taxStepWords[step.code][language] }));
  return { ...statement, taxTrace: { ...trace, steps } };
}

function statementLinks({ id, distributorId, settlementId }: Omit<StatementRow, 'taxTrace'>) {
  return {
    lines: `/v1/statements/${id}/lines`,
    distributor: `/v1/distributors/${distributorId}`,
    ledger: `/v1/distributors/${distributorId}/ledger`,
    settlement: `/v1/settlements/${settlementId}`,
  };
}

function lineView(line: LineRow) {
  const { commissionId, orderId, payoutId, correctionId } = line;
  return {
    ...line,
    links: {
      ...(commissionId === null
        ? {}
        : { explanation: `/v1/commissions/${commissionId}/explanation` }),
      ...(orderId === null ? {} : { order: `/v1/orders/${orderId}` }),
      ...(payoutId === null ? {} : { payout: `/v1/payouts/${payoutId}` }),
      ...(correctionId === null ? {} : { correction: `/v1/corrections/${correctionId}` }),
    },
  };
}

const verify = defineRoute({
  method: 'post',
  path: '/v1/settlements/:id/verification',
  summary: 'Compute the result again from what is stored, and name what differs',
  tag,
  access: { scope: 'settlements:read' },
  params: settlementParams,
  answers: { 200: VerificationView },
  handle: async ({ params, caller, deps: { db } }) => {
    const settlement = await findSettlement(db.read, caller, params.id);
    return answer(200, await verifySettlement(db.read, settlement));
  },
});

export const settlementRoutes = [
  open,
  list,
  get,
  listStatements,
  verify,
  getStatement,
  listLines,
  listDistributorStatements,
];
