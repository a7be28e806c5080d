import type { Writable } from 'node:stream';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolClient, types } from 'pg';
import { asParameter } from './array-literal';
import { PrismaClient } from './generated/client';

/**
 * SQL inside one transaction (or, as `Database.read`, single statements outside of one).
 * Column names come back in camelCase, BIGINT as bigint, timestamptz as Date, jsonb parsed.
 */
export interface Tx {
  rows<T extends object>(sql: string, params?: readonly unknown[]): Promise<T[]>;
  first<T extends object>(sql: string, params?: readonly unknown[]): Promise<T | undefined>;
  /** Runs a statement and says how many rows it touched. */
  run(sql: string, params?: readonly unknown[]): Promise<number>;
  /** One INSERT. Keys are camelCase column names; all rows have the keys of the first. */
  insert(table: string, rows: object | readonly object[]): Promise<void>;
}

export interface Database {
  readonly read: Tx;
  readonly prisma: PrismaClient;
  /** Runs `work` in one transaction; deadlocks and serialization failures are tried again. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A connection of one's own, for session locks and LISTEN; the caller releases it. */
  connect(): Promise<PoolClient>;
  close(): Promise<void>;
}

/** A migration changed the columns of a prepared statement: it is right on a fresh connection. */
const stalePlan = '0A000';
const retryable = new Set(['40001', '40P01', stalePlan]);
const triesAtMost = 4;
/** PostgreSQL's limit on parameters of one statement. */
const parametersAtMost = 65_535;

/** Opens a pool. Every session works in UTC and gives up on what hangs. */
export function openDatabase(url: string, options: { maxConnections?: number } = {}): Database {
  const pool = new Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    // Statements that are sent without waiting for the one before travel together. They run in the
    // order in which they were sent, and after one that fails the others of a transaction fail too.
    pipeline: true,
    types: { getTypeParser },
    options:
      '-c timezone=UTC -c statement_timeout=120000 -c lock_timeout=20000' +
      // Compiling a plan costs more than any statement of ours takes to run.
      ' -c idle_in_transaction_session_timeout=60000 -c jit=off',
  });
  pool.on('error', () => undefined); // an idle connection died; the next query gets a new one
  // One that dies in use tells the query that waits; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const names = statementNames();
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 4 }) });
  return {
    read: sqlOn(pool),
    prisma,
    transaction: (work) => inTransaction(pool, names, work),
    connect: () => pool.connect(),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

async function inTransaction<T>(
  pool: Pool,
  names: StatementNames,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await oneTransaction(pool, names, work);
    } catch (error) {
      if (tries >= triesAtMost || !retryable.has(sqlState(error))) throw error;
    }
  }
}

async function oneTransaction<T>(
  pool: Pool,
  names: StatementNames,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const life: Life = { over: false };
  const together = sendsTogether(client);
  try {
    together();
    const begun = client.query('BEGIN');
    const [, result] = await Promise.all([begun, work(sqlOn(client, names, life, together))]);
    life.over = true;
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // What still runs beside the statement that failed must not go on outside of the transaction.
    life.over = true;
    if (error instanceof Error && sqlState(error) === stalePlan) broken = error;
    await client.query('ROLLBACK').catch((lost: Error) => {
      broken = lost;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * What is sent in one turn of the event loop leaves in one system call: of a small transaction the
 * calls cost more than all else that this process does for it. Call it before each statement.
 */
function sendsTogether(client: PoolClient): () => void {
  // The driver has no option for it, and does not declare its socket.
  const { connection } = client as PoolClient & { connection?: { stream?: Writable } };
  const stream = connection?.stream;
  let gathering = false;
  return () => {
    if (gathering || stream === undefined) return;
    gathering = true;
    stream.cork();
    setImmediate(() => {
      gathering = false;
      stream.uncork();
    });
  };
}

/** The SQLSTATE of a database error, or an empty text for any other error. */
export function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** The constraint that a database error names, or an empty text. */
export function violatedConstraint(error: unknown): string {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : '';
}

/** The name under which a connection keeps a statement prepared; undefined: it is not kept. */
type StatementNames = (sql: string) => string | undefined;

/** Our statements are some hundred texts; whoever builds texts at run time does not fill the server. */
const preparedAtMost = 1000;

function statementNames(): StatementNames {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= preparedAtMost) return known;
    const name = `s${names.size}`;
    names.set(sql, name);
    return name;
  };
}

/** How far a transaction has come. */
interface Life {
  over: boolean;
  /** what failed first */
  fault?: unknown;
}

const abortedState = '25P02';

/**
 * Of a statement that was sent behind one that failed the server says only that the transaction is
 * aborted. Whoever waits for either gets what failed first, and so what decides about another try.
 */
function faultOf(life: Life, error: unknown): unknown {
  if (sqlState(error) === abortedState && life.fault !== undefined) return life.fault;
  life.fault ??= error;
  return error;
}

/** Planning our larger statements takes longer than running them, so transactions prepare them. */
function sqlOn(
  client: Pool | PoolClient,
  nameOf: StatementNames = () => undefined,
  life?: Life,
  beforeSend: () => void = () => undefined,
): Tx {
  const send = async (name: string | undefined, text: string, params: readonly unknown[] = []) => {
    if (life?.over === true) throw new Error('the transaction is over');
    beforeSend();
    try {
      return await client.query<unknown[]>({
        ...{ name, text, values: params.map(asParameter), rowMode: 'array' },
      });
    } catch (error) {
      throw life === undefined ? error : faultOf(life, error);
    }
  };
  const query = (sql: string, params?: readonly unknown[]) => send(nameOf(sql), sql, params);
  const rows = async <T extends object>(sql: string, params?: readonly unknown[]) => {
    const result = await query(sql, params);
    const names = result.fields.map(({ name }) => camelCase(name));
    return result.rows.map((values) => rowOf(names, values) as T);
  };
  return {
    rows,
    first: async <T extends object>(sql: string, params?: readonly unknown[]) =>
      (await rows<T>(sql, params))[0],
    run: async (sql, params) => (await query(sql, params)).rowCount ?? 0,
    insert: async (table, values) => {
      for (const part of insertParts(Array.isArray(values) ? values : [values])) {
        // Its text goes by the number of rows: it is not kept prepared.
        await send(undefined, insertSql(table, part.columns, part.count), part.params);
      }
    },
  };
}

function rowOf(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i += 1) row[names[i]!] = values[i];
  return row;
}

interface InsertPart {
  columns: string[];
  count: number;
  params: unknown[];
}

function insertParts(rows: readonly object[]): InsertPart[] {
  const first = rows[0];
  if (first === undefined) return [];
  const keys = Object.entries(first)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  const perPart = Math.floor(parametersAtMost / keys.length);
  const parts: InsertPart[] = [];
  for (let start = 0; start < rows.length; start += perPart) {
    const slice = rows.slice(start, start + perPart) as Record<string, unknown>[];
    parts.push({
      columns: keys.map(snakeCase),
      count: slice.length,
      params: slice.flatMap((row) => keys.map((key) => row[key] ?? null)),
    });
  }
  return parts;
}

function insertSql(table: string, columns: readonly string[], count: number): string {
  const width = columns.length;
  const tuples = Array.from(
    { length: count },
    (_, row) => `(${columns.map((__, column) => `$${row * width + column + 1}`).join(', ')})`,
  );
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${tuples.join(', ')}`;
}

const int8Oid = 20;

const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === int8Oid && format !== 'binary') return (text: string) => BigInt(text);
  return types.getTypeParser(oid, format) as (text: string) => unknown;
};

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
