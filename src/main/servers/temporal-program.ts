import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, type Say, untilEnded } from './process';
import { isProgram, isReachable, onPath, programCache } from './program-cache';

/** The newest version that `go install` can build; the server in it is 1.29. */
const cliVersion = 'v1.5.1';
const progressEveryMs = 15_000;
const downloadHost = 'https://temporal.download';

/**
 * The program that runs Temporal's dev server, the first that works: TEMPORAL_CLI_PATH, `temporal` on
 * the PATH, one that was got earlier, the SDK's download, a build with the Go toolchain.
 * @throws Error that lists what can be done
 */
export async function temporalProgram(env: NodeJS.ProcessEnv, say: Say): Promise<string> {
  const given = env['TEMPORAL_CLI_PATH'];
  if (given !== undefined && given !== '') {
    if (isProgram(given)) return given;
    throw new Error(`TEMPORAL_CLI_PATH names ${given}, which is not a program`);
  }
  const cached = join(programCache(env), `temporal-${cliVersion}${suffix}`);
  const found = onPath('temporal', env) ?? (isProgram(cached) ? cached : undefined);
  return found ?? (await download(cached, say)) ?? (await build(cached, env, say)) ?? giveUp();
}

const suffix = process.platform === 'win32' ? '.exe' : '';

function giveUp(): never {
  throw new Error(
    `Temporal is needed and was not found: ${downloadHost} cannot be reached, and there is no Go ` +
      'toolchain to build it with. Set TEMPORAL_ADDRESS to a running server, or TEMPORAL_CLI_PATH to ' +
      'the Temporal CLI (https://docs.temporal.io/cli), or install Go 1.24 or newer.',
  );
}

/** Lets the SDK download the CLI: it knows the platforms and checks what it gets. */
async function download(target: string, say: Say): Promise<string | undefined> {
  if (!(await isReachable(downloadHost))) return undefined;
  say("downloading Temporal's command line tool, once (some 100 MB, up to a few minutes)");
  const folder = `${target}.download`;
  mkdirSync(folder, { recursive: true });
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const environment = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', downloadDir: folder } },
    });
    await environment.teardown();
    const program = readdirSync(folder)
      .map((name) => join(folder, name))
      .find(isProgram);
    if (program === undefined) return undefined;
    return keep(program, target);
  } catch (error) {
    say(`the download failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function build(
  target: string,
  env: NodeJS.ProcessEnv,
  say: Say,
): Promise<string | undefined> {
  const go = onPath('go', env);
  if (go === undefined) return undefined;
  say(`building Temporal ${cliVersion} with Go, once; this takes about 4 minutes on 2 cores`);
  const folder = `${target}.${process.pid}.build`;
  mkdirSync(folder, { recursive: true });
  const begun = Date.now();
  const progress = setInterval(
    () => say(`  still building Temporal (${Math.round((Date.now() - begun) / 1000)} s)`),
    progressEveryMs,
  );
  try {
    const child = spawn(go, ['install', `github.com/temporalio/cli/cmd/temporal@${cliVersion}`], {
      env: { ...env, CGO_ENABLED: '0', GOBIN: folder, GOFLAGS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const words = lastWords(child);
    await untilEnded(child);
    if (child.exitCode !== 0) {
      say(`the build failed: ${words() || `go ended with ${child.exitCode}`}`);
      return undefined;
    }
    return keep(join(folder, `temporal${suffix}`), target);
  } finally {
    clearInterval(progress);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Renames at the end, so that nobody ever finds half a program. */
function keep(program: string, target: string): string {
  const unfinished = `${target}.${process.pid}`;
  copyFileSync(program, unfinished);
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, target);
  return target;
}
