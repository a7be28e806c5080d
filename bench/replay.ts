import { Pool, type PoolClient } from 'pg';
import { newId } from '../src/db/id';
import type { IdKind } from '../src/domain/kernel/id';
import { warmUpMs } from './load';
import { quantile } from './quantile';

/**
 * The baseline: what the API wrote for some orders, read back and written again by plain SQL under
 * new ids. The same tables, columns, indexes and triggers; no HTTP, no checks, no calculation.
 */
type Row = Record<string, string | null>;

interface Table {
  readonly name: string;
  readonly columns: { name: string; type: string }[];
}

/** All rows that one order made, by table, in the order in which they can be written. */
type Copy = Map<string, Row[]>;

/** One order after the other on each connection. */
export interface SingleTimes {
  /** orders a second */
  readonly perSecond: number;
  /** how long one order takes at most, but for one of a hundred */
  readonly p99Ms: number;
}

export interface Baseline {
  /** by the number of connections */
  readonly statementByStatement: Readonly<Record<number, SingleTimes>>;
  readonly setBased: number;
  readonly rowsPerOrder: number;
}

/** Where the rows of an order are; `$1` is its id. Ids that count by themselves are left out. */
const sources: readonly { table: string; where: string; without: readonly string[] }[] = [
  { table: 'orders', where: 'id = $1', without: [] },
  { table: 'order_line', where: 'order_id = $1', without: [] },
  { table: 'binding', where: 'cause_id = $1', without: [] },
  { table: 'commission', where: 'order_id = $1', without: [] },
  {
    table: 'earning',
    where: 'id IN (SELECT first_earning_id FROM commission WHERE order_id = $1)',
    without: [],
  },
  {
    table: 'event',
    where: `subject_id IN (SELECT id FROM commission WHERE order_id = $1
            UNION ALL SELECT id FROM binding WHERE cause_id = $1)`,
    without: ['sequence'],
  },
  {
    table: 'ledger_transaction',
    where: "reference = 'order:' || $1 || ':earned'",
    without: ['id'],
  },
  { table: 'audit_record', where: 'subject_id = $1', without: ['id'] },
];
const entries = 'ledger_entry';
const perStatement = 500;
const writers = 2;

export async function measureBaseline(
  databaseUrl: string,
  options: { prefix: string; connections: readonly number[]; seconds: number },
): Promise<Baseline> {
  const pool = new Pool({ connectionString: databaseUrl, max: Math.max(...options.connections) });
  try {
    const tables = await describe(pool);
    const copies = await readCopies(pool, tables, options.prefix);
    const single: Record<number, SingleTimes> = {};
    for (const connections of options.connections) {
      const task = { connections, seconds: options.seconds };
      single[connections] = await statementByStatement(pool, tables, copies, task);
    }
    const sets = await setBased(pool, tables, copies, options.seconds);
    const rows = copies.reduce((sum, copy) => sum + [...copy.values()].flat().length, 0);
    return {
      statementByStatement: single,
      setBased: sets,
      rowsPerOrder: Math.round((rows / copies.length) * 10) / 10,
    };
  } finally {
    await pool.end();
  }
}

async function describe(pool: Pool): Promise<Map<string, Table>> {
  const { rows } = await pool.query<{ table: string; name: string; type: string }>(
    `SELECT table_name AS table, column_name AS name, CASE WHEN left(udt_name, 1) = '_'
       THEN substr(udt_name, 2) || '[]' ELSE udt_name END AS type
     FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position`,
  );
  const tables = new Map<string, Table>();
  for (const { table, without } of [...sources, { table: entries, without: ['id'] }]) {
    const columns = rows.filter((row) => row.table === table && !without.includes(row.name));
    tables.set(table, { name: table, columns: columns.map(({ name, type }) => ({ name, type })) });
  }
  return tables;
}

async function readCopies(pool: Pool, tables: Map<string, Table>, prefix: string): Promise<Copy[]> {
  const orders = await pool.query<{ id: string }>(
    'SELECT id FROM orders WHERE external_id LIKE $1 ORDER BY id DESC LIMIT 50',
    [`${prefix}-%`],
  );
  const copies: Copy[] = [];
  for (const { id } of orders.rows) {
    const copy: Copy = new Map();
    for (const { table, where } of sources) {
      const names = tables.get(table)!.columns.map(({ name }) => `${name}::text AS ${name}`);
      const { rows } = await pool.query<Row>(
        `SELECT ${names.join(', ')} FROM ${table} WHERE ${where}`,
        [id],
      );
      copy.set(table, rows);
    }
    const { rows } = await pool.query<Row>(
      `SELECT t.reference, e.account_id::text, e.amount::text FROM ledger_entry e
       JOIN ledger_transaction t ON t.id = e.transaction_id
       WHERE t.reference = 'order:' || $1 || ':earned' ORDER BY e.id`,
      [id],
    );
    copy.set(entries, rows);
    copies.push(copy);
  }
  if (copies.length === 0) throw new Error('there is no order to copy');
  return copies;
}

