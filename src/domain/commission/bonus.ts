import type { DistributorStatus } from '../distributor/state';
import { applyBps, type Rounding } from '../kernel/money';
import type { Bonus, PlanBody } from './plan';

export type InvitationBonus = Extract<Bonus, { kind: 'invitation' }>;
export type TeamBonus = Extract<Bonus, { kind: 'team' }>;
export type BreakthroughBonus = Extract<Bonus, { kind: 'breakthrough' }>;

/** How an order stands behind a bonus: the first one kept, own sales, sales of the team. */
export type BonusRole = 'first' | 'own' | 'team';

/** Sales behind a bonus: bases of lines in scope, net of refunds, in the minor unit, never below 0. */
export type BonusSales = Readonly<Record<BonusRole, bigint>>;

export const noSales: BonusSales = { first: 0n, own: 0n, team: 0n };

/** What a bonus was computed from when it was booked, as it is stored: amounts are decimal texts. */
export interface BonusFacts {
  bonus: Bonus;
  rounding: Rounding;
  /** the period, ISO 8601; `to` is its end and not part of it */
  from: string;
  to: string;
  holdDays: number;
  /** of the beneficiary in the last moment of the period */
  status: DistributorStatus;
  sales: Readonly<Record<BonusRole, string>>;
  invitation?: InvitationFacts;
}

export interface InvitationFacts {
  /** who was invited */
  distributorId: string;
  /** when the hold of the order ended, ISO 8601 */
  releaseAt: string;
  /** which one of the sponsor's month it is, from 1 */
  place: number;
  /** told by the last one paid: who came after the monthly maximum, and is never paid for */
  beyond?: readonly string[];
}

/** One commission that a bonus makes. */
export interface BonusShare {
  /** unique within distributor, bonus and period */
  key: string;
  baseAmount: bigint;
  amount: bigint;
}

/**
 * What a bonus pays on these sales, in the minor unit, never below 0 and never without a sale; at
 * booking and again after every refund.
 * @param key of a breakthrough: the mark; of an invitation: the invited distributor; else empty
 */
export function bonusAmount(
  bonus: Bonus,
  rounding: Rounding,
  key: string,
  sales: BonusSales,
): bigint {
  switch (bonus.kind) {
    case 'invitation':
      return reaches(sales.first, bonus.onFirstOrderOfAtLeastAmount) ? BigInt(bonus.amount) : 0n;
    case 'team':
      return teamAmount(bonus, rounding, sales);
    case 'breakthrough':
      return bonus.steps
        .filter((step) => markOf(step) === key && reaches(sales.own, step.ownSalesAtLeastAmount))
        .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  }
}

function teamAmount(bonus: TeamBonus, rounding: Rounding, { own, team }: BonusSales): bigint {
  const { ownSalesAtLeastAmount, maxAmount } = bonus;
  if (ownSalesAtLeastAmount !== undefined && own < BigInt(ownSalesAtLeastAmount)) return 0n;
  const amount = applyBps(team, bonus.bps, rounding);
  return maxAmount !== undefined && amount > BigInt(maxAmount) ? BigInt(maxAmount) : amount;
}

/** A mark of 0 is not reached by having sold nothing. */
function reaches(sales: bigint, markAmount: number): boolean {
  return sales > 0n && sales >= BigInt(markAmount);
}

function markOf({ ownSalesAtLeastAmount }: { ownSalesAtLeastAmount: number }): string {
  return String(ownSalesAtLeastAmount);
}

/** What a bonus on the sales of a period makes: one commission, or one per mark that was passed. */
export function salesShares(
  bonus: TeamBonus | BreakthroughBonus,
  rounding: Rounding,
  sales: BonusSales,
): BonusShare[] {
  const keys = bonus.kind === 'team' ? [''] : [...new Set(bonus.steps.map(markOf))];
  const baseAmount = bonus.kind === 'team' ? sales.team : sales.own;
  return keys
    .map((key) => ({ key, baseAmount, amount: bonusAmount(bonus, rounding, key, sales) }))
    .filter(({ amount }) => amount > 0n);
}

