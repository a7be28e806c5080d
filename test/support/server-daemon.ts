import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { applyMigrations, migrationNames } from '../../src/main/migration';
import { isOurs, pause } from '../../src/main/servers/process';
import {
  ensureDatabase,
  type PostgresServer,
  startPostgres,
} from '../../src/main/servers/postgres';
import { startTemporal } from '../../src/main/servers/temporal';
import {
  daemonMark,
  failureFile,
  leaseAgeMs,
  renewLease,
  root,
  stateFile,
  testFolder,
} from './servers';

/** Keeps PostgreSQL and Temporal for the test files, and ends them when nobody asks any more. */
const idleMs = 8 * 60_000;
const lookEveryMs = 500;
const lockFile = join(testFolder, 'daemon.lock');

/** Speed before durability: these data are worth nothing after a crash. */
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

async function main(): Promise<void> {
  mkdirSync(testFolder, { recursive: true });
  if (!takeLock()) return;
  renewLease();
  const say = (line: string) => console.log(line);
  const postgres = startPostgres({
    folder: join(testFolder, 'postgres'),
    settings: fastSettings,
    say,
  });
  const temporal = startTemporal({
    folder: join(testFolder, 'temporal'),
    keep: false,
    ui: false,
    env: process.env,
    say,
  });
  try {
    const database = await postgres;
    const template = await ensureTemplate(database);
    const { address } = await temporal;
    const state = { pid: process.pid, postgresUrl: database.url('postgres'), template };
    writeFileSync(stateFile, JSON.stringify({ ...state, temporalAddress: address }));
    await untilUnwanted(database);
  } catch (error) {
    writeFileSync(failureFile, error instanceof Error ? (error.stack ?? error.message) : 'unknown');
    process.exitCode = 1;
  } finally {
    rmSync(stateFile, { force: true });
    const started = await Promise.allSettled([temporal, postgres]);
    for (const server of started) if (server.status === 'fulfilled') await server.value.stop();
    rmSync(lockFile, { force: true });
  }
  process.exit();
}

async function untilUnwanted(database: PostgresServer): Promise<void> {
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopped = true));
  let migrations = migrationsHash();
  while (!stopped && leaseAgeMs() < idleMs) {
    await pause(lookEveryMs);
    const now = migrationsHash();
    if (now === migrations) continue;
    migrations = now;
    const template = await ensureTemplate(database);
    const state = JSON.parse(readFileSync(stateFile, 'utf8')) as object;
    writeFileSync(stateFile, JSON.stringify({ ...state, template }));
  }
}

/** A database with all migrations; test databases are copies of it, which takes some 50 ms. */
async function ensureTemplate(server: PostgresServer): Promise<string> {
  const name = `template_${migrationsHash()}`;
  const client = new Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    const marked = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (marked.rowCount === 1) return name;
    const unfinished = `${name}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await ensureDatabase(server, unfinished);
    await applyMigrations(root, server.url(unfinished));
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${unfinished}'`,
    );
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
    return name;
  } finally {
    await client.end();
  }
}

function migrationsHash(): string {
  const hash = createHash('sha256');
  for (const name of migrationNames(root)) {
    hash.update(name);
    hash.update(readFileSync(join(root, 'prisma', 'migrations', name, 'migration.sql')));
  }
  return hash.digest('hex').slice(0, 12);
}

function takeLock(): boolean {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      const file = openSync(lockFile, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return true;
    } catch {
      const holder = Number(readFileSync(lockFile, 'utf8'));
      if (holder > 0 && isOurs(holder, daemonMark)) return false;
      rmSync(lockFile, { force: true });
    }
  }
  return false;
}

void main();
