import { channelById } from '../../src/db/channel';
import { receiveCallback } from '../../src/db/channel-inbox';
import { applyNews, noteSilence, withdrawPayout } from '../../src/db/payout-booking';
import { storedNews, type TransferNews } from '../../src/domain/payout/news';
import { sandboxPolling as rules } from '../../src/channels/sandbox/adapter';
import { testDatabase, type TestDatabase } from '../support/database';
import {
  balancesOf,
  givenChannel,
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
  shares,
  statusOf,
  submitted,
  testVault,
} from '../support/payout';

const at = new Date('2026-03-02T00:00:00Z');
const vault = testVault();
describe('payouts in ledger and rows', () => {
  let db: TestDatabase;
  let scene: Scene;
  let payout: QueuedPayout;

  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.drop());

  beforeEach(async () => {
    scene = await givenPayingSettlement(db, vault);
    payout = await givenQueuedPayout(db, vault, scene);
  });

  const paid: TransferNews = { kind: 'paid', paidAt: at };
  const failed: TransferNews = { kind: 'failed', code: 'ACCOUNT_FROZEN', message: 'frozen' };
  const returned: TransferNews = { kind: 'returned', returnedAt: at };

  const submit = () => submitted(db, payout.id, at);
  const hear = (news: TransferNews, operation: 'query' | 'callback' = 'query') =>
    db.transaction((tx) => applyNews(tx, payout.id, news, { operation, at, rules }));
  const balances = () => balancesOf(db, scene, payout.distributorId);

  const count = async (sql: string, ...params: unknown[]) =>
    (await db.read.rows(sql, params)).length;
  const openReviews = () =>
    db.read.rows<{ kind: string; subjectId: string; facts: Record<string, string> }>(
      `SELECT kind, subject_id, facts FROM review_task WHERE store_id = $1 AND status = 'open'`,
      [scene.storeId],
    );
  const told = () =>
    count(
      `SELECT 1 FROM outbox WHERE signal_name = 'payoutFinal' AND input->>'settlementId' = $1`,
      scene.settlementId,
    );
  const events = async () =>
    (
      await db.read.rows<{ type: string }>(
        'SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence',
        [payout.id],
      )
    ).map(({ type }) => type);

  const spent = { 'commission-expense': -10_000n };

  describe('a payout in the books', () => {
    test('lies in clearing from before the first call, and in cash once it is paid', async () => {
      expect(await balances()).toEqual({
        ...spent,
        settling: 9_000n,
        'tax-payable': 700n,
        'fee-income': 300n,
      });
      await submit();
      const sent = { ...spent, clearing: 9_000n, 'tax-payable': 700n, 'fee-income': 300n };
      expect(await balances()).toEqual(sent);
      await hear(paid);
      const { clearing, ...rest } = sent;
      expect(await balances()).toEqual({ ...rest, cash: clearing });
      expect(await statusOf(db, payout.id)).toBe('paid');
      expect(await events()).toEqual(['payout.submitted', 'payout.paid']);
      expect(await told()).toBe(1);
    });

    test.each<[string, TransferNews, string]>([
      ['failed for good', failed, 'failed'],
      ['canceled by the channel', { kind: 'canceled' }, 'canceled'],
    ])('%s: net, tax and fee are all available again', async (_, news, status) => {
      await submit();
      await hear(news);
      expect(await balances()).toEqual({ ...spent, available: 10_000n });
      expect(await statusOf(db, payout.id)).toBe(status);
      expect(await told()).toBe(1);
    });

    test('returned after success: the cash is back and everything is available', async () => {
      await submit();
      await hear(paid);
      await hear(returned);
      expect(await balances()).toEqual({ ...spent, available: 10_000n });
      expect(await events()).toEqual(['payout.submitted', 'payout.paid', 'payout.returned']);
    });

    test('returned, and nobody told us of the success: both are booked', async () => {
      await submit();
      await hear(returned);
      expect(await balances()).toEqual({ ...spent, available: 10_000n });
      const references = await db.read.rows<{ reference: string }>(
        `SELECT reference FROM ledger_transaction WHERE reference LIKE $1 ORDER BY id`,
        [`payout:${payout.id}:%`],
      );
      expect(references.map(({ reference }) => reference.split(':')[2])).toEqual([
        'submit',
        'success',
        'return',
      ]);
    });

    test('withdrawn before it was submitted: the provider never hears of it', async () => {
      await db.transaction((tx) => withdrawPayout(tx, payout.id, at));
      expect(await balances()).toEqual({ ...spent, available: 10_000n });
      expect((await submit()).go).toBe(false);
    });

    test('can be withdrawn only while it is queued', async () => {
      await submit();
      const withdrawal = db.transaction((tx) => withdrawPayout(tx, payout.id, at));
      await expect(withdrawal).rejects.toMatchObject({ code: 'payout_not_cancelable' });
    });

    test('is not submitted while its distributor is suspended', async () => {
      await db.read.run(`UPDATE distributor SET status = 'suspended' WHERE id = $1`, [
        payout.distributorId,
      ]);
      expect(await submit()).toMatchObject({ go: false, payout: { waitingText: 'suspended' } });
      expect(await statusOf(db, payout.id)).toBe('queued');
    });

    test("waits while its channel's limit for a day is reached, however many come at once", async () => {
      await db.read.run('UPDATE channel SET per_day_amount = 25000 WHERE id = $1', [
        scene.channelId,
      ]);
      const more = [payout];
      for (let n = 0; n < 4; n += 1) more.push(await givenQueuedPayout(db, vault, scene));
      const begun = await Promise.all(more.map(({ id }) => submitted(db, id, at)));
      expect(begun.filter(({ go }) => go)).toHaveLength(2);
      const nextDay = new Date(at.getTime() + 86_400_000);
      const waiting = more.find((_, index) => begun[index]?.go === false);
      const later = await submitted(db, waiting?.id ?? '', nextDay);
      expect(later.go).toBe(true);
    });

    test('sent again under its number posts nothing a second time', async () => {
      await submit();
      expect((await submit()).go).toBe(false);
      const source = { operation: 'submit', at, rules } as const;
      await db.transaction((tx) =>
        noteSilence(tx, payout.id, source, { kind: 'unknown', detail: 'no answer in time' }),
      );
      expect(await statusOf(db, payout.id)).toBe('unknown');
      expect((await submit()).go).toBe(true);
      expect((await balances())['clearing']).toBe(shares.amount);
    });
  });

  describe('the same news several times, and at the same moment', () => {
    test.each([
      ['success', paid, { cash: 9_000n, 'tax-payable': 700n, 'fee-income': 300n }],
      ['failure', failed, { available: 10_000n }],
    ])('%s by five callbacks and five polls at once has one effect', async (_, news, end) => {
      await submit();
      await Promise.all(
        Array.from({ length: 10 }, (__, n) => hear(news, n % 2 === 0 ? 'callback' : 'query')),
      );
      expect(await balances()).toEqual({ ...spent, ...end });
      expect(await told()).toBe(1);
      expect((await events()).length).toBe(2);
      expect(await count('SELECT 1 FROM earning WHERE payout_id = $1', payout.id)).toBe(
        news.kind === 'failed' ? 1 : 0,
      );
    });

    test.each([
      ['success after failure', failed, paid],
      ['failure after success', paid, failed],
    ])('%s books nothing more and calls a person, once', async (_, first, second) => {
      await submit();
      await hear(first);
      const before = await balances();
      await hear(second);
      await hear(second);
      expect(await balances()).toEqual(before);
      const reviews = await openReviews();
      expect(reviews).toHaveLength(1);
      expect(reviews[0]).toMatchObject({ kind: 'payout', subjectId: payout.id });
      expect(reviews[0]?.facts['why']).toBe('contradiction');
    });
  });

  describe('a verified callback', () => {
    const receive = async (changes: {
      amount?: bigint;
      channelNumber?: string;
      eventId?: string;
    }) => {
      const channel = await channelById(db.read, scene.channelId);
      if (!channel) throw new Error('no channel');
      const { channelNumber } = payout;
      const entry = { eventId: 'e1', channelNumber, amount: shares.amount, receivedAt: at };
      return db.transaction((tx) =>
        receiveCallback(tx, channel, { ...entry, ...changes, news: storedNews(paid) }),
      );
    };
    const wakeUps = () =>
      count(`SELECT 1 FROM outbox WHERE workflow_id = $1`, `payout:${payout.id}`);

    test('wakes the payout once, however often and however parallel it comes', async () => {
      const receipts = await Promise.all(Array.from({ length: 5 }, () => receive({})));
      expect(receipts.filter((receipt) => receipt === 'taken')).toHaveLength(1);
      expect(receipts.filter((receipt) => receipt === 'repeat')).toHaveLength(4);
      expect(await wakeUps()).toBe(1);
    });

    test('of a transfer that was never made changes nothing and calls a person', async () => {
      expect(await receive({ channelNumber: 'never' })).toBe('strange');
      expect(await receive({ channelNumber: 'never' })).toBe('repeat');
      expect(await wakeUps()).toBe(0);
      expect(await openReviews()).toMatchObject([
        { kind: 'reconciliation', subjectId: scene.channelId, facts: { why: 'unknown_bill' } },
      ]);
    });

    test('on another channel of the same merchant is foreign there: the payout hears nothing of it', async () => {
      const other = await givenChannel(db, vault, scene.storeId);
      const channel = await channelById(db.read, other);
      if (!channel) throw new Error('no channel');
      const { channelNumber } = payout;
      const entry = { eventId: 'e1', channelNumber, amount: shares.amount, receivedAt: at };
      const receipt = await db.transaction((tx) =>
        receiveCallback(tx, channel, { ...entry, news: storedNews(paid) }),
      );
      expect([receipt, await wakeUps()]).toEqual(['strange', 0]);
      expect(await statusOf(db, payout.id)).toBe('queued');
      expect(await openReviews()).toMatchObject([
        { kind: 'reconciliation', subjectId: other, facts: { why: 'unknown_bill' } },
      ]);
    });

    test('with another amount changes nothing and calls a person', async () => {
      expect(await receive({ amount: shares.amount + 1n })).toBe('strange');
      expect(await wakeUps()).toBe(0);
      expect(await count('SELECT 1 FROM channel_inbox WHERE handled_at IS NULL')).toBe(
        await count(
          'SELECT 1 FROM channel_inbox WHERE handled_at IS NULL AND channel_id <> $1',
          scene.channelId,
        ),
      );
      expect(await openReviews()).toMatchObject([
        { kind: 'payout', subjectId: payout.id, facts: { why: 'other_amount' } },
      ]);
    });
  });
});
