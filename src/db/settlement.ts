import { type SettlementInput, workflowIds } from '../contracts/workflow';
import { programNow } from '../domain/kernel/clock';
import { groupBy } from '../domain/kernel/group';
import { monthOf, settlementPeriod } from '../domain/kernel/period';
import { Refusal } from '../domain/kernel/refusal';
import type { Decision } from '../domain/review/kind';
import type { SkipReason } from '../domain/settlement/assess';
import type { Outliers } from '../domain/settlement/outlier';
import {
  firstSettlementStatus,
  type SettlementMove,
  type SettlementStatus,
  transition,
} from '../domain/settlement/state';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { enqueueStart } from './outbox';
import type { ProgramRow, Reach } from './program';

/** A settlement as it is stored. Amounts are fen; moments are those of the program's clock. */
export interface SettlementRow {
  id: string;
  programId: string;
  period: string;
  run: number;
  /** what was available by then is settled */
  cutoffAt: Date;
  status: SettlementStatus;
  requestedBy: string;
  /** YYYY-MM of the approval in the program's zone */
  taxMonth: string | null;
  distributors: number;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  netAmount: bigint;
  progressDone: number;
  progressTotal: number;
  resultHash: string | null;
  createdAt: Date;
  approvedAt: Date | null;
  /** closed or rejected */
  closedAt: Date | null;
  /** a cycle settles everybody of a program, a withdrawal one person */
  kind: SettlementKind;
  /** of a withdrawal */
  distributorId: string | null;
  /** what finance should look at; null until it is computed */
  outliers: Outliers | null;
}

export type SettlementKind = 'cycle' | 'withdrawal';

/** Who opens what the calendar says is due. */
export const calendarActor = 'system:calendar';

/**
 * Opens a settlement and asks for its workflow. The partial unique index on open settlements is the
 * guard: of two requests at the same moment one is refused.
 * @throws Refusal `settlement_already_open`, `in_the_future`, `before_program_start`
 */
export async function openSettlement(
  tx: Tx,
  program: ProgramRow,
  input: { cutoffAt: Date | undefined; requestedBy: string; realNow: Date },
): Promise<SettlementRow> {
  const now = programNow(program, input.realNow);
  const cutoffAt = checkedCutoff(program, input.cutoffAt ?? now, now);
  const period = settlementPeriod(cutoffAt, program.settlementCalendar, program.timeZone);
  const settlement = await tx.first<SettlementRow>(
    `INSERT INTO settlement (id, program_id, period, run, cutoff_at, status, requested_by, created_at)
     SELECT $1, $2, $3, coalesce(max(run), 0) + 1, $4, $5, $6, $7
     FROM settlement WHERE program_id = $2 AND period = $3
     ON CONFLICT DO NOTHING RETURNING *`,
    [
      newId('settlement'),
      program.id,
      period,
      cutoffAt,
      firstSettlementStatus,
      input.requestedBy,
      now,
    ],
  );
  if (settlement === undefined) throw alreadyOpen();
  // After the insert, which waits for a rejection that is being committed.
  if (await isUnlocking(tx, program.id)) throw alreadyOpen();
  await startSettlement(tx, program, settlement);
  return settlement;
}

/** Asks for the workflow of a settlement that was inserted just now, and tells the outside. */
export async function startSettlement(
  tx: Tx,
  { storeId, id: programId }: ProgramRow,
  settlement: SettlementRow,
): Promise<void> {
  const { id, period, run, createdAt } = settlement;
  await enqueueStart(tx, {
    workflowType: 'settlement',
    workflowId: settlementWorkflowId(settlement),
    input: { settlementId: id } satisfies SettlementInput,
  });
  await recordEvents(tx, [
    {
      storeId,
      programId,
      type: 'settlement.opened',
      subjectId: id,
      payload: { settlementId: id, period, run },
      occurredAt: createdAt,
    },
  ]);
}

function checkedCutoff(program: ProgramRow, cutoffAt: Date, now: Date): Date {
  if (cutoffAt > now) {
    throw new Refusal('in_the_future', "The cutoff lies after the program's clock.");
  }
  if (cutoffAt < program.startsAt) {
    throw new Refusal('before_program_start', 'The cutoff lies before the start of the program.');
  }
  return cutoffAt;
}

/** What a rejected cycle still holds would be missing in the next one. */
async function isUnlocking(tx: Tx, programId: string): Promise<boolean> {
  const locked = await tx.first(
    `SELECT 1 FROM settlement s JOIN statement t ON t.settlement_id = s.id
     WHERE s.program_id = $1 AND s.kind = 'cycle' AND s.status = 'rejected'
       AND t.status IN ('locked', 'computed')
     LIMIT 1`,
    [programId],
  );
  return locked !== undefined;
}

