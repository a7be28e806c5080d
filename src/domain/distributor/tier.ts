import { addDays } from '../kernel/clock';
import type { Privileges } from './privilege';

/**
 * What a condition can look at. Sales are bases of lines in scope, net of refunds, in the minor unit;
 * own purchases count only where the plan allows them.
 * `ownSales`, `ownOrders`: orders attributed to the distributor, of which something is left.
 * `directSales`, `teamSales`: what those one level below, or on any level below, sold while they stood
 * there; never the distributor's own. `directs`: people below who are in the program, in a window
 * those who joined in it. `activeDirects`: of them those whose status is `active`, in a window those
 * who sold in it. `daysSinceJoined`: whole days. `coursesPassed`: different courses.
 */
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

/** How a tier is lost again. */
export type Keeping = Conditions & {
  /** between the notice and the loss */
  noticeDays: number;
  /** the probation of whoever reached the tier: so long nobody asks whether it is kept; default 0 */
  probationDays?: number;
};

export interface Tier {
  code: string;
  /** The lowest rank is where a new distributor begins. */
  rank: number;
  promote?: Conditions & { review: boolean };
  keep?: Keeping;
  privileges: Privileges;
}

/** What was measured for one condition. */
export interface Measure {
  value: bigint;
  /** the oldest fact that counts: with it a window begins to lose; null: there is none */
  since: Date | null;
}

/** Measures by `measureKey`; what is missing is 0. */
export type Measures = ReadonlyMap<string, Measure>;

export function measureKey({ metric, windowDays }: Omit<Condition, 'gte'>): string {
  return `${metric}:${windowDays ?? ''}`;
}

/** A condition with what there is, what it asks for, and what is still needed. */
export interface CheckedCondition {
  metric: Metric;
  windowDays: number | null;
  have: bigint;
  need: bigint;
  left: bigint;
  met: boolean;
  /** when the oldest fact leaves the window; null: there is no window, or nothing in it */
  expiresAt: Date | null;
}

export interface Checked {
  mode: 'all' | 'any';
  met: boolean;
  conditions: CheckedCondition[];
}

/** Holds conditions against measures. */
export function check(conditions: Conditions, measures: Measures): Checked {
  const [mode, list] =
    'all' in conditions ? (['all', conditions.all] as const) : (['any', conditions.any] as const);
  const checked = list.map((condition) => checkOne(condition, measures));
  const met = mode === 'all' ? checked.every((one) => one.met) : checked.some((one) => one.met);
  return { mode, met, conditions: checked };
}

function checkOne(condition: Condition, measures: Measures): CheckedCondition {
  const { metric, windowDays, gte } = condition;
  const { value: have, since } = measures.get(measureKey(condition)) ?? { value: 0n, since: null };
  const need = BigInt(gte);
  const met = have >= need;
  return {
    metric,
    windowDays: windowDays ?? null,
    have,
    need,
    left: met ? 0n : need - have,
    met,
    expiresAt: windowDays === undefined || since === null ? null : addDays(since, windowDays),
  };
}

/** Everything that some tier of a plan asks for, each metric and window once. */
export function conditionsOf(tiers: readonly Tier[]): Condition[] {
  const asked = tiers.flatMap(({ promote, keep }) =>
    [promote, keep].flatMap((part) =>
      part === undefined ? [] : 'all' in part ? [...part.all] : [...part.any],
    ),
  );
  return [...new Map(asked.map((condition) => [measureKey(condition), condition])).values()];
}

/** Where somebody stands when the tiers are looked at. */
export interface TierStanding {
  tier: string;
  /** since when, without a break */
  since: Date;
  /** the notice that runs */
  notice: { endsAt: Date } | null;
  /** tiers whose review is open, or was declined not long ago */
  closedTiers: ReadonlySet<string>;
  /** the rank that the tier had in the last plan that listed it; only when this plan does not */
  formerRank?: number | undefined;
}

/** What becomes of one person in one look: always exactly one of these. */
export type TierDecision =
  | { kind: 'stay' }
  | { kind: 'promote'; to: string; checked: Checked }
  | { kind: 'askReview'; to: string; checked: Checked }
  | { kind: 'giveNotice'; to: string; endsAt: Date; checked: Checked }
  | { kind: 'withdrawNotice'; checked: Checked | null }
  | { kind: 'demote'; to: string; checked: Checked }
  | { kind: 'regrade'; to: string };

