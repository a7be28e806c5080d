import type { Role } from '../domain/kernel/access';
import { type Colleague, leadOf } from '../domain/review/due';
import { recordAudit } from './audit';
import { type DueMoment, dueMomentColumns } from './clock';
import type { Tx } from './database';
import { decisionsOf, escalationMoment, reminderMoment, type ReviewRow } from './review';

/** A moment twice: on the program's clock, and real. */
interface Now {
  readonly at: Date;
  readonly realNow: Date;
}

type OpenMoment = Pick<DueMoment, 'id' | 'name' | 'subjectId' | 'dueAt'>;

/** Whether a moment is the reminder or the escalation of a review task. */
export function isReviewMoment({ name }: Pick<DueMoment, 'name'>): boolean {
  return name === reminderMoment || name === escalationMoment;
}

/**
 * Does what is due for a task, in order: first it reminds, then it is escalated. It stays open and
 * decidable whatever happens. Safe to repeat.
 * @returns milliseconds until the next moment; null when it waits for nothing (any more)
 */
export async function escalateWhenDue(tx: Tx, reviewId: string, now: Now): Promise<number | null> {
  for (;;) {
    const moment = await tx.first<OpenMoment>(
      `SELECT ${dueMomentColumns} FROM due_moment d WHERE d.subject_id = $1 AND d.status = 'waiting'
       ORDER BY d.due_at, d.id LIMIT 1`,
      [reviewId],
    );
    if (moment === undefined) return null;
    if (moment.dueAt > now.at) return moment.dueAt.getTime() - now.at.getTime();
    await takeReviewMoment(tx, moment, now);
  }
}

/** Reminds or escalates, and closes the moment in the same transaction. */
export async function takeReviewMoment(
  tx: Tx,
  { id, name, subjectId }: Pick<OpenMoment, 'id' | 'name' | 'subjectId'>,
  now: Now,
): Promise<void> {
  // The task before its moment: the order in which a decision locks them.
  await (name === reminderMoment ? remind : escalate)(tx, subjectId, now);
  await tx.run(`UPDATE due_moment SET status = 'done' WHERE id = $1`, [id]);
}

async function remind(tx: Tx, reviewId: string, { at, realNow }: Now): Promise<void> {
  const reminded = await tx.first<ReviewRow>(
    `UPDATE review_task SET reminded_at = $2
     WHERE id = $1 AND status = 'open' AND reminded_at IS NULL AND escalated_at IS NULL RETURNING *`,
    [reviewId, at],
  );
  if (reminded === undefined) return;
  const { storeId, kind, subjectId, assigneeId } = reminded;
  await recordAudit(tx, {
    ...{ storeId, actor: 'system:review', action: 'review.reminded', subjectId: reviewId },
    after: { kind, subjectId, assigneeId, at },
    at: realNow,
  });
}

/** The task shows as overdue, and is given to a lead who may decide it. */
async function escalate(tx: Tx, reviewId: string, { at, realNow }: Now): Promise<void> {
  const escalated = await tx.first<ReviewRow>(
    `UPDATE review_task SET escalated_at = $2
     WHERE id = $1 AND status = 'open' AND escalated_at IS NULL RETURNING *`,
    [reviewId, at],
  );
  if (escalated === undefined) return;
  const { storeId, kind, subjectId, assigneeId: before } = escalated;
  const leadId = await leadOfReview(tx, escalated);
  const assigneeId = leadId ?? before;
  await tx.run('UPDATE review_task SET assignee_id = $2 WHERE id = $1', [reviewId, assigneeId]);
  await recordAudit(tx, {
    ...{ storeId, actor: 'system:review', action: 'review.escalated', subjectId: reviewId },
    before: { assigneeId: before },
    after: { kind, subjectId, assigneeId, leadId, at },
    at: realNow,
  });
}

async function leadOfReview(tx: Tx, review: ReviewRow): Promise<string | null> {
  const { id, storeId, kind, excludedDeciders: excluded } = review;
  const deciders = (await decisionsOf(tx, id)).map(({ deciderId }) => deciderId);
  const owner: Role = 'owner';
  const owners = await tx.rows<Colleague>(
    `SELECT id, roles, created_at FROM admin
     WHERE store_id = $1 AND disabled_at IS NULL AND $2 = ANY(roles)`,
    [storeId, owner],
  );
  return leadOf({ kind, deciders, excluded }, owners);
}
