import { workflowIds } from '../contracts/workflow';
import {
  type ApplicationPolicy,
  defaultPolicy,
  faultsOfAnswers,
  type Replies,
} from '../domain/distributor/application';
import {
  type CriteriaOutcome,
  judgeApplication,
  type Judgement,
  type RiskSummary,
} from '../domain/distributor/criteria';
import type { DistributorMove, DistributorStatus } from '../domain/distributor/state';
import { addDays } from '../domain/kernel/clock';
import { momentText } from '../domain/kernel/format';
import { Refusal } from '../domain/kernel/refusal';
import type { Decision } from '../domain/review/kind';
import { riskOf } from './applicant-risk';
import { openDueMoment } from './clock';
import type { Tx } from './database';
import { newId } from './id';
import { lifeWorkflow } from './life-workflow';
import { enqueueStart } from './outbox';
import type { ProgramRow } from './program';
import { openReview } from './review';

/** What an application comes to before anything is written. */
export interface JudgedApplication {
  policyVersion: number;
  policy: ApplicationPolicy;
  answers: Replies;
  risk: RiskSummary;
  judgement: Judgement;
}

export interface Applicant {
  program: ProgramRow;
  phoneIndex: string;
  /** null: a new person */
  distributorId: string | null;
  answers: Replies;
  invited: boolean;
  /** on the program's clock */
  at: Date;
}

/** @throws Refusal `invalid_answers` that names everything that is wrong with its place */
export function mustFitForm({ fields }: ApplicationPolicy, answers: Replies): void {
  const errors = faultsOfAnswers(fields, answers);
  if (errors.length === 0) return;
  throw new Refusal('invalid_answers', 'The answers do not fit the form.', { errors });
}

/** Judges an application by the program's rules and what is known of the person. */
export async function judge(
  read: Tx,
  applicant: Applicant,
  { version, policy }: { version: number; policy: ApplicationPolicy },
): Promise<JudgedApplication> {
  const { program, answers, invited, at, phoneIndex, distributorId } = applicant;
  const risk = await riskOf(read, { storeId: program.storeId, phoneIndex, distributorId });
  const today = momentText(at, program.timeZone).slice(0, 10);
  const facts = { answers, fields: policy.fields, invited, risk, today };
  const judgement = judgeApplication(policy.rules, facts);
  return { policyVersion: version, policy, answers, risk, judgement };
}

/** The steps of a life that a judgement leads through, after `applied`. */
export const stepsAfter: Readonly<
  Record<CriteriaOutcome, readonly { move: DistributorMove; status: DistributorStatus }[]>
> = {
  review: [{ move: 'review_opened', status: 'under_review' }],
  approve: [
    { move: 'review_opened', status: 'under_review' },
    { move: 'application_approved', status: 'active' },
  ],
  reject: [
    { move: 'review_opened', status: 'under_review' },
    { move: 'application_rejected', status: 'rejected' },
  ],
};

/** The words of the rules that decided, in both languages, as the person reads them. */
export function reasonOf({ rules }: Judgement): string | null {
  if (rules.length === 0) return null;
  return rules.map(({ reason }) => `${reason['zh-CN']} / ${reason.en}`).join('\n');
}

/** When somebody who is turned down now may try again. */
export function reapplyDate({ reapplyAfterDays }: ApplicationPolicy, at: Date): Date {
  return addDays(at, reapplyAfterDays);
}

/** Who applies, as far as a task needs to know. */
interface ApplyingDistributor {
  id: string;
  storeId: string;
  programId: string;
  sponsorId: string | null;
  tier: string;
}

/**
 * Keeps an application and, where the rules leave it to a person, opens its task with all that waits
 * for it: the reminder, the end of its time, and what becomes of it then.
 */
export async function keepApplication(
  tx: Tx,
  distributor: ApplyingDistributor,
  judged: JudgedApplication,
  at: Date,
): Promise<void> {
  const { judgement, policy, risk } = judged;
  const decided = judgement.outcome !== 'review';
  const rejected = judgement.outcome === 'reject';
  await tx.insert('application', {
    id: newId('application'),
    programId: distributor.programId,
    distributorId: distributor.id,
    policyVersion: judged.policyVersion,
    answers: JSON.stringify(judged.answers),
    risk: JSON.stringify(risk),
    appliedAt: at,
    outcome: decided ? judgement.outcome : null,
    decidedBy: decided ? `rule:${judgement.rules.map(({ id }) => id).join(',')}` : null,
    reason: decided ? reasonOf(judgement) : null,
    decidedAt: decided ? at : null,
    reapplyFrom: rejected ? reapplyDate(policy, at) : null,
  });
  if (!decided) await openApplication(tx, distributor, judged, at);
}

