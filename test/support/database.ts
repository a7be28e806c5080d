import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type Database, openDatabase, violatedConstraint } from '../../src/db/database';
import { renewLease, testServers } from './servers';

export interface TestDatabase extends Database {
  readonly url: string;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

/**
 * A fresh, migrated, empty database for one test file, copied from a template in some 50 ms.
 * Call it in `beforeAll` and `drop()` in `afterAll`.
 */
export async function testDatabase(
  options: { maxConnections?: number } = {},
): Promise<TestDatabase> {
  const { postgresUrl, template } = await testServers();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(postgresUrl, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const url = Object.assign(new URL(postgresUrl), { pathname: `/${name}` }).href;
  const database = openDatabase(url, options);
  const lease = setInterval(renewLease, 60_000);
  lease.unref();
  return {
    ...database,
    url,
    drop: async () => {
      clearInterval(lease);
      await database.close();
      await administer(postgresUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** The constraint by which the database refuses something, or an empty text. */
export async function constraintAgainst(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => new Error('it was allowed'),
    (caught: unknown) => caught,
  );
  return violatedConstraint(error);
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
