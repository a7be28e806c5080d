import { randomInt } from 'node:crypto';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** Tells the person at the terminal what happens and what is waited for. */
export type Say = (line: string) => void;

/** A server process that was started here. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Asks it to end, and insists after a while. */
  stop(): Promise<void>;
}

export const host = '127.0.0.1';

/**
 * The wanted port when it is free, else any free one. It is chosen below the ports that systems hand
 * out for outgoing connections: nobody else's connection takes it before it is used.
 */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted;
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(portsForServers.from, portsForServers.to);
    if (await isFree(port)) return port;
  }
  return bindOnce(0);
}

const portsForServers = { from: 10_240, to: 32_000 };

/** True when nobody listens on the port of the loopback address. */
export async function isFree(port: number): Promise<boolean> {
  return bindOnce(port).then(
    () => true,
    () => false,
  );
}

function bindOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/** Resolves when something accepts connections there. @throws after `timeoutMs` */
export async function untilListening(port: number, timeoutMs: number, on = host): Promise<void> {
  await until(() => accepts(port, on), timeoutMs, `nothing listens on ${on}:${port}`);
}

function accepts(port: number, on: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: on, timeout: 1000 });
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
    socket.once('timeout', answer(false));
  });
}

/** Asks again and again until the answer is true. @throws Error with `otherwise` after `timeoutMs` */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  otherwise: string,
  everyMs = 50,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${otherwise} after ${timeoutMs / 1000} s`);
    await pause(everyMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * True when the process lives and its command line holds `mark`. A process id alone proves nothing:
 * after a crash the system may have given it to somebody else.
 */
export function isOurs(pid: number, mark: string): boolean {
  if (!isAlive(pid)) return false;
  return commandLine(pid).includes(mark);
}

/** True while the process runs; one that has ended but is not yet collected counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // no /proc here
  }
}

function commandLine(pid: number): string {
  try {
    if (existsSync('/proc/self/cmdline')) {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    }
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Sends the signals one after the other, each with its patience, until the process is gone. */
export async function endProcess(
  pid: number,
  steps: readonly { signal: NodeJS.Signals; patienceMs: number }[],
): Promise<void> {
  for (const { signal, patienceMs } of steps) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it is gone already
    }
    const gone = await until(() => !isAlive(pid), patienceMs, 'still there', 20).then(
      () => true,
      () => false,
    );
    if (gone) return;
  }
}

/** Resolves when the child has ended. */
export function untilEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** Keeps the end of what a process prints, to say why it failed. */
export function lastWords(child: ChildProcess, charactersAtMost = 2000): () => string {
  let words = '';
  const listen = (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-charactersAtMost);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  return () => words.trim();
}
