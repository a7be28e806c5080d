import type { WorkflowStart } from '../contracts/workflow';
import type { Tx } from './database';
import { newId } from './id';

export interface DueMomentInput {
  programId: string;
  dueAt: Date;
  /** The row that waits, for example a review task. */
  subjectId: string;
  /** What falls due, for example `review.escalation`. */
  name: string;
  /** Who waits: a workflow, woken by `clockMoved`; undefined: nobody, it is a duty (`duty.ts`). */
  workflow?: WorkflowStart;
}

/** Records, in the transaction of what waits, that something falls due on a program's clock. */
export async function openDueMoment(tx: Tx, input: DueMomentInput): Promise<string> {
  const id = newId('dueMoment');
  const { workflow, ...moment } = input;
  await tx.insert('due_moment', {
    id,
    ...moment,
    workflowType: workflow?.workflowType ?? null,
    workflowId: workflow?.workflowId ?? null,
    input: workflow === undefined ? null : JSON.stringify(workflow.input),
    status: 'waiting',
    createdAt: new Date(),
  });
  return id;
}

/** A moment that has come. */
export interface DueMoment {
  id: string;
  programId: string;
  dueAt: Date;
  subjectId: string;
  name: string;
  workflowType: WorkflowStart['workflowType'] | null;
  workflowId: string | null;
  input: object | null;
}

/** The workflow that waits for a moment; undefined: it is a duty. */
export function waitingWorkflow(moment: DueMoment): WorkflowStart | undefined {
  const { workflowType, workflowId, input } = moment;
  return workflowType === null ? undefined : ({ workflowType, workflowId, input } as WorkflowStart);
}

export const dueMomentColumns =
  'd.id, d.program_id, d.due_at, d.subject_id, d.name, d.workflow_type, d.workflow_id, d.input';

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
export function overdueMoments(tx: Tx, realNow: Date, limit: number): Promise<DueMoment[]> {
  return tx.rows(
    `SELECT ${dueMomentColumns} FROM due_moment d
     JOIN program p ON p.id = d.program_id
     WHERE d.status = 'waiting' AND d.due_at <= $1::timestamptz + p.clock_offset_ms * interval '1 millisecond'
     ORDER BY d.due_at, d.id LIMIT $2`,
    [realNow, limit],
  );
}
