import fc from 'fast-check';
import {
  check,
  type Condition,
  conditionsOf,
  decideTier,
  type Measures,
  measureKey,
  metrics,
  nextTier,
  type Tier,
  type TierStanding,
} from '../../../src/domain/distributor/tier';
import { addDays } from '../../../src/domain/kernel/clock';

const now = new Date('2026-06-01T00:00:00Z');
const sales = (gte: number, windowDays = 90): Condition => ({
  metric: 'ownSales',
  windowDays,
  gte,
});
const directs = (gte: number): Condition => ({ metric: 'activeDirects', gte });

const tier = (code: string, rank: number, more: Partial<Tier> = {}): Tier => ({
  code,
  rank,
  privileges: {},
  ...more,
});
const keep = { any: [sales(500)], noticeDays: 30 };
const ladder: Tier[] = [
  tier('bronze', 1),
  tier('silver', 2, { promote: { all: [sales(300)], review: false } }),
  tier('gold', 3, { promote: { all: [sales(1000), directs(3)], review: false }, keep }),
  tier('top', 4, { promote: { any: [sales(9000)], review: true } }),
];

const measured = (ownSales: number, activeDirects = 0): Measures =>
  new Map([
    [measureKey(sales(0)), { value: BigInt(ownSales), since: addDays(now, -10) }],
    [measureKey(directs(0)), { value: BigInt(activeDirects), since: null }],
  ]);
const standing = (code: string, more: Partial<TierStanding> = {}): TierStanding => ({
  tier: code,
  since: addDays(now, -100),
  notice: null,
  closedTiers: new Set(),
  ...more,
});

describe('one look at one person', () => {
  it.each([
    ['stays without the conditions', 'bronze', {}, measured(299), { kind: 'stay' }],
    ['goes up', 'bronze', {}, measured(300), { kind: 'promote', to: 'silver' }],
    ['skips a tier in between', 'bronze', {}, measured(1000, 3), { kind: 'promote', to: 'gold' }],
    ['needs all of `all`', 'silver', {}, measured(1000, 2), { kind: 'stay' }],
    ['is looked at first', 'gold', {}, measured(9000, 3), { kind: 'askReview', to: 'top' }],
    [
      'is not asked about again while a review is open',
      'bronze',
      { closedTiers: new Set(['top']) },
      measured(9000, 3),
      { kind: 'promote', to: 'gold' },
    ],
    [
      'is told before it loses',
      'gold',
      {},
      measured(499),
      { kind: 'giveNotice', to: 'silver', endsAt: addDays(now, 30) },
    ],
    ['keeps by what keeps', 'gold', {}, measured(500), { kind: 'stay' }],
    [
      'is told once',
      'gold',
      { notice: { endsAt: addDays(now, 1) } },
      measured(1),
      { kind: 'stay' },
    ],
    [
      'loses at the end of the notice, to the highest tier that it keeps',
      'gold',
      { notice: { endsAt: now } },
      measured(1),
      { kind: 'demote', to: 'silver' },
    ],
    [
      'keeps what it earned again in time',
      'gold',
      { notice: { endsAt: addDays(now, 1) } },
      measured(500),
      { kind: 'withdrawNotice' },
    ],
    [
      'goes up although a notice runs',
      'gold',
      { notice: { endsAt: now }, closedTiers: new Set<string>() },
      measured(9000),
      { kind: 'askReview', to: 'top' },
    ],
    [
      'of a tier that is gone comes to the highest one not above it',
      'master',
      { formerRank: 3 },
      measured(0),
      { kind: 'regrade', to: 'gold' },
    ],
    [
      'of a tier that nobody knows comes to the lowest',
      'standard',
      {},
      measured(9000, 9),
      { kind: 'regrade', to: 'bronze' },
    ],
  ] as const)('%s', (_, code, more, measures, expected) => {
    expect(decideTier(ladder, standing(code, more), measures, now)).toMatchObject(expected);
  });

  it('does not ask during the probation, and asks on its last moment', () => {
    const tiers = ladder.map((one) =>
      one.keep === undefined ? one : { ...one, keep: { ...keep, probationDays: 100 } },
    );
    const decide = (since: Date) =>
      decideTier(tiers, standing('gold', { since }), measured(0), now);
    expect(decide(addDays(now, -99)).kind).toBe('stay');
    expect(decide(addDays(now, -100)).kind).toBe('giveNotice');
  });

  it('loses at once where the plan gives no notice', () => {
    const tiers = ladder.map((one) =>
      one.keep === undefined ? one : { ...one, keep: { ...keep, noticeDays: 0 } },
    );
    expect(decideTier(tiers, standing('gold'), measured(0), now)).toMatchObject({
      kind: 'demote',
      to: 'silver',
    });
  });
});

