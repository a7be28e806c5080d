import { z } from 'zod';
import { createPlan, findPlan, listPlans, type PlanRow, publishPlan } from '../../db/plan';
import { findProgram } from '../../db/program';
import { type Finding, findingView } from '../../domain/commission/findings';
import type { Language } from '../../domain/kernel/language';
import { Refusal } from '../../domain/kernel/refusal';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';
import { NewPlan, planParams, PlanView, Publication } from '../schemas/plan';

const inProgram = z.strictObject({ id: idParam('program') });
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
  params: inProgram,
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
  params: inProgram,
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
    'that moment is after the last accepted payment.',
  tag,
  access: mayWrite,
  params: planParams,
  body: Publication,
  answers: { 200: PlanView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    await demandCompliance(() => findPlan(tx, caller, params.id, now), locale);
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

export const planRoutes = [postPlan, getPlans, getPlan, postPublication];

/** Names the findings that stand in the way in the reader's language, which the database cannot. */
async function demandCompliance(find: () => Promise<PlanRow>, language: Language): Promise<void> {
  const plan = await find();
  const faults = plan.findings
    .filter(({ severity }) => severity === 'error')
    .map((finding) => faultOf(finding, language));
  if (plan.status === 'draft' && faults.length > 0) {
    throw new Refusal('plan_not_compliant', '', { errors: faults });
  }
}

function faultOf(finding: Finding, language: Language) {
  const { rule, pointer, message } = findingView(finding, language);
  return { pointer: `/plan${pointer}`, code: rule, message };
}

function planView({ body, findings, ...plan }: PlanRow, language: Language) {
  return {
    ...plan,
    plan: body,
    findings: findings.map((finding) => findingView(finding, language)),
  };
}