/** Which orders a bonus depends on, so which of them are kept behind it. */
export function rolesOf(bonus: Bonus): readonly BonusRole[] {
  switch (bonus.kind) {
    case 'invitation':
      return ['first'];
    case 'team':
      return bonus.ownSalesAtLeastAmount === undefined ? ['team'] : ['own', 'team'];
    case 'breakthrough':
      return ['own'];
  }
}

/** An order that an invited distributor brought. */
export interface BroughtOrder {
  orderId: string;
  /** who brought it */
  distributorId: string;
  /** the sponsor as of the payment; null: none */
  sponsorId: string | null;
  paidAt: Date;
  /** when its hold ends; null: an after-sale case stops it */
  releaseAt: Date | null;
  /** what is left of it now */
  netAmount: bigint;
  /** whether the invited or the sponsor bought it */
  selfPurchase: boolean;
}

/**
 * The first order of a distributor that was kept past its hold by the end of a period. An order
 * refunded below the amount does not count, and the next one may.
 * @param orders by payment, then id
 */
export function firstKept(
  orders: readonly BroughtOrder[],
  bonus: InvitationBonus,
  period: { to: Date },
): BroughtOrder | undefined {
  return orders.find(
    ({ releaseAt, netAmount }) =>
      releaseAt !== null &&
      releaseAt < period.to &&
      reaches(netAmount, bonus.onFirstOrderOfAtLeastAmount),
  );
}

/**
 * Whether a plan pays for an order that was kept in a month of that plan. An order that comes to
 * count only after its month was booked (its receipt was reported late) is asked this about its own
 * month: no plan pays for what was kept before it had the bonus.
 */
export function paysForKept(plan: PlanBody, order: BroughtOrder): boolean {
  if (plan.selfPurchase === 'deny' && order.selfPurchase) return false;
  return plan.bonuses.some(
    (bonus) =>
      bonus.kind === 'invitation' &&
      bonus.amount > 0 &&
      reaches(order.netAmount, bonus.onFirstOrderOfAtLeastAmount),
  );
}

/**
 * What a bonus pays after a refund. An invitation that was taken back stays so, whatever is left:
 * the next order of the invited may have been paid for by then.
 */
export function bonusAfterRefund(
  { bonus, rounding }: Pick<BonusFacts, 'bonus' | 'rounding'>,
  before: { bonusKey: string; amount: bigint },
  sales: BonusSales,
): bigint {
  if (bonus.kind === 'invitation' && before.amount === 0n) return 0n;
  return bonusAmount(bonus, rounding, before.bonusKey, sales);
}

/** Cuts the invitations of one sponsor at the monthly maximum: those whose hold ended first count. */
export function withinMaximum(
  bonus: InvitationBonus,
  invitations: readonly BroughtOrder[],
): { paid: BroughtOrder[]; beyond: BroughtOrder[] } {
  const time = (moment: Date | null) => moment?.getTime() ?? Infinity;
  const inOrder = [...invitations].sort(
    (a, b) =>
      time(a.releaseAt) - time(b.releaseAt) ||
      time(a.paidAt) - time(b.paidAt) ||
      (a.orderId < b.orderId ? -1 : 1),
  );
  const most = bonus.maxPerMonth ?? inOrder.length;
  return { paid: inOrder.slice(0, most), beyond: inOrder.slice(most) };
}

/** The bonuses of a plan by what they look at. */
export function bonusesOf(plan: Pick<PlanBody, 'bonuses'> | undefined) {
  const bonuses = plan?.bonuses ?? [];
  return {
    invitations: bonuses.filter((bonus) => bonus.kind === 'invitation'),
    onSales: bonuses.filter((bonus) => bonus.kind !== 'invitation'),
    /** how many levels of the team count; 0 where nobody's team does */
    depth: bonuses.reduce(
      (depth, bonus) => (bonus.kind === 'team' ? Math.max(depth, bonus.depth) : depth),
      0,
    ),
  };
}
