import type { EventType } from '../contracts/event';
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
  if (events.length === 0) return;
  await tx.run(
    `INSERT INTO event (id, store_id, program_id, type, subject_id, payload, occurred_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[])`,
    [
      events.map(() => newId('event')),
      events.map(({ storeId }) => storeId),
      events.map(({ programId }) => programId),
      events.map(({ type }) => type),
      events.map(({ subjectId }) => subjectId),
      events.map(({ payload }) => JSON.stringify(payload)),
      events.map(({ occurredAt }) => occurredAt),
    ],
  );
}
