import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { openSchemaEngine } from './schema-engine';

/** One number for everybody who migrates the same database at the same time. */
const migrationLock = 7_214_004_518n;

/**
 * Applies the migrations of prisma/migrations that the database has not seen, in order, and notes
 * them in Prisma's own table. Several processes may call it at once: one works, the others wait.
 * @returns the names of the migrations that were applied now
 * @throws Error when a migration fails or an applied one was changed
 */
export async function applyMigrations(root: string, databaseUrl: string): Promise<string[]> {
  const guard = new Client({ connectionString: databaseUrl });
  await guard.connect();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [migrationLock.toString()]);
    if (await isUpToDate(guard, root)) return [];
    const datamodel = readFileSync(join(root, 'prisma', 'schema.prisma'), 'utf8');
    const engine = await openSchemaEngine(databaseUrl, datamodel);
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: migrationList(root),
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } finally {
    await guard.end();
  }
}

/** Spares the start of the engine when every migration is noted as finished. */
async function isUpToDate(client: Client, root: string): Promise<boolean> {
  const table = await client.query<{ found: string | null }>(
    `SELECT to_regclass('_prisma_migrations')::text AS found`,
  );
  if (table.rows[0]?.found == null) return false;
  const finished = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  );
  const done = new Set(finished.rows.map(({ name }) => name));
  return migrationNames(root).every((name) => done.has(name));
}

/** The names of the migrations, oldest first. */
export function migrationNames(root: string): string[] {
  return readdirSync(join(root, 'prisma', 'migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function migrationList(root: string) {
  const baseDir = join(root, 'prisma', 'migrations');
  const lockfile = join(baseDir, 'migration_lock.toml');
  return {
    baseDir,
    lockfile: {
      path: 'migration_lock.toml',
      content: existsSync(lockfile) ? readFileSync(lockfile, 'utf8') : null,
    },
    shadowDbInitScript: '',
    migrationDirectories: migrationNames(root).map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: {
          tag: 'ok' as const,
          value: readFileSync(join(baseDir, path, 'migration.sql'), 'utf8'),
        },
      },
    })),
  };
}
