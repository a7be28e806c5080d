import { type ChildProcess, spawn } from 'node:child_process';
import { freePort, pause } from '../../src/main/servers/process';
import { root } from './servers';

/** One OS process of the product under test. */
export interface TestProcess {
  readonly pid: number;
  /** everything it printed so far */
  output(): string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to end, as Ctrl-C does; answers its exit code. */
  stop(): Promise<number | null>;
  /** Resolves with the signal or exit code when it has ended, whoever ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export type Part = 'api' | 'worker' | 'sandbox';

const entry: Record<Part, string> = {
  api: 'src/main/api.ts',
  worker: 'src/main/worker.ts',
  sandbox: 'src/main/sandbox.ts',
};

/** What each part prints when it is ready. */
const readyLine: Record<Part, RegExp> = {
  api: /api is ready/,
  worker: /worker is ready/,
  sandbox: /listening on/,
};

const readyWithinMs = 150_000;

/**
 * Starts a part as a process of its own and waits until it says that it is ready.
 * `env` is the whole environment of the product (`testSettings({...})`); LOG_LEVEL must be info or lower.
 */
export async function startProcess(
  part: Part,
  env: Record<string, string>,
  options: { untilReady?: boolean } = {},
): Promise<TestProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', entry[part]], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = describe(child);
  if (options.untilReady !== false) await untilPrinted(started, readyLine[part], part);
  return started;
}

/** A port that nobody uses now. */
export const anyPort = (): Promise<number> => freePort();

function describe(child: ChildProcess): TestProcess {
  let printed = '';
  const listen = (chunk: Buffer) => {
    printed += chunk.toString('utf8');
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
    child.once('error', () => resolve(null));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid ?? -1,
    output: () => printed,
    ended,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      return child.exitCode;
    },
  };
}

async function untilPrinted(started: TestProcess, line: RegExp, part: Part): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  let over = false;
  void started.ended.then(() => (over = true));
  while (!line.test(started.output())) {
    if (over || Date.now() > deadline) {
      await started.kill();
      throw new Error(`the ${part} did not get ready: ${started.output().slice(-2000)}`);
    }
    await pause(25);
  }
}
