import { Refusal } from '../domain/kernel/refusal';
import type { AssessmentRow } from './assessment';
import type { Tx } from './database';
import type { Reach } from './program';

/** A task of a help plan. */
export interface TaskRow {
  assessmentId: string;
  position: number;
  text: string;
  dueAt: Date;
  doneAt: Date | null;
  doneBy: string | null;
}

export interface ObjectionRow {
  id: string;
  assessmentId: string;
  text: string;
  claims: Record<string, number>;
  reviewId: string;
  actor: string;
  at: Date;
}

/** @throws Refusal not_found, also for somebody else's with a distributor's token */
export async function findAssessment(read: Tx, reach: Reach, id: string): Promise<AssessmentRow> {
  const row = await read.first<AssessmentRow>(
    `SELECT a.* FROM assessment a JOIN program g ON g.id = a.program_id
     WHERE a.id = $1 AND g.store_id = $2 AND ($3 = 'both' OR g.mode = $3)
       AND ($4::text IS NULL OR a.distributor_id = $4)`,
    [id, reach.storeId, reach.mode, reach.distributorId ?? null],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such assessment.');
  return row;
}

interface Slice {
  limit: number;
  before: string | undefined;
}

/** The results of a distributor, the newest first, before a cursor. */
export function assessmentsOf(
  read: Tx,
  distributorId: string,
  { limit, before }: Slice,
): Promise<AssessmentRow[]> {
  return read.rows<AssessmentRow>(
    `SELECT * FROM assessment WHERE distributor_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}

/** The results of a scheme, of one period or all, the newest first, before a cursor. */
export function assessmentsOfScheme(
  read: Tx,
  { schemeId, period }: { schemeId: string; period: string | undefined },
  { limit, before }: Slice,
): Promise<AssessmentRow[]> {
  return read.rows<AssessmentRow>(
    `SELECT * FROM assessment
     WHERE scheme_id = $1 AND ($2::text IS NULL OR period = $2) AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [schemeId, period ?? null, before ?? null, limit],
  );
}

/** The help plans and objections of assessments. */
export async function besideAssessments(
  read: Tx,
  ids: readonly string[],
): Promise<{ tasks: TaskRow[]; objections: ObjectionRow[] }> {
  const tasks = await read.rows<TaskRow>(
    'SELECT * FROM assessment_task WHERE assessment_id = ANY($1) ORDER BY assessment_id, position',
    [ids],
  );
  const objections = await read.rows<ObjectionRow>(
    `SELECT id, assessment_id, text, claims, review_id, actor, at FROM assessment_objection
     WHERE assessment_id = ANY($1)`,
    [ids],
  );
  return { tasks, objections };
}

/** Marks a task of a help plan as done; again changes nothing. @throws Refusal not_found */
export async function completeTask(
  tx: Tx,
  task: { assessmentId: string; position: number },
  done: { at: Date; actor: string },
): Promise<void> {
  const found = await tx.run(
    `UPDATE assessment_task SET done_at = coalesce(done_at, $3), done_by = coalesce(done_by, $4)
     WHERE assessment_id = $1 AND position = $2`,
    [task.assessmentId, task.position, done.at, done.actor],
  );
  if (found === 0) throw new Refusal('not_found', 'There is no such task.');
}
