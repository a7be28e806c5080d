import { workflowIds, type WorkflowStart } from '../contracts/workflow';
import type { Role } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import { isRepeated, judge, type MadeDecision, type objections } from '../domain/review/decide';
import { remindAt, remindBeforeDaysUsually } from '../domain/review/due';
import type { Decision, ReviewKind } from '../domain/review/kind';
import { recordAudit } from './audit';
import { closeDueMoments, openDueMoment } from './clock';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { enqueueSignal, enqueueStart } from './outbox';

/** A task of the review queue as it is stored. */
export interface ReviewRow {
  id: string;
  storeId: string;
  programId: string;
  kind: ReviewKind;
  subjectId: string;
  status: 'open' | 'decided';
  outcome: Decision | null;
  dueAt: Date;
  assigneeId: string | null;
  facts: Record<string, unknown>;
  workflowId: string;
  stepsNeeded: number;
  excludedDeciders: string[];
  escalatedAt: Date | null;
  createdAt: Date;
  decidedAt: Date | null;
  remindedAt: Date | null;
}

export interface DecisionRow {
  step: number;
  deciderId: string;
  decision: Decision;
  reason: string | null;
  at: Date;
  /** which commissions it takes back, of these orders or all; null: none */
  reverse: { orders?: string[] } | null;
}

export interface NewReview {
  storeId: string;
  programId: string;
  kind: ReviewKind;
  subjectId: string;
  /** the workflow that waits for the decision; left out: one of its own, `review:<id>`, is started */
  workflowId?: string;
  /** on the program's clock: from then on the task is escalated */
  dueAt: Date;
  /** what the admin needs to know; ids and amounts (as decimal strings), no personal data */
  facts: Record<string, unknown>;
  /** on the program's clock */
  createdAt: Date;
  /** 2: another admin must approve as well; default 1 */
  stepsNeeded?: 1 | 2;
  /** admins who may not decide, for example whose own decision is appealed */
  excludedDeciders?: readonly string[];
  /** days before `dueAt` on which it reminds; default 1; 0, or not before `createdAt`: it does not */
  remindBeforeDays?: number;
}

/** The due moments of a task; the workflow that waits for it reminds and escalates then. */
export const reminderMoment = 'review.reminder';
export const escalationMoment = 'review.escalation';

/** Opens a task and its due moments, in the transaction of what is to be decided. */
export async function openReview(tx: Tx, review: NewReview): Promise<string> {
  const id = newId('review');
  const workflowId = review.workflowId ?? workflowIds.review(id);
  await tx.insert('review_task', {
    id,
    storeId: review.storeId,
    programId: review.programId,
    kind: review.kind,
    subjectId: review.subjectId,
    status: 'open',
    dueAt: review.dueAt,
    facts: JSON.stringify(review.facts),
    workflowId,
    stepsNeeded: review.stepsNeeded ?? 1,
    excludedDeciders: [...(review.excludedDeciders ?? [])],
    createdAt: review.createdAt,
  });
  const workflow = workflowOfReview({ ...review, id, workflowId });
  const moment = { programId: review.programId, subjectId: id, workflow };
  const remindsAt = remindAt(review, review.remindBeforeDays ?? remindBeforeDaysUsually);
  if (remindsAt !== null) {
    await openDueMoment(tx, { ...moment, dueAt: remindsAt, name: reminderMoment });
  }
  await openDueMoment(tx, { ...moment, dueAt: review.dueAt, name: escalationMoment });
  if (review.workflowId === undefined) {
    await enqueueStart(tx, { workflowType: 'review', workflowId, input: { reviewId: id } });
  }
  await tellOfDispute(tx, { ...review, id }, { what: 'opened', at: review.createdAt });
  return id;
}

/** The outside hears of a dispute, whoever opened or ended it; other tasks have facts of their own. */
async function tellOfDispute(
  tx: Tx,
  review: Pick<ReviewRow, 'id' | 'storeId' | 'programId' | 'kind' | 'subjectId' | 'facts'>,
  fact: { what: 'opened' | 'decided'; at: Date; outcome?: Decision },
): Promise<void> {
  const { id: reviewId, storeId, programId, kind, subjectId, facts } = review;
  if (kind !== 'dispute') return;
  const { what, at, outcome } = fact;
  const payload = {
    reviewId,
    ...(typeof facts['about'] === 'string' ? { about: facts['about'] } : {}),
    ...(typeof facts['orderId'] === 'string' ? { orderId: facts['orderId'] } : {}),
    ...(outcome === undefined ? {} : { outcome }),
  };
  const type = `dispute.${what}` as const;
  await recordEvents(tx, [{ storeId, programId, type, subjectId, payload, occurredAt: at }]);
}

