import type { ExplainedReversal, UnpaidCommission } from '../domain/commission/reversal';
import { type Fault, Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
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

/** Commissions of more than 0 that no statement has taken. @throws Refusal nothing_to_reverse */
export async function unpaidOf(
  read: Tx,
  distributor: { id: string; programId: string; storeId: string },
  orders: readonly string[] | undefined,
): Promise<Unpaid[]> {
  const orderIds = orders === undefined ? null : await orderIdsOf(read, distributor, orders);
  const rows = await read.rows<Unpaid>(
    `SELECT c.id AS commission_id, c.amount, c.order_id, first.release_at,
       (SELECT coalesce(sum(e.amount), 0)::bigint FROM earning e
        WHERE e.commission_id = c.id AND e.kind IN ('commission', 'adjustment')
          AND e.available_at IS NULL) AS held_amount
     FROM commission c
     JOIN earning first ON first.commission_id = c.id AND first.kind = 'commission'
     WHERE c.distributor_id = $1 AND c.amount > 0 AND first.statement_id IS NULL
       AND ($2::text[] IS NULL OR c.order_id = ANY($2))
     ORDER BY c.id`,
    [distributor.id, orderIds],
  );
  if (orders !== undefined) mustAllHave(orders, orderIds ?? [], rows);
  return rows;
}

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
  if (distributor !== undefined) await unpaidOf(read, distributor, orders);
}

/** The orders by their references, in the order of these; an empty text: there is none. */
async function orderIdsOf(
  read: Tx,
  { programId, storeId }: { programId: string; storeId: string },
  references: readonly string[],
): Promise<string[]> {
  const externals = references
    .filter((one) => one.startsWith(externalIdPrefix))
    .map((one) => one.slice(externalIdPrefix.length));
  const rows = await read.rows<{ id: string; externalId: string }>(
    `SELECT id, external_id FROM orders
     WHERE program_id = $1 AND (id = ANY($2) OR (store_id = $3 AND external_id = ANY($4)))`,
    [programId, references, storeId, externals],
  );
  const known = new Map(
    rows.flatMap(({ id, externalId }) => [
      [id, id],
      [`${externalIdPrefix}${externalId}`, id],
    ]),
  );
  return references.map((reference) => known.get(reference) ?? '');
}

function mustAllHave(
  references: readonly string[],
  orderIds: readonly string[],
  unpaid: readonly Pick<Unpaid, 'orderId'>[],
): void {
  const having = new Set(unpaid.map(({ orderId }) => orderId));
  const message = 'This distributor has nothing unpaid of this order.';
  const errors = references.flatMap((_, index): Fault[] =>
    having.has(orderIds[index] ?? '')
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
