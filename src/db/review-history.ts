import type { Decision } from '../domain/review/kind';
import type { Tx } from './database';
import type { ReviewRow } from './review';

/** One thing that happened to a task, as the audit log has it. */
export interface ReviewStep {
  recordId: bigint;
  what: 'assigned' | 'reminded' | 'escalated' | 'decided';
  /** on the program's clock */
  at: Date;
  /** real time */
  recordedAt: Date;
  actor: string;
  reason: string | null;
  /** who had the task from then on (while reminded: had it); null also for a decision */
  assigneeId: string | null;
  step: number | null;
  decision: Decision | null;
  outcome: Decision | null;
}

const actions = ['review.assigned', 'review.reminded', 'review.escalated', 'review.decided'];

/** What happened to a task, the first thing first, beyond a record. */
export function reviewHistory(
  read: Tx,
  { id, storeId }: Pick<ReviewRow, 'id' | 'storeId'>,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<ReviewStep[]> {
  return read.rows<ReviewStep>(
    `SELECT id AS record_id, substr(action, length('review.') + 1) AS what,
       coalesce((after->>'at')::timestamptz, at) AS at, at AS recorded_at, actor, reason,
       after->>'assigneeId' AS assignee_id, (after->>'step')::int AS step,
       after->>'decision' AS decision, after->>'outcome' AS outcome
     FROM audit_record
     WHERE subject_id = $1 AND store_id = $2 AND action LIKE 'review.%' AND action = ANY($3)
       AND id > $4 ORDER BY id LIMIT $5`,
    [id, storeId, actions, after ?? 0, limit],
  );
}
