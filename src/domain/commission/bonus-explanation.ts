import { canonical } from '../kernel/canonical';
import { addDays } from '../kernel/clock';
import type { Language } from '../kernel/language';
import {
  bonusAmount,
  type BonusFacts,
  type BonusRole,
  type BonusSales,
  noSales,
  rolesOf,
} from './bonus';
import { bonusText } from './bonus-words';
import { earnedAmount } from './explanation-money';
import type { PlanBody } from './plan';
import { type ExplainedReversal, remainsRight } from './reversal';

/** An order behind a bonus. Amounts are of its lines in scope, in the minor unit. */
export interface BonusOrderFacts {
  orderId: string;
  externalId: string;
  distributorId: string;
  role: BonusRole;
  paidAt: Date;
  baseAmount: bigint;
  refundedAmount: bigint;
}

/** What all orders of one role behind a bonus sum to. */
export interface BonusSumFacts {
  role: BonusRole;
  orders: number;
  baseAmount: bigint;
  /** as the lines say */
  refundedAmount: bigint;
  /** as the refunds say */
  refundLinesAmount: bigint;
}

/** Everything stored about one bonus. */
export interface BonusCommissionFacts {
  commission: {
    id: string;
    kind: 'invitation' | 'team' | 'breakthrough';
    orderId: string | null;
    distributorId: string;
    bonusId: string;
    bonusKey: string;
    period: string;
    baseAmount: bigint;
    rateBps: number | null;
    amount: bigint;
    originalAmount: bigint;
  };
  facts: BonusFacts;
  plan: { id: string; version: number; body: PlanBody };
  /** the plan under which the period was booked; undefined: it is being booked */
  periodPlanId: string | null | undefined;
  sums: readonly BonusSumFacts[];
  /** the first of them, by payment */
  orders: readonly BonusOrderFacts[];
  refunds: readonly {
    refundId: string;
    externalId: string;
    refundedAt: Date;
    changeAmount: bigint;
  }[];
  /** what decisions took back of it, the first one first */
  reversals: readonly ExplainedReversal[];
  earnings: readonly {
    kind: 'commission' | 'adjustment' | 'part' | 'giveBack';
    amount: bigint;
    releaseAt: Date | null;
    availableAt: Date | null;
  }[];
  /** what the ledger says the booking brought */
  ledgerAmount: bigint;
  currency: string;
  timeZone: string;
}

export type BonusConditionName = 'firstOrder' | 'ownSales' | 'teamSales';

const conditionNames: Record<BonusRole, BonusConditionName> = {
  first: 'firstOrder',
  own: 'ownSales',
  team: 'teamSales',
};

export type BonusExplanation = ReturnType<typeof bonusParts> & { text: string };

/** Explains one bonus from its stored facts, computed again and compared (`verified`). */
export function explainBonus(facts: BonusCommissionFacts, language: Language): BonusExplanation {
  const parts = bonusParts(facts);
  return { ...parts, text: bonusText(parts, facts, language) };
}

export type BonusParts = ReturnType<typeof bonusParts>;

function bonusParts(stored: BonusCommissionFacts) {
  const { commission, facts, plan, sums, orders } = stored;
  const booked = bookedSales(facts);
  const current = currentSales(sums);
  const checks = checksOf(stored, booked, current);
  return {
    commissionId: commission.id,
    kind: commission.kind,
    orderId: commission.orderId,
    planId: plan.id,
    planVersion: plan.version,
    bonusId: commission.bonusId,
    period: commission.period,
    distributorId: commission.distributorId,
    amount: commission.amount,
    originalAmount: commission.originalAmount,
    verified: checks.every(({ ok }) => ok),
    checks,
    base: { amount: commission.baseAmount, remaining: { amount: baseOf(stored, current) } },
    conditions: conditionsOf(stored, booked, current),
    maximum: maximumOf(stored, booked),
    invited: facts.invitation ?? null,
    status: facts.status,
    rounding: { mode: facts.rounding, rateBps: commission.rateBps },
    hold: holdOf(stored),
    orders: orders.map((order) => ({
      ...order,
      netAmount: order.baseAmount - order.refundedAmount,
    })),
    ordersTotal: sums.reduce((count, sum) => count + sum.orders, 0),
    refunds: refundsOf(stored),
    reversals: [...stored.reversals],
  };
}

function bookedSales({ sales }: BonusFacts): BonusSales {
  return { first: BigInt(sales.first), own: BigInt(sales.own), team: BigInt(sales.team) };
}

function currentSales(sums: readonly BonusSumFacts[]): BonusSales {
  const nets = sums.map(({ role, baseAmount, refundedAmount }) => [
    role,
    baseAmount - refundedAmount,
  ]);
  return { ...noSales, ...(Object.fromEntries(nets) as Partial<BonusSales>) };
}

