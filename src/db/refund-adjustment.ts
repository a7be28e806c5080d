import type { LineEarning } from '../domain/commission/calculation';
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
import { lineReleases } from './hold';
import { newId } from './id';
import { lockBalances, postTransactions } from './ledger';
import type { OrderRow } from './order';
import { commissionColumns, earningColumns } from './order-write';
import type { ProgramRow } from './program';
import { keepForRestoration, reversedAmount } from './reversal-read';

/** What somebody earns on one line after the refund; the amount may be 0. */
export interface LineChange extends LineEarning {
  orderLineId: string;
  /** of the whole line, as booked */
  baseAmount: bigint;
}

/** The refund for which commissions change. */
export interface RefundMoment {
  refundId: string;
  order: OrderRow;
  program: ProgramRow;
  /** real time */
  now: Date;
  /** the program's clock */
  businessNow: Date;
}

export interface Adjustment extends RefundMoment {
  changes: readonly LineChange[];
  /** who else gets postings in this transaction: all accounts are locked in one go */
  others?: readonly string[];
}

/** A commission that stands, with what its first earning says. */
interface Standing {
  id: string;
  orderLineId: string;
  kind: LineEarning['kind'];
  level: number | null;
  distributorId: string;
  amount: bigint;
  /** null: an after-sale case stops the hold */
  releaseAt: Date | null;
  availableAt: Date | null;
  /** a decision took it back: it earns nothing, whatever the calculation gives */
  isReversed: boolean;
}

/** One commission that gets another amount. */
export interface Difference {
  commissionId: string;
  distributorId: string;
  /** after the refund */
  amount: bigint;
  /** after minus before; never 0 */
  difference: bigint;
  released: boolean;
  releaseAt: Date | null;
  /** null: it stands already */
  created: (LineChange & { firstEarningId: string }) | null;
}

/**
 * Brings commissions to what they earn now and posts the differences, in one ledger transaction per
 * refund. Before the release a loss leaves `held`, after it `available`, and what is not there is
 * owed. A gain (under a cap another level's loss can be one's gain) is held until the next release.
 */
export async function adjustCommissions(tx: Tx, adjustment: Adjustment): Promise<void> {
  const { order, changes, others = [], refundId } = adjustment;
  if (changes.length === 0) return;
  const earners = changes.map(({ distributorId }) => distributorId);
  const balances = await lockEarners(tx, order.programId, [...earners, ...others]);
  const commissions = await standing(tx, order.id);
  await keepForRestoration(tx, reversedOf(changes, commissions));
  const found = differencesOf(changes, commissions);
  const differences = await withRelease(tx, order, found);
  await postDifferences(tx, adjustment, { reference: `refund:${refundId}`, differences, balances });
}

/**
 * Locks the accounts of these distributors that a refund can touch: all in one go and in id order,
 * like everybody who posts here; and before the earnings are read, so that no release moves them
 * meanwhile.
 */
export function lockEarners(
  tx: Tx,
  programId: string,
  distributorIds: readonly string[],
): Promise<Balances> {
  return lockBalances(tx, programId, [
    'commission-expense',
    ...[...new Set(distributorIds)].flatMap((id) => [
      distributorAccount(id, 'held'),
      distributorAccount(id, 'available'),
      distributorAccount(id, 'receivable'),
    ]),
  ]);
}

type Balances = Awaited<ReturnType<typeof lockBalances>>;

/** Writes other amounts of commissions, what was earned or taken, and one ledger transaction. */
export async function postDifferences(
  tx: Tx,
  refund: RefundMoment,
  posted: { reference: string; differences: readonly Difference[]; balances: Balances },
): Promise<void> {
  const { reference, differences, balances } = posted;
  if (differences.length === 0) return;
  await writeCommissions(tx, refund, differences);
  await insertEarnings(tx, refund, differences);
  const available = new Map(
    differences.map(({ distributorId: id }) => [
      id,
      balances.get(distributorAccount(id, 'available')) ?? 0n,
    ]),
  );
  await postTransactions(tx, refund.order.programId, [
    {
      reference,
      kind: 'commission_adjusted',
      occurredAt: refund.businessNow,
      postings: differences.flatMap((difference) => postingsOf(difference, available)),
    },
  ]);
  await recordEvents(
    tx,
    differences.map((difference) => eventOf(refund, difference)),
  );
}

function standing(tx: Tx, orderId: string): Promise<Standing[]> {
  return tx.rows<Standing>(
    `SELECT c.id, c.order_line_id, c.kind, c.level, c.distributor_id, c.amount, e.release_at,
       e.available_at, ${reversedAmount} IS NOT NULL AS is_reversed
     FROM commission c JOIN earning e ON e.id = c.first_earning_id
     WHERE c.order_id = $1 AND c.kind IN ('sale', 'region')`,
    [orderId],
  );
}

const keyOf = (item: Pick<Standing, 'orderLineId' | 'kind' | 'level'>) =>
  `${item.orderLineId} ${item.kind} ${item.level}`;

/** What reversed commissions would come to, for the case that they are restored. */
function reversedOf(changes: readonly LineChange[], commissions: readonly Standing[]) {
  const reversed = new Map(
    commissions.filter(({ isReversed }) => isReversed).map((one) => [keyOf(one), one.id]),
  );
  return changes.flatMap((change) => {
    const commissionId = reversed.get(keyOf(change));
    return commissionId === undefined ? [] : [{ commissionId, amount: change.amount }];
  });
}

function differencesOf(
  changes: readonly LineChange[],
  commissions: readonly Standing[],
): Difference[] {
  const known = new Map(commissions.map((commission) => [keyOf(commission), commission]));
  return changes.flatMap((change): Difference[] => {
    const before = known.get(keyOf(change));
    if (before?.isReversed === true) return [];
    const difference = change.amount - (before?.amount ?? 0n);
    if (difference === 0n) return [];
    return [
      {
        commissionId: before?.id ?? newId('commission'),
        distributorId: change.distributorId,
        amount: change.amount,
        difference,
        released: before !== undefined && before.availableAt !== null,
        releaseAt: before?.releaseAt ?? null,
        created: before === undefined ? { firstEarningId: newId('earning'), ...change } : null,
      },
    ];
  });
}

/** A commission that this refund creates is released like all others of its line. */
async function withRelease(
  tx: Tx,
  order: OrderRow,
  differences: readonly Difference[],
): Promise<Difference[]> {
  if (differences.every(({ created }) => created === null)) return [...differences];
  const releases = await lineReleases(tx, order);
  return differences.map((item) =>
    item.created === null
      ? item
      : { ...item, releaseAt: releases.get(item.created.orderLineId) ?? null },
  );
}

async function writeCommissions(
  tx: Tx,
  { order, now }: RefundMoment,
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
  { refundId, order, now, businessNow }: RefundMoment,
  differences: readonly Difference[],
): Promise<void> {
  const rows = differences.map((item) => ({
    id: item.created?.firstEarningId ?? newId('earning'),
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
  { refundId, order, program, businessNow }: RefundMoment,
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
