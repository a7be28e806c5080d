import { planWarnings, noteSignOfLife } from '../../src/db/inactivity';
import { advanceLife } from '../../src/db/life';
import { type TestApp, testApp } from '../support/app';
import { postDistributor, postProgram } from '../support/program';
import { orderBody } from '../support/world';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
}, 120_000);
afterAll(() => app.close());

const dayMs = 86_400_000;

/** Somebody who joined now; the clock stands at a later day, and whoever is due is found. */
async function given(settings: Record<string, unknown> = {}) {
  const programId = await postProgram(app.shop, settings);
  const { body } = await postDistributor(app.shop, programId);
  const id = body.id as string;
  const goTo = async (days: number) => {
    await app.db.read.run('UPDATE program SET clock_offset_ms = $2 WHERE id = $1', [
      programId,
      days * dayMs,
    ]);
    await planWarnings(app.db.read, programId, new Date(Date.now() + days * dayMs));
  };
  const advance = () => app.db.transaction((tx) => advanceLife(tx, id, new Date()));
  const status = async () => (await app.shop.get(`/v1/distributors/${id}`)).body.status;
  const count = async () => {
    const row = await app.db.read.first<{ events: number; notices: number; standings: number }>(
      `SELECT (SELECT count(*)::int FROM event WHERE subject_id = $1) AS events,
         (SELECT count(*)::int FROM notice WHERE distributor_id = $1) AS notices,
         (SELECT count(*)::int FROM distributor_standing WHERE distributor_id = $1) AS standings`,
      [id],
    );
    return [row?.events, row?.notices, row?.standings];
  };
  return { programId, id, code: body.code as string, goTo, advance, status, count };
}

describe('a step of a life', () => {
  test('is done once, however often and at once its activity runs', async () => {
    const at = await given();
    await at.goTo(62);
    await Promise.all([at.advance(), at.advance(), at.advance()]);
    await at.advance();
    expect([await at.status(), ...(await at.count())]).toEqual(['warned', 2, 2, 2]);
  });

  test('a crash before its commit leaves nothing, and the next try does all of it', async () => {
    const at = await given();
    await at.goTo(62);
    const before = await at.count();
    const crash = app.db.transaction(async (tx) => {
      await advanceLife(tx, at.id, new Date());
      throw new Error('killed');
    });
    await expect(crash).rejects.toThrow('killed');
    expect([await at.status(), await at.count()]).toEqual(['active', before]);
    await at.advance();
    expect(await at.status()).toBe('warned');
  });

  test('of a sale and the step that would warn, whichever comes first, the sale wins', async () => {
    const ends = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const at = await given();
        await at.goTo(62);
        const paidAt = new Date(Date.now() + 62 * dayMs).toISOString();
        const attribution = { distributorCode: at.code };
        const [sold] = await Promise.all([
          app.shop.post('/v1/orders', orderBody(at.programId, { paidAt, attribution })),
          at.advance(),
          at.advance(),
        ]);
        expect([sold.status, sold.text]).toEqual([201, sold.text]);
        await at.advance();
        return at.status();
      }),
    );
    expect(ends).toEqual(ends.map(() => 'active'));
  });
});

describe('a sign of life', () => {
  test('puts the warning off', async () => {
    const at = await given();
    await at.goTo(40);
    await app.db.transaction((tx) => noteSignOfLife(tx, at.id, new Date()));
    await at.goTo(62);
    await at.advance();
    expect(await at.status()).toBe('active');
    await at.goTo(102);
    await at.advance();
    expect(await at.status()).toBe('warned');
  });

  test('ends a warning, and the proposal that waited is not made', async () => {
    const at = await given();
    await at.goTo(62);
    await at.advance();
    await app.db.transaction((tx) => noteSignOfLife(tx, at.id, new Date()));
    expect(await at.status()).toBe('active');
    await at.goTo(95);
    await at.advance();
    expect(await at.status()).toBe('active');
  });
});
