import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { newId } from './id';
import { programById } from './program';

/** A course that a distributor passed. `passedAt` is a moment of the program's clock. */
export interface CoursePassRow {
  id: string;
  distributorId: string;
  courseCode: string;
  passedAt: Date;
  createdAt: Date;
}

/**
 * Records that somebody passed a course; each course counts once. The same again answers the first.
 * @throws Refusal in_the_future, course_conflict
 */
export async function passCourse(
  tx: Tx,
  distributor: DistributorRow,
  given: { courseCode: string; passedAt: Date; actor: string; realNow: Date },
): Promise<{ pass: CoursePassRow; created: boolean }> {
  const { courseCode, passedAt, actor, realNow } = given;
  const program = await programById(tx, distributor.programId);
  if (passedAt > programNow(program, realNow)) {
    throw new Refusal('in_the_future', 'passedAt is later than the clock.');
  }
  const row = { id: newId('coursePass'), distributorId: distributor.id, courseCode, passedAt };
  const inserted = await tx.run(
    `INSERT INTO course_pass (id, program_id, distributor_id, course_code, passed_at, actor, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (distributor_id, course_code) DO NOTHING`,
    [row.id, program.id, distributor.id, courseCode, passedAt, actor, realNow],
  );
  if (inserted > 0) return { pass: { ...row, createdAt: realNow }, created: true };
  const before = await tx.first<CoursePassRow>(
    `SELECT id, distributor_id, course_code, passed_at, created_at FROM course_pass
     WHERE distributor_id = $1 AND course_code = $2`,
    [distributor.id, courseCode],
  );
  if (before?.passedAt.getTime() !== passedAt.getTime()) {
    throw new Refusal('course_conflict', 'The course was passed at another moment.');
  }
  return { pass: before, created: false };
}

/** The courses of a distributor, the latest recorded first, before a cursor. */
export function coursesOf(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<CoursePassRow[]> {
  return read.rows<CoursePassRow>(
    `SELECT id, distributor_id, course_code, passed_at, created_at FROM course_pass
     WHERE distributor_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}