/** Whether a cycle of the program is on its way to a decision, or still gives back what it had. */
export async function isCycleUndecided(tx: Tx, programId: string): Promise<boolean> {
  const open = await tx.first(
    `SELECT 1 FROM settlement
     WHERE program_id = $1 AND kind = 'cycle' AND status IN ('locking', 'computing', 'review')`,
    [programId],
  );
  return open !== undefined || (await isUnlocking(tx, programId));
}

const alreadyOpen = () =>
  new Refusal('settlement_already_open', 'A settlement of this program is not decided yet.');

export function settlementWorkflowId(
  settlement: Pick<SettlementRow, 'programId' | 'period' | 'run'>,
): string {
  return workflowIds.settlement(settlement.programId, settlement.period, settlement.run);
}

/** @throws Refusal `not_found`, also for another store's settlement and one of the other mode */
export async function findSettlement(read: Tx, caller: Reach, id: string): Promise<SettlementRow> {
  const settlement = await read.first<SettlementRow>(
    `SELECT s.* FROM settlement s JOIN program p ON p.id = s.program_id
     WHERE s.id = $1 AND p.store_id = $2 AND ($3 = 'both' OR p.mode = $3)`,
    [id, caller.storeId, caller.mode],
  );
  if (settlement === undefined) throw new Refusal('not_found', 'There is no such settlement.');
  return settlement;
}

/** Settlements of a program, the latest first, before a cursor. */
export function settlementsOf(
  read: Tx,
  programId: string,
  query: { limit: number; before: string | undefined; kind?: SettlementKind | undefined },
): Promise<SettlementRow[]> {
  return read.rows<SettlementRow>(
    `SELECT * FROM settlement WHERE program_id = $1 AND ($2::text IS NULL OR id < $2)
       AND ($3::text IS NULL OR kind = $3)
     ORDER BY id DESC LIMIT $4`,
    [programId, query.before ?? null, query.kind ?? null, query.limit],
  );
}

/** How many were not settled for a reason, and what is carried over of them, fen. */
export interface SkippedTotal {
  reason: SkipReason;
  count: number;
  amount: bigint;
}

/** Who was not settled, and why, as totals per reason. */
export async function skippedOf(
  read: Tx,
  settlementIds: readonly string[],
): Promise<Map<string, SkippedTotal[]>> {
  const rows = await read.rows<SkippedTotal & { settlementId: string }>(
    `SELECT settlement_id, reason, count(*)::int AS count, sum(amount)::bigint AS amount
     FROM settlement_skip WHERE settlement_id = ANY($1) GROUP BY 1, 2 ORDER BY 1, 2`,
    [settlementIds],
  );
  const totals = groupBy(rows, ({ settlementId }) => settlementId);
  return new Map(
    [...totals].map(([id, own]) => [id, own.map(({ settlementId: _, ...total }) => total)]),
  );
}

/** The review tasks of settlements, by settlement. */
export async function reviewsOfSettlements(
  read: Tx,
  settlementIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await read.rows<{ subjectId: string; id: string }>(
    `SELECT subject_id, id FROM review_task WHERE kind = 'settlement' AND subject_id = ANY($1)`,
    [settlementIds],
  );
  return new Map(rows.map(({ subjectId, id }) => [subjectId, id]));
}

/** Reads a settlement outside of a decision. @throws Refusal `not_found` */
export async function settlementById(read: Tx, id: string): Promise<SettlementRow> {
  const settlement = await read.first<SettlementRow>('SELECT * FROM settlement WHERE id = $1', [
    id,
  ]);
  if (settlement === undefined) throw new Refusal('not_found', 'There is no such settlement.');
  return settlement;
}

