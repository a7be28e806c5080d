import {
  type AssessmentCalendar,
  periodOf,
  periodSpan,
  type SchemeBody,
} from '../domain/operations/assessment';
import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { contentHash } from './content-hash';
import type { Tx } from './database';
import { newId } from './id';
import type { ProgramRow, Reach } from './program';

/** A scheme of assessments as it is stored; it never changes, it only ends. */
export interface SchemeRow {
  id: string;
  storeId: string;
  programId: string;
  externalId: string;
  contentHash: string;
  name: string;
  calendar: AssessmentCalendar;
  body: SchemeBody;
  /** the first instant of the first period */
  startsAt: Date;
  /** periods that end later are not assessed; null: it goes on */
  endedAt: Date | null;
  actor: string;
  createdAt: Date;
}

export interface NewScheme {
  externalId: string;
  name: string;
  calendar: AssessmentCalendar;
  body: SchemeBody;
}

/**
 * Stores a scheme, which begins with the period that runs. The same externalId with the same content
 * answers the first one.
 * @throws Refusal external_id_conflict
 */
export async function createScheme(
  tx: Tx,
  program: ProgramRow,
  given: { scheme: NewScheme; actor: string; realNow: Date },
): Promise<{ scheme: SchemeRow; created: boolean }> {
  const { scheme, actor, realNow } = given;
  const period = periodOf(scheme.calendar, programNow(program, realNow), program.timeZone);
  const row: SchemeRow = {
    id: newId('assessmentScheme'),
    storeId: program.storeId,
    programId: program.id,
    contentHash: contentHash(scheme),
    ...scheme,
    startsAt: periodSpan(period, program.timeZone).from,
    endedAt: null,
    actor,
    createdAt: realNow,
  };
  const inserted = await tx.run(
    `INSERT INTO assessment_scheme (id, store_id, program_id, external_id, content_hash, name,
       calendar, body, starts_at, actor, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (program_id, external_id) DO NOTHING`,
    [
      ...[row.id, row.storeId, row.programId, row.externalId, row.contentHash, row.name],
      ...[row.calendar, JSON.stringify(row.body), row.startsAt, row.actor, row.createdAt],
    ],
  );
  if (inserted > 0) return { scheme: row, created: true };
  const before = await tx.first<SchemeRow>(
    'SELECT * FROM assessment_scheme WHERE program_id = $1 AND external_id = $2',
    [program.id, scheme.externalId],
  );
  if (before?.contentHash !== row.contentHash) {
    throw new Refusal('external_id_conflict', 'This externalId was used for another scheme.');
  }
  return { scheme: before, created: false };
}

/** @throws Refusal not_found, also for another store's and one of the other mode */
export async function findScheme(read: Tx, reach: Reach, id: string): Promise<SchemeRow> {
  const row = await read.first<SchemeRow>(
    `SELECT s.* FROM assessment_scheme s JOIN program g ON g.id = s.program_id
     WHERE s.id = $1 AND g.store_id = $2 AND ($3 = 'both' OR g.mode = $3)`,
    [id, reach.storeId, reach.mode],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such scheme.');
  return row;
}

/** The schemes of a program, the newest first, before a cursor. */
export function listSchemes(
  read: Tx,
  programId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<SchemeRow[]> {
  return read.rows<SchemeRow>(
    `SELECT * FROM assessment_scheme WHERE program_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [programId, before ?? null, limit],
  );
}

/** Ends a scheme: the period that runs is not assessed any more. Again changes nothing. */
export async function endScheme(tx: Tx, scheme: SchemeRow, at: Date): Promise<SchemeRow> {
  await tx.run('UPDATE assessment_scheme SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL', [
    scheme.id,
    at,
  ]);
  return { ...scheme, endedAt: scheme.endedAt ?? at };
}
