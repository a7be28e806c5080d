import { createHash } from 'node:crypto';
import { insertMany } from './bulk';
import type { Database, Tx } from './database';

/** One use of an Idempotency-Key: keys are per store, so two stores may use the same text. */
export interface KeyUse {
  readonly storeId: string;
  readonly key: string;
  /** of method, path with query, and body */
  readonly requestHash: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

/** What a key says about a request: do it, give the stored answer, wait, or refuse. */
export type Claim =
  | { readonly state: 'new' }
  | { readonly state: 'done'; readonly answer: StoredAnswer }
  | { readonly state: 'running' }
  | { readonly state: 'reused' };

/** Another request with the same key committed first; the whole transaction is tried again. */
export class KeyTaken extends Error {
  constructor() {
    super('the Idempotency-Key was stored by another request meanwhile');
    this.name = 'KeyTaken';
  }
}

/** The row of a request that runs outside a transaction has this status until it is answered. */
const running = 0;
/** A run that did not end within this time died with its process; the next one may take over. */
const runSecondsAtMost = 300;

export function hashRequest(method: string, url: string, body: Buffer): string {
  return createHash('sha256').update(`${method} ${url}\n`, 'utf8').update(body).digest('base64url');
}

/**
 * Claims a key inside the transaction that does the work. Of parallel requests one gets `new`, the
 * others `running`; once it has committed, all get `done`.
 */
export async function claimKey(tx: Tx, use: KeyUse): Promise<Claim> {
  const row = await tx.first<{ locked: boolean } & KeyRow>(
    `SELECT pg_try_advisory_xact_lock($1::bigint) AS locked, k.request_hash, k.status, k.body
     FROM (SELECT 1) AS always LEFT JOIN idempotency_key k ON k.store_id = $2 AND k.key = $3`,
    [lockNumber(use), use.storeId, use.key],
  );
  const stored = row === undefined ? undefined : claimOf(row, use);
  return stored ?? { state: row?.locked === true ? 'new' : 'running' };
}

/**
 * `claimKey` for many requests that share a transaction, in their order and in one statement. Of
 * several with one key the first may get `new`; the others come while it is `running`.
 */
export async function claimKeys(tx: Tx, uses: readonly KeyUse[]): Promise<Claim[]> {
  if (uses.length === 0) return [];
  const rows = await tx.rows<{ locked: boolean } & KeyRow>(
    `SELECT pg_try_advisory_xact_lock(w.lock) AS locked, k.request_hash, k.status, k.body
     FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS w (lock, store_id, key, n)
     LEFT JOIN idempotency_key k ON k.store_id = w.store_id AND k.key = w.key
     ORDER BY w.n`,
    [uses.map(lockNumber), uses.map(({ storeId }) => storeId), uses.map(({ key }) => key)],
  );
  const claimed = new Set<string>();
  return uses.map((use, index): Claim => {
    const row = rows[index];
    const stored = row === undefined ? undefined : claimOf(row, use);
    if (stored !== undefined) return stored;
    const name = `${use.storeId}\n${use.key}`;
    // The lock is the transaction's, so it does not keep apart two requests of the same one.
    if (row?.locked !== true || claimed.has(name)) return { state: 'running' };
    claimed.add(name);
    return { state: 'new' };
  });
}

/** An answer with the key under which it is kept. */
export interface KeptAnswer extends KeyUse, StoredAnswer {
  readonly createdAt: Date;
}

/** Stores answers in the transaction that did the work. @throws KeyTaken */
export async function keepAnswers(tx: Tx, answers: readonly KeptAnswer[]): Promise<void> {
  const kept = await insertMany(
    tx,
    'idempotency_key',
    keyColumns,
    answers.map(({ storeId, key, requestHash, status, body, createdAt }) => ({
      storeId,
      key,
      requestHash,
      status,
      body,
      createdAt,
    })),
    'ON CONFLICT DO NOTHING',
  );
  // The look at the rows and the locks are one statement with one snapshot: a commit in between is
  // noticed only here.
  if (kept < answers.length) throw new KeyTaken();
}

const keyColumns = {
  storeId: 'text',
  key: 'text',
  requestHash: 'text',
  status: 'int4',
  body: 'text',
  createdAt: 'timestamptz',
} as const;

/** `keepAnswers` for one. @throws KeyTaken */
export function keepAnswer(tx: Tx, use: KeyUse, answer: StoredAnswer, now: Date): Promise<void> {
  return keepAnswers(tx, [{ ...use, ...answer, createdAt: now }]);
}

/**
 * Claims a key for work outside a transaction: the row itself is the guard, so that no connection
 * is held while the work waits for others.
 */
export async function beginRun(db: Database, use: KeyUse, now: Date): Promise<Claim> {
  const begun = await db.read.run(
    `INSERT INTO idempotency_key AS k (store_id, key, request_hash, status, body, created_at)
     VALUES ($1, $2, $3, ${running}, '', $4)
     ON CONFLICT (store_id, key) DO UPDATE SET created_at = $4
       WHERE k.status = ${running} AND k.request_hash = $3
         AND k.created_at < $4 - make_interval(secs => ${runSecondsAtMost})`,
    [use.storeId, use.key, use.requestHash, now],
  );
  if (begun > 0) return { state: 'new' };
  const row = await db.read.first<KeyRow>(
    'SELECT request_hash, status, body FROM idempotency_key WHERE store_id = $1 AND key = $2',
    [use.storeId, use.key],
  );
  return (row === undefined ? undefined : claimOf(row, use)) ?? { state: 'running' };
}

/** Stores the answer of a run, or, without one, frees the key so that the request may be repeated. */
export async function endRun(
  db: Database,
  use: KeyUse,
  answer: StoredAnswer | undefined,
): Promise<void> {
  const mine = `WHERE store_id = $1 AND key = $2 AND request_hash = $3 AND status = ${running}`;
  const params = [use.storeId, use.key, use.requestHash];
  if (answer === undefined) await db.read.run(`DELETE FROM idempotency_key ${mine}`, params);
  else {
    await db.read.run(`UPDATE idempotency_key SET status = $4, body = $5 ${mine}`, [
      ...params,
      answer.status,
      answer.body,
    ]);
  }
}

/** Forgets keys older than a moment; they are promised for 24 hours. Says how many. */
export function forgetKeys(db: Database, before: Date): Promise<number> {
  return db.read.run('DELETE FROM idempotency_key WHERE created_at < $1', [before]);
}

interface KeyRow {
  requestHash: string | null;
  status: number | null;
  body: string | null;
}

function claimOf(row: KeyRow, use: KeyUse): Claim | undefined {
  const { requestHash, status, body } = row;
  if (requestHash === null || status === null || body === null) return undefined;
  if (requestHash !== use.requestHash) return { state: 'reused' };
  return status === running ? { state: 'running' } : { state: 'done', answer: { status, body } };
}

/** 64 bits that stand for (store, key) among PostgreSQL's advisory locks. */
function lockNumber(use: KeyUse): bigint {
  const digest = createHash('sha256').update(`idempotency\0${use.storeId}\0${use.key}`).digest();
  return digest.readBigInt64BE(0);
}
