import type { NotTaken } from '../../src/channels/channel';
import { channelById } from '../../src/db/channel';
import { receiveCallback } from '../../src/db/channel-inbox';
import { openDatabase } from '../../src/db/database';
import { requestCancel } from '../../src/db/payout';
import { storedNews } from '../../src/domain/payout/news';
import { testDatabase, type TestDatabase } from '../support/database';
import { FakeProvider, fakeWorker, HandClock } from '../support/fake-channel';
import {
  balancesOf,
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
  shares,
  statusOf,
  testVault,
} from '../support/payout';

const vault = testVault();
const dayMs = 86_400_000;
const givenBack = { 'commission-expense': -10_000n, available: 10_000n };

describe('one step of a payout after the other', () => {
  let db: TestDatabase;
  let scene: Scene;
  let payout: QueuedPayout;
  let provider: FakeProvider;
  let clock: HandClock;
  let worker: ReturnType<typeof fakeWorker>;

  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.drop());

  beforeEach(async () => {
    scene = await givenPayingSettlement(db, vault);
    payout = await givenQueuedPayout(db, vault, scene);
    provider = new FakeProvider();
    clock = new HandClock(new Date('2026-03-02T04:00:00Z'));
    worker = fakeWorker(db, vault, { provider, clock });
  });

  const advance = (id = payout.id) => worker.advancePayout(id);
  const refuse = (cause: NotTaken['cause']) => {
    provider.submit = () => ({ kind: 'not_taken', cause, code: 'CODE', message: 'no' });
  };
  const pays = () => {
    provider.submit = () => ({ kind: 'paid', paidAt: null });
  };
  const row = async (id = payout.id) => {
    const found = await db.read.first<{
      status: string;
      waitingText: string | null;
      waitingUntil: Date | null;
      confirmation: object | null;
      watchAt: Date | null;
    }>('SELECT * FROM payout WHERE id = $1', [id]);
    if (found === undefined) throw new Error('no payout');
    return found;
  };
  const reviews = () =>
    db.read.rows<{ kind: string; facts: { why: string } }>(
      `SELECT kind, facts FROM review_task WHERE store_id = $1`,
      [scene.storeId],
    );
  const numbers = () => new Set(provider.submissions.map(({ channelNumber }) => channelNumber));

  test('paid in the answer to the submission: one step, nothing to wait for', async () => {
    expect(await advance()).toEqual({ status: 'paid', next: 'end', waitMs: 0, openReviewId: null });
  });

  test.each(['1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])(
    'paid at %s, as the provider says, is paid now: a bill is looked for on a day that has one',
    async (said) => {
      provider.submit = () => ({ kind: 'paid', paidAt: new Date(said) });
      expect((await advance()).status).toBe('paid');
      const paid = await db.read.first<{ paidAt: Date }>(
        'SELECT paid_at FROM payout WHERE id = $1',
        [payout.id],
      );
      expect(paid?.paidAt).toEqual(clock.now());
    },
  );

  test('unknown is asked about, ever more slowly, and never sent again', async () => {
    provider.submit = () => ({ kind: 'unknown', detail: 'no answer in time' });
    provider.query = () => ({ kind: 'unknown', detail: 'no answer in time' });
    const waits = [];
    for (let n = 0; n < 5; n += 1) waits.push(await advance());
    expect(waits.map(({ waitMs }) => waitMs)).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(waits.map(({ next }) => next)).toEqual(['wait', 'wait', 'wait', 'call', 'wait']);
    expect(provider.submissions).toHaveLength(1);
  });

  test('a number that the provider does not know goes again, under the same number', async () => {
    provider.submit = () => ({ kind: 'unknown', detail: 'no answer in time' });
    await advance();
    pays();
    expect((await advance()).status).toBe('paid');
    expect(provider.submissions).toHaveLength(2);
    expect([...numbers()]).toEqual([payout.channelNumber]);
  });

  test('a worker that slept since it booked the submission makes no call', async () => {
    let asked = 0;
    const sleepy = { now: () => new Date(Date.parse('2026-03-02T04:00:00Z') + 9_000 * asked++) };
    const slow = fakeWorker(db, vault, { provider, clock: sleepy });
    await expect(slow.advancePayout(payout.id)).rejects.toThrow('slept too long');
    expect(provider.submissions).toHaveLength(0);
    provider.query = () => ({ kind: 'not_found' });
    expect((await advance()).status).toBe('paid');
    expect(provider.questions).toEqual([payout.channelNumber]);
  });

  test.each(['payout.beforeSubmitCommit', 'payout.beforeSubmitCall'])(
    'nor one that slept at %s, whether or not it knew that the booking was committed',
    async (point) => {
      const asleep = (reached: string) => {
        if (reached === point) clock.forward(9_000);
      };
      const slow = fakeWorker(db, vault, { provider, clock, at: asleep });
      await expect(slow.advancePayout(payout.id)).rejects.toThrow('slept too long');
      expect(provider.submissions).toHaveLength(0);
      expect((await row()).status).toBe('submitting');
    },
  );

  describe('a channel whose balance is short', () => {
    test('is tried by one payout for all, finance hears of it once, and it goes on by itself', async () => {
      const others = [
        await givenQueuedPayout(db, vault, scene),
        await givenQueuedPayout(db, vault, scene),
      ];
      refuse('balance_short');
      expect((await advance()).status).toBe('submitting');
      for (const { id } of others) await advance(id);
      expect(provider.submissions).toHaveLength(1);
      expect(await row(others[0]?.id)).toMatchObject({ status: 'queued', waitingText: 'balance' });

      clock.forward(6_000);
      await advance();
      for (const { id } of others) await advance(id);
      expect(provider.submissions).toHaveLength(2);
      const tasks = await reviews();
      expect(tasks).toMatchObject([{ kind: 'reconciliation', facts: { why: 'balance_short' } }]);

      pays();
      clock.forward(60_000);
      expect((await advance()).status).toBe('paid');
      for (const { id } of others) expect((await advance(id)).status).toBe('paid');
      expect(provider.submissions).toHaveLength(5);
      expect(await reviews()).toHaveLength(1);
    });

    test('says when it is tried again', async () => {
      refuse('balance_short');
      const step = await advance();
      expect(step).toMatchObject({ next: 'wait', waitMs: 5_000 });
      expect((await row()).waitingUntil).toEqual(new Date('2026-03-02T04:00:05Z'));
    });
  });

  test.each([
    ['throttled', 'throttled', '2026-03-02T04:00:01.000Z', 0],
    ['setup', 'setup', '2026-03-02T04:00:15.000Z', 1],
    ['limit', 'limit', '2026-03-02T16:05:00.000Z', 0],
  ] as const)('not taken, %s: %s until %s', async (cause, reason, until, tasks) => {
    refuse(cause);
    await advance();
    expect(await row()).toMatchObject({ status: 'submitting', waitingText: reason });
    expect((await row()).waitingUntil?.toISOString()).toBe(until);
    expect(await reviews()).toHaveLength(tasks);
    pays();
    clock.set(new Date(Date.parse(until) + 1));
    expect((await advance()).status).toBe('paid');
    expect([...numbers()]).toEqual([payout.channelNumber]);
    expect((await balancesOf(db, scene, payout.distributorId))['cash']).toBe(shares.amount);
  });

  test('stopped while it was not taken: only when no call can be on its way any more', async () => {
    refuse('balance_short');
    await advance();
    await db.transaction((tx) => requestCancel(tx, payout.id, clock.now()));
    expect((await advance()).waitMs).toBe(60_000);
    expect(await row()).toMatchObject({ status: 'submitting', waitingText: 'stopping' });
    clock.forward(60_000);
    expect((await advance()).status).toBe('canceled');
    expect(await balancesOf(db, scene, payout.distributorId)).toEqual(givenBack);
    expect(provider.submissions).toHaveLength(1);
  });

  test('an amount above the limit of a day is never sent, and a person is called', async () => {
    await db.read.run('UPDATE channel SET per_day_amount = 8000 WHERE id = $1', [scene.channelId]);
    expect((await advance()).next).toBe('call');
    await worker.callPersonToPayout(payout.id);
    expect(await reviews()).toMatchObject([{ kind: 'payout', facts: { why: 'over_day_limit' } }]);
    expect(provider.submissions).toHaveLength(0);
  });

  test("the limit of a day is used up: it waits until the oldest of that day's is a day old", async () => {
    await db.read.run('UPDATE channel SET per_day_amount = 20000 WHERE id = $1', [scene.channelId]);
    await advance();
    clock.forward(3_600_000);
    await advance((await givenQueuedPayout(db, vault, scene)).id);
    const third = await givenQueuedPayout(db, vault, scene);
    await advance(third.id);
    expect(await row(third.id)).toMatchObject({ status: 'queued', waitingText: 'dayLimit' });
    expect((await row(third.id)).waitingUntil).toEqual(new Date('2026-03-03T04:00:00Z'));
    clock.set(new Date('2026-03-03T04:00:00Z'));
    expect((await advance(third.id)).status).toBe('paid');
  });

  test("what the payee's page needs is kept while the payee has to confirm, and not longer", async () => {
    const until = new Date('2026-03-03T04:00:00Z');
    const confirmation = { package: 'affffddafdfafddffda==' };
    provider.submit = () => ({ kind: 'awaiting_confirmation', until, confirmation });
    await advance();
    expect(await row()).toMatchObject({ confirmation, waitingUntil: until });
    provider.query = () => ({ kind: 'failed', code: 'OVERDUE_CLOSE', message: 'not confirmed' });
    expect((await advance()).status).toBe('failed');
    expect((await row()).confirmation).toBeNull();
    expect(await balancesOf(db, scene, payout.distributorId)).toEqual(givenBack);
  });

  test("what the payee's page needs is kept when it comes late, and while the payee may try again", async () => {
    const until = new Date('2026-03-03T04:00:00Z');
    const confirmation = { package: 'affffddafdfafddffda==' };
    provider.submit = () => ({ kind: 'unknown', detail: 'no answer in time' });
    await advance();
    provider.query = () => ({ kind: 'awaiting_confirmation', until });
    await advance();
    expect(await row()).toMatchObject({ status: 'awaiting_confirmation', confirmation: null });
    provider.query = () => ({ kind: 'awaiting_confirmation', until, confirmation });
    await advance();
    expect(await row()).toMatchObject({ confirmation, waitingUntil: until });
    // A first try did not go through: the provider does not repeat what it said before.
    provider.query = () => ({ kind: 'awaiting_confirmation', until });
    await advance();
    expect(await row()).toMatchObject({ confirmation, waitingUntil: until });
  });

  describe('money that comes back after success', () => {
    const returned = { kind: 'returned', returnedAt: null } as const;

    // The sweep takes what is due of all channels: payouts of other tests are none of this one's.
    beforeEach(() => db.read.run('UPDATE payout SET watch_at = NULL'));

    test('is seen by the sweep, which asks as often as the channel says', async () => {
      await advance();
      provider.query = () => ({ kind: 'paid', paidAt: null });
      expect(await worker.watchPayouts()).toBe(0);
      clock.forward(60_000);
      provider.query = () => returned;
      expect(await worker.watchPayouts()).toBe(1);
      expect(await statusOf(db, payout.id)).toBe('returned');
      expect(await worker.watchPayouts()).toBe(0);
      expect(await balancesOf(db, scene, payout.distributorId)).toEqual(givenBack);
    });

    test('is not asked about for ever', async () => {
      await advance();
      provider.query = () => ({ kind: 'paid', paidAt: null });
      clock.forward(60_000);
      await worker.watchPayouts();
      expect((await row()).watchAt).toBeNull();
    });

    test('is booked when a callback says so 59 days later', async () => {
      await advance();
      clock.forward(59 * dayMs);
      const channel = await channelById(db.read, scene.channelId);
      const entry = {
        eventId: `late-${payout.id}`,
        channelNumber: payout.channelNumber,
        amount: shares.amount,
        news: storedNews(returned),
        receivedAt: clock.now(),
      };
      await db.transaction((tx) => receiveCallback(tx, channel!, entry));
      expect((await advance()).status).toBe('returned');
      expect(await balancesOf(db, scene, payout.distributorId)).toEqual(givenBack);
    });
  });

  test('two workers together keep to the pace of the channel', async () => {
    const perSecond = 10;
    provider.callsPerSecond = perSecond;
    const realClock = { now: () => new Date() };
    const other = openDatabase(db.url);
    const workers = [db, other].map((own) =>
      fakeWorker(own, vault, { provider, clock: realClock }),
    );
    const count = 25;
    const payouts = [];
    for (let n = 0; n < count; n += 1) payouts.push(await givenQueuedPayout(db, vault, scene));
    const untilPaid = async (id: string, n: number) => {
      for (;;) {
        const step = await workers[n % 2]!.advancePayout(id);
        if (step.next === 'end') return;
        await new Promise((resolve) => setTimeout(resolve, step.waitMs));
      }
    };
    await Promise.all(payouts.map(({ id }, n) => untilPaid(id, n)));
    await other.close();
    const times = provider.submissions.map(({ at }) => at).sort((a, b) => a - b);
    expect(times).toHaveLength(count);
    // A slot every 100 ms; a late timer of a busy machine moves one call, never the pace.
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
    expect(seconds).toBeGreaterThan((count - 1) / perSecond - 0.5);
    for (const start of times) {
      const within = times.filter((at) => at >= start && at < start + 1000).length;
      expect(within).toBeLessThanOrEqual(perSecond + 5);
    }
  });

  test.each([
    ['query', 10],
    ['cancel', 5],
  ] as const)('two workers together keep to the pace of %s', async (question, perSecond) => {
    const times: number[] = [];
    const answer = () => {
      times.push(Date.now());
      return { kind: 'canceled' } as const;
    };
    provider.questionsPerSecond = { [question]: perSecond };
    provider.submit = () => ({ kind: 'unknown', detail: 'silence' });
    provider[question] = answer;
    const count = 12;
    const payouts = [];
    for (let n = 0; n < count; n += 1) payouts.push(await givenQueuedPayout(db, vault, scene));
    for (const { id } of payouts) await advance(id);
    if (question === 'cancel') {
      for (const { id } of payouts)
        await db.transaction((tx) => requestCancel(tx, id, clock.now()));
    }
    clock.forward(120_000);
    const other = openDatabase(db.url);
    const workers = [db, other].map((own) => fakeWorker(own, vault, { provider, clock }));
    await Promise.all(payouts.map(({ id }, n) => workers[n % 2]!.advancePayout(id)));
    await other.close();
    expect(times).toHaveLength(count);
    const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
    expect(seconds).toBeGreaterThan((count - 1) / perSecond - 0.3);
    for (const { id } of payouts) expect((await row(id)).status).toBe('canceled');
  });

  test('a question for which too many wait is not asked and counts for nothing; later it is', async () => {
    provider.submit = () => ({ kind: 'unknown', detail: 'silence' });
    await advance();
    provider.questionsPerSecond = { query: 1 };
    provider.query = () => ({ kind: 'paid', paidAt: null });
    const pace = (ahead: string) =>
      db.read.run(
        `INSERT INTO channel_pace (channel_id, operation, next_call_at)
         VALUES ($1, 'query', clock_timestamp() + $2::interval)
         ON CONFLICT (channel_id, operation) DO UPDATE SET next_call_at = excluded.next_call_at`,
        [scene.channelId, ahead],
      );
    clock.forward(120_000);
    const fresh = fakeWorker(db, vault, { provider, clock });
    const before = await row();
    await pace('20 seconds');
    await expect(fresh.advancePayout(payout.id)).rejects.toThrow('too many wait');
    expect(provider.questions).toEqual([]);
    expect(await row()).toEqual(before);
    await pace('0 seconds');
    expect((await fresh.advancePayout(payout.id)).status).toBe('paid');
  });
});
