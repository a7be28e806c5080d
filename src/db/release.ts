import { programNow } from '../domain/kernel/clock';
import { groupBy } from '../domain/kernel/group';
import { distributorAccount } from '../domain/ledger/account';
import { type LedgerTransactionInput, released } from '../domain/ledger/posting';
import type { Database, Tx } from './database';
import { earningsOfCommission } from './earning';
import { breaksTheBooks, openReleaseCase } from './release-case';
import { type EventInput, recordEvents } from './event';
import { lockBalances, postTransactions } from './ledger';
import { type ProgramRow, programById } from './program';

export interface ReleaseInput {
  programId: string;
  /** on the program's clock: what is due by then is released */
  until: Date;
  /** told after every committed chunk, with the number of earnings it released */
  onProgress?: (released: number) => void;
  /** commissions in one transaction, unless one distributor alone has more; default 5000 */
  commissionsAtOnce?: number;
}

const defaultCommissionsAtOnce = 5000;
const distributorsAtOnce = 2000;

/**
 * Releases everything whose hold is over in all programs, each by its own clock.
 * @returns the number of earnings released
 */
export async function releaseAllDue(db: Database, realNow: Date): Promise<number> {
  const programs = await db.read.rows<Pick<ProgramRow, 'id' | 'clockOffsetMs'>>(
    `SELECT p.id, p.clock_offset_ms FROM program p
     WHERE EXISTS (
       SELECT 1 FROM earning e WHERE e.program_id = p.id AND e.available_at IS NULL
         AND e.release_at <= $1::timestamptz + p.clock_offset_ms * interval '1 millisecond')
     ORDER BY p.id`,
    [realNow],
  );
  let count = 0;
  const failures: unknown[] = [];
  for (const program of programs) {
    const until = programNow(program, realNow);
    // One program that fails must not keep the money of all others.
    count += await releaseDue(db, { programId: program.id, until }).catch((error: unknown) => {
      failures.push(error);
      return 0;
    });
  }
  if (failures.length > 0) throw failures[0];
  return count;
}

/**
 * Releases the earnings of a program whose hold is over: held -> available, but what a distributor
 * owes is paid first. An earning becomes available at its own `releaseAt`, whenever this runs. It
 * works in chunks of whole distributors, each committed; after a crash it goes on where it stopped,
 * and two runs at once release nothing twice. Left out, and so held on: what an after-sale case
 * stops (`releaseAt` is null), and the money of suspended distributors.
 * @returns the number of earnings released
 */
export async function releaseDue(db: Database, input: ReleaseInput): Promise<number> {
  const { programId, until, commissionsAtOnce = defaultCommissionsAtOnce } = input;
  let count = 0;
  for (let after = ''; ;) {
    const waiting = await waitingDistributors(db.read, programId, until, after);
    const last = waiting.at(-1);
    if (last === undefined) return count;
    const program = await programById(db.read, programId);
    for (const chunk of chunksOf(waiting, commissionsAtOnce)) {
      count += await releaseOrSplit(db, program, chunk, input);
    }
    after = last.distributorId;
  }
}

/**
 * Releases a chunk. Where the books of one person forbid it (an invariant is broken), the others of
 * the chunk get their money all the same, and a case is opened for this one.
 */
async function releaseOrSplit(
  db: Database,
  program: ProgramRow,
  chunk: readonly Waiting[],
  input: ReleaseInput,
): Promise<number> {
  let count: number;
  try {
    count = await db.transaction((tx) => releaseChunk(tx, program, chunk, input.until));
  } catch (error) {
    const [first] = chunk;
    if (first === undefined || !breaksTheBooks(error)) throw error;
    if (chunk.length === 1) {
      await openReleaseCase(db, program, { ...first, at: input.until, error });
      return 0;
    }
    const half = Math.ceil(chunk.length / 2);
    const released = await releaseOrSplit(db, program, chunk.slice(0, half), input);
    return released + (await releaseOrSplit(db, program, chunk.slice(half), input));
  }
  input.onProgress?.(count);
  return count;
}

interface Waiting {
  distributorId: string;
  /** whose earnings are due */
  commissionIds: string[];
}

