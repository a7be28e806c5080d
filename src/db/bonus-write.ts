import type { BonusFacts, BonusRole, BonusShare } from '../domain/commission/bonus';
import { addDays } from '../domain/kernel/clock';
import type { Month } from '../domain/kernel/period';
import { commissionEarned } from '../domain/ledger/posting';
import { type Columns, insertMany } from './bulk';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { postTransactions } from './ledger';
import { earningColumns, heldEarning } from './order-write';
import type { ProgramRow } from './program';

/** The month that is being booked, and under what. */
export interface BookedMonth {
  program: ProgramRow;
  month: Month;
  planId: string;
  from: Date;
  /** not part of it */
  to: Date;
}

/** A bonus that is computed and not yet written. */
export interface NewBonus extends BonusShare {
  distributorId: string;
  facts: BonusFacts;
  /** the orders behind it, frozen */
  orders: readonly { orderId: string; role: BonusRole }[];
}

/** The ledger's reference of what a bonus brought when it was booked. */
export function bonusReference(commissionId: string): string {
  return `bonus:${commissionId}`;
}

const bonusColumns = {
  id: 'text',
  programId: 'text',
  orderId: 'text',
  kind: 'text',
  distributorId: 'text',
  baseAmount: 'int8',
  rateBps: 'int4',
  amount: 'int8',
  originalAmount: 'int8',
  planId: 'text',
  bonusId: 'text',
  period: 'text',
  bonusKey: 'text',
  facts: 'jsonb',
  firstEarningId: 'text',
  createdAt: 'timestamptz',
} as const;

/** Writes bonuses with the orders behind them, what they earn, and the postings. */
export async function writeBonuses(
  tx: Tx,
  booked: BookedMonth,
  bonuses: readonly NewBonus[],
  moment: { until: Date; realNow: Date },
): Promise<void> {
  if (bonuses.length === 0) return;
  const rows = bonuses.map((bonus) => rowOf(booked, bonus, moment.realNow));
  await insertMany(tx, 'commission', bonusColumns as Columns<(typeof rows)[number]>, rows);
  const behind = bonuses.flatMap(({ orders }, index) =>
    orders.map((order) => ({ commissionId: rows[index]!.id, ...order })),
  );
  const orderColumns = { commissionId: 'text', orderId: 'text', role: 'text' } as const;
  await insertMany(tx, 'bonus_order', orderColumns, behind);
  await writeEarnings(tx, booked, rows, moment);
  await postTransactions(
    tx,
    booked.program.id,
    rows.map(({ id, distributorId, amount }) => ({
      reference: bonusReference(id),
      kind: 'commission_earned',
      occurredAt: booked.to,
      postings: commissionEarned(distributorId, amount),
    })),
  );
}

function rowOf(
  { program, planId, month }: BookedMonth,
  { distributorId, baseAmount, amount, key, facts, orders }: NewBonus,
  createdAt: Date,
) {
  const { bonus } = facts;
  return {
    id: newId('commission'),
    programId: program.id,
    // Only an invitation is earned by one order.
    orderId: bonus.kind === 'invitation' ? (orders[0]?.orderId ?? null) : null,
    kind: bonus.kind,
    distributorId,
    baseAmount,
    rateBps: bonus.kind === 'team' ? bonus.bps : null,
    amount,
    originalAmount: amount,
    planId,
    bonusId: bonus.id,
    period: month,
    bonusKey: key,
    facts,
    firstEarningId: newId('earning'),
    createdAt,
  };
}

async function writeEarnings(
  tx: Tx,
  { program, month, to }: BookedMonth,
  rows: readonly { id: string; firstEarningId: string; distributorId: string; amount: bigint }[],
  moment: { until: Date; realNow: Date },
): Promise<void> {
  const releaseAt = addDays(to, program.holdDays);
  const held = { programId: program.id, releaseAt, createdAt: moment.realNow };
  const earnings = rows.map((row) => heldEarning(row, held));
  await insertMany(tx, 'earning', earningColumns, earnings);
  await recordEvents(
    tx,
    rows.map(({ id, distributorId, amount }) => ({
      storeId: program.storeId,
      programId: program.id,
      type: 'commission.held' as const,
      subjectId: id,
      payload: {
        period: month,
        distributorId,
        amount: String(amount),
        releaseAt: releaseAt.toISOString(),
      },
      occurredAt: moment.until,
    })),
  );
}
