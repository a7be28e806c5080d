import { monthAfter, monthOf, monthParts, monthSpan } from '../kernel/period';

/**
 * What an assessment looks at, over one period. Sales and orders as in the conditions of tiers;
 * `activeDays` are the days of the program's zone with a sale of one's own of which something is left,
 * `refundRateBps` is what went back of one's own sales, and there less is better.
 */
export const kpiMetrics = [
  'ownSales',
  'directSales',
  'teamSales',
  'ownOrders',
  'activeDirects',
  'coursesPassed',
  'activeDays',
  'refundRateBps',
] as const;

export type KpiMetric = (typeof kpiMetrics)[number];

/** Metrics that only orders can raise: a reward needs one of them. */
export const salesKpis: readonly KpiMetric[] = [
  'ownSales',
  'directSales',
  'teamSales',
  'ownOrders',
  'activeDays',
];

export interface Kpi {
  metric: KpiMetric;
  /** of the whole score; all weights of a scheme sum to 10000 */
  weightBps: number;
  /** for every tier that has none of its own; more than 0, for a refund rate 0 or more */
  target: number;
  targets: Readonly<Record<string, number>>;
}

export type OutcomeKind = 'reward' | 'nothing' | 'help' | 'warning';

/** What follows from a score of at least so much; the highest that is reached counts. */
export type Outcome = { atLeastBps: number } & (
  | { outcome: 'reward'; amount: number }
  | { outcome: 'nothing' }
  | { outcome: 'help'; tasks: readonly { text: string; days: number }[] }
  | { outcome: 'warning' }
);

/** What a scheme says, as it is stored. Amounts are integers of the minor unit. */
export interface SchemeBody {
  kpis: readonly Kpi[];
  /** one of them from 0 on */
  outcomes: readonly Outcome[];
  objectionDays: number;
}

/** What was measured of one person; what is missing is 0. JSON-safe: whole numbers as texts. */
export type KpiValues = Readonly<Partial<Record<KpiMetric, string>>>;

export interface KpiResult {
  metric: KpiMetric;
  have: string;
  target: number;
  weightBps: number;
  /** how far the target is reached, at most 10000 */
  reachedBps: number;
}

export interface AssessmentResult {
  kpis: KpiResult[];
  /** own sales of the period: without any there is no reward */
  ownSalesAmount: string;
  /** 0 to 10000 */
  scoreBps: number;
  outcome: OutcomeKind;
  rewardAmount: bigint;
  tasks: readonly { text: string; days: number }[];
}

const whole = 10_000n;

/**
 * Scores what was measured against the targets of a tier and finds what follows. Each target counts
 * by its weight and at most in full; shares and score round down. Nobody is rewarded without a sale
 * of his own in the period, whatever the score: then nothing follows.
 */
export function assess(body: SchemeBody, tier: string, values: KpiValues): AssessmentResult {
  const kpis = body.kpis.map(({ metric, weightBps, target, targets }): KpiResult => {
    const own = Object.hasOwn(targets, tier) ? targets[tier]! : target;
    const have = values[metric] ?? '0';
    return { metric, have, target: own, weightBps, reachedBps: reached(metric, have, own) };
  });
  const weighted = kpis.reduce(
    (sum, { weightBps, reachedBps }) => sum + BigInt(weightBps) * BigInt(reachedBps),
    0n,
  );
  const scoreBps = Number(weighted / whole);
  const ownSalesAmount = values.ownSales ?? '0';
  const follows = outcomeOf(body, scoreBps);
  const unearned = follows.outcome === 'reward' && BigInt(ownSalesAmount) <= 0n;
  return {
    kpis,
    ownSalesAmount,
    scoreBps,
    outcome: unearned ? 'nothing' : follows.outcome,
    rewardAmount: follows.outcome === 'reward' && !unearned ? BigInt(follows.amount) : 0n,
    tasks: follows.outcome === 'help' ? follows.tasks : [],
  };
}

function reached(metric: KpiMetric, have: string, target: number): number {
  const [value, goal] = [BigInt(have), BigInt(target)];
  if (metric === 'refundRateBps') return Number(value <= goal ? whole : (goal * whole) / value);
  return Number(value >= goal ? whole : (value * whole) / goal);
}

function outcomeOf({ outcomes }: SchemeBody, scoreBps: number): Outcome {
  const found = [...outcomes]
    .sort((a, b) => b.atLeastBps - a.atLeastBps)
    .find(({ atLeastBps }) => scoreBps >= atLeastBps);
  if (found === undefined) throw new Error('a scheme without an outcome from 0 on');
  return found;
}

const severity: Readonly<Record<OutcomeKind, number>> = {
  warning: 0,
  help: 1,
  nothing: 2,
  reward: 3,
};

/** Whether a result is better for the person than another: an objection never makes it worse. */
export function isBetter(
  a: Pick<AssessmentResult, 'outcome' | 'rewardAmount' | 'scoreBps'>,
  b: Pick<AssessmentResult, 'outcome' | 'rewardAmount' | 'scoreBps'>,
): boolean {
  if (a.rewardAmount !== b.rewardAmount) return a.rewardAmount > b.rewardAmount;
  return severity[a.outcome] - severity[b.outcome] > 0;
}

export type AssessmentCalendar = 'monthly' | 'quarterly';

const monthsOfQuarter = 3;

/** The period of a moment in a zone: `2026-11`, or `2026-Q4`. @throws RangeError unknown zone */
export function periodOf(calendar: AssessmentCalendar, at: Date, timeZone: string): string {
  const month = monthOf(at, timeZone);
  if (calendar === 'monthly') return month;
  const { year, number } = monthParts(month);
  return `${year}-Q${Math.ceil(number / monthsOfQuarter)}`;
}

/** From the first instant of a period to before the first of the next. */
export function periodSpan(period: string, timeZone: string): { from: Date; to: Date } {
  const quarter = /^(\d{4})-Q([1-4])$/.exec(period);
  if (quarter === null) return monthSpan(period, timeZone);
  const first = `${quarter[1]}-${String((Number(quarter[2]) - 1) * monthsOfQuarter + 1).padStart(2, '0')}`;
  const last = monthAfter(monthAfter(first));
  return { from: monthSpan(first, timeZone).from, to: monthSpan(last, timeZone).to };
}

/** An objection is decided within so many days of the program's clock. */
export const objectionDueDays = 14;
