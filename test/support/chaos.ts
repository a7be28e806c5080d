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
import { pause, type Say } from '../../src/main/servers/process';
import { startTemporal, type TemporalServer } from '../../src/main/servers/temporal';
import { judge, type Verdict } from './chaos-judge';
import { givenPayingSettlement, givenQueuedPayout, type QueuedPayout } from './payout';
import { anyPort, type Part, startProcess, type TestProcess } from './processes';
import { readBooks, startSandboxProcess, type SandboxProcess } from './sandbox-process';
import { root } from './servers';
import { testSandboxSecret, testSettings } from './settings';

export interface ChaosOptions {
  payouts: number;
  /** emptied at the end; servers of its own live there, because they are killed */
  folder: string;
  /** real time until every payout has to be at its end, from the last blow on */
  patienceMs: number;
  say: Say;
}

export interface ChaosResult extends Verdict {
  payouts: number;
  seconds: number;
  /** reads of the trial balance while all this went on, and how many were not 0 */
  reads: number;
  unbalancedReads: number;
  /** faults of the provider, by kind */
  faults: Record<string, number>;
  /** blows to our own processes, by kind */
  blows: Record<string, number>;
}

/** How often the provider fails; a call that was executed and timed out is one of ten. */
const faultRates = {
  timeout: 0.1,
  errorBefore: 0.05,
  errorAfter: 0.05,
  throttled: 0.02,
  html: 0.05,
  forged: 0.1,
  duplicated: 0.3,
  early: 0.1,
};

/** Most payees are ordinary; every other kind is there too. */
const payees = [
  ...['slow', 'dup-callback', 'late-callback', 'return', 'fail:ACCOUNT_FROZEN', 'unknown-then-ok'],
  ...['unknown-then-none', 'confirm-expire', 'not-taken:THROTTLED:1', 'not-taken:BALANCE_SHORT:1'],
];
const payeeOf = (n: number) => (n % 4 === 0 ? (payees[(n / 4) % payees.length] ?? 'ok') : 'ok');

const crashPoints = ['payout.beforeSubmitCall', 'payout.afterSubmitCall', 'payout.beforeCommit'];
/** Longer than an activity may take: its step is tried elsewhere before it wakes. */
const frozenMs = 23_000;
const crashPatienceMs = 120_000;

/**
 * Payouts through a failing provider while our own processes and servers are killed, frozen and
 * restarted; the provider's books judge what became of them. Every process is a real one.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const house = new House(options);
  const began = performance.now();
  try {
    await house.open();
    const payouts = await house.seed();
    await house.setFaults(faultRates);
    const reader = house.readBalances();
    await house.strike(payouts);
    await house.setFaults({});
    const stuck = await house.untilOver(payouts);
    const read = await reader.stop();
    const verdict = judge(await house.rows(), await readBooks(house.sandboxUrl), stuck);
    return {
      ...verdict,
      ...read,
      payouts: payouts.length,
      seconds: Math.round((performance.now() - began) / 1000),
      faults: await house.faultCounts(),
      blows: Object.fromEntries(house.blows),
    };
  } finally {
    await house.close();
  }
}

interface Blow {
  name: string;
  prepare?: () => Promise<void>;
  deal: () => Promise<void>;
}

/** The servers and processes of one run. */
class House {
  readonly blows = new Map<string, number>();
  private postgres!: PostgresServer;
  private temporal!: TemporalServer;
  private sandbox!: SandboxProcess;
  private db!: Database;
  private vault!: Vault;
  private env!: Record<string, string>;
  private api: TestProcess | undefined;
  private readonly workers: (TestProcess | undefined)[] = [undefined, undefined];

  constructor(private readonly options: ChaosOptions) {}

  get sandboxUrl(): string {
    return this.sandbox.url;
  }

