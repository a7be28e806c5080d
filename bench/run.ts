import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Api, apiOf } from '../demo/client';
import { type Database, openDatabase } from '../src/db/database';
import { createVault, parseFieldKeys } from '../src/db/vault';
import { gather } from './crowd';
import { type BigTimes, measureReads, printBig, seedBig } from './big';
import { measureOrders, type OrderTimes, printOrders, sendBatches, verdict } from './orders';
import { measurePayouts, type PayoutTimes, printPayouts } from './payouts';
import { measureReviews, printReviews, type ReviewTimes } from './reviews';
import { measureSettlement, type SettlementTimes } from './settlement';
import { measurePlain, seedCommissions } from './settlement-seed';
import { bringUp, type Stage } from './stage';
import { measureSweep, printSweep, type SweepTimes } from './sweep';

const root = join(__dirname, '..');
const sleepers = 100_000;
/** Small enough to be paid to the last payout within the run. */
const smallSettlement = 500;
const smallPayoutSeconds = 60;
/** However slow the machine: then only the payouts that are over are counted. */
const wholeRunSeconds = 270;
const payoutSecondsAtLeast = 5;
/** Lock and tax beside the same by plain SQL: 25 s where that takes 10. */
const settlementTarget = 2.5;

const twoLevels = {
  levels: 2,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: { totalBps: 3000 },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

/** For the settlement one commission for each distributor is enough. */
const oneLevel = { ...twoLevels, levels: 1, rules: twoLevels.rules.slice(0, 1) };

type Plan = typeof twoLevels;

interface Settings {
  parts: ReadonlySet<string>;
  seconds: number;
  bigOrders: number;
  bigDistributors: number;
  distributors: number;
  commissionsEach: number;
  payoutSeconds: number;
}

/**
 * `npm run bench`: orders per second over HTTP beside the same rows by plain SQL in the same run, the
 * same with a big database in place, explanations and team sums, decisions beside bare Temporal
 * updates, payouts beside bare workflows, the sweep over sleeping distributors, and a settlement.
 * Options: --parts orders,reviews,payouts,big,sweep,settlement; --seconds per measurement; --big-orders and
 * --big-distributors; --distributors of the large settlement and --commissions-each of them;
 * --payout-seconds to watch payouts.
 */
async function main(): Promise<void> {
  const settings = readSettings();
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(
      `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}\n`,
    );
  const stage = await bringUp(say);
  const db = openDatabase(stage.databaseUrl);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stage.stop().then(() => process.exit(130)));
  }
  try {
    const result = await measure(stage, db, settings, say);
    printTable(result);
    const file = join(root, '.local', 'bench', 'result.json');
    mkdirSync(join(root, '.local', 'bench'), { recursive: true });
    writeFileSync(file, JSON.stringify(result, undefined, 2));
    console.log(`\n${JSON.stringify(result)}`);
  } finally {
    await db.close();
    await stage.stop();
  }
}

function readSettings(): Settings {
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    options: {
      seconds: option('8'),
      parts: option('orders,reviews,payouts,big,sweep,settlement'),
      'big-orders': option('1000000'),
      'big-distributors': option('100000'),
      distributors: option('100000'),
      'commissions-each': option('10'),
      'payout-seconds': option('40'),
    },
  });
  return {
    seconds: Number(values.seconds),
    parts: new Set(values.parts.split(',')),
    bigOrders: Number(values['big-orders']),
    bigDistributors: Number(values['big-distributors']),
    distributors: Number(values.distributors),
    commissionsEach: Number(values['commissions-each']),
    payoutSeconds: Number(values['payout-seconds']),
  };
}

