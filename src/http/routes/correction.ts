import { z } from 'zod';
import { correctionsOf, findCorrection, proposeCorrection } from '../../db/correction';
import { findSettlement } from '../../db/settlement';
import { listOf, listQuery, page } from '../list';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';
import { CorrectionBody, correctionParams, CorrectionView } from '../schemas/settlement-review';

const tag = 'Settlements';
const mayRead = { scope: 'settlements:read' } as const;
const settlementParams = z.strictObject({ id: idParam('settlement') });

const propose = defineRoute({
  method: 'post',
  path: '/v1/settlements/:id/corrections',
  summary: 'Propose a correction of a statement that was approved',
  description:
    'Nothing of the settlement changes. A review of kind `settlement` opens, which another admin decides; approved, the amount is booked as a line of its own and settles in the next period.',
  tag,
  access: { scope: 'settlements:write', roles: ['owner', 'finance'] },
  params: settlementParams,
  body: CorrectionBody,
  answers: { 202: CorrectionView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const settlement = await findSettlement(tx, caller, params.id);
    const { actor, adminId } = caller;
    const input = { ...body, actor, adminId, realNow: now };
    const correction = await proposeCorrection(tx, settlement, input);
    const { statementId, amount } = correction;
    await audit({
      action: 'settlement.correction_proposed',
      subjectId: correction.id,
      reason: body.reason,
      after: { settlementId: settlement.id, statementId, amount: String(amount) },
    });
    return answer(202, correction);
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/settlements/:id/corrections',
  summary: 'List the corrections of a settlement, the latest first',
  tag,
  access: mayRead,
  params: settlementParams,
  query: listQuery,
  answers: { 200: listOf(CorrectionView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findSettlement(db.read, caller, params.id);
    const rows = await correctionsOf(db.read, id, { limit: limit + 1, before: cursor });
    return answer(
      200,
      page(rows, limit, (row) => row.id),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/corrections/:id',
  summary: 'Read a correction',
  tag,
  access: mayRead,
  params: correctionParams,
  answers: { 200: CorrectionView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, await findCorrection(db.read, caller, params.id)),
});

export const correctionRoutes = [propose, list, get];
