import { pause, type Say } from '../../src/main/servers/process';
import { judge, type Verdict } from './chaos-judge';
import { House, isAlive } from './house';
import type { QueuedPayout } from './payout';
import type { TestProcess } from './processes';
import { readBooks } from './sandbox-process';

export interface ChaosOptions {
  payouts: number;
  /** emptied at the end; servers of its own live there, because they are killed */
  folder: string;
  /** real time until every payout has to be at its end, from the last blow on */
  patienceMs: number;
  /** the provider fails until this share of the payouts is at its end; 0: until the last blow */
  faultyShare?: number;
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
  const house = new Chaos(options);
  const began = performance.now();
  try {
    await house.open();
    const payouts = await house.seed();
    await house.setFaults(faultRates);
    const reader = house.readBalances();
    await house.strike(payouts);
    await house.untilShareOver(payouts);
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

/** One house, two workers and an API, and the blows that they are dealt. */
class Chaos extends House {
  readonly blows = new Map<string, number>();
  private api: TestProcess | undefined;
  private readonly workers: (TestProcess | undefined)[] = [undefined, undefined];

  constructor(private readonly options: ChaosOptions) {
    super(options.folder);
  }

  override async open(): Promise<void> {
    await super.open();
    this.api = await this.start('api');
  }

  async seed(): Promise<QueuedPayout[]> {
    const payees = Array.from({ length: this.options.payouts }, (_, n) => payeeOf(n));
    const payouts = await this.givenPayouts(await this.givenScene(), payees);
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
      { name: 'all of Temporal lost', deal: () => this.loseTemporal() },
    ];
  }

  /** The provider goes on failing until most payouts have met it. */
  async untilShareOver({ length }: readonly QueuedPayout[]): Promise<void> {
    const { faultyShare = 0, patienceMs, say } = this.options;
    const deadline = Date.now() + patienceMs;
    for (let told = 0; Date.now() < deadline; await pause(500)) {
      const over = length - (await this.openCount());
      if (over >= length * faultyShare) return;
      if (over - told < length / 10) continue;
      told = over;
      say(`${over} of ${length} payouts are over`);
    }
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

  private async freezeWorker(n: number): Promise<void> {
    const pid = this.workers[n]?.pid;
    if (pid === undefined) return;
    process.kill(pid, 'SIGSTOP');
    await pause(frozenMs);
    process.kill(pid, 'SIGCONT');
  }

  private async loseTemporal(): Promise<void> {
    await this.killTemporal({ lose: true });
    // Housekeeping, at the start of a worker and every five minutes, asks for all that is open.
    await this.workers[1]?.kill();
    this.workers[1] = await this.start('worker');
  }

  private async returnedCount(): Promise<number> {
    const row = await this.db.read.first<{ count: number }>(
      `SELECT count(*)::int AS count FROM payout WHERE status = 'returned'`,
    );
    return row?.count ?? 0;
  }
}
