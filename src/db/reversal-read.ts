import type { ExplainedReversal, UnpaidCommission } from '../domain/commission/reversal';
import { type Fault, Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { earningsOfCommission } from './earning';
import { externalIdPrefix } from './order';

/** Which commissions a decider wants back. */
export interface ReversalOrder {
  /** ids, or `ext:<externalId>`; undefined: every commission that no statement has taken */
  orders?: readonly string[] | undefined;
}

/** A reversal as it is stored. Amounts are fen; moments those of the program's clock. */
export interface ReversalRow {
  id: string;
  distributorId: string;
  caseId: string;
  reviewId: string;
  reason: string;
  actor: string;
  at: Date;
  commissions: number;
  amount: bigint;
  restoredAt: Date | null;
  restoredBy: string | null;
  restoreReason: string | null;
  restoredAmount: bigint | null;
}

/** A commission that a decision may take back. */
export interface Unpaid extends UnpaidCommission {
  orderId: string | null;
  /** null: an after-sale case stops the hold */
  releaseAt: Date | null;
}

/** SQL: more than 0 remains of the commission `c`, and no statement has taken it. */
const isUnpaid = `c.amount > 0 AND first.statement_id IS NULL`;

/** The next commissions of somebody that a decision may take back, of these orders or of all (null). */
export function unpaidOf(
  read: Tx,
  distributorId: string,
  { only, limit }: { only: readonly string[] | null; limit: number },
): Promise<Unpaid[]> {
  return read.rows<Unpaid>(
    `SELECT c.id AS commission_id, c.amount, c.order_id, first.release_at,
       (SELECT coalesce(sum(e.amount), 0)::bigint FROM ${earningsOfCommission('c')} e
        WHERE e.kind IN ('commission', 'adjustment') AND e.available_at IS NULL) AS held_amount
     FROM commission c
     JOIN earning first ON first.id = c.first_earning_id
     WHERE c.distributor_id = $1 AND ${isUnpaid} AND ($2::text[] IS NULL OR c.order_id = ANY($2))
     ORDER BY c.id LIMIT $3`,
    [distributorId, only, limit],
  );
}

/** Whether there is anything at all that a decision may take back. */
export async function hasUnpaid(read: Tx, distributorId: string): Promise<boolean> {
  return (await unpaidOf(read, distributorId, { only: null, limit: 1 })).length > 0;
}

/** SQL: somebody, `d`, of whose commissions a decision has not yet taken all it wants. */
export const isBeingReversed = `EXISTS (SELECT 1 FROM reversal_task v
  WHERE v.distributor_id = d.id AND v.direction = 'take' AND v.finished_at IS NULL)`;

/**
 * Says beforehand, without a lock, whether a decider names only orders that have something unpaid.
 * @throws Refusal nothing_to_reverse
 */
export async function mustBeReversible(
  read: Tx,
  distributorId: string,
  { orders }: ReversalOrder,
): Promise<void> {
  if (orders === undefined) return;
  const distributor = await read.first<{ id: string; programId: string; storeId: string }>(
    'SELECT id, program_id, store_id FROM distributor WHERE id = $1',
    [distributorId],
  );
  if (distributor !== undefined) await orderIdsOf(read, distributor, orders);
}

/**
 * The orders by their references, in the order of these.
 * @throws Refusal nothing_to_reverse, with every reference that has nothing unpaid
 */
export async function orderIdsOf(
  read: Tx,
  { id, programId, storeId }: { id: string; programId: string; storeId: string },
  references: readonly string[],
): Promise<string[]> {
  const externals = references
    .filter((one) => one.startsWith(externalIdPrefix))
    .map((one) => one.slice(externalIdPrefix.length));
  const rows = await read.rows<{ id: string; externalId: string }>(
    `SELECT o.id, o.external_id FROM orders o
     WHERE o.program_id = $1 AND (o.id = ANY($2) OR (o.store_id = $3 AND o.external_id = ANY($4)))
       AND EXISTS (SELECT 1 FROM commission c
         JOIN earning first ON first.id = c.first_earning_id
         WHERE c.order_id = o.id AND c.distributor_id = $5 AND ${isUnpaid})`,
    [programId, references, storeId, externals, id],
  );
  const known = new Map(
    rows.flatMap((row) => [
      [row.id, row.id],
      [`${externalIdPrefix}${row.externalId}`, row.id],
    ]),
  );
  mustAllHave(references, known);
  return references.flatMap((reference) => known.get(reference) ?? []);
}

function mustAllHave(
  references: readonly string[],
  known: Readonly<Pick<Map<string, string>, 'has'>>,
): void {
  const message = 'This distributor has nothing unpaid of this order.';
  const errors = references.flatMap((reference, index): Fault[] =>
    known.has(reference)
      ? []
      : [{ pointer: `/reverse/orders/${index}`, code: 'nothing_to_reverse', message }],
  );
  if (errors.length > 0) throw new Refusal('nothing_to_reverse', message, { errors });
}

/**
 * Keeps what the calculation gives for commissions that are reversed: a refund takes nothing from
 * them a second time, but a restoration gives only what is left.
 */
export async function keepForRestoration(
  tx: Tx,
  changes: readonly { commissionId: string; amount: bigint }[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.run(
    `UPDATE reversed_commission r SET amount = c.amount
     FROM unnest($1::text[], $2::bigint[]) AS c (id, amount)
     WHERE r.commission_id = c.id AND r.restored_amount IS NULL`,
    [changes.map(({ commissionId }) => commissionId), changes.map(({ amount }) => amount)],
  );
}

/**
 * SQL: what would come back of the commission `c` that a decision took back and nobody restored;
 * null: it stands.
 */
export const reversedAmount = `(SELECT r.amount FROM reversed_commission r
  WHERE r.commission_id = c.id AND r.restored_amount IS NULL)`;

/** What decisions took back of a commission, the first one first. */
export function reversalsOf(read: Tx, commissionId: string): Promise<ExplainedReversal[]> {
  return read.rows<ExplainedReversal>(
    `SELECT r.id AS reversal_id, r.at, r.reason, x.taken_amount, x.amount, r.restored_at,
       x.restored_amount
     FROM reversed_commission x JOIN reversal r ON r.id = x.reversal_id
     WHERE x.commission_id = $1 ORDER BY r.id`,
    [commissionId],
  );
}

/** The reversals of somebody's commissions, the latest first, before a cursor. */
export function listReversals(
  read: Tx,
  distributorId: string,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<ReversalRow[]> {
  return read.rows<ReversalRow>(
    `SELECT id, distributor_id, case_id, review_id, reason, actor, at, commissions, amount,
       restored_at, restored_by, restore_reason, restored_amount
     FROM reversal WHERE distributor_id = $1 AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [distributorId, before ?? null, limit],
  );
}
