import type { AssessmentRow } from '../../db/assessment';
import { objectTo } from '../../db/assessment-objection';
import {
  assessmentsOf,
  assessmentsOfScheme,
  besideAssessments,
  completeTask,
  findAssessment,
} from '../../db/assessment-read';
import {
  createScheme,
  endScheme,
  findScheme,
  listSchemes,
  type SchemeRow,
} from '../../db/assessment-scheme';
import type { Tx } from '../../db/database';
import { findDistributor } from '../../db/distributor';
import { findProgram, programById } from '../../db/program';
import { programNow } from '../../domain/kernel/clock';
import type { KpiResult } from '../../domain/operations/assessment';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  AssessmentView,
  assessmentParams,
  ObjectionBody,
  resultsQuery,
  SchemeBody,
  schemeParams,
  SchemeView,
  taskParams,
} from '../schemas/assessment';
import { distributorParams } from '../schemas/distributor';
import { programParams } from '../schemas/program';

const tag = 'Assessments';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;
const adminsOnly = { adminOnly: { roles: ['owner', 'operations'] } } as const;
const schemesPath = '/v1/programs/:id/assessments';

const postScheme = defineRoute({
  method: 'post',
  path: schemesPath,
  summary: 'Say what is looked at after every month or quarter, and what follows',
  description:
    'Begins with the period that runs. A scheme never changes: end it and make another. A reward is a commission of kind `assessment`; nobody is rewarded without a sale of his own in the period.',
  tag,
  access: adminsOnly,
  params: programParams,
  body: SchemeBody,
  answers: { 201: SchemeView, 200: SchemeView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const { externalId, name, calendar, ...rest } = body;
    const given = { externalId, name, calendar, body: rest };
    const { scheme, created } = await createScheme(tx, program, {
      scheme: given,
      actor: caller.actor,
      realNow: now,
    });
    if (!created) return answer(200, schemeView(scheme));
    await audit({ action: 'assessment.scheme_created', subjectId: scheme.id, after: body });
    return answer(201, schemeView(scheme));
  },
});

function schemeView({ body, ...scheme }: SchemeRow) {
  const { id, programId, externalId, name, calendar, startsAt, endedAt, createdAt } = scheme;
  const { kpis, outcomes, objectionDays } = body;
  return {
    ...{ id, programId, externalId, name, calendar, startsAt, endedAt, createdAt, objectionDays },
    kpis: kpis.map((kpi) => ({ ...kpi })),
    outcomes: outcomes.map((one) =>
      one.outcome === 'help' ? { ...one, tasks: [...one.tasks] } : one,
    ),
  };
}

const getSchemes = defineRoute({
  method: 'get',
  path: schemesPath,
  summary: 'The schemes of a program',
  tag,
  access: mayRead,
  params: programParams,
  query: listQuery,
  answers: { 200: listOf(SchemeView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, params.id);
    const rows = await listSchemes(db.read, id, { limit: limit + 1, before: cursor });
    const found = page(rows, limit, (row) => row.id);
    return answer(200, mapPage(found, schemeView));
  },
});

const getScheme = defineRoute({
  method: 'get',
  path: '/v1/assessment-schemes/:id',
  summary: 'Read a scheme',
  tag,
  access: mayRead,
  params: schemeParams,
  answers: { 200: SchemeView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, schemeView(await findScheme(db.read, caller, params.id))),
});

const postEnding = defineRoute({
  method: 'post',
  path: '/v1/assessment-schemes/:id/ending',
  summary: 'End a scheme: the period that runs is not assessed any more',
  tag,
  access: adminsOnly,
  params: schemeParams,
  answers: { 200: SchemeView },
  write: async ({ tx, params, caller, now, audit }) => {
    const scheme = await findScheme(tx, caller, params.id);
    const at = programNow(await programById(tx, scheme.programId), now);
    const ended = await endScheme(tx, scheme, at);
    await audit({ action: 'assessment.scheme_ended', subjectId: scheme.id });
    return answer(200, schemeView(ended));
  },
});

