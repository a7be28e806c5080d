import { Client } from 'pg';
import { Prisma } from '../../src/db/generated/client';
import { applyMigrations, migrationNames } from '../../src/main/migration';
import { type TestDatabase, testDatabase } from '../support/database';
import { root } from '../support/servers';

describe('the migrations', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  }, 900_000);
  afterAll(() => db.drop());

  it('make every table and column that the typed client knows', async () => {
    const models = Object.keys(Prisma.ModelName);
    expect(models.length).toBeGreaterThan(20);
    for (const model of models) {
      const delegate = model.charAt(0).toLowerCase() + model.slice(1);
      const { findFirst } = (db.prisma as any)[delegate];
      // Selects every column; a missing one is an error of the database.
      expect(await findFirst()).toBeNull();
    }
  });

  it('are noted one by one, and applied only once', async () => {
    expect(await applyMigrations(root, db.url)).toEqual([]);
    const client = new Client({ connectionString: db.url });
    await client.connect();
    const { rows } = await client.query('SELECT migration_name FROM _prisma_migrations ORDER BY 1');
    await client.end();
    expect(rows.map((row) => row.migration_name)).toEqual(migrationNames(root));
  });

  it('leave no JSON column to be counted, which is most of what counting a table costs', async () => {
    const client = new Client({ connectionString: db.url });
    await client.connect();
    const { rows } = await client.query(
      `SELECT attrelid::regclass::text || '.' || attname AS counted
       FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT attisdropped
         AND atttypid IN ('jsonb'::regtype, 'json'::regtype) AND attstattarget IS DISTINCT FROM 0`,
    );
    await client.end();
    // A new one needs `ALTER TABLE … ALTER COLUMN … SET STATISTICS 0` in its migration.
    expect(rows.map((row) => row.counted)).toEqual([]);
  });
});
