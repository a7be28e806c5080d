import { ScheduleOverlapPolicy } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time';
import { automaticCalendars } from '../../src/db/settlement-cycle';
import { settlementsOf } from '../../src/db/settlement';
import { nextPeriodEnd } from '../../src/domain/kernel/period';
import { cycleSchedule, ensureSchedules } from '../../src/main/schedules';
import { type TestHouse, testHouse } from '../support/app';
import { givenProgram } from '../support/given';
import { givenDuePayee } from '../support/paying';
import { givenChannel } from '../support/payout';
import { unique } from '../support/program';
import { givenEarning, givenPayable } from '../support/settlement';
import { until } from '../support/until';

jest.setTimeout(240_000);

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const now = new Date();
const yesterday = new Date(now.getTime() - dayMs);

async function givenScene(settings: Record<string, unknown> = {}) {
  const storeId = house.store.id;
  const programId = await givenProgram(house.db, storeId, { createdAt: yesterday, ...settings });
  const channelId = await givenChannel(house.db, house.vault, storeId);
  const owner = { storeId, programId, channelId };
  return { ...owner, distributorId: await givenPayable(house.db, house.vault, owner) };
}

const cyclesOf = (programId: string) =>
  settlementsOf(house.db.read, programId, { limit: 20, before: undefined });

const move = (programId: string, days: number) =>
  house.shop.post(`/v1/programs/${programId}/clock`, {
    now: new Date(now.getTime() + days * dayMs).toISOString(),
  });

interface Review {
  id: string;
  status: string;
}

async function approve(settlementId: string): Promise<void> {
  const found = await house.admin.get(`/v1/reviews?kind=settlement&subjectId=${settlementId}`);
  const [review] = found.body['data'] as Review[];
  const body = { decision: 'approve', reason: 'as usual' };
  const decided = await house.admin.post(`/v1/reviews/${review!.id}/decisions`, body);
  expect([decided.status, decided.text]).toEqual([200, decided.text]);
}

test('a moved clock stands at the end of each week until its settlement waits for finance', async () => {
  const { programId, distributorId } = await givenScene({ settlementCalendar: 'weekly' });
  await givenEarning(house.db, programId, distributorId, 1000n, yesterday);
  await givenEarning(house.db, programId, distributorId, 500n, new Date(now.getTime() + 8 * dayMs));
  expect((await move(programId, 20)).status).toBe(200);
  const [first, ...none] = await cyclesOf(programId);
  expect(none).toEqual([]);
  // What became available in the second week is not in it, however far the clock has gone since.
  expect(first).toMatchObject({
    status: 'review',
    grossAmount: 1000n,
    requestedBy: 'system:calendar',
  });
  expect(first!.createdAt.getTime() - first!.cutoffAt.getTime()).toBeLessThan(60_000);
  await approve(first!.id);
  // The week that waited for the decision is opened by it.
  await until(
    async () => (await cyclesOf(programId)).length === 2,
    'the next period is opened after the decision',
  );
  await until(
    async () => (await cyclesOf(programId))[0]?.status === 'review',
    'the next settlement is computed',
  );
  const [second] = await cyclesOf(programId);
  expect(second).toMatchObject({ grossAmount: 500n });
  expect(second!.cutoffAt.getTime()).toBeGreaterThan(first!.cutoffAt.getTime());
});

test('one by hand takes back what the calendar opened, and its workflow ends', async () => {
  const { programId, distributorId } = await givenScene({ settlementCalendar: 'weekly' });
  await givenEarning(house.db, programId, distributorId, 1000n, yesterday);
  expect((await move(programId, 9)).status).toBe(200);
  const [automatic] = await cyclesOf(programId);
  const byHand = await house.shop.post(`/v1/programs/${programId}/settlements`, {});
  expect(byHand.status).toBe(202);
  const { id } = byHand.body as { id: string };
  await until(
    async () => (await cyclesOf(programId)).find((row) => row.id === id)?.status === 'review',
    'the settlement by hand is computed',
  );
  const { period, run } = automatic!;
  const handle = house.temporal.client.workflow.getHandle(
    `settlement:${programId}:${period}:${run}`,
  );
  await handle.result();
  expect((await cyclesOf(programId)).map((row) => [row.status, row.grossAmount])).toEqual([
    ['review', 1000n],
    ['rejected', 1000n],
  ]);
});