  async open(): Promise<void> {
    const { folder } = this.options;
    await Promise.all([this.startPostgres(), this.startTemporal()]);
    await ensureDatabase(this.postgres, 'chaos');
    const url = this.postgres.url('chaos');
    await applyMigrations(root, url);
    this.db = openDatabase(url);
    this.sandbox = await startSandboxProcess({
      dataDir: join(folder, 'sandbox'),
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
    this.api = await this.start('api');
  }

  async seed(): Promise<QueuedPayout[]> {
    const settings = { confirmSeconds: 3, submitTimeoutMs: 1000 };
    const scene = await givenPayingSettlement(this.db, this.vault, settings);
    const payouts: QueuedPayout[] = [];
    const atOnce = 10;
    for (let n = 0; n < this.options.payouts; n += atOnce) {
      const group = Array.from({ length: Math.min(atOnce, this.options.payouts - n) }, (_, i) =>
        givenQueuedPayout(this.db, this.vault, scene, payeeOf(n + i)),
      );
      payouts.push(...(await Promise.all(group)));
    }
    this.options.say(`${payouts.length} payouts are approved`);
    return payouts;
  }

  /** Sends the payouts off in as many waves as there are blows, each wave under its blow. */
  async strike(payouts: readonly QueuedPayout[]): Promise<void> {
    const blows = this.planOfBlows();
    const wave = Math.ceil(payouts.length / blows.length);
    for (const [n, { name, prepare, deal }] of blows.entries()) {
      await prepare?.();
      await this.send(payouts.slice(n * wave, (n + 1) * wave));
      await deal();
      this.assertAlive();
      this.blows.set(name, (this.blows.get(name) ?? 0) + 1);
      this.options.say(`${n + 1} of ${blows.length} blows: ${name}`);
    }
  }

  private planOfBlows(): Blow[] {
    const crashes = crashPoints.map((point) => ({
      name: `worker killed at ${point}`,
      prepare: () => this.startDoomed(`${point}:1`),
      deal: () => this.untilCrashed(),
    }));
    return [
      ...crashes,
      { name: 'API killed', prepare: () => this.startWorkers(), deal: () => this.restartApi() },
      { name: 'PostgreSQL killed', deal: () => this.killPostgres() },
      { name: 'worker frozen past its time-out', deal: () => this.freezeWorker(0) },
      { name: 'Temporal killed', deal: () => this.killTemporal({ lose: false }) },
      { name: 'all of Temporal lost', deal: () => this.killTemporal({ lose: true }) },
    ];
  }

  /** Answers how many were not at their end in time. */
  async untilOver(payouts: readonly QueuedPayout[]): Promise<number> {
    const deadline = Date.now() + this.options.patienceMs;
    for (;;) {
      const open = await this.openCount();
      if (open === 0) break;
      if (Date.now() > deadline) return open;
      await pause(500);
    }
    // What the provider sends back after success has its own time.
    const expected = payouts.filter((_, n) => payeeOf(n) === 'return').length;
    while ((await this.returnedCount()) < expected && Date.now() < deadline) await pause(500);
    return 0;
  }

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

  rows() {
    return this.db.read.rows<{ channelNumber: string; amount: bigint; status: string }>(
      'SELECT channel_number, amount, status FROM payout',
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

  async close(): Promise<void> {
    await Promise.all([...this.workers, this.api].map((part) => part?.kill() ?? Promise.resolve()));
    await this.sandbox?.kill();
    await this.temporal?.stop();
    await this.db?.close().catch(() => undefined);
    await this.postgres?.stop();
    rmSync(this.options.folder, { recursive: true, force: true });
  }

  private async send(payouts: readonly QueuedPayout[]): Promise<void> {
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

  private async startDoomed(crashAt: string): Promise<void> {
    await this.workers[0]?.kill();
    const doomed = await this.start('worker', { TRIBUTARY_CRASH_AT: crashAt }, false);
    this.workers[0] = doomed;
    let ended = false;
    void doomed.ended.then(() => (ended = true));
    while (!ended && !/worker is ready/.test(doomed.output())) await pause(50);
  }

  private async untilCrashed(): Promise<void> {
    const how = await Promise.race([this.workers[0]?.ended, pause(crashPatienceMs)]);
    if (how !== 'SIGKILL') throw new Error('a worker did not come to the point where it dies');
    this.workers[0] = undefined;
  }

  /** Until here the one that dies was alone, so that it came to its point for sure. */
  private async startWorkers(): Promise<void> {
    this.workers[0] = await this.start('worker');
    this.workers[1] = await this.start('worker');
  }

  /** Nothing but our own blows ends a process. */
  private assertAlive(): void {
    for (const part of [...this.workers, this.api]) {
      if (part === undefined || isAlive(part.pid)) continue;
      throw new Error(`a process died by itself: ${part.output().slice(-3000)}`);
    }
  }

  private async restartApi(): Promise<void> {
    await this.api?.kill();
    await pause(500);
    this.api = await this.start('api');
  }

  private async killPostgres(): Promise<void> {
    process.kill(this.postgres.pid, 'SIGKILL');
    await this.postgres.ended;
    await this.startPostgres(this.postgres.port);
  }

  private async freezeWorker(n: number): Promise<void> {
    const pid = this.workers[n]?.pid;
    if (pid === undefined) return;
    process.kill(pid, 'SIGSTOP');
    await pause(frozenMs);
    process.kill(pid, 'SIGCONT');
  }

  private async killTemporal({ lose }: { lose: boolean }): Promise<void> {
    const port = Number(this.temporal.address.split(':')[1]);
    killTemporalOf(this.options.folder, port);
    await this.temporal.ended;
    if (lose) rmSync(join(this.options.folder, 'temporal'), { recursive: true, force: true });
    await this.startTemporal(port);
    if (!lose) return;
    // Housekeeping, at the start of a worker and every five minutes, asks for all that is open.
    await this.workers[1]?.kill();
    this.workers[1] = await this.start('worker');
  }

  private start(part: Part, own: Record<string, string> = {}, untilReady = true) {
    return startProcess(part, { ...this.env, ...own }, { untilReady });
  }

  /** The sessions of a killed server hold its memory for some moments. */
  private async startPostgres(port?: number): Promise<void> {
    const folder = join(this.options.folder, 'postgres');
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
    const folder = join(this.options.folder, 'temporal');
    const { TEMPORAL_ADDRESS: _, ...env } = process.env;
    const more = port === undefined ? {} : { port };
    this.temporal = await startTemporal({ folder, keep: true, ui: false, env, ...more });
  }

  private async openCount(): Promise<number> {
    const row = await this.db.read.first<{ count: number }>(
      `SELECT count(*)::int AS count FROM payout
       WHERE status NOT IN ('paid', 'returned', 'failed', 'canceled')`,
    );
    return row?.count ?? 0;
  }

  private async returnedCount(): Promise<number> {
    const row = await this.db.read.first<{ count: number }>(
      `SELECT count(*)::int AS count FROM payout WHERE status = 'returned'`,
    );
    return row?.count ?? 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The dev server writes its process id where it was started. */
function killTemporalOf(folder: string, port: number): void {
  const state = readState(join(folder, 'temporal', 'server.json'));
  if (state.port !== port) throw new Error('this is another Temporal');
  process.kill(state.pid, 'SIGKILL');
}

function readState(path: string): { pid: number; port: number } {
  return JSON.parse(readFileSync(path, 'utf8')) as { pid: number; port: number };
}

/** A folder of a run's own, below another. */
export const chaosFolder = (parent: string) =>
  join(parent, `chaos-${randomBytes(4).toString('hex')}`);
