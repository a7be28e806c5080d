import {
  bonusAfterRefund,
  type BonusFacts,
  type BonusRole,
  noSales,
} from '../domain/commission/bonus';
import { bonusesLock } from './bonus-chunk';
import type { Tx } from './database';
import {
  type Difference,
  lockEarners,
  postDifferences,
  type RefundMoment,
} from './refund-adjustment';
import { keepForRestoration, reversedAmount } from './reversal-read';

/** A bonus that has an order behind it. */
export interface BonusBehind {
  commissionId: string;
  distributorId: string;
}

/**
 * The bonuses that have this order behind them. From here to the end of the transaction no bonus of
 * the program is booked, so it comes before any campaign or account is locked.
 */
export async function bonusesBehind(
  tx: Tx,
  order: { id: string; programId: string },
): Promise<BonusBehind[]> {
  await bonusesLock(tx, order.programId, 'shared');
  return tx.rows<BonusBehind>(
    `SELECT c.id AS commission_id, c.distributor_id
     FROM commission c
     WHERE c.id IN (SELECT commission_id FROM bonus_order WHERE order_id = $1) ORDER BY c.id`,
    [order.id],
  );
}

/**
 * Computes bonuses again from their frozen plan and orders, net of all refunds so far, and posts the
 * differences: before the release from `held`, after it from `available`, and what is not there is
 * owed.
 */
export async function recomputeBonuses(
  tx: Tx,
  refund: RefundMoment,
  bonuses: readonly BonusBehind[],
): Promise<void> {
  if (bonuses.length === 0) return;
  const { programId } = refund.order;
  const distributorIds = bonuses.map(({ distributorId }) => distributorId);
  // The expense account lets one refund of a program through at a time, so each sees the ones before.
  const balances = await lockEarners(tx, programId, distributorIds);
  const ids = bonuses.map(({ commissionId }) => commissionId);
  const differences = await differencesOf(tx, ids);
  await postDifferences(tx, refund, {
    reference: `refund:${refund.refundId}:bonus`,
    differences,
    balances,
  });
}

interface BookedBonus {
  id: string;
  distributorId: string;
  bonusKey: string;
  facts: BonusFacts;
  amount: bigint;
  releaseAt: Date | null;
  availableAt: Date | null;
  /** a decision took it back, and so much would come back; null: it stands */
  reversedAmount: bigint | null;
}

async function differencesOf(tx: Tx, ids: readonly string[]): Promise<Difference[]> {
  const booked = await tx.rows<BookedBonus>(
    `SELECT c.id, c.distributor_id, c.bonus_key, c.facts, c.amount, e.release_at, e.available_at,
       ${reversedAmount} AS reversed_amount
     FROM commission c JOIN earning e ON e.id = c.first_earning_id
     WHERE c.id = ANY($1) ORDER BY c.id`,
    [ids],
  );
  const sums = await salesOf(tx, ids);
  const amountOf = (bonus: BookedBonus): bigint => {
    const own = sums.filter(({ commissionId }) => commissionId === bonus.id);
    const sales = {
      ...noSales,
      ...Object.fromEntries(own.map((sum) => [sum.role, sum.netAmount])),
    };
    const before = { bonusKey: bonus.bonusKey, amount: bonus.reversedAmount ?? bonus.amount };
    return bonusAfterRefund(bonus.facts, before, sales);
  };
  const reversed = booked.filter(({ reversedAmount }) => reversedAmount !== null);
  await keepForRestoration(
    tx,
    reversed.map((bonus) => ({ commissionId: bonus.id, amount: amountOf(bonus) })),
  );
  return booked.flatMap((bonus): Difference[] => {
    const amount = amountOf(bonus);
    if (bonus.reversedAmount !== null || amount === bonus.amount) return [];
    const { id: commissionId, distributorId, releaseAt, availableAt } = bonus;
    const released = availableAt !== null;
    const difference = amount - bonus.amount;
    return [
      { commissionId, distributorId, amount, difference, released, releaseAt, created: null },
    ];
  });
}

/** What is left of the sales behind bonuses, by role. */
export interface SalesSum {
  commissionId: string;
  role: BonusRole;
  netAmount: bigint;
}

export function salesOf(read: Tx, commissionIds: readonly string[]): Promise<SalesSum[]> {
  return read.rows<SalesSum>(
    `SELECT b.commission_id, b.role, sum(l.base_amount - l.refunded_amount)::bigint AS net_amount
     FROM bonus_order b JOIN order_line l ON l.order_id = b.order_id AND l.in_scope
     WHERE b.commission_id = ANY($1) GROUP BY b.commission_id, b.role`,
    [commissionIds],
  );
}
