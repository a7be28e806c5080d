import {
  type BonusFacts,
  bonusesOf,
  bonusAmount,
  type BonusSales,
  type BroughtOrder,
  type InvitationBonus,
  noSales,
  rolesOf,
  salesShares,
  withinMaximum,
} from '../domain/commission/bonus';
import type { DistributorStatus } from '../domain/distributor/state';
import { groupBy } from '../domain/kernel/group';
import type { Month } from '../domain/kernel/period';
import { beyondMaximum, firstKeptOrders, undecidedAfter } from './bonus-invitation';
import {
  beneficiariesOf,
  earningAt,
  type SaleRow,
  salesBehind,
  type SalesSpan,
} from './bonus-sales';
import { type NewBonus, writeBonuses } from './bonus-write';
import type { Round } from './daily';
import type { Tx } from './database';
import type { PlanInForce } from './plan';
import type { ProgramRow } from './program';

/** A month whose bonuses are booked under a plan. */
export interface BonusPeriod {
  program: ProgramRow;
  plan: PlanInForce;
  month: Month;
  from: Date;
  /** not part of it */
  to: Date;
}

/** Somebody who may have earned a bonus: by sales, or by those who were invited. */
export interface Earner {
  distributorId: string;
  invitedIds: readonly string[];
  /** how many orders can stand behind his bonuses, about */
  orders: number;
}

const lockClass = 0x62_6f_6e; // "bon"
const undecidedAtOnce = 1000;
/** Refunds of the program wait while a chunk is written: a second or so, not longer. */
const ordersAtOnce = 5000;

/**
 * Bookings of a program's bonuses exclude each other and its refunds: a refund either is in what a
 * booking reads, or finds what the booking wrote. Refunds take the lock `shared`, before they lock
 * any account.
 */
export async function bonusesLock(
  tx: Tx,
  programId: string,
  mode: 'exclusive' | 'shared',
): Promise<void> {
  const take = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await tx.run(`SELECT ${take}($1, hashtext($2))`, [lockClass, programId]);
}

function spanOf({ program, plan, from, to }: BonusPeriod): SalesSpan {
  const denySelf = plan.body.selfPurchase === 'deny';
  return { programId: program.id, from, to, denySelf, depth: bonusesOf(plan.body).depth };
}

/** Everybody who may earn a bonus of the month, by id; who does is decided chunk by chunk. */
export async function earnersOf(read: Tx, period: BonusPeriod): Promise<Earner[]> {
  const span = spanOf(period);
  const { invitations, onSales } = bonusesOf(period.plan.body);
  const sellers =
    onSales.length === 0 ? new Map<string, number>() : await beneficiariesOf(read, span);
  const invited = new Map<string, string[]>([...sellers.keys()].map((id) => [id, []]));
  const beyond =
    invitations.length === 0 ? new Set<string>() : await beyondMaximum(read, span.programId);
  for (let after = ''; invitations.length > 0;) {
    const page = await undecidedAfter(read, span, after, undecidedAtOnce);
    const open = page.filter((id) => !beyond.has(id));
    for (const bonus of invitations) {
      for (const { sponsorId, distributorId } of await firstKeptOrders(read, span, bonus, open)) {
        const own = invited.get(sponsorId!) ?? [];
        invited.set(sponsorId!, [...new Set([...own, distributorId])]);
      }
    }
    if (page.length < undecidedAtOnce) break;
    after = page.at(-1)!;
  }
  return [...invited]
    .map(([distributorId, invitedIds]) => ({
      distributorId,
      invitedIds,
      orders: (sellers.get(distributorId) ?? 0) + invitedIds.length,
    }))
    .sort((a, b) => (a.distributorId < b.distributorId ? -1 : 1));
}

/** Earners in the chunks in which they are booked: so many at most, and not too many orders. */
export function chunksOf(earners: readonly Earner[], atMost: number): Earner[][] {
  const chunks: Earner[][] = [];
  let orders = 0;
  for (const earner of earners) {
    orders += earner.orders;
    const last = chunks.at(-1);
    if (last !== undefined && last.length < atMost && orders <= ordersAtOnce) last.push(earner);
    else {
      chunks.push([earner]);
      orders = earner.orders;
    }
  }
  return chunks;
}

/**
 * Books the bonuses of some earners in the transaction given; whoever has a bonus of this month has
 * all of them already.
 * @returns false when somebody else closed the month
 */