test('a withdrawal is taxed, reviewed and paid; a program by request has no periods', async () => {
  const { programId, distributorId } = await givenScene({ payoutMode: 'request' });
  await givenEarning(house.db, programId, distributorId, 5000n, yesterday);
  expect((await move(programId, 40)).status).toBe(200);
  expect(await cyclesOf(programId)).toEqual([]);
  const made = await house.shop.post(`/v1/distributors/${distributorId}/withdrawals`, {
    amount: 2000,
  });
  expect(made.status).toBe(202);
  const path = `/v1/distributors/${distributorId}/withdrawals/${String(made.body['id'])}`;
  const status = async () => (await house.shop.get(path)).body['status'];
  await until(async () => (await status()) === 'review', 'the withdrawal is computed');
  await approve(made.body['id'] as string);
  await until(async () => (await status()) === 'closed', 'the withdrawal is paid');
  expect((await house.shop.get(path)).body).toMatchObject({
    payoutIds: [expect.stringMatching(/^pyt_/)],
    netAmount: 2000,
  });
  expect((await house.shop.get(`/v1/distributors/${distributorId}/balance`)).body).toMatchObject({
    availableAmount: 3000,
    settlingAmount: 0,
    paidAmount: 2000,
  });
});

describe('what comes late', () => {
  interface Statement {
    id: string;
    grossAmount: number;
    taxAmount: number;
  }
  const settle = async (programId: string) => {
    const made = await house.shop.post(`/v1/programs/${programId}/settlements`, {});
    expect([made.status, made.text]).toEqual([202, made.text]);
    const { id } = made.body as { id: string };
    const read = async () => (await house.shop.get(`/v1/settlements/${id}`)).body['status'];
    await until(async () => (await read()) === 'review', 'the settlement is computed', 60_000);
    return id;
  };
  const statementsOf = async (id: string) =>
    (await house.shop.get(`/v1/settlements/${id}/statements`)).body['data'] as Statement[];
  const linesOf = async (statementId: string) => {
    const { data } = (await house.shop.get(`/v1/statements/${statementId}/lines`)).body as {
      data: { kind: string; amount: number }[];
    };
    return data.map(({ kind, amount }) => [kind, amount]).sort();
  };

  test('an order and a refund of a locked period are lines of the next one; the statement stays', async () => {
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    const payee = { channelId, account: 'ok', holderName: '李明' };
    const { programId, distributorId } = await givenDuePayee(house, payee);
    const first = await settle(programId);
    const [before, ...none] = await statementsOf(first);
    expect(none).toEqual([]);
    expect(before).toMatchObject({ grossAmount: 6000 });

    // Reported late, paid within the period; its hold was over before the period ended.
    const { code } = (await house.shop.get(`/v1/distributors/${distributorId}`)).body;
    const [order] = (await house.shop.get(`/v1/orders?programId=${programId}`)).body['data'];
    const { id: orderId, paidAt } = order as { id: string; paidAt: string };
    const late = await house.shop.post('/v1/orders', {
      ...{ programId, externalId: unique('SO'), paidAt, currency: 'CNY' },
      customer: { externalId: unique('u') },
      attribution: { distributorCode: code },
      lines: [{ externalId: '1', sku: 'TEA-1', quantity: 10, unitPriceAmount: 8000 }],
    });
    expect(late.status).toBe(201);
    const refund = await house.shop.post(`/v1/orders/${orderId}/refunds`, {
      externalId: unique('R'),
      refundedAt: paidAt,
      lines: [{ externalId: '1', quantity: 5, amount: 30_000 }],
    });
    expect([refund.status, refund.text]).toEqual([201, refund.text]);

    expect(await statementsOf(first)).toEqual([before]);
    await approve(first);
    const closed = async () =>
      (await house.shop.get(`/v1/settlements/${first}`)).body['status'] === 'closed';
    await until(closed, 'the first period is paid', 60_000);
    const verified = await house.shop.post(`/v1/settlements/${first}/verification`);
    expect(verified.body).toMatchObject({ matches: true, differences: [] });
    expect(await linesOf(before!.id)).toEqual([['commission', 6000]]);

    const [next] = await statementsOf(await settle(programId));
    expect(next).toMatchObject({ grossAmount: 8000 - 3000 });
    expect(await linesOf(next!.id)).toEqual([
      ['adjustment', -3000],
      ['commission', 8000],
    ]);
    const trial = await house.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
    expect(trial.body['balanced']).toBe(true);
  });
});

