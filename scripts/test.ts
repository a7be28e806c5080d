import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { endProcess } from '../src/main/servers/process';
import { timeSkippingServer } from '../src/main/servers/time-skipping';
import { runningServers, testFolder, testServers } from '../test/support/servers';

const root = resolve(__dirname, '..');
const workers = 2;

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTotalTests: z.number(),
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()),
        }),
      ),
    }),
  ),
});
type Report = z.infer<typeof Report>;

/**
 * `npm test`, or `npm test -- unit ledger` for the files whose path matches: brings up PostgreSQL and
 * Temporal, runs Jest, and ends with a line `N passed, N failed` of its own.
 */
async function main(): Promise<void> {
  const begun = Date.now();
  const filters = process.argv.slice(2);
  const had = runningServers();
  try {
    if (needsServers(filters)) await bringUpServers();
    const report = await runJest(filters);
    tellFailures(report);
    tell(report, begun);
    process.exitCode = report.success && report.numPassedTests > 0 ? 0 : 1;
  } catch (error) {
    console.log(
      `the tests could not run: ${error instanceof Error ? error.message : String(error)}`,
    );
    console.log('0 passed, 1 failed');
    process.exitCode = 1;
  } finally {
    const daemon = runningServers();
    // Servers that were there before belong to somebody who runs single files by hand.
    if (had === undefined && daemon !== undefined) await endServers(daemon.pid);
  }
  process.exit();
}

/** Unit tests and the checks of the code itself need nothing. */
function needsServers(filters: readonly string[]): boolean {
  const light = /^(test\/)?(unit|tidy)\b/;
  return filters.length === 0 || filters.some((filter) => !light.test(filter));
}

async function bringUpServers(): Promise<void> {
  console.log('starting PostgreSQL and Temporal for the tests (see .local/test/daemon.log)');
  const said = setInterval(
    () => console.log('  still starting; building Temporal takes some minutes, once'),
    30_000,
  );
  try {
    await Promise.all([testServers(), timeSkippingServer(process.env, console.log)]);
  } finally {
    clearInterval(said);
  }
}

async function runJest(filters: readonly string[]): Promise<Report> {
  mkdirSync(testFolder, { recursive: true });
  const output = join(testFolder, `jest-${process.pid}.json`);
  const args = ['--json', `--outputFile=${output}`, '--maxWorkers', String(workers), '--forceExit'];
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules', 'jest', 'bin', 'jest.js'), ...args, ...filters],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await new Promise((resolve) => child.once('exit', resolve));
  try {
    return Report.parse(JSON.parse(readFileSync(output, 'utf8')));
  } catch {
    throw new Error('Jest ended without a report; what it said is above');
  } finally {
    rmSync(output, { force: true });
  }
}

function tellFailures({ testResults }: Report): void {
  for (const { name, message, status, assertionResults } of testResults) {
    if (status === 'passed') continue;
    const failed = assertionResults.filter((each) => each.status === 'failed');
    console.log(`\nFAILED ${name.slice(root.length + 1)}`);
    for (const { fullName, failureMessages } of failed) {
      console.log(`  ${fullName}`);
      console.log(why(failureMessages[0] ?? ''));
    }
    if (failed.length === 0) console.log(message.split('\n').slice(0, 15).join('\n'));
  }
}

const whyLines = 6;

/** The beginning of a failure's message, without colours and stack. */
function why(message: string): string {
  const lines = stripVTControlCharacters(message).split('\n');
  const told = lines.filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return told
    .slice(0, whyLines)
    .map((line) => `    ${line}`)
    .join('\n');
}

/** A file that did not even load counts as one failure. */
function tell(report: Report, begun: number): void {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((each) => each.status === 'failed'),
  ).length;
  const failed = report.numFailedTests + unloaded;
  if (report.numTotalTests === 0) console.log('no test matches');
  if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
  console.log(`\n${Math.round((Date.now() - begun) / 1000)} s`);
  console.log(`${report.numPassedTests} passed, ${failed} failed`);
}

function endServers(pid: number): Promise<void> {
  return endProcess(pid, [
    { signal: 'SIGTERM', patienceMs: 15_000 },
    { signal: 'SIGKILL', patienceMs: 1000 },
  ]);
}

void main();