function waitingDistributors(
  read: Tx,
  programId: string,
  until: Date,
  after: string,
): Promise<Waiting[]> {
  return read.rows<Waiting>(
    `SELECT e.distributor_id, array_agg(DISTINCT e.commission_id) AS commission_ids
     FROM earning e JOIN distributor d ON d.id = e.distributor_id
     WHERE e.program_id = $1 AND e.available_at IS NULL AND e.release_at <= $2
       AND e.distributor_id > $3 AND d.status <> 'suspended'
     GROUP BY e.distributor_id ORDER BY e.distributor_id LIMIT $4`,
    [programId, until, after, distributorsAtOnce],
  );
}

function chunksOf(waiting: readonly Waiting[], commissionsAtOnce: number): Waiting[][] {
  const chunks: Waiting[][] = [];
  let room = 0;
  for (const one of waiting) {
    room -= one.commissionIds.length;
    if (room < 0 || chunks.length === 0) {
      chunks.push([]);
      room = commissionsAtOnce - one.commissionIds.length;
    }
    chunks.at(-1)!.push(one);
  }
  return chunks;
}

interface ReleasedEarning {
  id: string;
  distributorId: string;
  commissionId: string;
  amount: bigint;
  availableAt: Date;
}

async function releaseChunk(
  tx: Tx,
  program: ProgramRow,
  waiting: readonly Waiting[],
  until: Date,
): Promise<number> {
  // The balances first: a refund of the same distributor that runs now is done before the earnings
  // are read, or waits until they are released. Either way it sees what it has to reckon with.
  const balances = await lockBalances(
    tx,
    program.id,
    waiting.flatMap(({ distributorId: id }) => [
      distributorAccount(id, 'held'),
      distributorAccount(id, 'available'),
      distributorAccount(id, 'receivable'),
    ]),
  );
  const earnings = await tx.rows<ReleasedEarning>(
    `UPDATE earning e SET available_at = e.release_at
     FROM commission c CROSS JOIN LATERAL ${earningsOfCommission('c')} known, distributor d
     WHERE c.id = ANY($1) AND e.id = known.id AND e.available_at IS NULL AND e.release_at <= $2
       AND d.id = e.distributor_id AND d.status <> 'suspended'
     RETURNING e.id, e.distributor_id, e.commission_id, e.amount, e.available_at`,
    [waiting.flatMap(({ commissionIds }) => commissionIds), until],
  );
  const owedBy = (id: string) => -(balances.get(distributorAccount(id, 'receivable')) ?? 0n);
  const groups = groupBy(earnings, ({ distributorId }) => distributorId);
  const transactions = [...groups].map(([id, own]) => transactionOf(id, own, owedBy(id)));
  await postTransactions(tx, program.id, transactions);
  await recordEvents(tx, eventsOf(program, earnings));
  return earnings.length;
}

/** An earning is released once, so the first of a set names the set for good. */
function transactionOf(
  distributorId: string,
  earnings: readonly ReleasedEarning[],
  owedAmount: bigint,
): LedgerTransactionInput {
  const [firstId] = earnings.map(({ id }) => id).sort();
  const amount = earnings.reduce((sum, earning) => sum + earning.amount, 0n);
  const times = earnings.map(({ availableAt }) => availableAt.getTime());
  return {
    reference: `release:${distributorId}:${firstId ?? ''}`,
    kind: 'released',
    occurredAt: new Date(times.reduce((a, b) => Math.max(a, b))),
    postings: released(distributorId, amount, owedAmount),
  };
}

function eventsOf(program: ProgramRow, earnings: readonly ReleasedEarning[]): EventInput[] {
  return [...groupBy(earnings, ({ commissionId }) => commissionId)].flatMap(([id, own]) => {
    const amount = own.reduce((sum, earning) => sum + earning.amount, 0n);
    const [{ distributorId, availableAt }] = own as [ReleasedEarning];
    // What was refunded in full before its release never becomes available.
    if (amount <= 0n) return [];
    return [
      {
        storeId: program.storeId,
        programId: program.id,
        type: 'commission.available' as const,
        subjectId: id,
        payload: { distributorId, amount: String(amount) },
        occurredAt: availableAt,
      },
    ];
  });
}