describe('schedules of live programs', () => {
  test('one for each calendar and zone opens what is due, however often it fires', async () => {
    const settings = {
      mode: 'live',
      timeZone: 'Europe/London',
      createdAt: new Date('2026-06-01T00:00:00Z'),
    };
    const { programId, distributorId } = await givenScene(settings);
    await givenEarning(house.db, programId, distributorId, 1000n, new Date('2026-08-01T00:00:00Z'));
    const calendars = await automaticCalendars(house.db.read);
    expect(calendars).toEqual([{ calendar: 'monthly', timeZone: 'Europe/London' }]);
    await ensureSchedules(house.temporal.client, calendars);
    await ensureSchedules(house.temporal.client, calendars);
    const { schedule } = house.temporal.client;
    const handle = schedule.getHandle('settlement-cycle:monthly:Europe/London');
    const { info } = await handle.describe();
    const next = info.nextActionTimes[0]!;
    expect(next.toISOString()).toMatch(/-01T0[01]:00:00/);
    await Promise.all([handle.trigger(), handle.trigger(), handle.trigger()]);
    await until(
      async () => (await cyclesOf(programId)).length > 0,
      'the schedule has opened the settlement',
    );
    await until(
      async () => (await cyclesOf(programId))[0]?.status === 'review',
      'the settlement is computed',
    );
    expect(await cyclesOf(programId)).toHaveLength(1);
    await handle.delete();
  });

  test.each([
    ['weekly', 'America/New_York'],
    ['weekly', 'Asia/Shanghai'],
    ['halfMonthly', 'Asia/Shanghai'],
    ['halfMonthly', 'Europe/London'],
    ['monthly', 'Asia/Shanghai'],
    ['monthly', 'America/New_York'],
    ['monthly', 'America/Santiago'],
  ] as const)(
    '%s in %s fires at every end that the database knows, over two years',
    async (calendar, timeZone) => {
      const { client, namespace } = house.temporal;
      const handle = await client.schedule.create(cycleSchedule({ calendar, timeZone }));
      const [from, to] = [new Date('2026-11-25T00:00:00Z'), new Date('2028-11-25T00:00:00Z')];
      const { startTime } = await client.workflowService.listScheduleMatchingTimes({
        ...{ namespace, scheduleId: handle.scheduleId },
        ...{ startTime: msToTs(from.getTime()), endTime: msToTs(to.getTime()) },
      });
      const fires = startTime.map(tsToMs);
      const ends: number[] = [];
      for (let end = nextPeriodEnd(from, calendar, timeZone)!; end < to;) {
        ends.push(end.getTime());
        end = nextPeriodEnd(end, calendar, timeZone)!;
      }
      expect(ends.length).toBeGreaterThanOrEqual(24);
      // At the end itself, or, where the clocks skip midnight, within the hour after it.
      const late = ends.map((end) => fires.find((fire) => fire >= end)! - end);
      expect(late.filter((ms) => ms > hourMs)).toEqual([]);
      expect(late.filter((ms) => ms > 0).length).toBeLessThanOrEqual(2);
      // It fires at no other time, but once more an hour later.
      const strange = fires.filter(
        (fire) => !ends.some((end) => fire >= end && fire <= end + hourMs),
      );
      expect(strange).toEqual([]);
      const { policies } = await handle.describe();
      expect(policies).toMatchObject({
        overlap: ScheduleOverlapPolicy.BUFFER_ONE,
        catchupWindow: 31 * dayMs,
      });
      await handle.delete();
    },
  );

  test.each([
    ['weekly', 'America/New_York'],
    ['halfMonthly', 'Asia/Shanghai'],
    ['monthly', 'America/New_York'],
  ] as const)('%s in %s is a calendar that Temporal takes', async (calendar, timeZone) => {
    const options = cycleSchedule({ calendar, timeZone });
    const handle = await house.temporal.client.schedule.create(options);
    const { info } = await handle.describe();
    expect(info.nextActionTimes.length).toBeGreaterThan(0);
    const local = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      hour: 'numeric',
    });
    const parts = Object.fromEntries(
      local.formatToParts(info.nextActionTimes[0]).map(({ type, value }) => [type, value]),
    );
    expect(['00', '01']).toContain(parts['hour']);
    if (calendar === 'weekly') expect(parts['weekday']).toBe('Mon');
    if (calendar === 'halfMonthly') expect(['1', '16']).toContain(parts['day']);
    if (calendar === 'monthly') expect(parts['day']).toBe('1');
    await handle.delete();
  });
});
