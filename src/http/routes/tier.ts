import { coursesOf, passCourse } from '../../db/course';
import { findDistributor } from '../../db/distributor';
import { growthOf } from '../../db/growth';
import { findPlan, plansAt } from '../../db/plan';
import { findProgram } from '../../db/program';
import { type Evaluated, evaluateTiers } from '../../db/tier-evaluation';
import { changeTierByHand } from '../../db/tier-step';
import { programNow } from '../../domain/kernel/clock';
import { Refusal } from '../../domain/kernel/refusal';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import { programParams } from '../schemas/program';
import {
  CourseBody,
  CourseView,
  EvaluationView,
  GrowthView,
  previewQuery,
  TierChangeBody,
  TierChangeView,
} from '../schemas/tier';

const tag = 'Tiers';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;

const getGrowth = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/growth',
  summary: 'What the next tier still needs, by when, and what it would bring',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: GrowthView },
  handle: async ({ params, caller, now, deps: { db } }) => {
    const distributor = await findDistributor(db.read, caller, params.id);
    return answer(200, await growthOf(db.read, distributor, now));
  },
});

const postTierChange = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/tier-changes',
  summary: 'Put a distributor in another tier, with a reason',
  description:
    'Counts for orders paid from now on. The rules go on from there: a notice that ran is over, and the probation of the new tier begins.',
  tag,
  access: { adminOnly: { roles: ['owner', 'operations'] } },
  params: distributorParams,
  body: TierChangeBody,
  answers: { 201: TierChangeView },
  write: async ({ tx, params, body: { tier, reason }, caller, now, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    if (reason === undefined || reason === null) {
      throw new Refusal('reason_required', 'A change of tier needs a reason that can be read.');
    }
    const program = await findProgram(tx, caller, distributor.programId);
    const at = programNow(program, now);
    const given = { distributor, tier, reason, at, actor: caller.actor };
    const { distributorId, from, to } = await changeTierByHand(tx, given);
    await audit({
      action: 'distributor.tier_changed',
      subjectId: distributorId,
      reason,
      before: { tier: from },
      after: { tier: to },
    });
    return answer(201, { distributorId, from, to, reason, effectiveAt: at });
  },
});

const getPreview = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/tier-evaluations/preview',
  summary: 'Who would move, where and why, if the tiers were looked at now',
  description:
    'By the plan in force or by `planId`, which may be a draft. Writes nothing; who would stay is not listed.',
  tag,
  access: mayRead,
  params: programParams,
  query: previewQuery,
  answers: { 200: listOf(EvaluationView) },
  handle: async ({ params, query: { limit, cursor, planId }, caller, now, deps: { db } }) => {
    const program = await findProgram(db.read, caller, params.id);
    const at = programNow(program, now);
    const plan =
      planId === undefined
        ? (await plansAt(db.read, program.id, [at]))[0]
        : await findPlan(db.read, caller, planId, now);
    if (plan === undefined || ('programId' in plan && plan.programId !== program.id)) {
      throw new Refusal('not_found', 'The program has no such plan.');
    }
    const people = await evaluateTiers(db.read, { programId: program.id, plan: plan.body, at });
    const moved = people
      .flatMap(movedView)
      .filter(({ distributorId }) => cursor === undefined || distributorId > cursor);
    return answer(
      200,
      page(moved.slice(0, limit + 1), limit, ({ distributorId }) => distributorId),
    );
  },
});

function movedView({ distributorId, status, standing: { tier }, decision }: Evaluated) {
  if (decision.kind === 'stay') return [];
  return [
    {
      distributorId,
      status,
      tier,
      decision: decision.kind,
      to: 'to' in decision ? decision.to : null,
      endsAt: 'endsAt' in decision ? decision.endsAt : null,
      why: 'checked' in decision ? decision.checked : null,
    },
  ];
}

const postCourse = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/courses',
  summary: 'Record that a distributor passed a course',
  description: 'Each course counts once. The same again answers the first.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: CourseBody,
  answers: { 201: CourseView, 200: CourseView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const given = { ...body, actor: caller.actor, realNow: now };
    const { pass, created } = await passCourse(tx, distributor, given);
    if (!created) return answer(200, pass);
    await audit({ action: 'distributor.course_passed', subjectId: distributor.id, after: body });
    return answer(201, pass);
  },
});

const getCourses = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/courses',
  summary: 'The courses that a distributor passed',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(CourseView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await coursesOf(db.read, id, { limit: limit + 1, before: cursor });
    const found = page(rows, limit, (row) => row.id);
    return answer(
      200,
      mapPage(found, (row) => row),
    );
  },
});

export const tierRoutes = [getGrowth, postTierChange, getPreview, postCourse, getCourses];
