import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isOurs, pause } from '../../src/main/servers/process';

export const root = join(__dirname, '..', '..');
/** Servers of the tests keep everything here; removing the folder is always allowed. */
export const testFolder = join(root, '.local', 'test');
export const stateFile = join(testFolder, 'servers.json');
export const leaseFile = join(testFolder, 'lease');
export const failureFile = join(testFolder, 'failure.txt');
export const daemonMark = join('test', 'support', 'server-daemon.ts');

/** The servers that all test files share, each with its own database and its own namespace. */
export interface TestServers {
  pid: number;
  /** of the empty maintenance database */
  postgresUrl: string;
  /** name of the database that holds all migrations and no rows */
  template: string;
  temporalAddress: string;
}

/** PostgreSQL comes in seconds; Temporal may have to be built first (see the ladder). */
const patienceMs = 15 * 60_000;

/**
 * The servers of the tests, started when they do not run yet. They outlive the test file: the next
 * one finds them, and they end by themselves some minutes after the last one asked.
 */
export async function testServers(): Promise<TestServers> {
  mkdirSync(testFolder, { recursive: true });
  renewLease();
  const running = runningServers();
  if (running !== undefined) return running;
  startDaemon();
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const servers = runningServers();
    if (servers !== undefined) return servers;
    if (existsSync(failureFile)) {
      throw new Error(
        `the servers of the tests did not start: ${readFileSync(failureFile, 'utf8')}`,
      );
    }
    await pause(100);
  }
  throw new Error(`the servers of the tests did not start; see ${join(testFolder, 'daemon.log')}`);
}

/** Tells the servers that somebody still needs them. */
export function renewLease(): void {
  if (!existsSync(leaseFile)) writeFileSync(leaseFile, '');
  const now = new Date();
  utimesSync(leaseFile, now, now);
}

export function leaseAgeMs(): number {
  return Date.now() - statSync(leaseFile).mtimeMs;
}

export function runningServers(): TestServers | undefined {
  if (!existsSync(stateFile)) return undefined;
  try {
    const state = JSON.parse(readFileSync(stateFile, 'utf8')) as TestServers;
    return isOurs(state.pid, daemonMark) ? state : undefined;
  } catch {
    return undefined; // it is being written
  }
}

/** Several test files may do this at once; all but one daemon see the lock and leave. */
function startDaemon(): void {
  rmSync(failureFile, { force: true });
  const log = openSync(join(testFolder, 'daemon.log'), 'a');
  spawn(process.execPath, ['--import', 'tsx', daemonMark], {
    cwd: root,
    detached: true,
    stdio: ['ignore', log, log],
  }).unref();
}
