import type { EventType } from '../contracts/event';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import type { Reach } from './program';

/** A fact as it is told outside. Its payload has ids, codes and amounts, no personal data. */
export interface EventRow {
  id: string;
  sequence: bigint;
  programId: string;
  type: EventType;
  subjectId: string;
  payload: Record<string, unknown>;
  occurredAt: Date;
}

export interface EventQuery {
  programId?: string | undefined;
  type?: EventType | undefined;
  subjectId?: string | undefined;
  limit: number;
  /** only those recorded before the event of this number */
  before?: string | undefined;
}

const columns = `e.id, e.sequence, e.program_id, e.type, e.subject_id, e.payload, e.occurred_at`;
const reachable = `FROM event e JOIN program p ON p.id = e.program_id
  WHERE e.store_id = $1 AND ($2 = 'both' OR p.mode = $2)`;

/** Events of the programs that a caller may reach, the latest recorded first. */
export function listEvents(read: Tx, caller: Reach, query: EventQuery): Promise<EventRow[]> {
  const { programId = null, type = null, subjectId = null, before = null, limit } = query;
  return read.rows<EventRow>(
    `SELECT ${columns} ${reachable}
       AND ($3::bigint IS NULL OR e.sequence < $3) AND ($4::text IS NULL OR e.program_id = $4)
       AND ($5::text IS NULL OR e.type = $5) AND ($6::text IS NULL OR e.subject_id = $6)
     ORDER BY e.sequence DESC LIMIT $7`,
    [caller.storeId, caller.mode, before, programId, type, subjectId, limit],
  );
}

/** @throws Refusal not_found, also for another store's event and for one of the other mode */
export async function findEvent(read: Tx, caller: Reach, id: string): Promise<EventRow> {
  const event = await read.first<EventRow>(`SELECT ${columns} ${reachable} AND e.id = $3`, [
    caller.storeId,
    caller.mode,
    id,
  ]);
  if (event === undefined) throw new Refusal('not_found', 'There is no such event.');
  return event;
}
