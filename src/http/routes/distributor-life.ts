import type { z } from 'zod';
import { appeal } from '../../db/appeal';
import { depart, takeBack, withdrawDeparture } from '../../db/departure';
import { findDistributor } from '../../db/distributor';
import { type CaseKind, type CaseRow, type Life, lockLife } from '../../db/life-case';
import { findCase, listCases } from '../../db/life-case-list';
import { listReversals } from '../../db/reversal-read';
import { lockProgramAlone } from '../../db/program-lock';
import type { Tx } from '../../db/database';
import { suspend } from '../../db/suspension';
import type { DistributorStatus } from '../../domain/distributor/state';
import type { Caller } from '../../domain/kernel/access';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import {
  AppealBody,
  AppealView,
  caseParams,
  DepartureBody,
  DepartureView,
  EvictionView,
  ReturnBody,
  ReturnView,
  ReversalView,
  SuspensionBody,
  SuspensionView,
} from '../schemas/distributor-life';

const tag = 'Distributors';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;
const adminsOnly = { adminOnly: { roles: ['owner', 'operations'] } } as const;

/** The life that a caller names, under its lock. @throws Refusal not_found */
async function lifeOf(tx: Tx, caller: Caller, id: string, realNow: Date): Promise<Life> {
  const distributor = await findDistributor(tx, caller, id);
  return lockLife(tx, distributor.id, { realNow, actor: caller.actor });
}

function fields(row: CaseRow, status: DistributorStatus) {
  const { id, distributorId, openedAt, openedBy, outcome, closedAt } = row;
  return { id, distributorId, status, openedAt, openedBy, outcome, closedAt };
}

const views = {
  appeal: (row: CaseRow, status: DistributorStatus) => ({
    ...fields(row, status),
    text: row.reason ?? '',
    evidence: row.terms['evidence'] as string[],
    against: row.againstId ?? '',
    reviewId: row.reviewId,
  }),
  measure: (row: CaseRow, status: DistributorStatus) => ({
    ...fields(row, status),
    reason: row.reason,
    reasonCode: row.reasonCode,
    reviewId: row.reviewId,
    appealUntil: row.endsAt,
  }),
  departure: (row: CaseRow, status: DistributorStatus) => ({
    ...fields(row, status),
    reason: row.reason,
    effectiveAt: row.endsAt,
  }),
};

const postAppeal = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/appeals',
  summary: 'Appeal against an eviction or a suspension',
  description:
    'Within the window, once. Opens a review of kind `appeal` that nobody decides who decided what it is against; until then nothing takes effect. Approved, the distributor is active again. When there is nothing to appeal: 409, which names what is possible now.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: AppealBody,
  answers: { 202: AppealView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const life = await lifeOf(tx, caller, params.id, now);
    const before = { status: life.distributor.status };
    const made = await appeal(tx, life, body);
    const { status } = life.distributor;
    const after = { status, appealId: made.id, against: made.againstId };
    await audit({ action: 'distributor.appealed', subjectId: params.id, before, after });
    return answer(202, views.appeal(made, status));
  },
});

const postSuspension = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/suspensions',
  summary: 'Suspend a distributor at once',
  description:
    'Commissions go on being held, nothing is settled, payouts that were not submitted pause. Opens a review of kind `suspension`: rejected, it is lifted; approved, the window to appeal begins.',
  tag,
  access: adminsOnly,
  params: distributorParams,
  body: SuspensionBody,
  answers: { 201: SuspensionView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const life = await lifeOf(tx, caller, params.id, now);
    const { opened, before } = await suspend(tx, life, body);
    const { status } = life.distributor;
    await audit({
      action: 'distributor.suspended',
      subjectId: params.id,
      reason: body.reason,
      before: { status: before.status },
      after: { status, suspensionId: opened.id, reasonCode: body.reasonCode },
    });
    return answer(201, views.measure(opened, status));
  },
});

const postDeparture = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/departures',
  summary: 'Leave the program by own wish',
  description:
    "Takes effect at `effectiveAt`, the end of the program's `leaving.coolingOffDays`; until then everything stays as it is. What was earned stays payable.",
  tag,
  access: mayWrite,
  params: distributorParams,
  body: DepartureBody,
  answers: { 202: DepartureView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const life = await lifeOf(tx, caller, params.id, now);
    const made = await depart(tx, life, body.reason ?? null);
    const after = { departureId: made.id, effectiveAt: made.endsAt };
    await audit({ action: 'distributor.departure_requested', subjectId: params.id, after });
    return answer(202, views.departure(made, life.distributor.status));
  },
});