async function measure(
  stage: Stage,
  db: Database,
  settings: Settings,
  say: (line: string) => void,
) {
  const admin = apiOf(stage.baseUrl, stage.adminToken);
  const key = apiOf(stage.baseUrl, stage.apiKey);
  const vault = createVault({
    fieldKeys: parseFieldKeys(stage.env['FIELD_KEYS'] ?? ''),
    indexKey: Buffer.from(stage.env['INDEX_KEY'] ?? '', 'base64'),
  });
  const store = await db.read.first<{ id: string }>('SELECT id FROM store');
  const channel = { kind: 'sandbox', name: 'Bench', settings: {} };
  const channelId = (await admin.post<{ id: string }>('/v1/channels', channel)).id;
  const crowdOf = async (name: string, count: number, plan: Plan) => {
    say(`${name}: ${count} distributors`);
    const program = await makeProgram({ shop: key, admin }, name, plan);
    const joinedAt = new Date(program.startsAt);
    const crowd = { programId: program.id, storeId: store!.id, channelId, joinedAt };
    return { programId: program.id, codes: await gather(db, vault, crowd, count) };
  };
  const orders: OrderTimes[] = [];
  const shop = await crowdOf('orders', 1000, twoLevels);
  const { seconds } = settings;
  if (settings.parts.has('orders')) {
    orders.push(await measureOrders(stage, shop, { name: 'small database', seconds, say }));
  }
  let reviews: ReviewTimes | undefined;
  if (settings.parts.has('reviews')) {
    const { id: programId } = await makeProgram(
      { shop: key, admin },
      'reviews',
      oneLevel,
      'review',
    );
    reviews = await measureReviews(stage, { shop: key, admin, db }, { programId, say });
  }
  let payouts: PayoutTimes | undefined;
  if (settings.parts.has('payouts')) {
    payouts = await measurePayouts(stage, { db, vault, storeId: store!.id, say });
  }
  let big: BigTimes | undefined;
  if (settings.parts.has('big')) {
    const program = await makeProgram({ shop: key, admin }, 'big', twoLevels);
    const size = { orders: settings.bigOrders, distributors: settings.bigDistributors };
    const codes = await seedBig(stage.databaseUrl, { ...program, storeId: store!.id }, size, say);
    const crowd = { programId: program.id, codes: codes.slice(0, 1000) };
    orders.push(await measureOrders(stage, crowd, { name: 'big database', seconds, say }));
    big = await measureReads(key, db, { programId: program.id, ...size, say });
  }
  let sweep: SweepTimes | undefined;
  if (settings.parts.has('sweep')) {
    const { id: programId } = await makeProgram({ shop: key, admin }, 'sweep', oneLevel);
    const crowd = { storeId: store!.id, programId, distributors: sleepers, say };
    sweep = await measureSweep(db, crowd);
  }
  const settle = async (name: string, count: number, payoutSeconds: () => number) => {
    const people = await crowdOf(`${name} settlement`, count, oneLevel);
    say('one order for each distributor');
    const paidAt = '2026-01-15T10:00:00+08:00'; // long enough ago for its hold to be over
    await sendBatches(stage, people, count, { linesEach: 1, paidAt });
    const payoutPatienceMs = Math.max(payoutSeconds(), payoutSecondsAtLeast) * 1000;
    const { workerPid } = stage;
    const { programId } = people;
    return measureSettlement({ admin, db }, { programId, payoutPatienceMs, workerPid, say });
  };
  const settleLarge = async (payoutSeconds: () => number): Promise<SettlementTimes> => {
    const { distributors, commissionsEach } = settings;
    const { programId } = await crowdOf('large settlement', distributors, oneLevel);
    await seedCommissions(db, { programId, each: commissionsEach, say });
    say('the same by plain SQL');
    const plain = await measurePlain(db, programId);
    const payoutPatienceMs = Math.max(payoutSeconds(), payoutSecondsAtLeast) * 1000;
    const options = { programId, payoutPatienceMs, workerPid: stage.workerPid, say };
    return { ...(await measureSettlement({ admin, db }, options)), plain };
  };
  const settlements: SettlementTimes[] = [];
  if (settings.parts.has('settlement')) {
    // The small one first: the payouts of the large one go on after it was measured.
    const few = Math.min(smallSettlement, settings.distributors);
    settlements.push(await settle('small', few, () => smallPayoutSeconds));
    const began = process.uptime();
    const left = () => wholeRunSeconds - (process.uptime() - began);
    const patience = () => Math.min(settings.payoutSeconds, left());
    settlements.push(await settleLarge(patience));
  }
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? '', node: process.version };
  return {
    machine,
    at: new Date().toISOString(),
    orders,
    reviews,
    payouts,
    big,
    sweep,
    settlements,
  };
}

