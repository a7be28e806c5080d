import type { PlanBody } from '../../../src/domain/commission/plan';
import { differenceOf, type PlanChange } from '../../../src/domain/commission/plan-diff';
import { apiPlan } from '../../support/api-plan';

const en = { language: 'en', currency: 'CNY' } as const;
const zh = { language: 'zh-CN', currency: 'CNY' } as const;

const changed = (id: string, change: object): Partial<PlanBody> => ({
  rules: apiPlan.rules.map((rule) => (rule.id === id ? { ...rule, ...change } : rule)),
});

const cases: [string, Partial<PlanBody>, Partial<PlanChange>, string][] = [
  [
    'a rate',
    changed('gold', { rate: { bps: 1000 } }),
    { pointer: '/rules/2/rate', kind: 'changed', before: { bps: 1200 }, after: { bps: 1000 } },
    'Rule "gold" now pays 10 % instead of 12 %.',
  ],
  [
    'a rate of another kind',
    changed('cup', { rate: { bps: 1250 } }),
    { pointer: '/rules/4/rate' },
    'Rule "cup" now pays 12.5 % instead of CNY 3.00 per unit.',
  ],
  [
    'a match',
    changed('new', { match: { tag: 'hot', tier: 'gold' } }),
    { pointer: '/rules/3/match' },
    'Rule "new": what it applies to is now tag "hot" for tier "gold" instead of tag "new".',
  ],
  [
    'a rule less',
    { rules: apiPlan.rules.filter(({ id }) => id !== 'new') },
    { pointer: '/rules/3', kind: 'removed', after: null },
    'Rule "new" is removed: the level 1, what it applies to tag "new", the rate 15 %.',
  ],
  [
    'a rule more',
    {
      rules: [{ id: 'tea', level: 2, match: {}, rate: { bps: 1 }, priority: 3 }, ...apiPlan.rules],
    },
    { pointer: '/rules/0', kind: 'added', before: null },
    'Rule "tea" is added: the level 2, what it applies to everything, the rate 0.01 %, the priority 3.',
  ],
  [
    'a setting',
    { onIneligible: 'compress' },
    { pointer: '/onIneligible', before: 'skip', after: 'compress' },
    'What follows an ineligible beneficiary: now compress instead of skip.',
  ],
  [
    'a cap taken away',
    { caps: { totalBps: 3000 } },
    { pointer: '/caps/marginBps', kind: 'removed', before: 5000, after: null },
    'The cap on the margin: now none instead of 50 %.',
  ],
  [
    'a condition of a tier',
    {
      tiers: apiPlan.tiers.map((tier) =>
        tier.code === 'gold'
          ? { ...tier, promote: { any: [{ metric: 'ownOrders', gte: 5 }], review: true } }
          : tier,
      ),
    },
    { pointer: '/tiers/1/promote', kind: 'changed' },
    'Tier "gold": the condition for promotion is now own orders of at least 5, with a review ' +
      'instead of own sales of at least CNY 10000.00 in 90 days and active directs of at least 3.',
  ],
  [
    'a step of a bonus',
    {
      bonuses: apiPlan.bonuses.map((bonus) =>
        bonus.kind === 'breakthrough'
          ? { ...bonus, steps: [{ ownSalesAtLeastAmount: 100, amount: 5 }] }
          : bonus,
      ),
    },
    { pointer: '/bonuses/2/steps' },
    'Bonus "break": the scale is now CNY 0.05 from own sales of CNY 1.00 instead of ' +
      'CNY 200.00 from own sales of CNY 10000.00.',
  ],
];

describe('the difference of two plan versions', () => {
  it.each(cases)('tells %s', (_, change, expected, text) => {
    const { changes } = differenceOf(apiPlan, { ...apiPlan, ...change }, en);
    expect(changes).toMatchObject([{ ...expected, text }]);
    const [chinese] = differenceOf(apiPlan, { ...apiPlan, ...change }, zh).changes;
    expect(chinese!.text).toMatch(/\p{Script=Han}/u);
    expect(chinese!.text).not.toMatch(/undefined|\[object/);
  });

  it('is told in Chinese as well', () => {
    const { text } = differenceOf(
      apiPlan,
      { ...apiPlan, ...changed('gold', { rate: { bps: 1000 } }) },
      zh,
    );
    expect(text).toBe('规则“gold”现按 10 % 计佣，原为 12 %。');
  });

  it('is none when only the order of rules, tiers, bonuses or keys differs', () => {
    const turned = {
      ...apiPlan,
      rules: [...apiPlan.rules].reverse(),
      tiers: [...apiPlan.tiers].reverse(),
      bonuses: [...apiPlan.bonuses].reverse(),
      caps: { marginBps: 5000, totalBps: 3000 },
    };
    expect(differenceOf(apiPlan, turned, en)).toEqual({
      changes: [],
      text: 'Both versions say the same.',
    });
  });

  it('names every change, a line for each', () => {
    const to = { ...apiPlan, levels: 3, ...changed('upline', { level: 3, priority: 1 }) };
    const { changes, text } = differenceOf(apiPlan, to, en);
    expect(changes.map(({ pointer }) => pointer)).toEqual([
      '/levels',
      '/rules/1/level',
      '/rules/1/priority',
    ]);
    expect(text.split('\n')).toHaveLength(3);
  });
});
