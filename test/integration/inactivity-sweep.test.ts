import { doAllDue } from '../../src/db/duty';
import { type TestApp, testApp } from '../support/app';
import { postProgram } from '../support/program';

jest.setTimeout(240_000);

const dayMs = 86_400_000;
const distributors = 100_000;
/** one in so many has not sold for longer than the program allows */
const inactiveOneIn = 100;
const secondsAtMost = 30;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
}, 120_000);
afterAll(() => app.close());

/** Everybody joined 100 days ago; all but one in a hundred sold ten days ago. */
async function crowd(programId: string, now: Date): Promise<void> {
  const joinedAt = new Date(now.getTime() - 100 * dayMs);
  await app.db.read.run(
    `INSERT INTO distributor (id, store_id, program_id, external_id, content_hash, name,
       phone_cipher, phone_index, phone_masked, code, joined_at, answers, status, tier, created_at)
     SELECT 'dst_' || lpad(i::text, 26, '0'), $1, $2, 'x' || i, '', '', '', '', '', 'C' || i, $3,
       '{}', 'active', 'standard', $3 FROM generate_series(1, ${distributors}) AS i`,
    [app.store.id, programId, joinedAt],
  );
  await app.db.read.run(
    `INSERT INTO distributor_standing (distributor_id, valid_from, status, tier, cause, actor,
       recorded_at)
     SELECT id, joined_at, 'active', 'standard', 'joined', 'test', joined_at
     FROM distributor WHERE program_id = $1`,
    [programId],
  );
  await app.db.read.run(
    `INSERT INTO orders (id, store_id, program_id, external_id, content_hash, paid_at, currency,
       customer_external_id, attributed_distributor_id, attributed_by, attribution, upline, hold,
       order_discount_amount, shipping_amount, tax_amount, created_at)
     SELECT 'ord_' || substr(id, 5), store_id, program_id, external_id, '', $2, 'CNY', 'u', id,
       'code', '{}', '{}', '{}', 0, 0, 0, $2
     FROM distributor WHERE program_id = $1 AND substr(external_id, 2)::int % ${inactiveOneIn} <> 0`,
    [programId, new Date(now.getTime() - 10 * dayMs)],
  );
  await app.db.read.run('ANALYZE distributor, distributor_standing, orders');
}

test('of 100,000 distributors a sweep wakes the 1 % who are inactive, within 30 s', async () => {
  const now = new Date();
  const startsAt = new Date(now.getTime() - 100 * dayMs).toISOString();
  const programId = await postProgram(app.shop, { startsAt });
  await crowd(programId, now);
  const tomorrow = new Date(now.getTime() + dayMs);
  const begun = Date.now();
  await doAllDue(app.db, tomorrow); // finds them
  const foundMs = Date.now() - begun;
  await doAllDue(app.db, tomorrow); // wakes them
  const wokenMs = Date.now() - begun - foundMs;
  console.info(`sweep: ${foundMs} ms to find, ${wokenMs} ms to wake`);
  const woken = await app.db.read.first<{ signals: number; moments: number }>(
    `SELECT (SELECT count(DISTINCT workflow_id)::int FROM outbox
         WHERE workflow_type = 'distributor') AS signals,
       (SELECT count(*)::int FROM due_moment WHERE program_id = $1) AS moments`,
    [programId],
  );
  const expected = distributors / inactiveOneIn;
  expect(woken).toEqual({ signals: expected, moments: expected });
  expect((foundMs + wokenMs) / 1000).toBeLessThan(secondsAtMost);
  await doAllDue(app.db, tomorrow);
  const again = await app.db.read.first<{ moments: number }>(
    'SELECT count(*)::int AS moments FROM due_moment WHERE program_id = $1',
    [programId],
  );
  expect(again?.moments).toBe(expected);
});
