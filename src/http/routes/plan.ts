import { createPlan, findPlan, findPlanInForce, listPlans, publishPlan } from '../../db/plan';
import { findProgram, programById } from '../../db/program';
import { differenceOf } from '../../domain/commission/plan-diff';
import { programNow } from '../../domain/kernel/clock';
import { listOf, listQuery, mapPage, page } from '../list';
import { demandCompliance, planView } from '../plan-view';
import { answer, defineRoute } from '../route';
import {
  differenceQuery,
  inForceQuery,
  NewPlan,
  PlanDifference,
  planParams,
  PlanView,
  Publication,
} from '../schemas/plan';
import { programParams } from '../schemas/program';

const tag = 'Plans';
const mayRead = { scope: 'plans:read' } as const;
const mayWrite = { scope: 'plans:write', roles: ['owner', 'operations'] } as const;

const postPlan = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/plans',
  summary: 'Store a plan version',
  description: 'A draft decides nothing until it is published. Versions never change.',
  tag,
  access: mayWrite,
  params: programParams,
  body: NewPlan,
  answers: { 201: PlanView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const plan = await createPlan(tx, {
      programId: program.id,
      body: body.plan,
      note: body.note ?? '',
      actor: caller.actor,
      now,
    });
    await audit({
      action: 'plan.created',
      subjectId: plan.id,
      after: { programId: program.id, version: plan.version },
    });
    return answer(201, planView(plan, locale));
  },
});

const getPlans = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/plans',
  summary: 'List the plan versions of a program',
  tag,
  access: mayRead,
  params: programParams,
  query: listQuery,
  answers: { 200: listOf(PlanView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, locale, deps }) => {
    const { id: programId } = await findProgram(deps.db.read, caller, params.id);
    const rows = await listPlans(deps.db.read, { programId, now, cursor, limit: limit + 1 });
    const plans = page(rows, limit, ({ id }) => id);
    return answer(
      200,
      mapPage(plans, (plan) => planView(plan, locale)),
    );
  },
});

const getPlan = defineRoute({
  method: 'get',
  path: '/v1/plans/:id',
  summary: 'Read a plan version',
  tag,
  access: mayRead,
  params: planParams,
  answers: { 200: PlanView },
  handle: async ({ params, caller, now, locale, deps }) =>
    answer(200, planView(await findPlan(deps.db.read, caller, params.id, now), locale)),
});

const postPublication = defineRoute({
  method: 'post',
  path: '/v1/plans/:id/publication',
  summary: 'Publish a plan version',
  description:
    'It decides about orders paid from `effectiveAt` on. Nothing already booked may change, so ' +
    'that moment is after the last accepted payment. Findings of severity error block it; each ' +
    'warning with `needsWaiver` waits for a waiver.',
  tag,
  access: mayWrite,
  params: planParams,
  body: Publication,
  answers: { 200: PlanView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    demandCompliance(await findPlan(tx, caller, params.id, now), locale);
    const plan = await publishPlan(tx, {
      reach: caller,
      id: params.id,
      requestedAt: body.effectiveAt,
      actor: caller.actor,
      now,
    });
    await audit({
      action: 'plan.published',
      subjectId: plan.id,
      before: { status: 'draft' },
      after: { status: plan.status, effectiveAt: plan.effectiveAt },
    });
    return answer(200, planView(plan, locale));
  },
});

const getPlanInForce = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/plans/in-force',
  summary: 'Read the plan that decides at a moment',
  tag,
  access: mayRead,
  params: programParams,
  query: inForceQuery,
  answers: { 200: PlanView },
  handle: async ({ params, query, caller, now, locale, deps: { db } }) => {
    const program = await findProgram(db.read, caller, params.id);
    const at = query.at ?? programNow(program, now);
    return answer(200, planView(await findPlanInForce(db.read, program.id, at, now), locale));
  },
});

const getDifference = defineRoute({
  method: 'get',
  path: '/v1/plans/:id/difference',
  summary: 'Tell in words what a plan version says differently from another one',
  tag,
  access: mayRead,
  params: planParams,
  query: differenceQuery,
  answers: { 200: PlanDifference },
  handle: async ({ params, query, caller, now, locale, deps: { db } }) => {
    const to = await findPlan(db.read, caller, params.id, now);
    const from = await findPlan(db.read, caller, query.from, now);
    const { currency } = await programById(db.read, to.programId);
    const style = { language: locale, currency };
    return answer(200, { from: from.id, to: to.id, ...differenceOf(from.body, to.body, style) });
  },
});

export const planRoutes = [
  postPlan,
  getPlans,
  getPlanInForce,
  getPlan,
  getDifference,
  postPublication,
];