interface Draft {
  id: string;
  findings: { rule: string; needsWaiver: boolean }[];
}

async function makeProgram(
  { shop, admin }: { shop: Api; admin: Api },
  name: string,
  plan: Plan,
  enrolment: 'open' | 'review' = 'open',
): Promise<{ id: string; startsAt: string }> {
  const program = await admin.post<{ id: string; startsAt: string }>('/v1/programs', {
    externalId: name,
    name,
    currency: 'CNY',
    mode: 'test',
    enrolment,
    startsAt: '2026-01-01T00:00:00+08:00',
    settlement: {
      calendar: 'onRequest',
      payoutMode: 'auto',
      minimumPayoutAmount: 1,
      reviewAboveAmount: Number.MAX_SAFE_INTEGER,
    },
    tax: { method: 'general' },
    payer: { name: 'Bench', taxNumber: '91440300MA5DEM0R00' },
  });
  const draft = await shop.post<Draft>(`/v1/programs/${program.id}/plans`, { plan, note: 'bench' });
  // The key is the author, so the admin is the second person.
  for (const { rule } of draft.findings.filter(({ needsWaiver }) => needsWaiver)) {
    await admin.post(`/v1/plans/${draft.id}/waivers`, { rule, reason: 'Only measured.' });
  }
  await admin.post(`/v1/plans/${draft.id}/publication`, {});
  return program;
}

type Result = Awaited<ReturnType<typeof measure>>;

function printTable(result: Result): void {
  const { machine, orders, reviews, payouts, big, sweep, settlements } = result;
  console.log(`\n${machine.cores} cores, Node ${machine.node}, everything on one machine`);
  orders.forEach(printOrders);
  if (reviews !== undefined) printReviews(reviews);
  if (payouts !== undefined) printPayouts(payouts);
  if (big !== undefined) printBig(big, orders);
  if (sweep !== undefined) printSweep(sweep);
  settlements.forEach(printSettlement);
}

function printSettlement(times: SettlementTimes): void {
  const line = (what: string, value: string) => console.log(`  ${what.padEnd(66)}${value}`);
  const seconds = (value: number) => `${value.toFixed(2)} s`.padStart(10);
  console.log(`\nSettlement of ${times.distributors} distributors (${times.status} at the end)`);
  line('release and lock', seconds(times.lockSeconds));
  line('statements and tax', seconds(times.computeSeconds));
  line('approval, until every payout is made', seconds(times.approveSeconds));
  const { before, lock, compute, approve } = times.workerMb;
  const most = [before, lock, compute, approve].map((mb) => `${mb} MB`).join(', ');
  line('memory of the worker: before, at most while locking, taxing, approving', `   ${most}`);
  printPlain(times, line, seconds);
  const over = `${times.payoutsOver} of ${times.payouts} over, ${times.payoutsPerSecond}/s`;
  line(`payouts watched for ${times.payoutSeconds} s`, `   ${over}`);
}

function printPlain(
  { plain, lockSeconds, computeSeconds }: SettlementTimes,
  line: (what: string, value: string) => void,
  seconds: (value: number) => string,
): void {
  if (plain === undefined) return;
  const sum = plain.reduce((total, step) => total + step.seconds, 0);
  const steps = plain.map(({ step, seconds: took }) => `${step} ${took}`).join(', ');
  line('lock and compute, together', seconds(lockSeconds + computeSeconds));
  line('the same by plain SQL in one transaction', seconds(sum));
  line('  of it', `   ${steps}`);
  const ratio = (lockSeconds + computeSeconds) / sum;
  const judged = `target ${settlementTarget}: ${verdict(ratio <= settlementTarget)}`;
  line('ratio', `   ${ratio.toFixed(2)}   ${judged}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
