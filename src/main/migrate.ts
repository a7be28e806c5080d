import { resolve } from 'node:path';
import { z } from 'zod';
import { applyMigrations } from './migration';

/** `npm run migrate`: brings the database of DATABASE_URL up to date, before new processes start. */
async function main(): Promise<void> {
  const url = z
    .string({ error: 'DATABASE_URL is missing: the database to migrate' })
    .parse(process.env['DATABASE_URL']);
  const applied = await applyMigrations(resolve(__dirname, '..', '..'), url);
  console.log(applied.length === 0 ? 'nothing to migrate' : `applied ${applied.join(', ')}`);
}

main().catch((error: unknown) => {
  const words =
    error instanceof z.ZodError ? error.issues.map(({ message }) => message).join('\n') : error;
  console.error(words instanceof Error ? words.message : words);
  process.exit(1);
});
