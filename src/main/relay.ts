import type { WorkflowClient } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { taskQueue } from '../contracts/workflow';
import type { Database } from '../db/database';
import { closeOutbox, type OutboxRow, postponeOutbox, takeOutbox } from '../db/outbox';
import type { CrashPoint } from './crash-point';

export interface RelayLog {
  warn(fields: object, message: string): void;
}

/** Tells Temporal what the outbox holds, in order of its rows, until it is stopped. */
export interface Relay {
  stop(): Promise<void>;
}

const batchSize = 100;
const idlePollMs = 1000;
const callTimeoutMs = 10_000;

/**
 * Starts the relay. Any number of workers may run one: rows are taken under SKIP LOCKED, and telling
 * Temporal twice does no harm. It sleeps until PostgreSQL notifies or a second has passed.
 */
export function startRelay(
  db: Database,
  client: WorkflowClient,
  log: RelayLog,
  crashPoint: CrashPoint = () => undefined,
): Relay {
  const bell = createBell();
  let stopped = false;
  const listening = listen(db, bell.ring).catch(() => undefined);
  const running = (async () => {
    while (!stopped) {
      const told = await relayOnce(db, client, log, crashPoint).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'outbox relay could not run; trying again');
        return 0;
      });
      if (told < batchSize && !stopped) await bell.wait(idlePollMs);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      bell.ring();
      await running;
      (await listening)?.release(true);
    },
  };
}

/** One round; answers how many rows were told. Rows that failed are put off and stay in the outbox. */
export async function relayOnce(
  db: Database,
  client: WorkflowClient,
  log: RelayLog,
  crashPoint: CrashPoint = () => undefined,
): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await takeOutbox(tx, batchSize);
    if (rows.length === 0) return 0;
    crashPoint('relay.beforeTelling');
    const results = await Promise.allSettled(rows.map((row) => tell(client, row)));
    crashPoint('relay.afterTelling');
    const told = rows.filter((_, index) => results[index]?.status === 'fulfilled');
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ id: rows[index]!.id, error: String(result.reason) }] : [],
    );
    if (told.length > 0) {
      await closeOutbox(
        tx,
        told.map(({ id }) => id),
      );
    }
    if (failed.length > 0) {
      log.warn({ count: failed.length, error: failed[0]!.error }, 'Temporal did not take a start');
      await postponeOutbox(tx, failed);
    }
    return told.length;
  });
}

async function tell(client: WorkflowClient, row: OutboxRow): Promise<void> {
  const options = {
    taskQueue,
    workflowId: row.workflowId,
    args: [row.input],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
  };
  const deadline = Date.now() + callTimeoutMs;
  await client.connection.withDeadline(deadline, async () => {
    if (row.action === 'start') {
      // Over the worker's own connection the server hands the first task to that worker at once.
      const requestEagerStart = client.connection instanceof NativeConnection;
      return client.start(row.workflowType, { ...options, requestEagerStart });
    }
    return client.signalWithStart(row.workflowType, {
      ...options,
      signal: row.signalName!,
      signalArgs: [],
    });
  });
}

/** Wakes the sleeper at once; a ring while nobody sleeps is remembered. */
function createBell() {
  let rung = false;
  let wake: () => void = () => undefined;
  return {
    ring: () => {
      rung = true;
      wake();
    },
    wait: async (timeoutMs: number) => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
    },
  };
}

async function listen(db: Database, ring: () => void) {
  const connection = await db.connect();
  connection.on('notification', ring);
  connection.on('error', () => undefined); // polling goes on without the bell
  await connection.query('LISTEN outbox');
  return connection;
}
