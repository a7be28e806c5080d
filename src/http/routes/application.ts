import { acceptancesOf, keepAcceptance, mustBeCurrent } from '../../db/agreement';
import { applicationsOf } from '../../db/application';
import { applyAgain } from '../../db/application-case';
import {
  applicationPolicyOf,
  putApplicationPolicy,
  type StoredPolicy,
} from '../../db/application-policy';
import type { Tx } from '../../db/database';
import { findDistributor } from '../../db/distributor';
import { findProgram, lockProgram, programById } from '../../db/program';
import { floorToSecond, programNow } from '../../domain/kernel/clock';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  AgreementBody,
  AgreementsView,
  ApplicationPolicyBody,
  ApplicationPolicyView,
  ApplicationView,
  ApplyAgainBody,
} from '../schemas/application';
import { distributorParams, DistributorView } from '../schemas/distributor';
import { programParams } from '../schemas/program';
import { distributorViews } from './distributor';

const tag = 'Applications';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;
const mayRule = { scope: 'programs:write', roles: ['owner', 'operations'] } as const;

const getPolicy = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/application-policy',
  summary: 'How a program takes people in: form, criteria, deadlines, agreement',
  tag,
  access: { scope: 'programs:read' },
  params: programParams,
  answers: { 200: ApplicationPolicyView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, params.id);
    return answer(200, policyView(await applicationPolicyOf(db.read, id)));
  },
});

const putPolicy = defineRoute({
  method: 'put',
  path: '/v1/programs/:id/application-policy',
  summary: 'Say how a program takes people in',
  description:
    'Replaces the policy by a new version, which counts for applications from now on; open ones keep theirs. ' +
    'Of the rules that apply one that rejects wins over one that asks for a person, that over one that approves; ' +
    'where none applies a person decides.',
  tag,
  access: mayRule,
  params: programParams,
  body: ApplicationPolicyBody,
  answers: { 200: ApplicationPolicyView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id: programId } = await lockProgram(tx, await findProgram(tx, caller, params.id));
    const before = policyView(await applicationPolicyOf(tx, programId));
    const input = { programId, policy: body, actor: caller.actor, realNow: now };
    const after = policyView(await putApplicationPolicy(tx, input));
    await audit({
      action: 'program.application_policy_changed',
      subjectId: programId,
      before,
      after,
    });
    return answer(200, after);
  },
});

function policyView({ version, policy }: StoredPolicy) {
  const { fields, rules, ...rest } = policy;
  return {
    version,
    ...rest,
    fields: fields.map((field) => ({ ...field })),
    rules: rules.map((rule) => ({ ...rule })),
  };
}

const postApplication = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/applications',
  summary: 'Apply again after being turned down',
  description:
    'From the date on that the person was told; before it 409 `cannot_apply_now` names it.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: ApplyAgainBody,
  answers: { 201: DistributorView },
  write: async ({ tx, params, body, caller, now, deps: { config }, audit }) => {
    const { id: distributorId, programId } = await findDistributor(tx, caller, params.id);
    const program = await programById(tx, programId);
    const { answers, agreement } = body;
    const again = { program, distributorId, answers, agreement, actor: caller.actor, realNow: now };
    const distributor = await applyAgain(tx, again);
    const { status } = distributor;
    await audit({
      action: 'distributor.applied_again',
      subjectId: distributorId,
      after: { status },
    });
    const [view] = await distributorViews(tx, config, [distributor], now);
    return answer(201, view!);
  },
});

const getApplications = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/applications',
  summary: 'Every application of a person, the latest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(ApplicationView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await applicationsOf(db.read, id, { limit: limit + 1, before: cursor });
    const view = (row: (typeof rows)[0]) => ({
      id: row.id,
      policyVersion: row.policyVersion,
      answers: row.answers,
      appliedAt: row.appliedAt,
      outcome: row.outcome,
      decidedBy: row.decidedBy,
      reason: row.reason,
      decidedAt: row.decidedAt,
      reapplyFrom: row.reapplyFrom,
    });
    return answer(
      200,
      mapPage(
        page(rows, limit, (row) => row.id),
        view,
      ),
    );
  },
});

const getAgreements = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/agreements',
  summary: 'What a person accepted, and whether that is the agreement of today',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: AgreementsView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id, programId } = await findDistributor(db.read, caller, params.id);
    return answer(200, await agreementsView(db.read, id, programId));
  },
});

const postAgreement = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/agreements',
  summary: 'Accept the agreement of today',
  description: 'Of one version the first acceptance is kept, for good.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: AgreementBody,
  answers: { 201: AgreementsView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id, programId } = await findDistributor(tx, caller, params.id);
    const { agreement } = (await applicationPolicyOf(tx, programId)).policy;
    mustBeCurrent(agreement, body.version);
    if (agreement !== null) {
      const acceptedAt = floorToSecond(programNow(await programById(tx, programId), now));
      await keepAcceptance(tx, id, { ...agreement, acceptedAt, actor: caller.actor });
      await audit({ action: 'distributor.agreement_accepted', subjectId: id, after: agreement });
    }
    return answer(201, await agreementsView(tx, id, programId));
  },
});

async function agreementsView(read: Tx, distributorId: string, programId: string) {
  const { agreement } = (await applicationPolicyOf(read, programId)).policy;
  const accepted = await acceptancesOf(read, distributorId);
  const isAccepted = accepted.some(({ version }) => version === agreement?.version);
  return {
    current: agreement === null ? null : { ...agreement, accepted: isAccepted },
    accepted,
  };
}

export const applicationRoutes = [
  getPolicy,
  putPolicy,
  postApplication,
  getApplications,
  getAgreements,
  postAgreement,
];
