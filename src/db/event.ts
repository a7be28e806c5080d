import type { EventType } from '../contracts/event';
import { insertTogether, rowsOf, type TableRows } from './bulk';
import type { Tx } from './database';
import { newId } from './id';

export interface EventInput {
  storeId: string;
  programId: string;
  type: EventType;
  subjectId: string;
  /** Ids and amounts only, never personal data; amounts as decimal strings or safe integers. */
  payload: Record<string, unknown>;
  occurredAt: Date;
}

/** Records facts for the outside in the transaction that makes them; one statement for all. */
export async function recordEvents(tx: Tx, events: readonly EventInput[]): Promise<void> {
  await insertTogether(tx, [eventRows(events)]);
}

/** Events as rows, for those who write other rows in the same statement. */
export function eventRows(events: readonly EventInput[]): TableRows {
  return rowsOf(
    'event',
    eventColumns,
    events.map((event) => ({ id: newId('event'), ...event })),
  );
}

const eventColumns = {
  id: 'text',
  storeId: 'text',
  programId: 'text',
  type: 'text',
  subjectId: 'text',
  payload: 'jsonb',
  occurredAt: 'timestamptz',
} as const;
