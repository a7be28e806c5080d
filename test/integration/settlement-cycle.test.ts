import { openDueSettlements } from '../../src/db/settlement-cycle';
import { type Database, openDatabase } from '../../src/db/database';
import { programById } from '../../src/db/program';
import { openSettlement, settlementById, settlementsOf } from '../../src/db/settlement';
import { Refusal } from '../../src/domain/kernel/refusal';
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
const dayMs = 86_400_000;

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

  test('two nodes that look at the same moment, and people by hand on both, open one', async () => {
    const other = openDatabase(db.url);
    const rounds = 20;
    try {
      for (let round_ = 0; round_ < rounds; round_ += 1) {
        const scene = await givenScene();
        const person = await givenPayable(db, vault, scene);
        await givenEarning(db, scene.programId, person, 1000n, new Date('2026-09-20T00:00:00Z'));
        const at = round(scene.programId, '2026-10-01T00:00:00+08:00');
        const nodes = [db, other, db, other];
        const byCalendar = nodes.map((node) => openDueSettlements(node, at));
        // In every other round people ask for the very same period at the very same moment.
        const byHand = round_ % 2 === 0 ? [] : nodes.map((node) => openByHand(node, at));
        const [hands] = await Promise.all([Promise.all(byHand), Promise.all(byCalendar)]);
        const all = await opened(scene.programId);
        expect(all.map(([period, status]) => [period, status])).toEqual([['2026-09', 'locking']]);
        expect(hands.filter((hand) => hand === 'opened').length).toBeLessThanOrEqual(1);
        const started = await db.read.rows(
          `SELECT DISTINCT workflow_id FROM outbox
           WHERE workflow_type = 'settlement' AND workflow_id LIKE $1`,
          [`settlement:${scene.programId}:%`],
        );
        expect(started).toHaveLength(1);
      }
      console.info(`one period on two nodes at once: n = ${rounds}, one settlement each`);
    } finally {
      await other.close();
    }
  });

  async function openByHand(
    node: Database,
    { programId, until: cutoffAt, realNow }: ReturnType<typeof round>,
  ): Promise<string> {
    const program = await programById(node.read, programId);
    return node
      .transaction((tx) => openSettlement(tx, program, { cutoffAt, requestedBy: 'test', realNow }))
      .then(
        () => 'opened',
        (error: unknown) => {
          if (error instanceof Refusal) return error.code;
          throw error;
        },
      );
  }

  test.each([
    ['the year ends', 'monthly', 'Asia/Shanghai', '2027-01-01T00:00:00+08:00', '2026-12'],
    [
      'the year ends in a first half',
      'halfMonthly',
      'Asia/Shanghai',
      '2027-01-01T00:00:00+08:00',
      '2026-12-H2',
    ],
    [
      'the first half of a month ends',
      'halfMonthly',
      'Asia/Shanghai',
      '2027-02-16T00:00:00+08:00',
      '2027-02-H1',
    ],
    [
      'a second half of 13 days ends',
      'halfMonthly',
      'Asia/Shanghai',
      '2027-03-01T00:00:00+08:00',
      '2027-02-H2',
    ],
    ['a leap February ends', 'monthly', 'Asia/Shanghai', '2028-03-01T00:00:00+08:00', '2028-02'],
    [
      'week 53 ends in the next year',
      'weekly',
      'Asia/Shanghai',
      '2027-01-04T00:00:00+08:00',
      '2026-W53',
    ],
    [
      'a week in which clocks go forward ends',
      'weekly',
      'America/New_York',
      '2027-03-15T00:00:00-04:00',
      '2027-W10',
    ],
    [
      'a week in which clocks go back ends',
      'weekly',
      'Europe/London',
      '2027-11-01T00:00:00+00:00',
      '2027-W43',
    ],
    [
      'a month ends after the clocks went back',
      'monthly',
      'America/New_York',
      '2026-12-01T00:00:00-05:00',
      '2026-11',
    ],
    [
      'clocks skip midnight in the month',
      'monthly',
      'America/Santiago',
      '2026-10-01T00:00:00-03:00',
      '2026-09',
    ],
  ] as const)('%s (%s in %s, %s)', async (_, settlementCalendar, timeZone, end, period) => {
    const endsAt = new Date(end);
    const lately = new Date(endsAt.getTime() - 2 * dayMs);
    const scene = await givenScene({ settlementCalendar, timeZone, createdAt: lately });
    const { programId } = scene;
    const person = await givenPayable(db, vault, scene);
    await givenEarning(db, programId, person, 1000n, new Date(endsAt.getTime() - 1000));
    await givenEarning(db, programId, person, 500n, new Date(endsAt.getTime() + 1000));
    await openDueSettlements(db, round(programId, new Date(endsAt.getTime() - 1).toISOString()));
    expect(await opened(programId)).toEqual([]);
    await openDueSettlements(db, round(programId, endsAt.toISOString()));
    expect(await opened(programId)).toEqual([[period, 'locking', endsAt.toISOString()]]);
    // What became available one second later belongs to the next period.
    const [row] = await settlementsOf(db.read, programId, { limit: 1, before: undefined });
    const { id } = row!;
    await lockAndCompute(db, vault, id);
    expect(await settlementById(db.read, id)).toMatchObject({ grossAmount: 1000n });
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
