import type { UndecidedPolicy } from '../domain/distributor/application';
import { recordAudit } from './audit';
import { closeDueMoments } from './clock';
import type { Tx } from './database';
import { decideApplication } from './application-case';
import type { LifeStep } from './life-steps';
import { reviewById } from './review';

const words: Readonly<Record<Exclude<UndecidedPolicy, 'escalate'>, string>> = {
  approve: '审核期限已到，按计划规则自动通过 / the time of the review is over; approved by policy',
  reject: '审核期限已到，按计划规则不予通过 / the time of the review is over; declined by policy',
};

/** Nobody decided in time: the policy under which somebody applied does, and says so. */
export const decideUndecided: LifeStep = async (tx, { moment, realNow }) => {
  const review = await reviewById(tx, moment.subjectId);
  if (review.status !== 'open') return;
  const policy = await policyOf(tx, review.subjectId);
  if (policy === undefined || policy === 'escalate') return;
  const at = moment.dueAt;
  await tx.run(
    `UPDATE review_task SET status = 'decided', outcome = $2, decided_at = $3 WHERE id = $1`,
    [review.id, policy, at],
  );
  await closeDueMoments(tx, review.id, 'canceled');
  const actor = 'system:undecided';
  const decided = { distributorId: review.subjectId, outcome: policy, at, actor };
  await decideApplication(tx, { ...decided, reason: words[policy] });
  await recordAudit(tx, {
    storeId: review.storeId,
    actor,
    action: 'review.decided',
    subjectId: review.id,
    reason: words[policy],
    after: { kind: review.kind, subjectId: review.subjectId, outcome: policy },
    at: realNow,
  });
};

/** The policy of the version under which the open application was made. */
async function policyOf(read: Tx, distributorId: string): Promise<UndecidedPolicy | undefined> {
  const row = await read.first<{ onUndecided: UndecidedPolicy }>(
    `SELECT p.body ->> 'onUndecided' AS on_undecided FROM application a
     JOIN application_policy p ON p.program_id = a.program_id AND p.version = a.policy_version
     WHERE a.distributor_id = $1 AND a.outcome IS NULL`,
    [distributorId],
  );
  return row?.onUndecided;
}
