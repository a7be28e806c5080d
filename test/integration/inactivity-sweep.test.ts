import { doAllDue } from '../../src/db/duty';
import { type TestApp, testApp } from '../support/app';
import { postProgram } from '../support/program';
import { givenSleepers } from '../support/sleepers';

jest.setTimeout(240_000);

const dayMs = 86_400_000;
const distributors = 100_000;
const inactiveOneIn = 100;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
}, 120_000);
afterAll(() => app.close());

// How long it takes says `npm run bench -- --parts sweep`.
test('of 100,000 distributors a sweep wakes the 1 % who are inactive, and nobody twice', async () => {
  const now = new Date();
  const startsAt = new Date(now.getTime() - 100 * dayMs).toISOString();
  const programId = await postProgram(app.shop, { startsAt });
  await givenSleepers(app.db, {
    ...{ storeId: app.store.id, programId, distributors, inactiveOneIn, now, tier: 'standard' },
  });
  const tomorrow = new Date(now.getTime() + dayMs);
  await doAllDue(app.db, tomorrow); // finds them
  await doAllDue(app.db, tomorrow); // wakes them
  const woken = await app.db.read.first<{ signals: number; moments: number }>(
    `SELECT (SELECT count(DISTINCT workflow_id)::int FROM outbox
         WHERE workflow_type = 'distributor') AS signals,
       (SELECT count(*)::int FROM due_moment WHERE program_id = $1) AS moments`,
    [programId],
  );
  const expected = distributors / inactiveOneIn;
  expect(woken).toEqual({ signals: expected, moments: expected });
  await doAllDue(app.db, tomorrow);
  const again = await app.db.read.first<{ moments: number }>(
    'SELECT count(*)::int AS moments FROM due_moment WHERE program_id = $1',
    [programId],
  );
  expect(again?.moments).toBe(expected);
});