const kinds: Readonly<Record<string, IdKind>> = {
  ord: 'order',
  orl: 'orderLine',
  com: 'commission',
  ern: 'earning',
  bnd: 'binding',
  evt: 'event',
};
const anyId = /\b(ord|orl|com|ern|bnd|evt)_[0-9a-z]{26}/g;

/** The same rows under new ids; everything that refers to an old id refers to the new one. */
function renamed(copy: Copy): Copy {
  const fresh = new Map<string, string>();
  const rename = (value: string | null) =>
    value?.replace(anyId, (id, prefix: string) => {
      const known = fresh.get(id) ?? newId(kinds[prefix]!);
      fresh.set(id, known);
      return known;
    }) ?? null;
  const result: Copy = new Map();
  for (const [table, rows] of copy) {
    result.set(
      table,
      rows.map((row) => {
        const next: Row = {};
        for (const [name, value] of Object.entries(row)) next[name] = rename(value);
        if (table === 'orders') next['external_id'] = `plain-${next['id']}`;
        return next;
      }),
    );
  }
  return result;
}

async function statementByStatement(
  pool: Pool,
  tables: Map<string, Table>,
  copies: readonly Copy[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<SingleTimes> {
  const started = performance.now() + warmUpMs;
  const until = started + seconds * 1000;
  const tookMs: number[] = [];
  const lane = async (first: number) => {
    const client = await pool.connect();
    for (let n = first; performance.now() < until; n += connections) {
      const began = performance.now();
      await writeOne(client, tables, renamed(copies[n % copies.length]!));
      if (began >= started) tookMs.push(performance.now() - began);
    }
    client.release();
  };
  await Promise.all(Array.from({ length: connections }, (_, first) => lane(first)));
  const perSecond = tookMs.length / ((performance.now() - started) / 1000);
  return { perSecond, p99Ms: quantile(tookMs, 0.99) };
}

/** One order, one transaction, one prepared statement for each table. */
async function writeOne(client: PoolClient, tables: Map<string, Table>, copy: Copy): Promise<void> {
  await client.query('BEGIN');
  for (const [table, rows] of copy) {
    if (rows.length === 0 || table === entries) continue;
    const names = tables.get(table)!.columns.map(({ name }) => name);
    const places = (r: number) => names.map((_, c) => `$${r * names.length + c + 1}`).join(', ');
    const values = rows.map((_, r) => `(${places(r)})`);
    await client.query({
      name: `${table} ${rows.length}`,
      text: `INSERT INTO ${table} (${names.join(', ')}) VALUES ${values.join(', ')}`,
      values: rows.flatMap((row) => names.map((name) => row[name])),
    });
  }
  await client.query(entryStatement(copy.get(entries) ?? []));
  await client.query('COMMIT');
}

async function setBased(
  pool: Pool,
  tables: Map<string, Table>,
  copies: readonly Copy[],
  seconds: number,
): Promise<number> {
  let writing = 0;
  let written = 0;
  const until = performance.now() + seconds * 1000;
  const lane = async () => {
    const client = await pool.connect();
    while (performance.now() < until) {
      const set = Array.from({ length: perStatement }, (_, i) =>
        renamed(copies[i % copies.length]!),
      );
      const started = performance.now();
      await writeSet(client, tables, set);
      // Making up the rows is not writing them, so its time does not count.
      writing += performance.now() - started;
      written += set.length;
    }
    client.release();
  };
  await Promise.all(Array.from({ length: writers }, lane));
  return written / (writing / writers / 1000);
}

/** Many orders, one transaction, one statement for each table. */
async function writeSet(
  client: PoolClient,
  tables: Map<string, Table>,
  set: readonly Copy[],
): Promise<void> {
  await client.query('BEGIN');
  for (const [table, { columns }] of tables) {
    const rows = set.flatMap((copy) => copy.get(table) ?? []);
    if (rows.length === 0 || table === entries) continue;
    const names = columns.map(({ name }) => name).join(', ');
    const cast = columns.map(({ name, type }) => `s.${name}::${type}`).join(', ');
    const arrays = columns.map((_, i) => `$${i + 1}::text[]`).join(', ');
    await client.query({
      name: `${table} set`,
      text: `INSERT INTO ${table} (${names}) SELECT ${cast} FROM unnest(${arrays}) AS s (${names})`,
      values: columns.map(({ name }) => rows.map((row) => row[name])),
    });
  }
  await client.query(entryStatement(set.flatMap((copy) => copy.get(entries) ?? [])));
  await client.query('COMMIT');
}

function entryStatement(rows: readonly Row[]) {
  return {
    name: 'entries',
    text: `INSERT INTO ledger_entry (transaction_id, account_id, amount)
      SELECT t.id, s.account_id, s.amount
      FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS s (reference, account_id, amount)
      JOIN ledger_transaction t ON t.reference = s.reference`,
    values: ['reference', 'account_id', 'amount'].map((name) => rows.map((row) => row[name])),
  };
}
