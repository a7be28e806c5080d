import { openDueSettlements } from '../../src/db/settlement-cycle';
import { openDatabase } from '../../src/db/database';
import { settlementsOf } from '../../src/db/settlement';
import { nextPeriodEnd } from '../../src/domain/kernel/period';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor, givenProgram, givenStore } from '../support/given';
import { givenChannel, testVault } from '../support/payout';
import { decideAndBook, givenEarning, givenPayable, lockAndCompute } from '../support/settlement';

const vault = testVault();
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
}, 120_000);
afterAll(() => db.drop());

const createdAt = new Date('2026-09-10T00:00:00Z');

async function givenScene(settings: Record<string, unknown> = {}) {
  const storeId = await givenStore(db);
  const programId = await givenProgram(db, storeId, { createdAt, ...settings });
  const channelId = await givenChannel(db, vault, storeId);
  return { storeId, programId, channelId };
}

const round = (programId: string, now: string) => ({
  programId,
  until: new Date(now),
  realNow: new Date(now),
});

const opened = async (programId: string) =>
  (await settlementsOf(db.read, programId, { limit: 50, before: undefined }))
    .reverse()
    .map(({ period, status, cutoffAt }) => [period, status, cutoffAt.toISOString()]);

describe('a period is opened at its end, once and in order', () => {
  test('what an outage missed follows, one after the other, as each is decided', async () => {
    const scene = await givenScene();
    const { programId } = scene;
    const person = await givenPayable(db, vault, scene);
    await givenEarning(db, programId, person, 1000n, new Date('2026-09-20T00:00:00Z'));
    await givenEarning(db, programId, person, 2000n, new Date('2026-10-20T00:00:00Z'));
    await givenEarning(db, programId, person, 4000n, new Date('2026-12-02T00:00:00Z'));
    // The house was down from September to December.
    const now = '2026-12-05T00:00:00Z';
    await openDueSettlements(db, round(programId, now));
    await openDueSettlements(db, round(programId, now));
    expect(await opened(programId)).toEqual([['2026-09', 'locking', '2026-09-30T16:00:00.000Z']]);

    for (const [period, gross] of [
      ['2026-09', 1000n],
      ['2026-10', 2000n],
    ] as const) {
      const all = await settlementsOf(db.read, programId, { limit: 1, before: undefined });
      const { id } = all[0]!;
      expect(all[0]).toMatchObject({ period, status: 'locking', requestedBy: 'system:calendar' });
      await lockAndCompute(db, vault, id);
      await decideAndBook(db, vault, id, 'approve', { at: new Date(now) });
      const [settled] = await settlementsOf(db.read, programId, { limit: 1, before: undefined });
      expect(settled).toMatchObject({ period, grossAmount: gross });
      await openDueSettlements(db, round(programId, now));
    }
    // November has nothing of its own: it passes. What came on 2 December belongs to December.
    expect((await opened(programId)).map(([period]) => period)).toEqual(['2026-09', '2026-10']);
    await openDueSettlements(db, round(programId, '2027-01-01T00:00:00Z'));
    expect((await opened(programId)).at(-1)).toEqual([
      ...['2026-12', 'locking', '2026-12-31T16:00:00.000Z'],
    ]);
  });

  test('two nodes that look at the same moment, and somebody by hand, open one', async () => {
    const other = openDatabase(db.url);
    try {
      for (let round_ = 0; round_ < 20; round_ += 1) {
        const scene = await givenScene();
        const person = await givenPayable(db, vault, scene);
        await givenEarning(db, scene.programId, person, 1000n, new Date('2026-09-20T00:00:00Z'));
        const at = round(scene.programId, '2026-10-01T00:00:00+08:00');
        await Promise.all([db, other, db, other].map((node) => openDueSettlements(node, at)));
        expect(await opened(scene.programId)).toHaveLength(1);
      }
    } finally {
      await other.close();
    }
  });

  test.each([
    ['on request', { settlementCalendar: 'onRequest' }],
    ['paid by withdrawal', { payoutMode: 'request' }],
  ])('a program %s has no periods', async (_, settings) => {
    const scene = await givenScene(settings);
    await givenEarning(db, scene.programId, await givenPayable(db, vault, scene), 1000n, createdAt);
    await openDueSettlements(db, round(scene.programId, '2027-01-01T00:00:00Z'));
    expect(await opened(scene.programId)).toEqual([]);
  });

  test('what cannot be settled is listed at the end of the period, too', async () => {
    const scene = await givenScene();
    const poor = await givenDistributor(db, scene);
    await givenEarning(db, scene.programId, poor, 1000n, createdAt);
    await openDueSettlements(db, round(scene.programId, '2026-10-01T00:00:00Z'));
    const [settlement] = await settlementsOf(db.read, scene.programId, {
      limit: 1,
      before: undefined,
    });
    await lockAndCompute(db, vault, settlement!.id);
    expect((await opened(scene.programId))[0]?.[1]).toBe('closed');
    const skips = await db.read.rows(
      'SELECT reason FROM settlement_skip WHERE settlement_id = $1',
      [settlement!.id],
    );
    expect(skips).toEqual([{ reason: 'no_payout_account' }]);
  });

  test('a week in New York ends on Monday there, in the week of the change of clocks, too', async () => {
    const scene = await givenScene({
      settlementCalendar: 'weekly',
      timeZone: 'America/New_York',
      createdAt: new Date('2026-10-28T12:00:00Z'),
    });
    const person = await givenPayable(db, vault, scene);
    await givenEarning(db, scene.programId, person, 1000n, new Date('2026-11-02T04:59:59Z'));
    await openDueSettlements(db, round(scene.programId, '2026-11-02T04:59:59Z'));
    expect(await opened(scene.programId)).toEqual([]);
    await openDueSettlements(db, round(scene.programId, '2026-11-02T05:00:00Z'));
    expect(await opened(scene.programId)).toEqual([
      ['2026-W44', 'locking', '2026-11-02T05:00:00.000Z'],
    ]);
    expect(nextPeriodEnd(new Date('2026-11-02T05:00:00Z'), 'weekly', 'America/New_York')).toEqual(
      new Date('2026-11-09T05:00:00Z'),
    );
  });
});