const getResults = defineRoute({
  method: 'get',
  path: '/v1/assessment-schemes/:id/results',
  summary: 'The results of a scheme, of one period or all',
  tag,
  access: mayRead,
  params: schemeParams,
  query: resultsQuery,
  answers: { 200: listOf(AssessmentView) },
  handle: async ({ params, query: { limit, cursor, period }, caller, deps: { db } }) => {
    const { id: schemeId } = await findScheme(db.read, caller, params.id);
    const slice = { limit: limit + 1, before: cursor };
    const rows = await assessmentsOfScheme(db.read, { schemeId, period }, slice);
    const found = page(rows, limit, ({ id }) => id);
    return answer(200, { ...found, data: await assessmentViews(db.read, found.data) });
  },
});

const getAssessments = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/assessments',
  summary: 'The results of a distributor, the latest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(AssessmentView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id: distributorId } = await findDistributor(db.read, caller, params.id);
    const rows = await assessmentsOf(db.read, distributorId, { limit: limit + 1, before: cursor });
    const found = page(rows, limit, ({ id }) => id);
    return answer(200, { ...found, data: await assessmentViews(db.read, found.data) });
  },
});

const getAssessment = defineRoute({
  method: 'get',
  path: '/v1/assessments/:id',
  summary: 'Read a result with its help plan and objection',
  tag,
  access: mayRead,
  params: assessmentParams,
  answers: { 200: AssessmentView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, await oneView(db.read, await findAssessment(db.read, caller, params.id))),
});

const postObjection = defineRoute({
  method: 'post',
  path: '/v1/assessments/:id/objections',
  summary: 'Object to a result; a person decides',
  description:
    'Once, and until `objectBy`. Approved, the result is computed anew from what is stored by then, with the claims in the place of what was measured. An objection never makes a result worse; what it adds to a reward is booked as a commission of its own.',
  tag,
  access: mayWrite,
  params: assessmentParams,
  body: ObjectionBody,
  answers: { 201: AssessmentView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id } = await findAssessment(tx, caller, params.id);
    const given = { objection: body, actor: caller.actor, realNow: now };
    const { reviewId } = await objectTo(tx, id, given);
    await audit({ action: 'assessment.objected', subjectId: id, after: { reviewId } });
    return answer(201, await oneView(tx, await findAssessment(tx, caller, id)));
  },
});

const postCompletion = defineRoute({
  method: 'post',
  path: '/v1/assessments/:id/tasks/:position/completion',
  summary: 'A task of a help plan is done',
  tag,
  access: mayWrite,
  params: taskParams,
  answers: { 200: AssessmentView },
  write: async ({ tx, params: { id, position }, caller, now, audit }) => {
    const assessment = await findAssessment(tx, caller, id);
    const at = programNow(await programById(tx, assessment.programId), now);
    await completeTask(tx, { assessmentId: id, position }, { at, actor: caller.actor });
    await audit({ action: 'assessment.task_done', subjectId: id, after: { position } });
    return answer(200, await oneView(tx, assessment));
  },
});

async function oneView(read: Tx, row: AssessmentRow) {
  return (await assessmentViews(read, [row]))[0]!;
}

async function assessmentViews(read: Tx, rows: readonly AssessmentRow[]) {
  const beside = await besideAssessments(
    read,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => {
    const { kpis, correction, mentorId, createdAt: _, ...shown } = row;
    const tasks = beside.tasks.filter(({ assessmentId }) => assessmentId === row.id);
    const objection = beside.objections.find(({ assessmentId }) => assessmentId === row.id);
    return {
      ...shown,
      kpis: kpis.items.map(kpiView),
      correction:
        correction === null
          ? null
          : {
              kpis: correction.items.map(kpiView),
              scoreBps: correction.scoreBps,
              outcome: correction.outcome,
              rewardAmount: BigInt(correction.rewardAmount),
            },
      help:
        tasks.length === 0
          ? null
          : { mentorId, tasks: tasks.map(({ assessmentId: __, ...task }) => task) },
      objection: objection === undefined ? null : objectionView(objection),
    };
  });
}

function objectionView(objection: Awaited<ReturnType<typeof besideAssessments>>['objections'][0]) {
  const { id, text, claims, reviewId, at } = objection;
  return { id, text, claims, reviewId, at };
}

function kpiView({ have, ...kpi }: KpiResult) {
  return { ...kpi, have: Number(have) };
}

export const assessmentRoutes = [
  postScheme,
  getSchemes,
  getScheme,
  postEnding,
  getResults,
  getAssessments,
  getAssessment,
  postObjection,
  postCompletion,
];
