import type { Tx } from './database';
import { newId } from './id';

export interface DueMomentInput {
  programId: string;
  dueAt: Date;
  workflowId: string;
  /** The row that waits, for example a review task. */
  subjectId: string;
  /** What falls due, for example `review.escalation`. */
  name: string;
}

/** Records, in the transaction of what waits, that a workflow waits for a moment of a program's clock. */
export async function openDueMoment(tx: Tx, input: DueMomentInput): Promise<string> {
  const id = newId('dueMoment');
  await tx.insert('due_moment', { id, ...input, status: 'waiting', createdAt: new Date() });
  return id;
}

/** Closes what a subject waits for: `done` when it fell due, `canceled` when it was not needed. */
export async function closeDueMoments(
  tx: Tx,
  subjectId: string,
  status: 'done' | 'canceled',
): Promise<void> {
  await tx.run(`UPDATE due_moment SET status = $2 WHERE subject_id = $1 AND status = 'waiting'`, [
    subjectId,
    status,
  ]);
}

/** Waiting moments that have passed on their program's clock, oldest first. */
export function overdueMoments(
  tx: Tx,
  realNow: Date,
  limit: number,
): Promise<{ id: string; workflowId: string; subjectId: string; name: string }[]> {
  return tx.rows(
    `SELECT d.id, d.workflow_id, d.subject_id, d.name FROM due_moment d
     JOIN program p ON p.id = d.program_id
     WHERE d.status = 'waiting' AND d.due_at <= $1::timestamptz + p.clock_offset_ms * interval '1 millisecond'
     ORDER BY d.due_at, d.id LIMIT $2`,
    [realNow, limit],
  );
}
