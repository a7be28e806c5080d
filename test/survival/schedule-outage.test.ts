import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CalendarSpec, Client, Connection, type ScheduleOptions } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createSettlementCycleActivities } from '../../activities/settlement-cycle';
import { taskQueue } from '../../src/contracts/workflow';
import { settlementsOf } from '../../src/db/settlement';
import { cycleSchedule } from '../../src/main/schedules';
import { pause } from '../../src/main/servers/process';
import { startTemporal, type TemporalServer } from '../../src/main/servers/temporal';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenProgram, givenStore } from '../support/given';
import { givenChannel, testVault } from '../support/payout';
import { givenEarning, givenPayable } from '../support/settlement';
import { quiet } from '../support/temporal';
import { testBundle } from '../support/time-skipping';
import { until } from '../support/until';

jest.setTimeout(240_000);

const folder = mkdtempSync(join(tmpdir(), 'schedule-outage-'));
/** Temporal with its data in a file: killed and started again it is the same one. */
const start = () => startTemporal({ folder, keep: true, ui: false, env: {} });
const timeZone = 'Asia/Shanghai';
const cycle = { calendar: 'monthly', timeZone } as const;

let db: TestDatabase;
let temporal: TemporalServer;

beforeAll(async () => {
  quiet();
  [db, temporal] = await Promise.all([testDatabase(), start()]);
});
afterAll(async () => {
  await Promise.all([db.drop(), temporal.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** The least catch-up that Temporal grants is 10 s; an outage that is longer tells it from more. */
const leastWindowMs = 10_000;
const aheadMs = 8_000;
const endsMissed = 4;

const months = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE'] as const),
  ...(['JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];

/** One moment, as a calendar of UTC. */
function calendarOf(moment: Date): CalendarSpec {
  return {
    year: moment.getUTCFullYear(),
    month: months[moment.getUTCMonth()]!,
    dayOfMonth: moment.getUTCDate(),
    hour: moment.getUTCHours(),
    minute: moment.getUTCMinutes(),
    second: moment.getUTCSeconds(),
  };
}

/** The schedule of a calendar, whose periods end at these moments instead of once a month. */
function endingAt(ends: readonly Date[], changes: Partial<ScheduleOptions> = {}): ScheduleOptions {
  const own = cycleSchedule(cycle);
  return { ...own, spec: { calendars: ends.map(calendarOf) }, ...changes };
}

async function connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const infoOf = (client: Client, scheduleId: string) =>
  client.schedule
    .getHandle(scheduleId)
    .describe()
    .then(({ info }) => info);

async function killTemporal(): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await temporal.ended;
}

/** A live program with something to settle at the end of August, of which nobody knew then. */
async function givenProgramWithAugust(): Promise<string> {
  const storeId = await givenStore(db);
  const createdAt = new Date('2026-08-10T00:00:00Z');
  const programId = await givenProgram(db, storeId, { mode: 'live', timeZone, createdAt });
  const vault = testVault();
  const channelId = await givenChannel(db, vault, storeId);
  const person = await givenPayable(db, vault, { storeId, programId, channelId });
  await givenEarning(db, programId, person, 1000n, new Date('2026-08-20T00:00:00Z'));
  return programId;
}

/** Runs what the schedules started, with the activity of the product alone: nothing else opens periods. */
async function withWorker<T>(work: () => Promise<T>): Promise<T> {
  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: await testBundle() },
    activities: createSettlementCycleActivities({ db, clock: { now: () => new Date() } }),
  });
  try {
    return await worker.runUntil(work());
  } finally {
    await connection.close();
  }
}

test('ends of periods that pass while Temporal is dead are caught up with, one run at a time', async () => {
  const programId = await givenProgramWithAugust();
  const first = Math.ceil(Date.now() / 1000) * 1000 + aheadMs;
  const ends = Array.from({ length: endsMissed }, (_, n) => new Date(first + n * 1000));
  const own = endingAt(ends);
  const { scheduleId } = own;
  const short = { ...own.policies, catchupWindow: leastWindowMs };
  const forgetful = endingAt(ends, { scheduleId: 'forgetful', policies: short });
  await connected(async (client) => {
    for (const options of [own, forgetful]) {
      await client.schedule.create(options);
      const { nextActionTimes, numActionsTaken } = await infoOf(client, options.scheduleId);
      expect([nextActionTimes, numActionsTaken]).toEqual([ends, 0]);
    }
  });
  await killTemporal();
  expect(Date.now()).toBeLessThan(first);
  await pause(ends.at(-1)!.getTime() + leastWindowMs + 2_000 - Date.now());
  temporal = await start();

  await connected(async (client) => {
    const taken = async () => (await infoOf(client, scheduleId)).recentActions.length > 0;
    await until(taken, 'the first missed end is caught up with', 90_000);
    const { recentActions } = await infoOf(client, scheduleId);
    expect(recentActions.map(({ scheduledAt }) => scheduledAt)).toEqual([ends[0]]);

    await withWorker(async () => {
      const opened = async () =>
        (await settlementsOf(db.read, programId, { limit: 20, before: undefined })).map(
          ({ period, status, requestedBy }) => [period, status, requestedBy],
        );
      await until(async () => (await opened()).length > 0, 'August is opened', 60_000);
      expect(await opened()).toEqual([['2026-08', 'locking', 'system:calendar']]);
      // One more waited while the first ran; the others would have found nothing to do.
      const both = async () => (await infoOf(client, scheduleId)).numActionsTaken === 2;
      await until(both, 'the one that waited is run', 60_000);
      const { numActionsSkippedOverlap, numActionsMissedCatchupWindow } = await infoOf(
        client,
        scheduleId,
      );
      expect(numActionsSkippedOverlap).toBe(endsMissed - 2);
      expect(numActionsMissedCatchupWindow).toBe(0);
      expect(await opened()).toHaveLength(1);
    });
    // The same schedule with Temporal's shortest window: what the outage took is lost.
    const lost = async () =>
      (await infoOf(client, 'forgetful')).numActionsMissedCatchupWindow === endsMissed;
    await until(lost, 'a short window loses every end', 60_000);
    expect((await infoOf(client, 'forgetful')).numActionsTaken).toBe(0);
  });
});