const postWithdrawal = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/departures/withdrawal',
  summary: 'Take a departure back',
  tag,
  access: mayWrite,
  params: distributorParams,
  answers: { 200: DepartureView },
  write: async ({ tx, params, caller, now, audit }) => {
    const life = await lifeOf(tx, caller, params.id, now);
    const done = await withdrawDeparture(tx, life);
    const after = { departureId: done.id };
    await audit({ action: 'distributor.departure_withdrawn', subjectId: params.id, after });
    return answer(200, views.departure(done, life.distributor.status));
  },
});

const postReturn = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/returns',
  summary: 'Take somebody back who was evicted or has left',
  description:
    "Within 30 days of an eviction a reinstatement: downlines and customers come back where nothing else happened to them since, and so do commissions that the suspension behind it had reversed. Later a return, after the program's `leaving.returnAfterDays`.",
  tag,
  access: adminsOnly,
  params: distributorParams,
  body: ReturnBody,
  answers: { 201: ReturnView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { programId, status: before } = await findDistributor(tx, caller, params.id);
    await lockProgramAlone(tx, programId);
    const life = await lifeOf(tx, caller, params.id, now);
    const { kind, givenBack, restoredAmount } = await takeBack(tx, life, {
      reason: body.reason,
      restores: body.restoreCommissions,
      realNow: now,
    });
    const { status } = life.distributor;
    await audit({
      action: `distributor.${kind}`,
      subjectId: params.id,
      reason: body.reason,
      before: { status: before },
      after: { status, ...givenBack, restoredAmount },
    });
    return answer(201, { id: params.id, status, kind, ...givenBack, restoredAmount });
  },
});

/** The list and the single case of a kind. */
function readRoutes<V extends z.ZodType>(
  kind: CaseKind,
  plural: string,
  view: V,
  viewOf: (row: CaseRow, status: DistributorStatus) => z.output<V>,
) {
  const path = `/v1/distributors/:id/${plural}`;
  return [
    defineRoute({
      method: 'get',
      path,
      summary: `List the ${plural} of a distributor, the latest first`,
      tag,
      access: mayRead,
      params: distributorParams,
      query: listQuery,
      answers: { 200: listOf(view) },
      handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
        const { id, status } = await findDistributor(db.read, caller, params.id);
        const rows = await listCases(db.read, id, kind, { limit: limit + 1, before: cursor });
        const found = page(rows, limit, (row) => row.id);
        return answer(
          200,
          mapPage(found, (row) => viewOf(row, status)),
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: `${path}/:caseId`,
      summary: `Read one of the ${plural} of a distributor`,
      tag,
      access: mayRead,
      params: caseParams,
      answers: { 200: view },
      handle: async ({ params, caller, deps: { db } }) => {
        const { id, status } = await findDistributor(db.read, caller, params.id);
        return answer(200, viewOf(await findCase(db.read, id, kind, params.caseId), status));
      },
    }),
  ];
}

const getReversals = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/reversals',
  summary: 'Commissions of a distributor that decisions took back, the latest first',
  description:
    'Each is one step of a decision about a suspension: up to 1,000 commissions. When a suspension becomes final, what came since everything was taken back follows (`reversedBy` is `system:life`). `restoredAmount`: what an appeal or a reinstatement gave back, less what was refunded meanwhile. Which commissions they are is told by the explanation of each.',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(ReversalView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await listReversals(db.read, id, { limit: limit + 1, before: cursor });
    return answer(
      200,
      mapPage(
        page(rows, limit, (row) => row.id),
        ({ caseId, actor, ...row }) => ({ ...row, suspensionId: caseId, reversedBy: actor }),
      ),
    );
  },
});

export const distributorLifeRoutes = [
  postAppeal,
  postSuspension,
  postDeparture,
  postWithdrawal,
  postReturn,
  getReversals,
  ...readRoutes('appeal', 'appeals', AppealView, views.appeal),
  ...readRoutes('suspension', 'suspensions', SuspensionView, views.measure),
  ...readRoutes('eviction', 'evictions', EvictionView, views.measure),
  ...readRoutes('departure', 'departures', DepartureView, views.departure),
];
