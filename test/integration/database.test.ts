import { testDatabase, type TestDatabase } from '../support/database';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const fails = (state: string) =>
  `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`;

/** Two statements in one flight, of which only the second is waited for. */
const behind = async (state: string) => {
  let tries = 0;
  const work = db.transaction(async (tx) => {
    tries += 1;
    tx.run(fails(state)).catch(() => undefined);
    await tx.rows('SELECT 1');
  });
  await expect(work).rejects.toMatchObject({ code: state });
  return tries;
};

test('a statement behind one that failed tells what failed first', async () => {
  expect(await behind('23505')).toBe(1);
});

test('so that a conflict is tried again, whoever waits for which statement', async () => {
  expect(await behind('40001')).toBe(4);
});

test('a transaction after it knows nothing of it', async () => {
  await behind('23505');
  expect(await db.transaction((tx) => tx.first('SELECT 1 AS one'))).toEqual({ one: 1 });
});
