import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endProcess, pause, type Say, untilEnded } from '../servers/process';

/** One part of the house as a process. */
export interface PartSpec {
  readonly name: string;
  /** the TypeScript file, relative to the root */
  readonly file: string;
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** the line by which it says that it is ready */
  readonly readyLine: RegExp;
}

export interface SupervisedPart {
  /** Resolves at the first readiness. Rejects when it dies again and again before that. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** One that lived this long had a good start: the next pause is short again. */
const goodLifeMs = 60_000;
const failedStartsAtMost = 3;
const stopPatienceMs = 6000;
const logBytesAtMost = 10_000_000;
const warnLevel = 40;

/** Runs a part and starts it again, after a growing pause, whenever it dies. */
export function supervise(spec: PartSpec, say: Say): SupervisedPart {
  const log = openLog(spec.logFile);
  let stopping = false;
  let child: ChildProcess | undefined;
  let firstReady: () => void = () => undefined;
  let giveUp: (reason: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    firstReady = resolve;
    giveUp = reject;
  });
  const keepRunning = async () => {
    let pauseMs = firstPauseMs;
    let wasReady = false;
    for (let starts = 1; !stopping; starts += 1) {
      const begun = Date.now();
      child = launch(spec);
      const words = follow(child, spec, log, say, () => {
        wasReady = true;
        firstReady();
      });
      await untilEnded(child);
      if (stopping) return;
      if (!wasReady && starts >= failedStartsAtMost) {
        return giveUp(new Error(`the ${spec.name} does not start: ${words()}`));
      }
      if (Date.now() - begun > goodLifeMs) pauseMs = firstPauseMs;
      say(
        `the ${spec.name} ended (${howItEnded(child)}); starting it again in ${pauseMs / 1000} s`,
      );
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  };
  void keepRunning();
  return {
    ready,
    stop: async () => {
      stopping = true;
      firstReady();
      if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        await endProcess(child.pid, [
          { signal: 'SIGTERM', patienceMs: stopPatienceMs },
          { signal: 'SIGKILL', patienceMs: 500 },
        ]);
      }
      log.end();
    },
  };
}

/**
 * The environment of a part with its memory held down: within Node's usual limit of some gigabytes a
 * heap grows to several times what is in use before it is cleaned, and glibc keeps a pool of freed memory
 * for each of many threads. The API may use more: from 2 GB on V8 lets a heap grow to four times what is in
 * use instead of twice, and each cleaning is a pause for everybody who waits for an answer. Options given
 * by the caller win.
 */
export function withHeapOf(part: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = env['NODE_OPTIONS'] ?? '';
  const heapMb = part === 'api' ? 2048 : 1024;
  const nodeOptions = `--max-old-space-size=${heapMb} ${given}`.trim();
  return { MALLOC_ARENA_MAX: '2', ...env, NODE_OPTIONS: nodeOptions };
}

function launch({ name, file, root, env }: PartSpec): ChildProcess {
  const preload = ['--import', 'tsx', '--import', './scripts/with-parent.mjs'];
  // A group of its own: Ctrl-C reaches the supervisor alone, which ends the parts in good order.
  return spawn(process.execPath, [...preload, file], {
    cwd: root,
    env: withHeapOf(name, env),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** Writes all to the log; shows a person only what is wrong. Answers the last words, for a failure. */
function follow(
  child: ChildProcess,
  spec: PartSpec,
  log: NodeJS.WritableStream,
  say: Say,
  onReady: () => void,
): () => string {
  const last: string[] = [];
  const listen = (stream: Readable | null, isError: boolean) => {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      if (spec.readyLine.test(line)) onReady();
      const worth = worthSaying(line, isError);
      if (worth === undefined) return;
      last.push(worth);
      if (last.length > 12) last.shift();
      say(`[${spec.name}] ${worth}`);
    });
  };
  listen(child.stdout, false);
  listen(child.stderr, true);
  return () => last.join('\n') || 'it said nothing';
}

function worthSaying(line: string, isError: boolean): string | undefined {
  try {
    const entry = JSON.parse(line) as { level?: number; msg?: string; error?: unknown };
    if (entry.level === undefined || entry.level < warnLevel) return undefined;
    return [entry.msg, entry.error].filter((part) => typeof part === 'string').join(': ');
  } catch {
    return isError && line.trim() !== '' ? line : undefined;
  }
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode;
}

function openLog(path: string): NodeJS.WritableStream {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > logBytesAtMost) renameSync(path, `${path}.1`);
  return createWriteStream(path, { flags: 'a', mode: 0o600 });
}
