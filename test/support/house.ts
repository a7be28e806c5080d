import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { workflowIds } from '../../src/contracts/workflow';
import { type Database, openDatabase } from '../../src/db/database';
import { enqueueStart } from '../../src/db/outbox';
import { createVault, parseFieldKeys, type Vault } from '../../src/db/vault';
import { loadConfig } from '../../src/main/config';
import { applyMigrations } from '../../src/main/migration';
import {
  ensureDatabase,
  type PostgresServer,
  startPostgres,
} from '../../src/main/servers/postgres';
import { pause } from '../../src/main/servers/process';
import { startTemporal, type TemporalServer } from '../../src/main/servers/temporal';
import { givenPayingSettlement, givenQueuedPayout, type QueuedPayout, type Scene } from './payout';
import { anyPort, type Part, startProcess, type TestProcess } from './processes';
import { startSandboxProcess, type SandboxProcess } from './sandbox-process';
import { root } from './servers';
import { testSandboxSecret, testSettings } from './settings';

/** A PostgreSQL, a Temporal and a provider of a test's own, which it may kill; emptied at the end. */
export class House {
  private postgres!: PostgresServer;
  private temporal!: TemporalServer;
  private sandbox!: SandboxProcess;
  private env!: Record<string, string>;
  private readonly running = new Set<TestProcess>();
  db!: Database;
  vault!: Vault;

  /** @param folder of this run's own; its servers' data live there */
  constructor(readonly folder: string) {}

  get sandboxUrl(): string {
    return this.sandbox.url;
  }

  async open(): Promise<void> {
    await Promise.all([this.startPostgres(), this.startTemporal()]);
    await ensureDatabase(this.postgres, 'house');
    const url = this.postgres.url('house');
    await applyMigrations(root, url);
    this.db = openDatabase(url);
    this.sandbox = await startSandboxProcess({
      dataDir: join(this.folder, 'sandbox'),
      secret: testSandboxSecret,
      faults: true,
    });
    this.env = testSettings({
      DATABASE_URL: url,
      TEMPORAL_ADDRESS: this.temporal.address,
      SANDBOX_URL: this.sandbox.url,
      PORT: String(await anyPort()),
      LOG_LEVEL: 'info',
    });
    const { fieldKeys, indexKey } = loadConfig(this.env);
    this.vault = createVault({ fieldKeys: parseFieldKeys(fieldKeys), indexKey });
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map((part) => part.kill()));
    await this.sandbox?.kill();
    await this.temporal?.stop();
    await this.db?.close().catch(() => undefined);
    await this.postgres?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Starts an API or a worker; `untilReady: false` for one that may die before it is ready. */
  async start(
    part: Part,
    own: Record<string, string> = {},
    untilReady = true,
  ): Promise<TestProcess> {
    const started = await startProcess(part, { ...this.env, ...own }, { untilReady });
    this.running.add(started);
    void started.ended.then(() => this.running.delete(started));
    return started;
  }

  givenScene(): Promise<Scene> {
    const settings = { confirmSeconds: 3, submitTimeoutMs: 1000 };
    return givenPayingSettlement(this.db, this.vault, settings);
  }

  /** Approved payouts, one for each payee, that nobody has begun. */
  async givenPayouts(scene: Scene, payees: readonly string[]): Promise<QueuedPayout[]> {
    const payouts: QueuedPayout[] = [];
    const atOnce = 10;
    for (let n = 0; n < payees.length; n += atOnce) {
      const group = payees
        .slice(n, n + atOnce)
        .map((payee) => givenQueuedPayout(this.db, this.vault, scene, payee));
      payouts.push(...(await Promise.all(group)));
    }
    return payouts;
  }

  /** Asks for the workflows of payouts, as an approval does. */
  async send(payouts: readonly QueuedPayout[]): Promise<void> {
    await this.db.transaction((tx) =>
      enqueueStart(
        tx,
        ...payouts.map(({ id }) => ({
          workflowType: 'payout' as const,
          workflowId: workflowIds.payout(id),
          input: { payoutId: id },
        })),
      ),
    );
  }