export async function bookChunk(
  tx: Tx,
  period: BonusPeriod,
  earners: readonly Earner[],
  round: Round,
): Promise<boolean> {
  const { program, plan, month } = period;
  await bonusesLock(tx, program.id, 'exclusive');
  const closed = await tx.first(
    'SELECT 1 FROM bonus_period WHERE program_id = $1 AND period = $2',
    [program.id, month],
  );
  if (closed !== undefined) return false;
  const ids = earners.map(({ distributorId }) => distributorId);
  const booked = await tx.rows<{ id: string }>(
    `SELECT DISTINCT distributor_id AS id FROM commission
     WHERE distributor_id = ANY($1) AND bonus_id IS NOT NULL AND period = $2`,
    [ids, month],
  );
  const done = new Set(booked.map(({ id }) => id));
  const statuses = await earningAt(tx, ids, period.to);
  const open = earners.filter(({ distributorId: id }) => !done.has(id) && statuses.has(id));
  const bonuses = [
    ...(await salesBonuses(tx, period, open, statuses)),
    ...(await invitationBonuses(tx, period, open, statuses)),
  ];
  await writeBonuses(tx, { ...period, planId: plan.id }, bonuses, round);
  return true;
}

type Statuses = ReadonlyMap<string, DistributorStatus>;

async function salesBonuses(
  tx: Tx,
  period: BonusPeriod,
  earners: readonly Earner[],
  statuses: Statuses,
): Promise<NewBonus[]> {
  const { onSales } = bonusesOf(period.plan.body);
  if (onSales.length === 0) return [];
  const ids = earners.map(({ distributorId }) => distributorId);
  const rows = await salesBehind(tx, spanOf(period), ids);
  const { rounding } = period.plan.body;
  return [...groupBy(rows, ({ beneficiaryId }) => beneficiaryId)].flatMap(([distributorId, own]) =>
    onSales.flatMap((bonus) => {
      const counted = own.filter(
        ({ role, height }) =>
          rolesOf(bonus).includes(role) && (bonus.kind !== 'team' || height <= bonus.depth),
      );
      const sales = sumsOf(counted);
      const facts = factsOf(period, { bonus, sales, status: statuses.get(distributorId)! });
      const orders = counted.map(({ orderId, role }) => ({ orderId, role }));
      return salesShares(bonus, rounding, sales).map((share): NewBonus => ({
        ...share,
        distributorId,
        facts,
        orders,
      }));
    }),
  );
}

function sumsOf(rows: readonly SaleRow[]): BonusSales {
  const of = (wanted: SaleRow['role']) =>
    rows.reduce((sum, { role, netAmount }) => (role === wanted ? sum + netAmount : sum), 0n);
  return { ...noSales, own: of('own'), team: of('team') };
}

async function invitationBonuses(
  tx: Tx,
  period: BonusPeriod,
  earners: readonly Earner[],
  statuses: Statuses,
): Promise<NewBonus[]> {
  const sponsors = new Set(earners.map(({ distributorId }) => distributorId));
  const open = new Set(earners.flatMap(({ invitedIds }) => invitedIds));
  const made: NewBonus[] = [];
  for (const bonus of bonusesOf(period.plan.body).invitations) {
    const kept = await firstKeptOrders(tx, spanOf(period), bonus, [...open]);
    const own = kept.filter(({ sponsorId }) => sponsors.has(sponsorId!));
    for (const [sponsorId, orders] of groupBy(own, (order) => order.sponsorId!)) {
      const status = statuses.get(sponsorId)!;
      const paid = invitationsOf(period, bonus, { sponsorId, status, orders });
      made.push(...paid);
      // Somebody is invited once: what one bonus of the plan pays for, no other does.
      orders.forEach(({ distributorId }) => open.delete(distributorId));
    }
  }
  return made;
}

function invitationsOf(
  period: BonusPeriod,
  bonus: InvitationBonus,
  of: { sponsorId: string; status: DistributorStatus; orders: readonly BroughtOrder[] },
): NewBonus[] {
  const { paid, beyond } = withinMaximum(bonus, of.orders);
  return paid.flatMap((order, index): NewBonus[] => {
    const sales = { ...noSales, first: order.netAmount };
    const key = order.distributorId;
    const amount = bonusAmount(bonus, period.plan.body.rounding, key, sales);
    if (amount === 0n) return [];
    const isLast = index === paid.length - 1;
    const facts: BonusFacts = {
      ...factsOf(period, { bonus, sales, status: of.status }),
      invitation: {
        distributorId: order.distributorId,
        releaseAt: order.releaseAt!.toISOString(),
        place: index + 1,
        ...(isLast && beyond.length > 0
          ? { beyond: beyond.map(({ distributorId }) => distributorId) }
          : {}),
      },
    };
    const orders = [{ orderId: order.orderId, role: 'first' as const }];
    return [
      { key, baseAmount: order.netAmount, amount, distributorId: of.sponsorId, facts, orders },
    ];
  });
}

function factsOf(
  { program, plan, from, to }: BonusPeriod,
  of: Pick<BonusFacts, 'bonus' | 'status'> & { sales: BonusSales },
): BonusFacts {
  const { first, own, team } = of.sales;
  return {
    bonus: of.bonus,
    rounding: plan.body.rounding,
    from: from.toISOString(),
    to: to.toISOString(),
    holdDays: program.holdDays,
    status: of.status,
    sales: { first: String(first), own: String(own), team: String(team) },
  };
}
