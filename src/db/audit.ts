import { createHash } from 'node:crypto';
import { type Columns, insertMany } from './bulk';
import type { Database, Tx } from './database';

/** What a route says about a write; the kit adds store, actor, request id and time. */
export interface AuditNote {
  /** `program.created`, `plan.published`, ... */
  readonly action: string;
  readonly subjectId: string;
  readonly reason?: string | undefined;
  /** settings and ids before and after; never personal data */
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

export interface AuditEntry extends AuditNote {
  readonly storeId: string;
  /** `key:<id>`, `admin:<id>` or `system:<part>` */
  readonly actor: string;
  readonly requestId?: string | undefined;
  /** real time */
  readonly at: Date;
}

/** Appends to the audit log in the transaction of the writes that the entries tell of. */
export async function recordAudit(tx: Tx, ...entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map((entry) => ({
    storeId: entry.storeId,
    actor: entry.actor,
    action: entry.action,
    subjectId: entry.subjectId,
    requestId: entry.requestId ?? null,
    reason: entry.reason ?? null,
    before: jsonSafe(entry.before),
    after: jsonSafe(entry.after),
    at: entry.at,
  }));
  await insertMany(tx, 'audit_record', recordColumns as Columns<(typeof rows)[number]>, rows);
}

const recordColumns = {
  storeId: 'text',
  actor: 'text',
  action: 'text',
  subjectId: 'text',
  requestId: 'text',
  reason: 'text',
  before: 'jsonb',
  after: 'jsonb',
  at: 'timestamptz',
} as const;

function jsonSafe(value: object | undefined): unknown {
  if (value === undefined) return null;
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  );
  return JSON.parse(text) as unknown;
}

interface RecordRow {
  id: bigint;
  storeId: string;
  actor: string;
  action: string;
  subjectId: string;
  requestId: string | null;
  reason: string | null;
  before: unknown;
  after: unknown;
  at: Date;
}

interface SealRow {
  sequence: bigint;
  recordId: bigint;
  previousHash: string;
  hash: string;
}

/** What the first seal follows. */
const genesisHash = '0'.repeat(64);
const sealLock = 7_201_001;
const sealAtOnce = 1_000;
const verifyAtOnce = 5_000;
/**
 * How far below the newest sealed record a round looks for late commits: a transaction may hold a
 * low id for long. `everything` looks at all records and finds the rest.
 */
const lateIds = 20_000;

/**
 * Chains committed records that are not sealed yet, in the order in which they are seen committed,
 * and says how many. One sealer works at a time; a second one finds nothing to do.
 */
export async function sealAudit(
  db: Database,
  options: { readonly everything?: boolean } = {},
): Promise<number> {
  let sealed = 0;
  for (;;) {
    const round = await db.transaction((tx) => sealRound(tx, options.everything === true));
    sealed += round;
    if (round < sealAtOnce) return sealed;
  }
}

const sealColumns = { recordId: 'int8', previousHash: 'text', hash: 'text' } as const;

async function sealRound(tx: Tx, everything: boolean): Promise<number> {
  const lock = everything ? 'pg_advisory_xact_lock' : 'pg_try_advisory_xact_lock';
  const mine = await tx.first<{ locked: unknown }>(`SELECT ${lock}($1) AS locked`, [sealLock]);
  if (mine?.locked === false) return 0;
  const records = await tx.rows<RecordRow>(
    `SELECT r.* FROM audit_record r
     WHERE r.id > (SELECT coalesce(max(record_id), 0) - $1::bigint FROM audit_seal)
       AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.record_id = r.id)
     ORDER BY r.id LIMIT ${sealAtOnce}`,
    [everything ? '9000000000000000000' : lateIds],
  );
  if (records.length === 0) return 0;
  const last = await tx.first<{ hash: string }>(
    'SELECT hash FROM audit_seal ORDER BY sequence DESC LIMIT 1',
  );
  let previousHash = last?.hash ?? genesisHash;
  const seals = records.map((record) => {
    const hash = sealHash(previousHash, record);
    const seal = { recordId: record.id, previousHash, hash };
    previousHash = hash;
    return seal;
  });
  await insertMany(tx, 'audit_seal', sealColumns, seals);
  return records.length;
}

/** SHA-256 over the hash before and the record's content, fields in a fixed order, keys sorted. */
function sealHash(previousHash: string, record: RecordRow): string {
  const content = JSON.stringify([
    record.id.toString(),
    record.storeId,
    record.actor,
    record.action,
    record.subjectId,
    record.requestId,
    record.reason,
    sorted(record.before),
    sorted(record.after),
    record.at.toISOString(),
  ]);
  return createHash('sha256').update(`${previousHash}\n${content}`, 'utf8').digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.map(([key, field]) => [key, sorted(field)]);
}

/** The first place where the chain does not hold. */
export interface BadSeal {
  readonly sequence: bigint;
  readonly recordId: bigint;
  readonly why: 'record_missing' | 'record_changed' | 'link_broken';
}

export interface ChainReport {
  readonly verified: number;
  /** hash of the last seal; kept elsewhere, it shows later that nothing was cut off the end */
  readonly head: string;
  readonly bad?: BadSeal;
  /** whether a hash that was asked for is in the chain */
  readonly foundExpected?: boolean;
}

/** Walks the whole chain and compares every record with its seal. */
export async function verifyAudit(db: Database, expectedHash?: string): Promise<ChainReport> {
  let head = genesisHash;
  let after = 0n;
  let verified = 0;
  let found = expectedHash === undefined || expectedHash === genesisHash;
  for (;;) {
    const seals = await db.read.rows<SealRow>(
      'SELECT * FROM audit_seal WHERE sequence > $1 ORDER BY sequence LIMIT $2',
      [after, verifyAtOnce],
    );
    const records = await recordsOf(db, seals);
    for (const seal of seals) {
      const why = whyBad(seal, records.get(seal.recordId), head);
      if (why !== undefined) {
        return { verified, head, bad: { sequence: seal.sequence, recordId: seal.recordId, why } };
      }
      head = seal.hash;
      after = seal.sequence;
      verified += 1;
      found ||= head === expectedHash;
    }
    if (seals.length < verifyAtOnce) return { verified, head, foundExpected: found };
  }
}

async function recordsOf(db: Database, seals: readonly SealRow[]) {
  const records = await db.read.rows<RecordRow>('SELECT * FROM audit_record WHERE id = ANY($1)', [
    seals.map(({ recordId }) => recordId),
  ]);
  return new Map(records.map((record) => [record.id, record]));
}

function whyBad(
  seal: SealRow,
  record: RecordRow | undefined,
  previousHash: string,
): BadSeal['why'] | undefined {
  if (seal.previousHash !== previousHash) return 'link_broken';
  if (record === undefined) return 'record_missing';
  return sealHash(previousHash, record) === seal.hash ? undefined : 'record_changed';
}
