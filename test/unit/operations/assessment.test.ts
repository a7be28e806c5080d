import fc from 'fast-check';
import {
  assess,
  isBetter,
  type Kpi,
  kpiMetrics,
  periodOf,
  periodSpan,
  type SchemeBody,
} from '../../../src/domain/operations/assessment';

const kpi = (metric: Kpi['metric'], weightBps: number, target: number, targets = {}): Kpi => ({
  metric,
  weightBps,
  target,
  targets,
});
const scheme: SchemeBody = {
  kpis: [kpi('ownSales', 6000, 1000, { gold: 2000 }), kpi('refundRateBps', 4000, 500)],
  outcomes: [
    { atLeastBps: 0, outcome: 'warning' },
    { atLeastBps: 10_000, outcome: 'reward', amount: 700 },
    { atLeastBps: 7000, outcome: 'nothing' },
    { atLeastBps: 4000, outcome: 'help', tasks: [{ text: 'Call your mentor', days: 7 }] },
  ],
  objectionDays: 14,
};

describe('an assessment', () => {
  it.each([
    ['all reached', 'bronze', { ownSales: '1000', refundRateBps: '500' }, 10_000, 'reward', 700n],
    ['more than all counts once', 'bronze', { ownSales: '99999' }, 10_000, 'reward', 700n],
    ['a tier has targets of its own', 'gold', { ownSales: '1000' }, 7000, 'nothing', 0n],
    ['shares round down', 'bronze', { ownSales: '999' }, 9994, 'nothing', 0n],
    ['nothing sold', 'bronze', {}, 4000, 'help', 0n],
    ['half a refund rate', 'bronze', { refundRateBps: '1000' }, 2000, 'warning', 0n],
  ] as const)('%s', (_, tier, values, scoreBps, outcome, rewardAmount) => {
    const result = assess(scheme, tier, values);
    expect([result.scoreBps, result.outcome, result.rewardAmount]).toEqual([
      scoreBps,
      outcome,
      rewardAmount,
    ]);
    expect(result.tasks).toHaveLength(outcome === 'help' ? 1 : 0);
  });

  it('rewards nobody without a sale of his own, whatever the score', () => {
    const team = { ...scheme, kpis: [kpi('teamSales', 10_000, 1)] };
    expect(assess(team, 'bronze', { teamSales: '5' })).toMatchObject({
      scoreBps: 10_000,
      outcome: 'nothing',
      rewardAmount: 0n,
    });
    expect(assess(team, 'bronze', { teamSales: '5', ownSales: '1' }).rewardAmount).toBe(700n);
  });

  it('scores from 0 to 10000, and more of what is good never scores less', () => {
    const anyKpis = fc
      .uniqueArray(fc.constantFrom(...kpiMetrics), { minLength: 1, maxLength: 4 })
      .map((list) =>
        list.map((metric, index) =>
          kpi(metric, index === 0 ? 10_000 - 1000 * (list.length - 1) : 1000, 100),
        ),
      );
    const anyValues = fc.record(
      Object.fromEntries(kpiMetrics.map((metric) => [metric, fc.nat({ max: 300 }).map(String)])),
    );
    fc.assert(
      fc.property(anyKpis, anyValues, fc.constantFrom(...kpiMetrics), (kpis, values, metric) => {
        const score = assess({ ...scheme, kpis }, 'bronze', values).scoreBps;
        const more = String(Number(values[metric]) + 10);
        const other = assess({ ...scheme, kpis }, 'bronze', { ...values, [metric]: more }).scoreBps;
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(10_000);
        if (metric === 'refundRateBps') expect(other).toBeLessThanOrEqual(score);
        else expect(other).toBeGreaterThanOrEqual(score);
      }),
    );
  });

  it.each([
    [
      'more money',
      { outcome: 'reward', rewardAmount: 2n },
      { outcome: 'reward', rewardAmount: 1n },
    ],
    [
      'no warning',
      { outcome: 'nothing', rewardAmount: 0n },
      { outcome: 'warning', rewardAmount: 0n },
    ],
  ] as const)('is better by %s, and never than itself', (_, better, worse) => {
    const of = (one: typeof better | typeof worse) => ({ ...one, scoreBps: 0 });
    expect(isBetter(of(better), of(worse))).toBe(true);
    expect(isBetter(of(worse), of(better))).toBe(false);
    expect(isBetter(of(better), of(better))).toBe(false);
  });
});

describe('periods', () => {
  const zone = 'Asia/Shanghai';
  it.each([
    [
      'monthly',
      '2026-10-31T16:00:00Z',
      '2026-11',
      '2026-10-31T16:00:00.000Z',
      '2026-11-30T16:00:00.000Z',
    ],
    [
      'quarterly',
      '2026-12-31T15:59:59Z',
      '2026-Q4',
      '2026-09-30T16:00:00.000Z',
      '2026-12-31T16:00:00.000Z',
    ],
    [
      'quarterly',
      '2026-12-31T16:00:00Z',
      '2027-Q1',
      '2026-12-31T16:00:00.000Z',
      '2027-03-31T16:00:00.000Z',
    ],
  ] as const)('%s: %s lies in %s', (calendar, at, period, from, to) => {
    expect(periodOf(calendar, new Date(at), zone)).toBe(period);
    const span = periodSpan(period, zone);
    expect([span.from.toISOString(), span.to.toISOString()]).toEqual([from, to]);
  });
});