/** Locks a settlement's row until the end of the transaction: chunks follow one another. */
export async function lockSettlementRow(tx: Tx, id: string): Promise<SettlementRow> {
  const settlement = await tx.first<SettlementRow>(
    'SELECT * FROM settlement WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  if (settlement === undefined) throw new Refusal('not_found', 'There is no such settlement.');
  return settlement;
}

/**
 * Moves a locked settlement on.
 * @throws Refusal `settlement_not_open` when its status does not allow the move
 */
export async function moveSettlement(
  tx: Tx,
  settlement: SettlementRow,
  move: SettlementMove,
): Promise<SettlementStatus> {
  const to = transition(settlement.status, move);
  if (to === undefined) {
    throw new Refusal('settlement_not_open', `A settlement in ${settlement.status} stays there.`);
  }
  await tx.run('UPDATE settlement SET status = $2 WHERE id = $1', [settlement.id, to]);
  return to;
}

/** Begins to count a stage of the work, of which some may be done already. */
export async function beginStage(
  tx: Tx,
  settlementId: string,
  { total, done = 0 }: { total: number; done?: number },
): Promise<void> {
  await tx.run('UPDATE settlement SET progress_done = $3, progress_total = $2 WHERE id = $1', [
    settlementId,
    total,
    done,
  ]);
}

/** A chunk that began before the settlement moved on must not end after it. */
class SettlementMoved extends Error {
  /** read as a serialization failure: tried again, the chunk finds that there is nothing to do */
  readonly code = '40001';
}

/**
 * Counts what a chunk has done in the chunk's own transaction, so nothing is counted twice. It is the
 * chunk's last statement: chunks that run side by side follow one another only from here on.
 * @throws SettlementMoved when the settlement is no longer where the chunk found it
 */
export async function advance(
  tx: Tx,
  { id, status }: Pick<SettlementRow, 'id' | 'status'>,
  done: number,
): Promise<void> {
  const advanced = await tx.run(
    `UPDATE settlement SET progress_done = progress_done + $2,
       progress_total = greatest(progress_total, progress_done + $2)
     WHERE id = $1 AND status = $3`,
    [id, done, status],
  );
  if (advanced === 0) throw new SettlementMoved(`settlement ${id} left ${status} during a chunk`);
}

/** Writes the totals of what is settled: statements that were dropped on the way do not count. */
export async function sumUp(tx: Tx, settlementId: string): Promise<SettlementRow> {
  const summed = await tx.first<SettlementRow>(
    `UPDATE settlement s SET distributors = t.distributors, gross_amount = t.gross,
       tax_amount = t.tax, fee_amount = t.fee, net_amount = t.net
     FROM (SELECT count(*)::int AS distributors, coalesce(sum(gross_amount), 0)::bigint AS gross,
             coalesce(sum(tax_amount), 0)::bigint AS tax, coalesce(sum(fee_amount), 0)::bigint AS fee,
             coalesce(sum(net_amount), 0)::bigint AS net
           FROM statement WHERE settlement_id = $1 AND status IN ('computed', 'approved')) t
     WHERE s.id = $1 RETURNING s.*`,
    [settlementId],
  );
  if (summed === undefined) throw new Refusal('not_found', 'There is no such settlement.');
  return summed;
}

/**
 * What an admin's decision does at once. An approval fixes the tax month and lets the workflow pay;
 * a rejection lets it give everything back.
 * @throws Refusal `settlement_not_open`
 */
export async function decideSettlement(
  tx: Tx,
  decided: { settlementId: string; outcome: Decision; at: Date },
): Promise<{ id: string; status: SettlementStatus }> {
  const { settlementId: id, outcome, at } = decided;
  const settlement = await lockSettlementRow(tx, id);
  if (outcome === 'approve') {
    const status = await moveSettlement(tx, settlement, 'approved');
    const zone = await zoneOf(tx, settlement.programId);
    await tx.run(
      `UPDATE settlement SET approved_at = $2, tax_month = $3, progress_done = 0,
         progress_total = distributors WHERE id = $1`,
      [id, at, monthOf(at, zone.timeZone)],
    );
    return { id, status };
  }
  const status = await moveSettlement(tx, settlement, 'rejected');
  await tx.run('UPDATE settlement SET closed_at = $2 WHERE id = $1', [id, at]);
  await tellOutside(tx, settlement, 'settlement.rejected', at);
  return { id, status };
}

/** Records that a settlement has reached its end. */
export async function tellOutside(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId' | 'period' | 'run'>,
  type: 'settlement.closed' | 'settlement.rejected',
  occurredAt: Date,
): Promise<void> {
  const { id, programId, period, run } = settlement;
  const { storeId } = await zoneOf(tx, programId);
  const payload = { settlementId: id, period, run };
  await recordEvents(tx, [{ storeId, programId, type, subjectId: id, payload, occurredAt }]);
}

async function zoneOf(read: Tx, programId: string): Promise<{ storeId: string; timeZone: string }> {
  const program = await read.first<{ storeId: string; timeZone: string }>(
    'SELECT store_id, time_zone FROM program WHERE id = $1',
    [programId],
  );
  if (program === undefined) throw new Refusal('not_found', 'There is no such program.');
  return program;
}
