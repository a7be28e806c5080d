import type { Tx } from './database';

/** The SQL type of a column, as an array of it is sent. `text[]` goes as array literals. */
export type ColumnType =
  | 'text'
  | 'int4'
  | 'int8'
  | 'timestamptz'
  | 'jsonb'
  | 'text[]';

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
  const entries = Object.entries(columns) as [keyof Row & string, ColumnType][];
  const names = entries.map(([key]) => snakeCase(key));
  const casts = entries.map(([, type], i) => `$${i + 1}::${type === 'text[]' ? 'text' : type}[]`);
  const selected = entries.map(([, type], i) =>
    type === 'text[]' ? `t.${names[i]!}::text[]` : `t.${names[i]!}`,
  );
  return tx.run(
    `INSERT INTO ${table} (${names.join(', ')})
     SELECT ${selected.join(', ')} FROM unnest(${casts.join(', ')}) AS t (${names.join(', ')})
     ${tail}`,
    entries.map(([key, type]) => rows.map((row) => encoded(row[key], type))),
  );
}

function encoded(value: unknown, type: ColumnType): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'jsonb') return JSON.stringify(value);
  if (type === 'text[]') return arrayLiteral(value as readonly string[]);
  return value instanceof Date ? value.toISOString() : value;
}

function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