async function openApplication(
  tx: Tx,
  distributor: ApplyingDistributor,
  { policy, risk, judgement }: JudgedApplication,
  at: Date,
): Promise<void> {
  const { id, storeId, programId, sponsorId, tier } = distributor;
  const dueAt = addDays(at, policy.decideWithinDays);
  const reviewId = await openReview(tx, {
    storeId,
    programId,
    kind: 'application',
    subjectId: id,
    workflowId: workflowIds.distributor(id),
    dueAt,
    remindBeforeDays: policy.remindBeforeDays,
    facts: {
      distributorId: id,
      sponsorId,
      tier,
      appliedAt: at.toISOString(),
      risk,
      rules: judgement.rules.map((rule) => rule.id),
      onUndecided: policy.onUndecided,
    },
    createdAt: at,
  });
  if (policy.onUndecided !== 'escalate') {
    const workflow = lifeWorkflow(id);
    await openDueMoment(tx, {
      programId,
      dueAt,
      subjectId: reviewId,
      name: undecidedMoment,
      workflow,
    });
  }
  await enqueueStart(tx, {
    workflowType: 'distributor',
    workflowId: workflowIds.distributor(id),
    input: { distributorId: id },
  });
}

/**
 * Looks again at what is known of somebody whose application waits for a person: an ID number or a
 * payout account that comes after the application can show who else has it. The application keeps
 * what was known when it came.
 */
export async function lookAgainAtRisk(
  tx: Tx,
  { id, storeId, phoneIndex }: { id: string; storeId: string; phoneIndex: string },
): Promise<void> {
  const open = await tx.first<{ id: string }>(
    `SELECT id FROM review_task WHERE subject_id = $1 AND kind = 'application' AND status = 'open'
     FOR UPDATE`,
    [id],
  );
  if (open === undefined) return;
  const risk = JSON.stringify(await riskOf(tx, { storeId, phoneIndex, distributorId: id }));
  await tx.run(
    `UPDATE review_task SET facts = facts || jsonb_build_object('risk', $2::jsonb) WHERE id = $1`,
    [open.id, risk],
  );
}

/** The end of an application's time, where the program's policy decides what nobody decided. */
export const undecidedMoment = 'application.undecided';

export interface ApplicationRow {
  id: string;
  distributorId: string;
  policyVersion: number;
  answers: Replies;
  risk: RiskSummary;
  appliedAt: Date;
  outcome: Decision | null;
  decidedBy: string | null;
  reason: string | null;
  decidedAt: Date | null;
  reapplyFrom: Date | null;
}

/** Writes how an open application ended. Answers when one who was turned down may try again. */
export async function endApplication(
  tx: Tx,
  ended: { distributorId: string; outcome: Decision; by: string; reason: string | null; at: Date },
): Promise<Date | null> {
  const { distributorId, outcome, by, reason, at } = ended;
  const row = await tx.first<{ id: string; reapplyAfterDays: number | null }>(
    `SELECT a.id, (p.body ->> 'reapplyAfterDays')::int AS reapply_after_days
     FROM application a LEFT JOIN application_policy p
       ON p.program_id = a.program_id AND p.version = a.policy_version
     WHERE a.distributor_id = $1 AND a.outcome IS NULL`,
    [distributorId],
  );
  if (row === undefined) return null;
  const reapplyFrom =
    outcome === 'reject'
      ? addDays(at, row.reapplyAfterDays ?? defaultPolicy.reapplyAfterDays)
      : null;
  await tx.run(
    `UPDATE application SET outcome = $2, decided_by = $3, reason = $4, decided_at = $5,
       reapply_from = $6 WHERE id = $1`,
    [row.id, outcome, by, reason, at, reapplyFrom],
  );
  return reapplyFrom;
}

/** The applications of a person, the latest first, before a cursor. */
export function applicationsOf(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<ApplicationRow[]> {
  return read.rows<ApplicationRow>(
    `SELECT * FROM application WHERE distributor_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}
