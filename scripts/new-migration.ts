import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openSchemaEngine } from '../src/main/schema-engine';
import { startPostgres } from '../src/main/servers/postgres';
import { migrationNames } from '../src/main/migration';

const root = resolve(__dirname, '..');

/** The schema as the last migration leaves it; kept by this script, and compared by a test. */
const lastSchema = join(root, 'prisma', 'migrations', 'schema.prisma');
const schemaFile = join(root, 'prisma', 'schema.prisma');

/**
 * `npm run migration:new -- <name>`: writes the SQL that leads from the schema of the last migration
 * to prisma/schema.prisma, as a new migration to be read and completed by hand (triggers, checks,
 * grants, partial indexes: Prisma knows nothing of them). No database of anybody is touched: the
 * engine gets a scratch PostgreSQL of its own under .local.
 */
async function main(): Promise<void> {
  const name = process.argv[2] ?? '';
  if (!/^[a-z][a-z0-9_]{1,60}$/.test(name)) {
    throw new Error('usage: npm run migration:new -- <name>, for example add_coupon_limit');
  }
  const schema = readFileSync(schemaFile, 'utf8');
  const sql = await difference(readFileSync(lastSchema, 'utf8'), schema);
  if (sql.trim() === '' || /empty migration/i.test(sql)) {
    console.log('the schema says nothing that the migrations do not make');
    return;
  }
  console.log(`wrote ${write(name, sql)}; read it, complete it, then: npx prisma generate`);
  writeFileSync(lastSchema, schema);
}

async function difference(before: string, after: string): Promise<string> {
  const server = await startPostgres({ folder: join(root, '.local', 'migration') });
  try {
    const engine = await openSchemaEngine(server.url('postgres'), after);
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: before }] },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: after }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  } finally {
    await server.stop();
  }
}

function write(name: string, sql: string): string {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  if (migrationNames(root).some((each) => each >= `${stamp}_`)) {
    throw new Error('a migration with a later time exists; is the clock of this machine right?');
  }
  const folder = join(root, 'prisma', 'migrations', `${stamp}_${name}`);
  if (existsSync(folder)) throw new Error(`${folder} exists`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'migration.sql');
  writeFileSync(path, sql);
  return path.slice(root.length + 1);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