  async setFaults(rates: object): Promise<void> {
    const body = JSON.stringify(rates);
    const answer = await fetch(`${this.sandboxUrl}/faults`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`the sandbox takes no faults: ${await answer.text()}`);
  }

  async faultCounts(): Promise<Record<string, number>> {
    const answer = await fetch(`${this.sandboxUrl}/faults`);
    return (await answer.json()) as Record<string, number>;
  }

  rows() {
    return this.db.read.rows<{ id: string; channelNumber: string; amount: bigint; status: string }>(
      'SELECT id, channel_number, amount, status FROM payout',
    );
  }

  async openCount(): Promise<number> {
    const row = await this.db.read.first<{ count: number }>(
      `SELECT count(*)::int AS count FROM payout
       WHERE status NOT IN ('paid', 'returned', 'failed', 'canceled')`,
    );
    return row?.count ?? 0;
  }

  /** Reads the trial balance over and over until it is stopped, through every fault. */
  readBalances() {
    let stopped = false;
    const count = { reads: 0, unbalancedReads: 0 };
    const running = (async () => {
      while (!stopped) {
        const sum = await this.db.read
          .first<{ wrong: boolean }>(
            `SELECT coalesce(sum(balance), 0) <> 0 OR coalesce(bool_or(balance < 0 AND role IN
               ('held', 'available', 'settling', 'clearing', 'cash')), false) AS wrong
             FROM ledger_account`,
          )
          .catch(() => undefined);
        if (sum !== undefined) count.reads += 1;
        if (sum?.wrong === true) count.unbalancedReads += 1;
        await pause(20);
      }
    })();
    return {
      stop: async () => {
        stopped = true;
        await running;
        return count;
      },
    };
  }

  /** SIGKILL, and the same server again on the same data. */
  async killPostgres(): Promise<void> {
    process.kill(this.postgres.pid, 'SIGKILL');
    await this.postgres.ended;
    await this.startPostgres(this.postgres.port);
  }

  /** SIGKILL, and the server again: with its data, or with none of them. */
  async killTemporal({ lose }: { lose: boolean }): Promise<void> {
    const port = Number(this.temporal.address.split(':')[1]);
    killTemporalOf(this.folder, port);
    await this.temporal.ended;
    if (lose) rmSync(join(this.folder, 'temporal'), { recursive: true, force: true });
    await this.startTemporal(port);
  }

  /** The sessions of a killed server hold its memory for some moments. */
  private async startPostgres(port?: number): Promise<void> {
    const folder = join(this.folder, 'postgres');
    for (let tries = 1; ; tries += 1) {
      try {
        this.postgres = await startPostgres({ folder, ...(port === undefined ? {} : { port }) });
        return;
      } catch (error) {
        if (tries === 20) throw error;
        await pause(500);
      }
    }
  }

  private async startTemporal(port?: number): Promise<void> {
    const folder = join(this.folder, 'temporal');
    const { TEMPORAL_ADDRESS: _, ...env } = process.env;
    const more = port === undefined ? {} : { port };
    this.temporal = await startTemporal({ folder, keep: true, ui: false, env, ...more });
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether a process was stopped by SIGSTOP and waits for SIGCONT. */
export function isFrozen(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).includes(
      'T',
    );
  } catch {
    return false;
  }
}

/** The dev server writes its process id where it was started. */
function killTemporalOf(folder: string, port: number): void {
  const path = join(folder, 'temporal', 'server.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; port: number };
  if (state.port !== port) throw new Error('this is another Temporal');
  process.kill(state.pid, 'SIGKILL');
}

/** A folder of a run's own, below another. */
export const houseFolder = (parent: string) =>
  join(parent, `house-${randomBytes(4).toString('hex')}`);
