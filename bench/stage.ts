import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, rmSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { applyMigrations } from '../src/main/migration';
import { startPostgres } from '../src/main/servers/postgres';
import { endProcess, freePort, type Say, until, untilEnded } from '../src/main/servers/process';
import { withHeapOf } from '../src/main/supervisor/child';
import { startTemporal } from '../src/main/servers/temporal';

/** Everything the benchmark talks to: its own database, its own processes, one shop. */
export interface Stage {
  readonly baseUrl: string;
  readonly databaseUrl: string;
  readonly apiKey: string;
  readonly adminToken: string;
  /** the settings of its processes, with the keys */
  readonly env: Readonly<Record<string, string>>;
  /** whose memory is watched */
  readonly workerPid: number;
  stop(): Promise<void>;
}

interface Shop {
  apiKey: string;
  adminToken: string;
}

const root = join(__dirname, '..');
const folder = join(root, '.local', 'bench');
const readyPatienceMs = 120_000;

/**
 * Brings up PostgreSQL (or makes a database on the server of DATABASE_URL), Temporal (or uses
 * TEMPORAL_ADDRESS), the sandbox provider, one API and one worker. Durability is PostgreSQL's
 * default: what was answered survives a crash.
 */
export async function bringUp(say: Say): Promise<Stage> {
  mkdirSync(folder, { recursive: true });
  const undo: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= undoAll(undo));
  try {
    say('starting PostgreSQL and Temporal');
    const database = await freshDatabase(say);
    undo.push(database.drop);
    const temporal = await startTemporal({
      folder: join(folder, 'temporal'),
      keep: false,
      ui: false,
      env: process.env,
      say,
    });
    undo.push(() => temporal.stop());
    await applyMigrations(root, database.url);
    const env = await environment(database.url, temporal.address);
    const shop = await openShop(env);
    say('starting sandbox, API and worker');
    const [, , worker] = ['sandbox', 'api', 'worker'].map((name) => {
      const started = start(name, env);
      undo.push(started.stop);
      return started;
    });
    const baseUrl = `http://127.0.0.1:${env.PORT}`;
    await until(() => isReady(baseUrl), readyPatienceMs, 'the API is not ready; see .local/bench');
    const workerPid = worker?.pid ?? 0;
    return { baseUrl, databaseUrl: database.url, ...shop, env, workerPid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function undoAll(undo: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of [...undo].reverse()) await step();
}

async function freshDatabase(say: Say) {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  const given = process.env['DATABASE_URL'];
  const server =
    given === undefined || given === ''
      ? await startPostgres({ folder: join(folder, 'postgres'), say })
      : undefined;
  const main = server?.url('postgres') ?? given ?? '';
  await administer(main, `CREATE DATABASE ${name}`);
  return {
    url: Object.assign(new URL(main), { pathname: `/${name}` }).href,
    drop: async () => {
      await administer(main, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined);
      await server?.stop();
    },
  };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

async function environment(databaseUrl: string, temporalAddress: string) {
  const key = () => randomBytes(32).toString('base64');
  const port = await freePort();
  const sandboxPort = await freePort();
  return {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: databaseUrl,
    DATABASE_CONNECTIONS: '24',
    TEMPORAL_ADDRESS: temporalAddress,
    PORT: String(port),
    FIELD_KEYS: `k1:${key()}`,
    INDEX_KEY: key(),
    PAYLOAD_KEYS: `k1:${key()}`,
    TOKEN_PEPPER: key(),
    SANDBOX_URL: `http://127.0.0.1:${sandboxPort}`,
    SANDBOX_PORT: String(sandboxPort),
    SANDBOX_DATA_DIR: join(folder, `sandbox-${randomBytes(4).toString('hex')}`),
    SANDBOX_SECRET: key(),
    RATE_LIMIT_PER_SECOND: '1000000',
    LOG_LEVEL: 'warn',
  };
}

type Environment = Awaited<ReturnType<typeof environment>>;

async function openShop(env: Environment): Promise<Shop> {
  const shop = ['create', '--name', 'Bench', '--email', 'bench@example.com', '--mode', 'test'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join('src', 'main', 'store.ts'), ...shop],
    { cwd: root, env },
  );
  const { apiKey, adminToken } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Shop;
  return { apiKey, adminToken };
}

function start(
  name: string,
  env: Environment,
): { pid: number | undefined; stop: () => Promise<void> } {
  const log = openSync(join(folder, `${name}.log`), 'w');
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', join('src', 'main', `${name}.ts`)],
    { cwd: root, env: withHeapOf(name, env), stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const stop = async () => {
    await endChild(child);
    if (name === 'sandbox') rmSync(env.SANDBOX_DATA_DIR, { recursive: true, force: true });
  };
  return { pid: child.pid, stop };
}

/** Asks a process that was started here to end, and insists; resolves when it has ended. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null) {
    await endProcess(child.pid, [
      { signal: 'SIGTERM', patienceMs: 10_000 },
      { signal: 'SIGKILL', patienceMs: 1000 },
    ]);
  }
  await untilEnded(child);
}

async function isReady(baseUrl: string): Promise<boolean> {
  return fetch(`${baseUrl}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