/** @throws Refusal `not_found` */
export async function reviewById(read: Tx, id: string): Promise<ReviewRow> {
  const review = await read.first<ReviewRow>('SELECT * FROM review_task WHERE id = $1', [id]);
  if (review === undefined) throw new Refusal('not_found', 'There is no such review.');
  return review;
}

/** The task that a subject waits for: the open one, else the last that was decided. */
export function latestReview(
  read: Tx,
  kind: ReviewKind,
  subjectId: string,
): Promise<ReviewRow | undefined> {
  return read.first<ReviewRow>(
    `SELECT * FROM review_task WHERE kind = $1 AND subject_id = $2
     ORDER BY (status = 'open') DESC, id DESC LIMIT 1`,
    [kind, subjectId],
  );
}

export function decisionsOf(read: Tx, reviewId: string): Promise<DecisionRow[]> {
  return read.rows<DecisionRow>(
    `SELECT step, decider_id, decision, reason, at, reverse FROM review_decision
     WHERE review_id = $1 ORDER BY step`,
    [reviewId],
  );
}

export interface DecisionInput {
  reviewId: string;
  deciderId: string;
  decision: Decision;
  reason: string | null;
  /** which commissions it takes back; undefined: none */
  reverse?: MadeDecision['reverse'] | undefined;
  /** on the program's clock */
  at: Date;
  /** real time, for the audit log */
  realNow: Date;
}

export type Recorded =
  | { ok: true; review: ReviewRow; outcome: Decision | null; repeated: boolean }
  | { ok: false; code: keyof typeof objections };

/**
 * Writes a decision under the lock of its task, so of two at the same moment one counts and the
 * other is refused. The same decision of the same person again, word for word, changes nothing and
 * is answered like the first: an activity may run twice.
 */
export async function recordDecision(tx: Tx, input: DecisionInput): Promise<Recorded> {
  const review = await tx.first<ReviewRow>('SELECT * FROM review_task WHERE id = $1 FOR UPDATE', [
    input.reviewId,
  ]);
  if (review === undefined) throw new Refusal('not_found', 'There is no such review.');
  const before = await decisionsOf(tx, review.id);
  if (isRepeated(before, { ...input, reverse: input.reverse ?? null })) {
    return { ok: true, review, outcome: review.outcome, repeated: true };
  }
  const judgement = judge(
    {
      ...review,
      deciders: before.map(({ deciderId }) => deciderId),
      excluded: review.excludedDeciders,
    },
    { ...input, roles: await rolesOf(tx, review.storeId, input.deciderId) },
  );
  if (!judgement.ok) return judgement;
  await writeDecision(tx, review, input, judgement);
  return { ok: true, review, outcome: judgement.outcome, repeated: false };
}

async function writeDecision(
  tx: Tx,
  review: ReviewRow,
  { deciderId, decision, reason, reverse, at, realNow }: DecisionInput,
  { step, outcome }: { step: number; outcome: Decision | null },
): Promise<void> {
  await tx.insert('review_decision', {
    reviewId: review.id,
    step,
    deciderId,
    decision,
    reason,
    at,
    reverse: reverse == null ? null : JSON.stringify(reverse),
  });
  if (outcome !== null) {
    await tx.run(
      `UPDATE review_task SET status = 'decided', outcome = $2, decided_at = $3 WHERE id = $1`,
      [review.id, outcome, at],
    );
    await closeDueMoments(tx, review.id, 'canceled');
    await tellOfDispute(tx, review, { what: 'decided', at, outcome });
  }
  await recordAudit(tx, {
    storeId: review.storeId,
    actor: `admin:${deciderId}`,
    action: 'review.decided',
    subjectId: review.id,
    reason: reason ?? undefined,
    after: { kind: review.kind, subjectId: review.subjectId, step, decision, outcome, at },
    at: realNow,
  });
}

/** A task that ended without a decider. */
export interface PointlessReview {
  reviewId: string;
  /** as if somebody had decided so */
  outcome: Decision;
  /** on the program's clock */
  at: Date;
  /** `system:<part>` that found it pointless */
  actor: `system:${string}`;
  /** in words for the history of the task */
  why: string;
}

/**
 * Ends a task that has become pointless, and what waits for it; its history says who did it and why.
 * One that is decided stays as it is.
 */
