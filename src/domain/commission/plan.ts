import type { Rounding } from '../kernel/money';

/** What a rule asks of the line: at most one of these, from the most specific to the least. */
export const productKeys = ['sku', 'productId', 'category', 'tag'] as const;

/** What a rule asks of the beneficiary: at most one of these, the more specific first. */
export const audienceKeys = ['distributorId', 'tier'] as const;

export type ProductKey = (typeof productKeys)[number];
export type AudienceKey = (typeof audienceKeys)[number];

export type RuleMatch = Partial<Record<ProductKey | AudienceKey, string>>;

/** A share of the base in basis points, or an amount of the minor unit per unit sold. */
export type Rate = { bps: number } | { amountPerUnit: number };

export interface PlanRule {
  id: string;
  /** 1..levels; 1 is the distributor who sold. */
  level: number;
  match: RuleMatch;
  rate: Rate;
  /** Decides between rules that match equally well; default 0, the higher wins. */
  priority: number;
}

export type OnIneligible = 'skip' | 'compress' | 'stop';
export type SelfPurchase = 'deny' | 'allow';

/** Upper limits of what all levels of one line may take together; both always round down. */
export interface Caps {
  /** Of the line's base. */
  totalBps?: number;
  /** Of the line's base minus its cost, where the unit cost is known. */
  marginBps?: number;
}

export const metrics = [
  'ownSales',
  'directSales',
  'teamSales',
  'ownOrders',
  'activeDirects',
  'directs',
  'daysSinceJoined',
  'coursesPassed',
] as const;

export type Metric = (typeof metrics)[number];

/** The metric over the last `windowDays` (or ever) must reach `gte`. */
export interface Condition {
  metric: Metric;
  windowDays?: number;
  gte: number;
}

export type Conditions = { all: readonly Condition[] } | { any: readonly Condition[] };

export interface Tier {
  code: string;
  /** The lowest rank is where a new distributor begins. */
  rank: number;
  promote?: Conditions & { review: boolean };
  keep?: Conditions & { noticeDays: number };
  privileges: {
    teamView?: 'none' | 'directs' | 'all';
    withdrawalPerDayAmount?: number;
    withdrawalPerTransferAmount?: number;
  };
}

export type Bonus =
  | {
      id: string;
      kind: 'invitation';
      amount: number;
      onFirstOrderOfAtLeastAmount: number;
      maxPerMonth?: number;
    }
  | {
      id: string;
      kind: 'team';
      bps: number;
      depth: number;
      ownSalesAtLeastAmount?: number;
      maxAmount?: number;
    }
  | {
      id: string;
      kind: 'breakthrough';
      steps: readonly { ownSalesAtLeastAmount: number; amount: number }[];
    };

/**
 * What a plan version says, as the merchant wrote it and with the defaults filled in. It is stored
 * as JSON and never changed. Amounts are integers of the minor unit, rates integer basis points.
 */
export interface PlanBody {
  /** 1..10 in a draft; the guard lets at most 3 be published */
  levels: number;
  rounding: Rounding;
  onIneligible: OnIneligible;
  selfPurchase: SelfPurchase;
  caps: Caps;
  rules: readonly PlanRule[];
  tiers: readonly Tier[];
  bonuses: readonly Bonus[];
}

/** A published plan version on the time line of its program. */
export interface PublishedPlan {
  id: string;
  version: number;
  effectiveAt: Date;
  publishedAt: Date;
}

/**
 * The plan that decides about an order paid at this moment: the one that took effect last. Of two
 * that take effect together, the one published later replaces the other.
 */
export function planInForce<P extends PublishedPlan>(
  published: readonly P[],
  paidAt: Date,
): P | undefined {
  return published
    .filter((plan) => plan.effectiveAt.getTime() <= paidAt.getTime())
    .reduce<P | undefined>((best, plan) => (best && !isLater(plan, best) ? best : plan), undefined);
}

/** Says whether a plan stands after another on the time line of its program. */
export function isLater(plan: PublishedPlan, other: PublishedPlan): boolean {
  return (
    (plan.effectiveAt.getTime() - other.effectiveAt.getTime() ||
      plan.publishedAt.getTime() - other.publishedAt.getTime() ||
      plan.version - other.version) > 0
  );
}
