import type { NotTaken } from '../../src/channels/channel';
import { openDatabase } from '../../src/db/database';
import { whyNotYet } from '../../src/domain/payout/waiting';
import { type TestDatabase, testDatabase } from '../support/database';
import { FakeProvider, fakeWorker, HandClock } from '../support/fake-channel';
import {
  givenPayingSettlement,
  givenQueuedPayout,
  type Scene,
  shares,
  testVault,
} from '../support/payout';

const vault = testVault();
/** Net of every payout of the tests: 90.00 yuan. */
const each = Number(shares.amount);

describe('what one payee may be sent on one day', () => {
  let db: TestDatabase;
  let scene: Scene;
  let provider: FakeProvider;
  let clock: HandClock;
  let worker: ReturnType<typeof fakeWorker>;

  beforeAll(async () => {
    db = await testDatabase({ maxConnections: 20 });
  });
  afterAll(() => db.drop());

  beforeEach(async () => {
    scene = await givenPayingSettlement(db, vault);
    provider = new FakeProvider();
    clock = new HandClock(new Date('2026-03-02T04:00:00Z'));
    worker = fakeWorker(db, vault, { provider, clock });
    await limit('per_payee_day_amount', 2 * each);
  });

  const limit = (column: string, amount: number | null) =>
    db.read.run(`UPDATE channel SET ${column} = $2 WHERE id = $1`, [scene.channelId, amount]);
  const payout = async (account = 'oPayee') =>
    (await givenQueuedPayout(db, vault, scene, account)).id;
  const payouts = async (count: number, account?: string) => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push(await payout(account));
    return ids;
  };
  const row = async (id: string) => {
    const found = await db.read.first<{
      status: 'queued' | 'paid';
      waitingText: string | null;
      waitingUntil: Date | null;
    }>('SELECT status, waiting_text, waiting_until FROM payout WHERE id = $1', [id]);
    if (found === undefined) throw new Error('no payout');
    return found;
  };
  const deferred = (until: string) => ({
    status: 'queued',
    waitingText: 'payeeDayLimit',
    waitingUntil: new Date(until),
  });
  const confirming = { kind: 'awaiting_confirmation', until: null } as const;

  test('what would pass the limit is not sent, waits for the next day of the channel, and is paid then', async () => {
    const [first, second, third] = (await payouts(3)) as [string, string, string];
    await worker.advancePayout(first);
    await worker.advancePayout(second);
    const step = await worker.advancePayout(third);
    expect(step).toMatchObject({ status: 'queued', next: 'wait', waitMs: (12 * 60 + 5) * 60_000 });
    expect(await row(third)).toEqual(deferred('2026-03-02T16:05:00Z'));
    expect(provider.submissions).toHaveLength(2);

    clock.set(new Date('2026-03-02T16:04:59Z'));
    await worker.advancePayout(third);
    expect(provider.submissions).toHaveLength(2);
    clock.set(new Date('2026-03-02T16:05:00Z'));
    expect((await worker.advancePayout(third)).status).toBe('paid');
  });

  test('one sentence says why, with the date in the zone of the program', async () => {
    const ids = await payouts(3);
    for (const id of ids) await worker.advancePayout(id);
    const { status, waitingText: reason, waitingUntil: until } = await row(ids[2]!);
    const say = (language: 'en' | 'zh-CN') =>
      whyNotYet({ status, reason, until }, language, 'Asia/Shanghai')?.text;
    expect(say('en')).toBe(
      "The channel's limit for a day to this payee is reached, so it is submitted the next day; " +
        'the next try is at 2026-03-03 00:05 (Asia/Shanghai).',
    );
    expect(say('zh-CN')).toBe(
      '收款人在该付款渠道的单日收款额度已用完，次日自动提交，下次提交：2026-03-03 00:05 (Asia/Shanghai)。',
    );
  });

  test('another payee, and the same account at another channel, have a day of their own', async () => {
    for (const id of await payouts(2)) await worker.advancePayout(id);
    expect((await worker.advancePayout(await payout('oOther'))).status).toBe('paid');
    const elsewhere = await givenPayingSettlement(db, vault, {}, scene.storeId);
    await db.read.run('UPDATE channel SET per_payee_day_amount = $2 WHERE id = $1', [
      elsewhere.channelId,
      each,
    ]);
    const { id } = await givenQueuedPayout(db, vault, elsewhere, 'oPayee');
    expect((await worker.advancePayout(id)).status).toBe('paid');
  });

  test('of many at the same moment on two workers no more are sent than fit', async () => {
    const other = openDatabase(db.url);
    const workers = [worker, fakeWorker(other, vault, { provider, clock })];
    provider.submit = () => confirming;
    const ids = await payouts(12);
    const others = await payouts(12, 'oOther');
    const all = ids.flatMap((id, n) => [id, others[n]!]);
    await Promise.all(all.map((id, n) => workers[(n >> 1) % 2]!.advancePayout(id)));
    await other.close();
    const sent = await db.read.rows<{ amount: bigint; count: number }>(
      `SELECT sum(amount)::bigint AS amount, count(*)::int AS count FROM payout
       WHERE channel_id = $1 AND submitted_at IS NOT NULL GROUP BY payee_key`,
      [scene.channelId],
    );
    expect(sent).toEqual([1, 2].map(() => ({ amount: 2n * shares.amount, count: 2 })));
    expect(provider.submissions).toHaveLength(4);
  });

  test('what is under way when the day begins counts for it, until it is over', async () => {
    const [first, second, third] = (await payouts(3)) as [string, string, string];
    provider.submit = () => confirming;
    provider.query = () => confirming;
    await worker.advancePayout(first);
    await worker.advancePayout(second);
    clock.set(new Date('2026-03-03T04:00:00Z'));
    await worker.advancePayout(third);
    expect(await row(third)).toEqual(deferred('2026-03-03T16:05:00Z'));
    // Paid today: today's room is used. A payee who never confirmed leaves it.
    provider.query = () => ({ kind: 'paid', paidAt: null });
    await worker.advancePayout(first);
    provider.query = () => ({ kind: 'failed', code: 'OVERDUE_CLOSE', message: 'not confirmed' });
    await worker.advancePayout(second);
    await worker.advancePayout(third);
    expect((await row(third)).status).toBe('awaiting_confirmation');
    const fourth = await payout();
    await worker.advancePayout(fourth);
    expect(await row(fourth)).toEqual(deferred('2026-03-03T16:05:00Z'));
  });

  test('what was paid yesterday does not count', async () => {
    for (const id of await payouts(2)) await worker.advancePayout(id);
    clock.set(new Date('2026-03-03T04:00:00Z'));
    for (const id of await payouts(2)) {
      expect((await worker.advancePayout(id)).status).toBe('paid');
    }
    const third = await payout();
    await worker.advancePayout(third);
    expect(await row(third)).toEqual(deferred('2026-03-03T16:05:00Z'));
  });

  test.each<NotTaken['cause']>(['balance_short', 'limit'])(
    'one that the channel did not take (%s) keeps its room, and goes again under its number',
    async (cause) => {
      const [first, second, third] = (await payouts(3)) as [string, string, string];
      provider.submit = () => ({ kind: 'not_taken', cause, code: 'CODE', message: 'no' });
      await worker.advancePayout(first);
      provider.submit = () => ({ kind: 'paid', paidAt: null });
      clock.forward(60_000);
      await worker.advancePayout(second);
      await worker.advancePayout(third);
      expect((await row(third)).waitingText).toBe('payeeDayLimit');
      clock.set(new Date('2026-03-02T16:06:00Z'));
      expect((await worker.advancePayout(first)).status).toBe('paid');
      expect(new Set(provider.submissions.map(({ channelNumber }) => channelNumber)).size).toBe(2);
    },
  );

  test.each([
    ['per_payee_day_amount', 'over_day_limit', 'overDayLimit'],
    ['per_transfer_amount', 'over_transfer_limit', 'overTransferLimit'],
  ])(
    'a %s that was lowered below what waits is never passed: a person is called',
    async (column, why, reason) => {
      const id = await payout();
      await limit(column, each - 1);
      expect((await worker.advancePayout(id)).next).toBe('call');
      await worker.callPersonToPayout(id);
      expect(await row(id)).toMatchObject({ status: 'queued', waitingText: reason });
      const tasks = await db.read.rows(
        `SELECT kind, facts->>'why' AS why FROM review_task WHERE subject_id = $1`,
        [id],
      );
      expect(tasks).toEqual([{ kind: 'payout', why }]);
      expect(provider.submissions).toHaveLength(0);
      await limit(column, each);
      expect((await worker.advancePayout(id)).status).toBe('paid');
    },
  );

  test('an account is found again only by what stands for it, and only what was sent has it', async () => {
    const [sent, waiting] = (await payouts(2)) as [string, string];
    await worker.advancePayout(sent);
    const keys = await db.read.rows<{ id: string; payeeKey: string | null }>(
      'SELECT id, payee_key FROM payout WHERE channel_id = $1 ORDER BY id',
      [scene.channelId],
    );
    expect(keys.find(({ id }) => id === waiting)?.payeeKey).toBeNull();
    expect(keys.find(({ id }) => id === sent)?.payeeKey).toMatch(/^[\w-]{43}$/);
  });
});
