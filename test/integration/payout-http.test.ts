import { sandboxKey, sandboxSignature } from '../../src/channels/sandbox/signature';
import { sandboxPolling as rules } from '../../src/channels/sandbox/adapter';
import { applyNews, noteSilence } from '../../src/db/payout-booking';
import { newId } from '../../src/db/id';
import { type TestApp, testApp } from '../support/app';
import {
  balancesOf,
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
  statusOf,
  submitted,
} from '../support/payout';
import { testSandboxSecret } from '../support/settings';
import { testStore } from '../support/store';

describe('payouts, channels and callbacks over HTTP, without Temporal', () => {
  let app: TestApp;
  let scene: Scene;
  let payout: QueuedPayout;

  beforeAll(async () => {
    app = await testApp();
  });
  afterAll(() => app.close());

  beforeEach(async () => {
    scene = await givenPayingSettlement(app.db, app.vault, {}, app.store.id);
    payout = await givenQueuedPayout(app.db, app.vault, scene, 'account-of-somebody');
  });

  const at = new Date();
  const source = { operation: 'query', at, rules } as const;
  const submit = () => submitted(app.db, payout.id, at);
  const silence = () =>
    app.db.transaction((tx) =>
      noteSilence(tx, payout.id, source, { kind: 'unknown', detail: 'no answer in time' }),
    );
  const wakeUps = async () =>
    (
      await app.db.read.rows(
        `SELECT 1 FROM outbox WHERE workflow_id = $1 AND signal_name = 'providerNews'`,
        [`payout:${payout.id}`],
      )
    ).length;

  describe('a payout', () => {
    const path = (end = '') => `/v1/payouts/${payout.id}${end}`;

    test('is shown with its number, its attempts and why the money is not there yet', async () => {
      await submit();
      await silence();
      const english = await app.shop.get(path(), { headers: { 'accept-language': 'en' } });
      expect(english.status).toBe(200);
      expect(english.body).toMatchObject({
        id: payout.id,
        distributorId: payout.distributorId,
        status: 'unknown',
        channelId: scene.channelId,
        channelNumber: payout.channelNumber,
        amount: 9000,
        failure: null,
        whyNotYet: {
          text: expect.stringMatching(/nothing is paid twice/),
          until: expect.any(String),
        },
        attempts: [
          { operation: 'submit', outcome: 'sent' },
          { operation: 'query', outcome: 'unknown', detail: 'no answer in time' },
        ],
      });
      const chinese = await app.shop.get(path(), { headers: { 'accept-language': 'zh-CN' } });
      expect(chinese.body.whyNotYet.text).toMatch(/不会重复付款/);
      expect(english.text).not.toContain('account-of-somebody');
    });

    test('is found by status, settlement and distributor', async () => {
      const { settlementId } = scene;
      const { distributorId } = payout;
      for (const query of [
        `settlementId=${settlementId}`,
        `distributorId=${distributorId}`,
        `status=queued&settlementId=${settlementId}`,
      ]) {
        const { body } = await app.shop.get(`/v1/payouts?${query}`);
        expect(body.data.map(({ id }: { id: string }) => id)).toEqual([payout.id]);
      }
      const none = await app.shop.get(`/v1/payouts?status=paid&settlementId=${settlementId}`);
      expect(none.body).toEqual({ data: [], nextCursor: null });
    });

    test("is nobody's but its store's", async () => {
      const stranger = app.shop.as((await testStore(app.db)).apiKey);
      expect((await stranger.get(path())).status).toBe(404);
      expect((await stranger.post(path('/cancellations'))).status).toBe(404);
      expect((await app.shop.as(app.store.liveKey).get(path())).status).toBe(404);
      const list = await stranger.get(`/v1/payouts?settlementId=${scene.settlementId}`);
      expect(list.body.data).toEqual([]);
    });

    test('that is queued is canceled at once, and its money is available again', async () => {
      const answer = await app.shop.post(path('/cancellations'));
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ status: 'canceled', whyNotYet: null });
      const balances = await balancesOf(app.db, scene, payout.distributorId);
      expect(balances).toEqual({ 'commission-expense': -10_000n, available: 10_000n });
    });

    test('that was submitted is stopped by its channel only', async () => {
      await submit();
      await app.db.transaction((tx) =>
        applyNews(tx, payout.id, { kind: 'awaiting_confirmation', until: null }, source),
      );
      const answer = await app.shop.post(path('/cancellations'));
      expect(answer.status).toBe(202);
      expect(answer.body.status).toBe('awaiting_confirmation');
      expect(answer.body.attempts.at(-1)).toMatchObject({
        operation: 'cancel',
        outcome: 'requested',
      });
      expect(await wakeUps()).toBe(1);
    });

    test('can be tried again while it is queued or unknown, and only then', async () => {
      expect((await app.shop.post(path('/retries'))).status).toBe(202);
      await submit();
      expect((await app.shop.post(path('/retries'))).body.code).toBe('payout_not_retryable');
      await silence();
      expect((await app.shop.post(path('/retries'))).status).toBe(202);
      expect(await wakeUps()).toBe(2);
    });

    test('that is paid is neither canceled nor tried again', async () => {
      await submit();
      await app.db.transaction((tx) =>
        applyNews(tx, payout.id, { kind: 'paid', paidAt: at }, source),
      );
      const canceled = await app.shop.post(path('/cancellations'));
      const retried = await app.shop.post(path('/retries'));
      expect([canceled.status, canceled.body.code]).toEqual([409, 'payout_not_cancelable']);
      expect([retried.status, retried.body.code]).toEqual([409, 'payout_not_retryable']);
    });
  });

  describe('a channel', () => {
    const post = (body: object) => app.admin.post('/v1/channels', body);
    const limits = { perTransferAmount: 20_000, perDayAmount: null };

    test('of kind sandbox with empty settings is the built-in one', async () => {
      const made = await post({ kind: 'sandbox', name: 'Sandbox', settings: {}, limits });
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ kind: 'sandbox', settings: {}, limits });
      const read = await app.shop.get(`/v1/channels/${made.body.id}`);
      expect(read.body).toEqual(made.body);
      const list = await app.shop.get('/v1/channels?limit=100');
      expect(list.body.data.map(({ id }: { id: string }) => id)).toContain(made.body.id);
    });

    test('shows which settings it has, never what they are; they are sealed', async () => {
      const made = await post({ kind: 'sandbox', name: 'S', settings: { confirmSeconds: 1234 } });
      expect(made.body.settings).toEqual({ confirmSeconds: 'set' });
      const row = await app.db.read.first('SELECT * FROM channel WHERE id = $1', [made.body.id]);
      expect(JSON.stringify(row)).not.toContain('1234');
    });

    test.each(['wechat', 'alipay', 'bankFile'])(
      'of kind %s is refused without its settings, each named, and nothing is kept',
      async (kind) => {
        const before = (await app.shop.get('/v1/channels?limit=100')).body.data.length;
        const refused = await post({ kind, name: 'X', settings: { key: 'secret' }, limits });
        expect(refused.status).toBe(400);
        const pointers = refused.body.errors.map(({ pointer }: { pointer: string }) => pointer);
        expect(pointers).toContain('/settings/key');
        expect(pointers.length).toBeGreaterThan(1);
        expect(refused.text).not.toContain('secret');
        expect((await app.shop.get('/v1/channels?limit=100')).body.data).toHaveLength(before);
      },
    );

    test.each<[string, object, string]>([
      ['an unknown setting', { settings: { confirmSecond: 5 } }, '/settings/confirmSecond'],
      ['a setting out of range', { settings: { confirmSeconds: 0 } }, '/settings/confirmSeconds'],
      ['a limit of 0', { limits: { perTransferAmount: 0 } }, '/limits/perTransferAmount'],
      ['an unknown kind', { kind: 'cash' }, '/kind'],
    ])('with %s is refused, and the fault is named', async (_, part, pointer) => {
      const refused = await post({ kind: 'sandbox', name: 'X', settings: {}, ...part });
      expect(refused.status).toBe(400);
      expect(refused.body.errors).toMatchObject([{ pointer }]);
    });

    test("is another store's secret", async () => {
      const stranger = app.shop.as((await testStore(app.db)).apiKey);
      expect((await stranger.get(`/v1/channels/${scene.channelId}`)).status).toBe(404);
    });
  });

  describe('a callback', () => {
    const inbox = async () =>
      (
        await app.db.read.rows('SELECT 1 FROM channel_inbox WHERE channel_id = $1', [
          scene.channelId,
        ])
      ).length;

    async function call(
      options: { secret?: string; eventId?: string; amount?: number; tamper?: boolean } = {},
    ) {
      const { channelId } = scene;
      const id = options.eventId ?? 'event-1';
      const body = JSON.stringify({
        id,
        merchantId: channelId,
        channelNumber: payout.channelNumber,
        amount: options.amount ?? 9000,
        state: 'paid',
        failure: null,
        occurredAt: new Date().toISOString(),
      });
      const timestamp = String(Math.floor(Date.now() / 1000));
      const key = sandboxKey(options.secret ?? testSandboxSecret, channelId);
      return fetch(`${app.url}/callbacks/sandbox/${channelId}`, {
        method: 'POST',
        body: options.tamper ? body.replace('"paid"', '"failed"') : body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': sandboxSignature(key, [id, timestamp, body]),
        },
      });
    }

    test('is kept and wakes its payout, once; repeats are answered with 200, in time', async () => {
      const begun = Date.now();
      const answers = await Promise.all(Array.from({ length: 5 }, () => call()));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect((Date.now() - begun) / 5).toBeLessThan(1000);
      expect(await inbox()).toBe(1);
      expect(await wakeUps()).toBe(1);
    });

    test.each([
      ['the wrong key', { secret: 'some other secret' }],
      ['a changed body', { tamper: true }],
    ])('with %s is a 401; nothing is kept but a counter', async (_, options) => {
      const counted = () =>
        app.deps.metrics.callbacks
          .get()
          .then(
            ({ values }) =>
              values.find(({ labels }) => labels.outcome === 'bad_signature')?.value ?? 0,
          );
      const before = await counted();
      expect((await call(options)).status).toBe(401);
      expect(await inbox()).toBe(0);
      expect(await wakeUps()).toBe(0);
      expect(await counted()).toBe(before + 1);
    });

    test('with another amount is kept, changes nothing, and calls a person', async () => {
      expect((await call({ amount: 9001 })).status).toBe(200);
      expect(await statusOf(app.db, payout.id)).toBe('queued');
      expect(await wakeUps()).toBe(0);
      const reviews = await app.admin.get(`/v1/reviews?kind=payout&subjectId=${payout.id}`);
      expect(reviews.body.data).toMatchObject([{ status: 'open', facts: { why: 'other_amount' } }]);
    });

    test('for a channel that does not exist is a 404', async () => {
      const url = `${app.url}/callbacks/sandbox/${newId('channel')}`;
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(404);
    });

    test('to the wrong kind of channel is a 404', async () => {
      const url = `${app.url}/callbacks/wechat/${scene.channelId}`;
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(404);
    });
  });
});
