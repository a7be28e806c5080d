import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { newId } from './id';
import type { Reach } from './program';
import { programById } from './program';
import { lockSettlementRow, sumUp } from './settlement';
import { refreshReview } from './settlement-review';
import { unlockStatements } from './settlement-unlock';
import { findStatement } from './statement-read';

export interface Exclusion {
  statementId: string;
  settlementId: string;
  distributorId: string;
  grossAmount: bigint;
  reason: string;
  /** keeps the person out of later settlements, too; null: this one only */
  holdId: string | null;
}

/**
 * Takes one statement out of a settlement that is in review: its money is back in `available`, it is
 * listed among the skipped with the reason, and the totals and the review's facts are those of the
 * rest. With `hold` no settlement takes the person again until the hold is lifted.
 * @throws Refusal `not_found`, `statement_not_excludable`, `hold_already_open`
 */
export async function excludeStatement(
  tx: Tx,
  caller: Reach,
  input: { statementId: string; reason: string; hold: boolean; actor: string; realNow: Date },
): Promise<Exclusion> {
  const { statementId, reason, hold, actor } = input;
  const found = await findStatement(tx, caller, statementId);
  const settlement = await lockSettlementRow(tx, found.settlementId);
  const statement = await findStatement(tx, caller, statementId);
  if (settlement.status !== 'review' || statement.status !== 'computed') {
    throw new Refusal(
      'statement_not_excludable',
      `A ${statement.status} statement of a settlement in ${settlement.status} stays as it is.`,
    );
  }
  const { distributorId, grossAmount, settlementId, programId } = statement;
  const at = programNow(await programById(tx, programId), input.realNow);
  await unlockStatements(tx, settlement, [statement], at);
  await tx.insert('settlement_skip', {
    settlementId,
    distributorId,
    reason: hold ? 'on_hold' : 'excluded',
    amount: grossAmount,
    note: reason,
    actor,
  });
  const held = { programId, distributorId, statementId, reason, actor, createdAt: at };
  const holdId = hold ? await openHold(tx, held) : null;
  await refreshReview(tx, await sumUp(tx, settlementId));
  return { statementId, settlementId, distributorId, grossAmount, reason, holdId };
}

/** Somebody whom no settlement and no withdrawal takes. Moments are those of the program's clock. */
export interface HoldRow {
  id: string;
  programId: string;
  distributorId: string;
  statementId: string;
  reason: string;
  actor: string;
  createdAt: Date;
  /** null: it holds */
  liftedAt: Date | null;
  liftedBy: string | null;
  liftReason: string | null;
}

async function openHold(
  tx: Tx,
  held: Pick<
    HoldRow,
    'programId' | 'distributorId' | 'statementId' | 'reason' | 'actor' | 'createdAt'
  >,
): Promise<string> {
  const open = await tx.first(
    'SELECT 1 FROM settlement_hold WHERE distributor_id = $1 AND lifted_at IS NULL',
    [held.distributorId],
  );
  if (open !== undefined) {
    throw new Refusal('hold_already_open', 'The distributor is on hold already.');
  }
  const id = newId('settlementHold');
  await tx.insert('settlement_hold', { id, ...held });
  return id;
}

/**
 * Lifts a hold: the next settlement takes the person again.
 * @throws Refusal `not_found`, `hold_lifted`
 */
export async function liftHold(
  tx: Tx,
  caller: Reach,
  input: { holdId: string; reason: string; actor: string; realNow: Date },
): Promise<HoldRow> {
  const hold = await findHold(tx, caller, input.holdId);
  const at = programNow(await programById(tx, hold.programId), input.realNow);
  const lifted = await tx.first<HoldRow>(
    `UPDATE settlement_hold SET lifted_at = $2, lifted_by = $3, lift_reason = $4
     WHERE id = $1 AND lifted_at IS NULL RETURNING *`,
    [hold.id, at, input.actor, input.reason],
  );
  if (lifted === undefined) throw new Refusal('hold_lifted', 'The hold was lifted before.');
  return lifted;
}

/** @throws Refusal `not_found`, also for another store's hold and one of the other mode */
export async function findHold(read: Tx, caller: Reach, id: string): Promise<HoldRow> {
  const hold = await read.first<HoldRow>(
    `SELECT h.* FROM settlement_hold h JOIN program g ON g.id = h.program_id
     WHERE h.id = $1 AND g.store_id = $2 AND ($3 = 'both' OR g.mode = $3)`,
    [id, caller.storeId, caller.mode],
  );
  if (hold === undefined) throw new Refusal('not_found', 'There is no such hold.');
  return hold;
}

/** Holds of a program, the latest first, before a cursor. */
export function holdsOf(
  read: Tx,
  programId: string,
  { limit, before, open }: { limit: number; before: string | undefined; open: boolean | undefined },
): Promise<HoldRow[]> {
  return read.rows<HoldRow>(
    `SELECT * FROM settlement_hold WHERE program_id = $1 AND ($2::text IS NULL OR id < $2)
       AND ($3::bool IS NULL OR (lifted_at IS NULL) = $3)
     ORDER BY id DESC LIMIT $4`,
    [programId, before ?? null, open ?? null, limit],
  );
}
