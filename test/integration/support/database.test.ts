import { type TestDatabase, testDatabase } from '../../support/database';

describe('a test database', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  }, 900_000);
  afterAll(() => db.drop());

  it('has all tables and no rows', async () => {
    const [found] = await db.read.rows<{ count: bigint }>('SELECT count(*) FROM distributor');
    expect(found?.count).toBe(0n);
  });

  it('is served by the typed client too', async () => {
    expect(await db.prisma.program.findMany()).toEqual([]);
  });
});