export async function endWithoutDecider(
  tx: Tx,
  { reviewId, outcome, at, actor, why }: PointlessReview,
): Promise<void> {
  const ended = await tx.first<ReviewRow>(
    `UPDATE review_task SET status = 'decided', outcome = $2, decided_at = $3
     WHERE id = $1 AND status = 'open' RETURNING *`,
    [reviewId, outcome, at],
  );
  if (ended === undefined) return;
  await closeDueMoments(tx, reviewId, 'canceled');
  await tellOfDispute(tx, ended, { what: 'decided', at, outcome });
  const { storeId, kind, subjectId } = ended;
  await recordAudit(tx, {
    ...{ storeId, actor, action: 'review.decided', subjectId: reviewId, reason: why },
    after: { kind, subjectId, outcome, at },
    at: new Date(),
  });
}

/**
 * The same for the open task of a subject of which nothing is left to decide: it ends like a
 * rejection, and the workflow that waits for it is told. Without an open task it does nothing.
 */
export async function endMootReview(
  tx: Tx,
  {
    kind,
    subjectId,
    ...end
  }: Pick<ReviewRow, 'kind' | 'subjectId'> & Omit<PointlessReview, 'reviewId' | 'outcome'>,
): Promise<void> {
  const open = await tx.first<ReviewRow>(
    `SELECT * FROM review_task WHERE kind = $1 AND subject_id = $2 AND status = 'open' FOR UPDATE`,
    [kind, subjectId],
  );
  if (open === undefined) return;
  await endWithoutDecider(tx, { reviewId: open.id, outcome: 'reject', ...end });
  await enqueueSignal(tx, { ...workflowOfReview(open), signalName: 'reviewClosed' });
}

/** The state in which a task's subject is now: its id and status, of a promotion also its tier. */
export async function subjectState(
  read: Tx,
  { kind, subjectId }: Pick<ReviewRow, 'kind' | 'subjectId'>,
): Promise<{ id: string; status: string | null; tier?: string }> {
  const table = subjectId.startsWith('cor_') ? 'correction' : subjectTables[kind];
  if (table === undefined) return { id: subjectId, status: null };
  const columns = kind === 'promotion' ? 'status, tier' : 'status';
  const row = await read.first<{ status: string; tier?: string }>(
    `SELECT ${columns} FROM ${table} WHERE id = $1`,
    [subjectId],
  );
  return { id: subjectId, status: null, ...row };
}

const subjectTables: Readonly<Partial<Record<ReviewKind, string>>> = {
  application: 'distributor',
  promotion: 'distributor',
  eviction: 'distributor',
  appeal: 'distributor',
  suspension: 'distributor',
  assessment: 'distributor',
  settlement: 'settlement',
  payout: 'payout',
  bindingTransfer: 'binding_transfer',
  dispute: `(SELECT id, CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END AS status
    FROM after_sale) AS after_sale`,
};

/** The roles of an admin of this store; none for a disabled one or one of another store. */
async function rolesOf(tx: Tx, storeId: string, adminId: string): Promise<Role[]> {
  const admin = await tx.first<{ roles: Role[] }>(
    'SELECT roles FROM admin WHERE id = $1 AND store_id = $2 AND disabled_at IS NULL',
    [adminId, storeId],
  );
  return admin?.roles ?? [];
}

/** The workflow that waits for a task: its subject's own, or one made for the task. */
export function workflowOfReview(
  review: Pick<ReviewRow, 'id' | 'kind' | 'subjectId' | 'workflowId'>,
): WorkflowStart {
  const { id, kind, subjectId, workflowId } = review;
  if (workflowId === workflowIds.review(id)) {
    return { workflowType: 'review', workflowId, input: { reviewId: id } };
  }
  switch (kind) {
    case 'settlement':
      return { workflowType: 'settlement', workflowId, input: { settlementId: subjectId } };
    case 'payout':
      return { workflowType: 'payout', workflowId, input: { payoutId: subjectId } };
    case 'bindingTransfer':
      return { workflowType: 'bindingTransfer', workflowId, input: { transferId: subjectId } };
    case 'application':
    case 'promotion':
    case 'eviction':
    case 'appeal':
    case 'suspension':
    case 'assessment':
      return { workflowType: 'distributor', workflowId, input: { distributorId: subjectId } };
    case 'plan':
    case 'waiver':
    case 'dispute':
    case 'material':
    case 'compliance':
    case 'reconciliation':
      throw new Error(`a ${kind} has no workflow of its own, but ${id} names ${workflowId}`);
  }
}
