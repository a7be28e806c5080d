import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pino from 'pino';
import { createActivities } from '../../activities';
import { Worker } from '@temporalio/worker';
import { taskQueue } from '../../src/contracts/workflow';
import type { HttpDeps, TemporalGateway } from '../../src/http/deps';
import { createMetrics } from '../../src/http/metrics';
import { serve } from '../../src/http/server';
import { connectTemporal } from '../../src/http/temporal-gateway';
import { payloadCodec } from '../../src/main/codec';
import { type Config, loadConfig } from '../../src/main/config';
import { startRelay } from '../../src/main/relay';
import { startSandbox } from '../../src/main/sandbox/server';
import { workflowBundle } from '../../src/main/workflow-bundle';
import { channelRegistry } from '../../src/channels/registry';
import { createVault, parseFieldKeys, type Vault } from '../../src/db/vault';
import { sealAudit } from '../../src/db/audit';
import { Refusal } from '../../src/domain/kernel/refusal';
import { freePort } from '../../src/main/servers/process';
import { type TestDatabase, testDatabase } from './database';
import { type TestClient, testClient } from './http';
import { root, testFolder } from './servers';
import { testKeys, testSettings } from './settings';
import { type TestStore, testStore } from './store';
import { type TestTemporal, testTemporal } from './temporal';

export interface TestApp {
  readonly url: string;
  readonly db: TestDatabase;
  readonly vault: Vault;
  readonly deps: HttpDeps;
  readonly store: TestStore;
  /** speaks with the store's test key */
  readonly shop: TestClient;
  /** speaks as the store's first admin */
  readonly admin: TestClient;
  /** Stops what was started and drops the database. */
  close(): Promise<void>;
}

const silent = pino({ level: 'silent' });

/**
 * The real HTTP application on a free port, with a database, a store, keys and admins of its own.
 * Without `temporal` every call that needs Temporal is answered 503, as when it is down.
 */
export async function testApp(options: { temporal?: TestTemporal } = {}): Promise<TestApp> {
  const db = await testDatabase();
  const port = await freePort();
  const config = configOf(db, port, options.temporal);
  return startApp(db, config, options.temporal);
}

/** The whole house in this process: application, worker with relay, sandbox, Temporal namespace. */
export interface TestHouse extends TestApp {
  readonly temporal: TestTemporal;
  readonly sandboxUrl: string;
}

export async function testHouse(): Promise<TestHouse> {
  const [db, temporal] = await Promise.all([testDatabase({ maxConnections: 20 }), testTemporal()]);
  const sandbox = await startSandbox({
    port: 0,
    dataDir: join(testFolder, 'sandbox', randomBytes(6).toString('hex')),
    secret: configOf(db, 0).sandboxSecret,
  });
  const config = { ...configOf(db, await freePort(), temporal), sandboxUrl: sandbox.url };
  const app = await startApp(db, config, temporal);
  const worker = await startWorker(app, temporal);
  return {
    ...app,
    temporal,
    sandboxUrl: sandbox.url,
    close: async () => {
      await worker.stop();
      await sandbox.stop();
      await app.close();
      await temporal.close();
    },
  };
}

function configOf(db: TestDatabase, port: number, temporal?: TestTemporal): Config {
  return loadConfig(
    testSettings({
      DATABASE_URL: db.url,
      PORT: String(port),
      ...(temporal === undefined
        ? {}
        : { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace }),
    }),
  );
}

async function startApp(
  db: TestDatabase,
  config: Config,
  temporal: TestTemporal | undefined,
): Promise<TestApp> {
  const vault = vaultOf(config);
  const deps: HttpDeps = {
    db,
    vault,
    clock: { now: () => new Date() },
    channels: channelRegistry({
      sandbox: {
        url: config.sandboxUrl,
        secret: config.sandboxSecret,
        callbackBaseUrl: config.callbackBaseUrl,
      },
      callbackBaseUrl: config.callbackBaseUrl,
    }),
    log: silent,
    config,
    metrics: createMetrics(),
    sandbox: { url: config.sandboxUrl },
    temporal: temporal === undefined ? downGateway : gatewayTo(temporal),
  };
  const server = await serve(deps, { port: config.port, host: '127.0.0.1' });
  const store = await testStore(db);
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    db,
    vault,
    deps,
    store,
    shop: testClient(url, store.apiKey),
    admin: testClient(url, store.admin.token),
    close: async () => {
      await server.close(1000);
      await deps.temporal.close();
      await db.drop();
    },
  };
}

/** A worker with the outbox relay, in this process. */
async function startWorker(app: TestApp, temporal: TestTemporal) {
  const worker = await Worker.create({
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue,
    workflowBundle: { codePath: await workflowBundle(root, join(testFolder, 'cache')) },
    activities: createActivities({
      db: app.db,
      vault: app.vault,
      clock: app.deps.clock,
      channels: app.deps.channels,
      crashPoint: () => undefined,
      log: silent,
    }),
    dataConverter: { payloadCodecs: [payloadCodec(testKeys())] },
    shutdownGraceTime: '2 seconds',
  });
  const relay = startRelay(app.db, temporal.client.workflow, silent);
  const running = worker.run();
  const sealer = setInterval(() => void sealAudit(app.db).catch(() => undefined), 1000);
  return {
    stop: async () => {
      clearInterval(sealer);
      await relay.stop();
      worker.shutdown();
      await running;
    },
  };
}

function vaultOf(config: Config): Vault {
  return createVault({ fieldKeys: parseFieldKeys(config.fieldKeys), indexKey: config.indexKey });
}

function gatewayTo({ address, namespace }: TestTemporal): TemporalGateway {
  return connectTemporal({ address, namespace, codec: payloadCodec(testKeys()) });
}

const downGateway: TemporalGateway = {
  updateWithStart: () =>
    Promise.reject(new Refusal('temporal_unavailable', 'this test runs without Temporal')),
  signal: () =>
    Promise.reject(new Refusal('temporal_unavailable', 'this test runs without Temporal')),
  reachable: () => Promise.resolve(false),
  close: () => Promise.resolve(),
};