describe('conditions', () => {
  it('say what there is, what is left and when it goes', () => {
    expect(check({ all: [sales(1000), directs(3)] }, measured(400, 5))).toEqual({
      mode: 'all',
      met: false,
      conditions: [
        {
          metric: 'ownSales',
          windowDays: 90,
          have: 400n,
          need: 1000n,
          left: 600n,
          met: false,
          expiresAt: addDays(now, 80),
        },
        {
          metric: 'activeDirects',
          windowDays: null,
          have: 5n,
          need: 3n,
          left: 0n,
          met: true,
          expiresAt: null,
        },
      ],
    });
  });

  it('are measured once for each metric and window', () => {
    expect(conditionsOf(ladder).map(measureKey)).toEqual(['ownSales:90', 'activeDirects:']);
  });

  it('name the next tier that can be reached by rule', () => {
    expect(nextTier([...ladder, tier('honorary', 9)], 'top')).toBeUndefined();
    expect(nextTier(ladder, 'bronze')?.code).toBe('silver');
  });
});

const anyCondition = fc.record({
  metric: fc.constantFrom(...metrics),
  windowDays: fc.constantFrom(30, 90),
  gte: fc.integer({ min: 0, max: 4 }),
});
const anyConditions = fc
  .tuple(fc.boolean(), fc.array(anyCondition, { minLength: 1, maxLength: 3 }))
  .map(([all, list]) => (all ? { all: list } : { any: list }));
const anyTiers = fc
  .array(
    fc.record({
      promote: fc.option(anyConditions, { nil: undefined }),
      keep: fc.option(anyConditions, { nil: undefined }),
      noticeDays: fc.constantFrom(0, 10),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) =>
    parts.map(({ promote, keep: keeping, noticeDays }, index): Tier => ({
      code: `t${index}`,
      rank: index + 1,
      privileges: {},
      ...(promote === undefined ? {} : { promote: { ...promote, review: false } }),
      ...(keeping === undefined ? {} : { keep: { ...keeping, noticeDays } }),
    })),
  );
const anyMeasures = fc
  .array(fc.tuple(anyCondition, fc.bigInt({ min: 0n, max: 5n })), { maxLength: 20 })
  .map(
    (list): Measures =>
      new Map(list.map(([one, value]) => [measureKey(one), { value, since: null }])),
  );

describe('laws', () => {
  it('a promotion leads up, a demotion down, and both into the plan', () => {
    fc.assert(
      fc.property(anyTiers, anyMeasures, fc.nat(), fc.boolean(), (tiers, measures, at, over) => {
        const current = tiers[at % tiers.length]!;
        const notice = over ? { endsAt: now } : null;
        const decision = decideTier(tiers, standing(current.code, { notice }), measures, now);
        if (!('to' in decision)) return;
        const to = tiers.find(({ code }) => code === decision.to)!;
        expect(Math.sign(to.rank - current.rank)).toBe(decision.kind === 'promote' ? 1 : -1);
      }),
    );
  });

  it('nobody goes up and down in one sweep, nor again in the next on the same facts', () => {
    fc.assert(
      fc.property(anyTiers, anyMeasures, fc.nat(), (tiers, measures, at) => {
        const start = tiers[at % tiers.length]!.code;
        const move = (code: string) => {
          // A notice that is over: whoever is to lose the tier loses it now.
          const decision = decideTier(
            tiers,
            standing(code, { notice: { endsAt: now } }),
            measures,
            now,
          );
          return 'to' in decision ? decision.to : code;
        };
        const once = move(start);
        expect(move(once)).toBe(once);
      }),
    );
  });
});
