import fc from 'fast-check';
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

test('any texts and whole numbers arrive as they were, also beside what is missing', async () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
  const odd = fc.constantFrom('"', '\\', '{}', '{a,b}', 'NULL', ',', '', ' ', '\\"', '分销');
  const texts = fc.array(fc.option(fc.oneof(text, odd)));
  const numbers = fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })));
  await fc.assert(
    fc.asyncProperty(texts, numbers, async (names, amounts) => {
      const found = await db.read.first('SELECT $1::text[] AS names, $2::text[] AS amounts', [
        names,
        amounts,
      ]);
      const digits = amounts.map((amount) => (amount === null ? null : String(amount)));
      expect(found).toEqual({ names, amounts: digits });
    }),
    { numRuns: 200 },
  );
});
