import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(__dirname, '..', '..');

export interface SandboxProcess {
  readonly url: string;
  /** SIGKILL, as a crash would be; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface Book {
  channelNumber: string;
  account: string;
  amount: number;
  paidAt: string | null;
  returnedAt: string | null;
  submissions: number;
}

/** Starts the sandbox provider as a process of its own and resolves when it listens. */
export async function startSandboxProcess(options: {
  dataDir: string;
  secret: string;
  port?: number;
  /** opens its doors for tests: POST /faults, POST /balances */
  faults?: boolean;
}): Promise<SandboxProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main/sandbox.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      SANDBOX_PORT: String(options.port ?? 0),
      SANDBOX_DATA_DIR: options.dataDir,
      SANDBOX_SECRET: options.secret,
      SANDBOX_FAULTS: options.faults === true ? '1' : '0',
    },
  });
  const url = await listening(child);
  return {
    url,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the sandbox has no output');
  for await (const line of createInterface(child.stdout)) {
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error('the sandbox ended before it listened');
}

export async function readBooks(url: string): Promise<Map<string, Book>> {
  const response = await fetch(`${url}/books`);
  const { payments } = (await response.json()) as { payments: Book[] };
  return new Map(payments.map((payment) => [payment.channelNumber, payment]));
}
