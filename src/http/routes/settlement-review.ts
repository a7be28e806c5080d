import { z } from 'zod';
import { findProgram } from '../../db/program';
import { findSettlement } from '../../db/settlement';
import { listOutliers, type OutlierPlace, type OutlierRow } from '../../db/settlement-outlier-list';
import { type SkipRow, skipsOf } from '../../db/settlement-skip';
import { excludeStatement, findHold, holdsOf, liftHold } from '../../db/statement-exclusion';
import { skipWords } from '../../domain/settlement/skip-words';
import { listOf, mapPage, page } from '../list';
import type { Locale } from '../problem';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';
import { programParams } from '../schemas/program';
import { outlierQuery, OutlierView } from '../schemas/settlement';
import {
  ExclusionBody,
  ExclusionView,
  holdParams,
  holdQuery,
  HoldView,
  LiftBody,
  skipQuery,
  SkipView,
} from '../schemas/settlement-review';

const tag = 'Settlements';
const mayRead = { scope: 'settlements:read' } as const;
const mayWrite = { scope: 'settlements:write', roles: ['owner', 'finance'] } as const;
const settlementParams = z.strictObject({ id: idParam('settlement') });

const listSkipped = defineRoute({
  method: 'get',
  path: '/v1/settlements/:id/skipped',
  summary: 'List who is not settled this time, and why',
  tag,
  access: mayRead,
  params: settlementParams,
  query: skipQuery,
  answers: { 200: listOf(SkipView) },
  handle: async ({ params, query: { limit, cursor, reason }, caller, deps: { db }, locale }) => {
    const { id } = await findSettlement(db.read, caller, params.id);
    const rows = await skipsOf(db.read, id, { limit: limit + 1, after: cursor, reason });
    const skips = page(rows, limit, ({ distributorId }) => distributorId);
    return answer(
      200,
      mapPage(skips, (row) => skipView(row, locale)),
    );
  },
});

function skipView({ statementId, holdId, reviewId, ...row }: SkipRow, locale: Locale) {
  const distributor = `/v1/distributors/${row.distributorId}`;
  return {
    ...row,
    text: skipWords[row.reason][locale],
    links: {
      distributor,
      ledger: `${distributor}/ledger`,
      ...(statementId === null ? {} : { statement: `/v1/statements/${statementId}` }),
      ...(holdId === null ? {} : { hold: `/v1/settlement-holds/${holdId}` }),
      ...(reviewId === null ? {} : { review: `/v1/reviews/${reviewId}` }),
      ...(row.reason === 'needs_invoice' ? { invoices: `${distributor}/invoices` } : {}),
    },
  };
}

const listUnusual = defineRoute({
  method: 'get',
  path: '/v1/settlements/:id/outliers',
  summary:
    'List every statement that is not as usual, the largest first, and what it is held against',
  description:
    'Much larger: more than three times the average of the last six statements of this person, from two on. The settlement itself shows the counts and the largest.',
  tag,
  access: mayRead,
  params: settlementParams,
  query: outlierQuery,
  answers: { 200: listOf(OutlierView) },
  handle: async ({ params, query: { limit, cursor, kind }, caller, deps: { db } }) => {
    const { id } = await findSettlement(db.read, caller, params.id);
    const after = placeOf(cursor);
    const rows = await listOutliers(db.read, id, { limit: limit + 1, after, kind });
    const place = ({ grossAmount, statementId }: OutlierRow) => `${grossAmount}:${statementId}`;
    return answer(200, mapPage(page(rows, limit, place), outlierView));
  },
});

/** A cursor that was made for another list begins this one again. */
function placeOf(cursor: string | undefined): OutlierPlace | undefined {
  const [, grossAmount, statementId] = /^(\d{1,18}):(\w+)$/.exec(cursor ?? '') ?? [];
  if (grossAmount === undefined || statementId === undefined) return undefined;
  return { grossAmount: BigInt(grossAmount), statementId };
}

function outlierView({ comparedWith, lastPayout, ...row }: OutlierRow) {
  const distributor = `/v1/distributors/${row.distributorId}`;
  const statement = `/v1/statements/${row.statementId}`;
  return {
    ...row,
    comparedWith: comparedWith.map((past) => ({
      ...past,
      link: `/v1/statements/${past.statementId}`,
    })),
    lastPayout: lastPayout && { ...lastPayout, link: `/v1/payouts/${lastPayout.id}` },
    links: {
      statement,
      lines: `${statement}/lines`,
      distributor,
      ledger: `${distributor}/ledger`,
      exclusions: `${statement}/exclusions`,
    },
  };
}

const exclude = defineRoute({
  method: 'post',
  path: '/v1/statements/:id/exclusions',
  summary: 'Take one statement out of a settlement in review',
  description:
    'Its money is available again and it is listed among the skipped with the reason. With `hold` the distributor stays out of later settlements and withdrawals until the hold is lifted.',
  tag,
  access: mayWrite,
  params: z.strictObject({ id: idParam('statement') }),
  body: ExclusionBody,
  answers: { 201: ExclusionView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { reason, hold } = body;
    const input = { statementId: params.id, reason, hold, actor: caller.actor, realNow: now };
    const exclusion = await excludeStatement(tx, caller, input);
    const { settlementId, distributorId, grossAmount, holdId } = exclusion;
    await audit({
      action: 'statement.excluded',
      subjectId: params.id,
      reason,
      after: { settlementId, distributorId, grossAmount: String(grossAmount), holdId },
    });
    return answer(201, exclusion);
  },
});

const listHolds = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/settlement-holds',
  summary: 'List whom settlements leave out until a person lifts it',
  tag,
  access: mayRead,
  params: programParams,
  query: holdQuery,
  answers: { 200: listOf(HoldView) },
  handle: async ({ params, query: { limit, cursor, open }, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, params.id);
    const rows = await holdsOf(db.read, id, { limit: limit + 1, before: cursor, open });
    return answer(
      200,
      page(rows, limit, (row) => row.id),
    );
  },
});

const getHold = defineRoute({
  method: 'get',
  path: '/v1/settlement-holds/:id',
  summary: 'Read a hold',
  tag,
  access: mayRead,
  params: holdParams,
  answers: { 200: HoldView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, await findHold(db.read, caller, params.id)),
});

const lift = defineRoute({
  method: 'post',
  path: '/v1/settlement-holds/:id/lifting',
  summary: 'Lift a hold: the next settlement takes the distributor again',
  tag,
  access: mayWrite,
  params: holdParams,
  body: LiftBody,
  answers: { 200: HoldView },
  write: async ({ tx, params, body: { reason }, caller, now, audit }) => {
    const input = { holdId: params.id, reason, actor: caller.actor, realNow: now };
    const hold = await liftHold(tx, caller, input);
    const after = { distributorId: hold.distributorId };
    await audit({ action: 'settlement_hold.lifted', subjectId: hold.id, reason, after });
    return answer(200, hold);
  },
});

export const settlementReviewRoutes = [listSkipped, listUnusual, exclude, listHolds, getHold, lift];
