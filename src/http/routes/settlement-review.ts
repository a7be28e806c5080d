import { z } from 'zod';
import { findProgram } from '../../db/program';
import { findSettlement } from '../../db/settlement';
import { skipsOf } from '../../db/settlement-skip';
import { excludeStatement, findHold, holdsOf, liftHold } from '../../db/statement-exclusion';
import { listOf, page } from '../list';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';
import { programParams } from '../schemas/program';
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

const listSkipped = defineRoute({
  method: 'get',
  path: '/v1/settlements/:id/skipped',
  summary: 'List who is not settled this time, and why',
  tag,
  access: mayRead,
  params: z.strictObject({ id: idParam('settlement') }),
  query: skipQuery,
  answers: { 200: listOf(SkipView) },
  handle: async ({ params, query: { limit, cursor, reason }, caller, deps: { db } }) => {
    const { id } = await findSettlement(db.read, caller, params.id);
    const rows = await skipsOf(db.read, id, { limit: limit + 1, after: cursor, reason });
    return answer(
      200,
      page(rows, limit, ({ distributorId }) => distributorId),
    );
  },
});

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

export const settlementReviewRoutes = [listSkipped, exclude, listHolds, getHold, lift];
