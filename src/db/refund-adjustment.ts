import { distributorAccount } from '../domain/ledger/account';
import {
  commissionEarned,
  type Posting,
  refundedAfterRelease,
  refundedWhileHeld,
} from '../domain/ledger/posting';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { lockBalances, postTransactions } from './ledger';
import type { OrderRow } from './order';
import { commissionColumns, earningColumns } from './order-write';
import type { ProgramRow } from './program';

/** What one level of one line earns after the refund. */
export interface LineChange {
  orderLineId: string;
  /** of the whole line, as booked */
  baseAmount: bigint;
  level: number;
  distributorId: string;
  ruleId: string;
  rateBps: number | null;
  /** what remains of the commission; may be 0 */
  amount: bigint;
}

export interface Adjustment {
  refundId: string;
  order: OrderRow;
  program: ProgramRow;
  changes: readonly LineChange[];
  /** real time */
  now: Date;
  /** the program's clock */
  businessNow: Date;
  /** of a commission that this refund creates */
  releaseAt: Date;
}

/** A commission that stands, with what its first earning says. */
interface Standing {
  id: string;
  orderLineId: string;
  level: number;
  distributorId: string;
  amount: bigint;
  releaseAt: Date;
  availableAt: Date | null;
}

/** One commission that gets another amount. */
interface Difference {
  commissionId: string;
  distributorId: string;
  /** after the refund */
  amount: bigint;
  /** after minus before; never 0 */
  difference: bigint;
  released: boolean;
  releaseAt: Date;
  /** null: it stands already */
  created: LineChange | null;
}

/**
 * Brings commissions to what they earn now and posts the differences, in one ledger transaction per
 * refund. Before the release a loss leaves `held`, after it `available`, and what is not there is
 * owed. A gain (under a cap another level's loss can be one's gain) is held until the next release.
 */
export async function adjustCommissions(tx: Tx, adjustment: Adjustment): Promise<void> {
  const { order, changes, businessNow, refundId } = adjustment;
  const distributorIds = [...new Set(changes.map(({ distributorId }) => distributorId))];
  if (distributorIds.length === 0) return;
  // All accounts in one go and in id order, like everybody who posts here; and before the earnings
  // are read, so that no release moves them meanwhile.
  const balances = await lockBalances(tx, order.programId, [
    'commission-expense',
    ...distributorIds.flatMap((id) => [
      distributorAccount(id, 'held'),
      distributorAccount(id, 'available'),
      distributorAccount(id, 'receivable'),
    ]),
  ]);
  const differences = differencesOf(adjustment, await standing(tx, order.id));
  if (differences.length === 0) return;
  await writeCommissions(tx, adjustment, differences);
  await insertEarnings(tx, adjustment, differences);
  const available = new Map(
    distributorIds.map((id) => [id, balances.get(distributorAccount(id, 'available')) ?? 0n]),
  );
  await postTransactions(tx, order.programId, [
    {
      reference: `refund:${refundId}`,
      kind: 'commission_adjusted',
      occurredAt: businessNow,
      postings: differences.flatMap((difference) => postingsOf(difference, available)),
    },
  ]);
  await recordEvents(
    tx,
    differences.map((difference) => eventOf(adjustment, difference)),
  );
}

function standing(tx: Tx, orderId: string): Promise<Standing[]> {
  return tx.rows<Standing>(
    `SELECT c.id, c.order_line_id, c.level, c.distributor_id, c.amount, e.release_at, e.available_at
     FROM commission c JOIN earning e ON e.commission_id = c.id AND e.kind = 'commission'
     WHERE c.order_id = $1 AND c.kind = 'sale'`,
    [orderId],
  );
}

function differencesOf(
  { changes, releaseAt }: Adjustment,
  commissions: readonly Standing[],
): Difference[] {
  const key = (item: { orderLineId: string; level: number }) => `${item.orderLineId} ${item.level}`;
  const known = new Map(commissions.map((commission) => [key(commission), commission]));
  return changes.flatMap((change): Difference[] => {
    const before = known.get(key(change));
    const difference = change.amount - (before?.amount ?? 0n);
    if (difference === 0n) return [];
    return [
      {
        commissionId: before?.id ?? newId('commission'),
        distributorId: change.distributorId,
        amount: change.amount,
        difference,
        released: before !== undefined && before.availableAt !== null,
        releaseAt: before?.releaseAt ?? releaseAt,
        created: before === undefined ? change : null,
      },
    ];
  });
}

async function writeCommissions(
  tx: Tx,
  { order, now }: Adjustment,
  differences: readonly Difference[],
): Promise<void> {
  const changed = differences.filter(({ created }) => created === null);
  await tx.run(
    `UPDATE commission c SET amount = d.amount
     FROM unnest($1::text[], $2::bigint[]) AS d (id, amount) WHERE c.id = d.id`,
    [changed.map(({ commissionId }) => commissionId), changed.map(({ amount }) => amount)],
  );
  const rows = differences.flatMap(({ commissionId, amount, created }) =>
    created === null
      ? []
      : [
          {
            ...created,
            id: commissionId,
            programId: order.programId,
            orderId: order.id,
            kind: 'sale',
            amount,
            // Nothing was earned when the order was booked.
            originalAmount: 0n,
            createdAt: now,
          },
        ],
  );
  await insertMany(tx, 'commission', commissionColumns, rows);
}

async function insertEarnings(
  tx: Tx,
  { refundId, order, now, businessNow }: Adjustment,
  differences: readonly Difference[],
): Promise<void> {
  const rows = differences.map((item) => ({
    id: newId('earning'),
    programId: order.programId,
    distributorId: item.distributorId,
    // The first earning of a commission says when it is released and whether it is settled.
    kind: item.created === null ? 'adjustment' : 'commission',
    commissionId: item.commissionId,
    refundId,
    amount: item.difference,
    releaseAt: item.releaseAt,
    availableAt: takenAfterRelease(item) ? businessNow : null,
    createdAt: now,
  }));
  await insertMany(tx, 'earning', earningColumns, rows);
}

function takenAfterRelease({ released, difference }: Difference): boolean {
  return released && difference < 0n;
}

/** `available` keeps count of what is left there while several losses of one person are posted. */
function postingsOf(item: Difference, available: Map<string, bigint>): Posting[] {
  const { distributorId, difference } = item;
  if (difference > 0n) return commissionEarned(distributorId, difference);
  const loss = -difference;
  if (!takenAfterRelease(item)) return refundedWhileHeld(distributorId, loss);
  const left = available.get(distributorId) ?? 0n;
  available.set(distributorId, left > loss ? left - loss : 0n);
  return refundedAfterRelease(distributorId, loss, left);
}

function eventOf(
  { refundId, order, program, businessNow }: Adjustment,
  { commissionId, distributorId, amount, difference }: Difference,
) {
  return {
    storeId: program.storeId,
    programId: program.id,
    type: amount === 0n ? ('commission.reversed' as const) : ('commission.adjusted' as const),
    subjectId: commissionId,
    payload: {
      orderId: order.id,
      refundId,
      distributorId,
      amount: String(amount),
      differenceAmount: String(difference),
    },
    occurredAt: businessNow,
  };
}
