import { quoted } from './array-literal';
import type { Tx } from './database';

/** The SQL type of a column, as an array of it is sent. `text[]` goes as array literals. */
export type ColumnType = 'text' | 'bool' | 'int4' | 'int8' | 'timestamptz' | 'jsonb' | 'text[]';

/** Column types by the camelCase name of the column. */
export type Columns<Row extends object> = Readonly<Record<keyof Row & string, ColumnType>>;

/**
 * INSERT of any number of rows in one statement with one parameter per column: no limit on rows,
 * one plan for every size. The rows go in in the order given, so callers can keep a lock order.
 * `tail` is appended, for example ON CONFLICT.
 * @returns the number of rows inserted
 */
export async function insertMany<Row extends object>(
  tx: Tx,
  table: string,
  columns: Columns<Row>,
  rows: readonly Row[],
  tail = '',
): Promise<number> {
  if (rows.length === 0) return 0;
  const { sql, params } = insertPart(rowsOf(table, columns, rows), 1);
  return tx.run(`${sql} ${tail}`, params);
}

/** Rows for one table, made by `rowsOf`. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly [string, ColumnType][];
  readonly rows: readonly Record<string, unknown>[];
}

export function rowsOf<Row extends object>(
  table: string,
  columns: Columns<Row>,
  rows: readonly Row[],
): TableRows {
  const entries = Object.entries<ColumnType>(columns);
  return { table, columns: entries, rows: rows as readonly Record<string, unknown>[] };
}

/**
 * Rows of several tables in one statement: a round trip costs more than the rows of one order do.
 * References between them are checked at its end. The text is the same whatever the rows are, so
 * that it stays prepared.
 */
export async function insertTogether(tx: Tx, parts: readonly TableRows[]): Promise<void> {
  if (parts.every(({ rows }) => rows.length === 0)) return;
  const params: string[] = [];
  const statements = parts.map((part) => {
    const made = insertPart(part, params.length + 1);
    params.push(...made.params);
    return made.sql;
  });
  const last = statements.pop()!;
  const named = statements.map((sql, index) => `part_${index} AS (${sql})`);
  await tx.run(named.length === 0 ? last : `WITH ${named.join(',\n')}\n${last}`, params);
}

function insertPart(
  { table, columns, rows }: TableRows,
  firstParam: number,
): { sql: string; params: string[] } {
  const names = columns.map(([key]) => snakeCase(key));
  const casts = columns.map(
    ([, type], i) => `$${firstParam + i}::${type === 'text[]' ? 'text' : type}[]`,
  );
  const selected = columns.map(([, type], i) =>
    type === 'text[]' ? `t.${names[i]!}::text[]` : `t.${names[i]!}`,
  );
  return {
    sql: `INSERT INTO ${table} (${names.join(', ')})
     SELECT ${selected.join(', ')} FROM unnest(${casts.join(', ')}) AS t (${names.join(', ')})`,
    params: columns.map(([key, type]) => arrayLiteral(rows, key, type)),
  };
}

// The driver would escape every element with two regular expressions; most of ours need none.
function arrayLiteral<Row extends object>(
  rows: readonly Row[],
  key: keyof Row,
  type: ColumnType,
): string {
  let moment = { date: new Date(0), text: '' }; // most rows of a column share one
  const elements = rows.map((row) => {
    const value = row[key];
    if (value === null || value === undefined) return 'NULL';
    if (value instanceof Date) {
      if (value !== moment.date) moment = { date: value, text: value.toISOString() };
      return moment.text;
    }
    if (type === 'jsonb') return quoted(JSON.stringify(value));
    if (type === 'text[]') return quoted(`{${(value as readonly string[]).map(quoted).join(',')}}`);
    return typeof value === 'string' ? quoted(value) : String(value);
  });
  return `{${elements.join(',')}}`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
