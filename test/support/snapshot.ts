import type { Database } from '../../src/db/database';

/** Tables that record that somebody asked, not what a request did. */
const asked = new Set(['_prisma_migrations']);

/** Every table's row count and a hash of its content: equal before and after, nothing changed. */
export async function snapshot(db: Database): Promise<Record<string, string>> {
  const tables = await db.read.rows<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const parts = tables
    .filter(({ name }) => !asked.has(name))
    .map(
      ({ name }) =>
        `SELECT '${name}' AS name, count(*) || ' rows, ' ||
           coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), 'none') AS content FROM ${name} t`,
    );
  const rows = await db.read.rows<{ name: string; content: string }>(parts.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
}