function checksOf(stored: BonusCommissionFacts, booked: BonusSales, current: BonusSales) {
  const { commission, facts, plan, sums, earnings } = stored;
  const again = (sales: BonusSales) =>
    bonusAmount(facts.bonus, facts.rounding, commission.bonusKey, sales);
  const bonus = plan.body.bonuses.find(({ id }) => id === commission.bonusId);
  const roles = rolesOf(facts.bonus);
  return [
    {
      name: 'terms' as const,
      ok:
        sameBonus(bonus, facts.bonus) &&
        facts.rounding === plan.body.rounding &&
        (stored.periodPlanId === undefined || stored.periodPlanId === plan.id),
    },
    {
      name: 'base' as const,
      ok:
        commission.baseAmount === baseOf(stored, booked) &&
        roles.every((role) => current[role] >= 0n && current[role] <= booked[role]),
    },
    { name: 'original' as const, ok: commission.originalAmount === again(booked) },
    {
      name: 'remaining' as const,
      ok: remainsRight(commission.amount, again(current), stored.reversals),
    },
    {
      name: 'refunds' as const,
      ok: sums.every(
        ({ refundedAmount, refundLinesAmount }) => refundedAmount === refundLinesAmount,
      ),
    },
    { name: 'hold' as const, ok: holdAgrees(stored) },
    { name: 'earnings' as const, ok: earnedAmount(earnings) === commission.amount },
    { name: 'ledger' as const, ok: stored.ledgerAmount === commission.originalAmount },
  ];
}

/** The order of keys in stored JSON means nothing. */
function sameBonus(a: object | undefined, b: object): boolean {
  return a !== undefined && canonical(a) === canonical(b);
}

/** The sales that a bonus pays for. */
function baseOf({ commission }: BonusCommissionFacts, sales: BonusSales): bigint {
  switch (commission.kind) {
    case 'invitation':
      return sales.first;
    case 'team':
      return sales.team;
    case 'breakthrough':
      return sales.own;
  }
}

/** Each kind of sales that the bonus looks at, then and now, and what it asks for; null: nothing. */
function conditionsOf(stored: BonusCommissionFacts, booked: BonusSales, current: BonusSales) {
  return rolesOf(stored.facts.bonus).map((role) => {
    const atLeastAmount = askedOf(stored, role);
    return {
      name: conditionNames[role],
      atLeastAmount,
      bookedAmount: booked[role],
      currentAmount: current[role],
      met: atLeastAmount === null || current[role] >= atLeastAmount,
    };
  });
}

function askedOf({ facts, commission }: BonusCommissionFacts, role: BonusRole): bigint | null {
  const { bonus } = facts;
  switch (bonus.kind) {
    case 'invitation':
      return BigInt(bonus.onFirstOrderOfAtLeastAmount);
    case 'team':
      return role === 'own' ? BigInt(bonus.ownSalesAtLeastAmount ?? 0) : null;
    case 'breakthrough':
      return BigInt(commission.bonusKey);
  }
}

/** The most that the bonus pays: an amount, or a number of invitations a month. */
function maximumOf({ facts, commission }: BonusCommissionFacts, booked: BonusSales) {
  const { bonus, rounding } = facts;
  switch (bonus.kind) {
    case 'invitation':
      return { amount: null, perMonth: bonus.maxPerMonth ?? null, applied: false };
    case 'team': {
      const { maxAmount, ...unlimited } = bonus;
      const amount = bonusAmount(unlimited, rounding, commission.bonusKey, booked);
      return {
        amount: maxAmount === undefined ? null : BigInt(maxAmount),
        perMonth: null,
        applied: maxAmount !== undefined && amount > BigInt(maxAmount),
      };
    }
    case 'breakthrough':
      return { amount: null, perMonth: null, applied: false };
  }
}

function holdOf({ facts, earnings }: BonusCommissionFacts) {
  const first = earnings.find(({ kind }) => kind === 'commission');
  return {
    startsAt: 'periodEnd' as const,
    periodEndsAt: new Date(facts.to),
    days: facts.holdDays,
    releaseAt: first?.releaseAt ?? null,
    availableAt: first?.availableAt ?? null,
  };
}

function holdAgrees(stored: BonusCommissionFacts): boolean {
  const { releaseAt } = holdOf(stored);
  const expected = addDays(new Date(stored.facts.to), stored.facts.holdDays);
  return releaseAt?.getTime() === expected.getTime();
}

function refundsOf({ commission, refunds }: BonusCommissionFacts) {
  let before = commission.originalAmount;
  return refunds.map((refund) => {
    const after = before + refund.changeAmount;
    const row = { ...refund, commissionBeforeAmount: before, commissionAfterAmount: after };
    before = after;
    return row;
  });
}
