import type { BillRow } from '../../src/channels/channel';
import { type TestApp, testApp } from '../support/app';
import { FakeProvider, fakeWorker, HandClock } from '../support/fake-channel';
import {
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
} from '../support/payout';
import { testStore } from '../support/store';
import { testClient } from '../support/http';

const dayMs = 86_400_000;
/** Noon in China. */
const noon = new Date('2026-03-02T04:00:00Z');

describe("a provider's bill beside our books, over the API", () => {
  let app: TestApp;
  let scene: Scene;
  let provider: FakeProvider;
  let clock: HandClock;
  let worker: ReturnType<typeof fakeWorker>;
  let bills: Map<string, BillRow[]>;

  beforeAll(async () => {
    app = await testApp();
  });
  afterAll(() => app.close());

  beforeEach(async () => {
    scene = await givenPayingSettlement(app.db, app.vault, {}, app.store.id);
    provider = new FakeProvider();
    clock = new HandClock(noon);
    worker = fakeWorker(app.db, app.vault, { provider, clock });
    bills = new Map();
    provider.bill = (day) => {
      const rows = bills.get(day);
      return rows === undefined ? { kind: 'not_ready' } : { kind: 'bill', rows };
    };
  });

  const pay = async (): Promise<QueuedPayout> => {
    const payout = await givenQueuedPayout(app.db, app.vault, scene);
    await worker.advancePayout(payout.id);
    return payout;
  };
  const row = (channelNumber: string, more: Partial<BillRow> = {}): BillRow => ({
    channelNumber,
    amount: 9_000n,
    kind: 'paid',
    providerNumber: null,
    at: noon,
    ...more,
  });
  const reconcile = async () => {
    const due = await worker.dueReconciliations();
    const mine = due.filter(({ channelId }) => channelId === scene.channelId);
    for (const each of mine) await worker.reconcileBill(each);
    return mine.map(({ day }) => day);
  };
  const path = () => `/v1/channels/${scene.channelId}`;
  const through = async () => (await app.admin.get(path())).body.reconciledThrough as string | null;
  const openTasks = async () =>
    (await app.admin.get(`/v1/reviews?subjectId=${scene.channelId}&status=open&limit=100`)).body
      .data as { id: string; kind: string; facts: Record<string, string> }[];

  test('a day whose bill says what we say is done, and the figure moves on', async () => {
    const payouts = [await pay(), await pay()];
    expect(await reconcile()).toEqual([]);
    clock.forward(dayMs);
    bills.set(
      '2026-03-02',
      payouts.map(({ channelNumber }) => row(channelNumber)),
    );
    expect(await reconcile()).toEqual(['2026-03-02']);
    expect(await through()).toBe('2026-03-02');
    const list = await app.admin.get(`${path()}/reconciliations`);
    expect(list.body.data).toMatchObject([
      { day: '2026-03-02', status: 'done', rows: 2, matched: 2, differences: 0 },
    ]);
    expect(await openTasks()).toEqual([]);
  });

  test('missing, extra and different rows are one task each, once, and hold the figure back', async () => {
    const [missing, other, same] = [await pay(), await pay(), await pay()];
    clock.forward(dayMs);
    bills.set('2026-03-02', [
      row(other.channelNumber, { amount: 9_001n }),
      row(same.channelNumber),
      row('NEVEROURS'),
    ]);
    await reconcile();
    const again = { channelId: scene.channelId, day: '2026-03-02' };
    await worker.reconcileBill(again);
    await Promise.all([worker.reconcileBill(again), worker.reconcileBill(again)]);
    const tasks = await openTasks();
    expect(
      tasks.map(({ kind, facts }) => `${kind} ${facts['why']} ${facts['channelNumber']}`).sort(),
    ).toEqual(
      [
        `reconciliation bill_amount ${other.channelNumber}`,
        'reconciliation bill_extra NEVEROURS',
        `reconciliation bill_missing ${missing.channelNumber}`,
      ].sort(),
    );
    expect(await through()).toBeNull();
    const day = await app.admin.get(`${path()}/reconciliations/2026-03-02`);
    expect(day.body).toMatchObject({ rows: 3, matched: 1, differences: 3, openDifferences: 3 });
    expect(day.body.rowsThatDiffer).toHaveLength(3);
    await app.db.read.run(
      `UPDATE review_task SET status = 'decided', outcome = 'approve', decided_at = now()
       WHERE subject_id = $1`,
      [scene.channelId],
    );
    expect(await through()).toBe('2026-03-02');
  });

  test('a file that comes late is asked for again, and days of an outage are caught up', async () => {
    const { channelNumber } = await pay();
    clock.forward(3 * dayMs);
    expect(await reconcile()).toEqual(['2026-03-02', '2026-03-03', '2026-03-04']);
    expect(await through()).toBeNull();
    bills.set('2026-03-02', [row(channelNumber)]);
    bills.set('2026-03-03', []);
    expect(await reconcile()).toEqual(['2026-03-02', '2026-03-03', '2026-03-04']);
    expect(await through()).toBe('2026-03-03');
    bills.set('2026-03-04', []);
    expect(await reconcile()).toEqual(['2026-03-04']);
    expect(await through()).toBe('2026-03-04');
    expect(await openTasks()).toEqual([]);
  });

  test('a file that does not come for a day of asking is a task, once', async () => {
    await pay();
    clock.forward(dayMs);
    for (let hour = 0; hour < 30; hour += 1) await reconcile();
    expect((await openTasks()).map(({ facts }) => facts['why'])).toEqual(['no_bill']);
  });

  test('a payout whose end we do not know is asked about when the bill names it', async () => {
    const known = await pay();
    provider.submit = () => ({ kind: 'unknown', detail: 'no answer in time' });
    const open = await pay();
    clock.forward(dayMs);
    bills.set('2026-03-02', [row(known.channelNumber), row(open.channelNumber)]);
    await reconcile();
    const woken = await app.db.read.rows('SELECT 1 FROM outbox WHERE workflow_id = $1', [
      `payout:${open.id}`,
    ]);
    expect(woken).toHaveLength(1);
    provider.query = () => ({ kind: 'paid', paidAt: noon });
    expect((await worker.advancePayout(open.id)).status).toBe('paid');
  });

  test('a channel of another store is none of yours', async () => {
    const other = await testStore(app.db);
    const stranger = testClient(app.url, other.admin.token);
    expect((await stranger.get(`${path()}/reconciliations`)).status).toBe(404);
    expect((await stranger.get(`${path()}/reconciliations/2026-03-02`)).status).toBe(404);
  });
});
