import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities';
import { taskQueue } from '../contracts/workflow';
import { sealAudit } from '../db/audit';
import { composeParts, type Parts } from './compose';
import { startHousekeeping } from './housekeeping';
import { startRelay } from './relay';
import { workflowBundle } from './workflow-bundle';

const connectRetryMs = 1000;
const sealEveryMs = 1000;
/** Activities get this long to finish after a stop signal; longer than any call to a provider. */
const shutdownGrace = '8 seconds';

/** Runs activities and workflows, relays the outbox and seals the audit log until it is told to stop. */
async function main(): Promise<void> {
  const parts = composeParts(process.env, 'worker');
  const stop = stopSignal();
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const connection = await connected(parts, stop);
  if (connection === undefined) return parts.db.close();
  const client = new Client({
    connection,
    namespace: parts.config.temporalNamespace,
    dataConverter: parts.dataConverter,
  });
  const worker = await Worker.create({
    connection,
    namespace: parts.config.temporalNamespace,
    taskQueue,
    workflowBundle: { codePath: await workflowBundle(parts.root, parts.config.cacheDir) },
    activities: createActivities(parts),
    dataConverter: parts.dataConverter,
    maxCachedWorkflows: 200,
    maxConcurrentActivityTaskExecutions: 40,
    shutdownGraceTime: shutdownGrace,
  });
  const housekeeping = startHousekeeping({ ...parts, client });
  const relay = startRelay(parts.db, client.workflow, parts.log, parts.crashPoint);
  const sealer = setInterval(() => void seal(parts), sealEveryMs);
  parts.log.info({ taskQueue }, 'worker is ready');
  await worker.runUntil(stop.requested);
  clearInterval(sealer);
  housekeeping.stop();
  await relay.stop();
  await connection.close();
  await parts.db.close();
}

async function seal({ db, log }: Parts): Promise<void> {
  await sealAudit(db).catch((error: unknown) =>
    log.warn({ error: String(error) }, 'audit records could not be sealed; trying again'),
  );
}

/** Waits for Temporal as long as it takes; the SDK does not retry its first connection. */
async function connected(
  { config, log }: Parts,
  stop: { stopped(): boolean },
): Promise<NativeConnection | undefined> {
  for (let tries = 1; !stop.stopped(); tries += 1) {
    try {
      return await NativeConnection.connect({ address: config.temporalAddress });
    } catch {
      if (tries % 10 === 1) log.warn({ address: config.temporalAddress }, 'waiting for Temporal');
      await new Promise((resolve) => setTimeout(resolve, connectRetryMs));
    }
  }
  return undefined;
}

function stopSignal() {
  let stopped = false;
  const requested = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        stopped = true;
        resolve();
      });
    }
  });
  return { requested, stopped: () => stopped };
}

void main().catch((error: unknown) => {
  console.error(`the worker stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
