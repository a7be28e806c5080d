import type { SignalName, WorkflowInputs, WorkflowType } from '../contracts/workflow';
import type { Tx } from './database';

interface Start<T extends WorkflowType> {
  workflowType: T;
  workflowId: string;
  input: WorkflowInputs[T];
}

/**
 * Tells Temporal, after this transaction has committed, to start a workflow. One that runs already
 * is left alone; one that has ended starts again, reads its row and ends when there is nothing to do.
 */
export async function enqueueStart<T extends WorkflowType>(
  tx: Tx,
  ...starts: readonly Start<T>[]
): Promise<void> {
  await enqueue(
    tx,
    starts.map((start) => ({ ...start, action: 'start', signalName: null })),
  );
}

/** Tells Temporal to wake a workflow by a signal, starting it where it does not run. */
export async function enqueueSignal<T extends WorkflowType>(
  tx: Tx,
  ...signals: readonly (Start<T> & { signalName: SignalName })[]
): Promise<void> {
  await enqueue(
    tx,
    signals.map((signal) => ({ ...signal, action: 'signal' })),
  );
}

interface OutboxInput {
  action: 'start' | 'signal';
  workflowType: string;
  workflowId: string;
  signalName: string | null;
  input: object;
}

async function enqueue(tx: Tx, rows: readonly OutboxInput[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.run(
    `INSERT INTO outbox (action, workflow_type, workflow_id, signal_name, input, next_attempt_at, created_at)
     SELECT t.*, now(), now()
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[]) AS t`,
    [
      rows.map(({ action }) => action),
      rows.map(({ workflowType }) => workflowType),
      rows.map(({ workflowId }) => workflowId),
      rows.map(({ signalName }) => signalName),
      rows.map(({ input }) => JSON.stringify(input)),
    ],
  );
}

export interface OutboxRow {
  id: bigint;
  action: 'start' | 'signal';
  workflowType: WorkflowType;
  workflowId: string;
  signalName: SignalName | null;
  input: object;
  attempts: number;
}

/** The next open rows that are due, locked until the end of the transaction; other relays skip them. */
export function takeOutbox(tx: Tx, limit: number): Promise<OutboxRow[]> {
  return tx.rows<OutboxRow>(
    `SELECT id, action, workflow_type, workflow_id, signal_name, input, attempts FROM outbox
     WHERE done_at IS NULL AND next_attempt_at <= now()
     ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit],
  );
}

/** Marks rows as told. */
export async function closeOutbox(tx: Tx, ids: readonly bigint[]): Promise<void> {
  await tx.run('UPDATE outbox SET done_at = now() WHERE id = ANY($1)', [ids]);
}

/** Puts rows off after a failure: 1 s, 2 s, 4 s ... at most 10 s. */
export async function postponeOutbox(tx: Tx, failed: readonly { id: bigint; error: string }[]) {
  await tx.run(
    `UPDATE outbox o SET attempts = o.attempts + 1, last_error = f.error,
       next_attempt_at = now() + least(10, power(2, least(o.attempts, 6))) * interval '1 second'
     FROM unnest($1::bigint[], $2::text[]) AS f (id, error) WHERE o.id = f.id`,
    [failed.map(({ id }) => id), failed.map(({ error }) => error)],
  );
}

/** Forgets rows that were told before a moment. Says how many. */
export function forgetToldOutbox(tx: Tx, before: Date): Promise<number> {
  return tx.run('DELETE FROM outbox WHERE done_at < $1', [before]);
}
