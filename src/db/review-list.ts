import { Refusal } from '../domain/kernel/refusal';
import type { ReviewKind } from '../domain/review/kind';
import type { Tx } from './database';
import type { Reach } from './program';
import { type DecisionRow, decisionsOf, type ReviewRow } from './review';

/** A task as the queue shows it: with its decisions, and whether its time is over. */
export interface ListedReview extends ReviewRow {
  /** still open although its due moment has passed on its program's clock */
  overdue: boolean;
  /** the moment of its program's clock */
  programNow: Date;
  decisions: DecisionRow[];
}

/** `newest`: the latest first; `due`: what is due first, first. */
export type ReviewSort = 'newest' | 'due';

export interface ReviewFilter {
  kind?: ReviewKind | undefined;
  status?: 'open' | 'decided' | undefined;
  subjectId?: string | undefined;
  programId?: string | undefined;
  overdue?: boolean | undefined;
  /** `none`: given to nobody */
  assigneeId?: string | undefined;
  /** exclusive, on the program's clock */
  dueBefore?: Date | undefined;
}

export interface ReviewPage {
  filter: ReviewFilter;
  sort: ReviewSort;
  realNow: Date;
  limit: number;
  /** what `reviewCursor` made of the last task of the page before; of another sort: from the start */
  cursor: string | undefined;
}

// $1 store, $2 mode of the caller, $3 real time
const reachable = `
  SELECT *, status = 'open' AND due_at <= program_now AS overdue FROM (
    SELECT r.*, $3::timestamptz + p.clock_offset_ms * interval '1 millisecond' AS program_now
    FROM review_task r JOIN program p ON p.id = r.program_id
    WHERE r.store_id = $1 AND ($2 = 'both' OR p.mode = $2)
  ) task`;

// $11 moment and $12 id of the cursor
const beyond: Readonly<Record<ReviewSort, string>> = {
  newest: '($11::timestamptz IS NULL AND ($12::text IS NULL OR id < $12)) ORDER BY id DESC',
  due: '($12::text IS NULL OR (due_at, id) > ($11::timestamptz, $12)) ORDER BY due_at, id',
};

/** A page of the queue beyond a cursor. */
export async function listReviews(
  read: Tx,
  caller: Reach,
  { filter, sort, realNow, limit, cursor }: ReviewPage,
): Promise<ListedReview[]> {
  const { kind, status, subjectId, programId, overdue, assigneeId, dueBefore } = filter;
  const position = readReviewCursor(sort, cursor);
  const reviews = await read.rows<Omit<ListedReview, 'decisions'>>(
    `SELECT * FROM (${reachable}) queue
     WHERE ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR status = $5)
       AND ($6::text IS NULL OR subject_id = $6) AND ($7::text IS NULL OR program_id = $7)
       AND ($8::boolean IS NULL OR overdue = $8)
       AND ($9::text IS NULL OR coalesce(assignee_id, 'none') = $9)
       AND ($10::timestamptz IS NULL OR due_at < $10)
       AND ${beyond[sort]} LIMIT $13`,
    [
      ...[caller.storeId, caller.mode, realNow],
      ...[kind ?? null, status ?? null, subjectId ?? null, programId ?? null, overdue ?? null],
      ...[assigneeId ?? null, dueBefore ?? null],
      ...[position?.dueAt ?? null, position?.id ?? null, limit],
    ],
  );
  return withDecisions(read, reviews);
}

/** What the page after a task begins with; it stays right whatever happens to the task. */
export function reviewCursor(
  sort: ReviewSort,
  { id, dueAt }: Pick<ReviewRow, 'id' | 'dueAt'>,
): string {
  return sort === 'due' ? `${dueAt.getTime()} ${id}` : id;
}

const cursorForm: Readonly<Record<ReviewSort, RegExp>> = {
  newest: /^()(rev_[0-9a-z]+)$/,
  due: /^(\d{1,15}) (rev_[0-9a-z]+)$/,
};

function readReviewCursor(
  sort: ReviewSort,
  cursor = '',
): { dueAt: Date | null; id: string } | undefined {
  const [, dueAt, id] = cursorForm[sort].exec(cursor) ?? [];
  if (id === undefined) return undefined;
  return { dueAt: dueAt ? new Date(Number(dueAt)) : null, id };
}

/** @throws Refusal `not_found`, also for a task of another store or of the other mode */
export async function findReview(
  read: Tx,
  caller: Reach,
  { id, realNow }: { id: string; realNow: Date },
): Promise<ListedReview> {
  const review = await read.first<Omit<ListedReview, 'decisions'>>(`${reachable} WHERE id = $4`, [
    caller.storeId,
    caller.mode,
    realNow,
    id,
  ]);
  if (review === undefined) throw new Refusal('not_found', 'There is no such review.');
  return { ...review, decisions: await decisionsOf(read, id) };
}

async function withDecisions(
  read: Tx,
  reviews: readonly Omit<ListedReview, 'decisions'>[],
): Promise<ListedReview[]> {
  const decisions = await read.rows<DecisionRow & { reviewId: string }>(
    `SELECT review_id, step, decider_id, decision, reason, at, reverse FROM review_decision
     WHERE review_id = ANY($1) ORDER BY review_id, step`,
    [reviews.map(({ id }) => id)],
  );
  return reviews.map((review) => ({
    ...review,
    decisions: decisions
      .filter(({ reviewId }) => reviewId === review.id)
      .map(({ step, deciderId, decision, reason, at, reverse }) => ({
        step,
        deciderId,
        decision,
        reason,
        at,
        reverse,
      })),
  }));
}

/**
 * Gives a task to an admin of its store, or to nobody.
 * @throws Refusal `not_found` for an unknown or disabled admin, `review_already_decided`
 */
export async function assignReview(
  tx: Tx,
  review: Pick<ReviewRow, 'id' | 'storeId'>,
  assigneeId: string | null,
): Promise<void> {
  if (assigneeId !== null) {
    const admin = await tx.first(
      'SELECT 1 FROM admin WHERE id = $1 AND store_id = $2 AND disabled_at IS NULL',
      [assigneeId, review.storeId],
    );
    if (admin === undefined) throw new Refusal('not_found', 'There is no such admin.');
  }
  const assigned = await tx.run(
    `UPDATE review_task SET assignee_id = $2 WHERE id = $1 AND status = 'open'`,
    [review.id, assigneeId],
  );
  if (assigned === 0) throw new Refusal('review_already_decided', 'This review has been decided.');
}