/**
 * Decides about one person, once. Upwards comes first: the highest tier whose conditions are met, a
 * tier in between being skipped. Whoever meets what a tier asks to be reached keeps it, too, so that
 * nobody goes down and up again. A tier that the plan does not list leads to the highest one that is
 * not above the rank it had, else to the lowest.
 * @param tiers of the plan in force, at least one
 * @param now on the program's clock
 */
export function decideTier(
  tiers: readonly Tier[],
  person: TierStanding,
  measures: Measures,
  now: Date,
): TierDecision {
  const current = tiers.find(({ code }) => code === person.tier);
  if (current === undefined) return { kind: 'regrade', to: placeOf(tiers, person.formerRank) };
  const above = highest(
    tiers.filter(
      (tier) =>
        tier.rank > current.rank &&
        tier.promote !== undefined &&
        !(tier.promote.review && person.closedTiers.has(tier.code)) &&
        check(tier.promote, measures).met,
    ),
  );
  if (above?.promote !== undefined) {
    const checked = check(above.promote, measures);
    return { kind: above.promote.review ? 'askReview' : 'promote', to: above.code, checked };
  }
  return decideKeeping(tiers, current, person, { measures, now });
}

function decideKeeping(
  tiers: readonly Tier[],
  current: Tier,
  person: TierStanding,
  { measures, now }: { measures: Measures; now: Date },
): TierDecision {
  const { notice } = person;
  const below = tiers.filter(({ rank }) => rank < current.rank);
  const checked = current.keep === undefined ? null : check(current.keep, measures);
  const kept =
    current.keep === undefined ||
    below.length === 0 ||
    now < probationUntil(current.keep, person.since) ||
    isKept(current, measures);
  if (kept || checked === null) {
    return notice === null ? { kind: 'stay' } : { kind: 'withdrawNotice', checked };
  }
  const to = (highest(below.filter((tier) => isKept(tier, measures))) ?? lowest(below)).code;
  const endsAt = notice?.endsAt ?? addDays(now, current.keep!.noticeDays);
  if (endsAt <= now) return { kind: 'demote', to, checked };
  return notice === null ? { kind: 'giveNotice', to, endsAt, checked } : { kind: 'stay' };
}

/** Until when nobody asks whether a tier is kept. */
export function probationUntil({ probationDays = 0 }: Pick<Keeping, 'probationDays'>, since: Date) {
  return addDays(since, probationDays);
}

/** Whether somebody with these measures keeps a tier. */
export function isKept({ keep, promote }: Tier, measures: Measures): boolean {
  if (keep === undefined || check(keep, measures).met) return true;
  return promote !== undefined && check(promote, measures).met;
}

/** The next tier that can be reached by rule; undefined at the top. */
export function nextTier(tiers: readonly Tier[], code: string): Tier | undefined {
  const rank = tiers.find((tier) => tier.code === code)?.rank ?? 0;
  const above = tiers.filter((tier) => tier.rank > rank && tier.promote !== undefined);
  return above.length === 0 ? undefined : lowest(above);
}

function placeOf(tiers: readonly Tier[], formerRank: number | undefined): string {
  const reached = tiers.filter(({ rank }) => formerRank !== undefined && rank <= formerRank);
  return (highest(reached) ?? lowest(tiers)).code;
}

function highest(tiers: readonly Tier[]): Tier | undefined {
  return tiers.reduce<Tier | undefined>(
    (best, tier) => (best === undefined || tier.rank > best.rank ? tier : best),
    undefined,
  );
}

function lowest(tiers: readonly Tier[]): Tier {
  return tiers.reduce((best, tier) => (tier.rank < best.rank ? tier : best));
}

/** A review of a promotion falls due after so many days of the program's clock. */
export const promotionDueDays = 7;
/** After a declined promotion the same tier is not asked about again for so long. */
export const promotionPauseDays = 30;

/** Conditions in one line, by their public names: what there is of what is asked for. */
export function checkedText({ mode, conditions }: Checked): string {
  return conditions
    .map(({ metric, windowDays, have, need }) => {
      const window = windowDays === null ? '' : ` (${windowDays}d)`;
      return `${metric}${window} ${have}/${need}`;
    })
    .join(mode === 'all' ? ' & ' : ' | ');
}
