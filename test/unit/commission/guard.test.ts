import {
  campaignFindings,
  type Finding,
  findingsOf,
  findingView,
  type GuardRule,
  knownFindings,
  obstacles,
  unwaived,
} from '../../../src/domain/commission/findings';
import { guardRules } from '../../../src/domain/commission/guard';
import { waiverText } from '../../../src/domain/commission/guard-words';
import type {
  Bonus,
  Condition,
  PlanBody,
  PlanRule,
  Tier,
} from '../../../src/domain/commission/plan';
import { apiPlan } from '../../support/api-plan';

const plan = (change: Partial<PlanBody> = {}): PlanBody => ({
  levels: 1,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: {},
  rules: [rule('direct', 1, { bps: 1000 })],
  tiers: [bronze],
  bonuses: [],
  ...change,
});

function rule(
  id: string,
  level: number,
  rate: PlanRule['rate'],
  match: PlanRule['match'] = {},
): PlanRule {
  return { id, level, match, rate, priority: 0 };
}

const bronze: Tier = { code: 'bronze', rank: 1, privileges: {} };
const gold = (facts: Partial<Tier>): Tier[] => [
  bronze,
  { code: 'gold', rank: 2, privileges: {}, ...facts },
];
const at = (metric: Condition['metric'], gte: number): Condition => ({ metric, gte });
const promote = (conditions: { all: Condition[] } | { any: Condition[] }) =>
  plan({ tiers: gold({ promote: { ...conditions, review: false } }) });

const two = [rule('direct', 1, { bps: 1000 }), rule('upline', 2, { bps: 500 })];
const invite = (facts: object = {}): Bonus => ({
  ...{ id: 'invite', kind: 'invitation', amount: 2000, onFirstOrderOfAtLeastAmount: 10_000 },
  ...facts,
});
const team = (facts: object = {}): Bonus => ({
  ...{ id: 'team', kind: 'team', bps: 100, depth: 1, maxAmount: 500_000 },
  ...facts,
});
const breakthrough = (ownSalesAtLeastAmount: number): Bonus => ({
  id: 'break',
  kind: 'breakthrough',
  steps: [{ ownSalesAtLeastAmount, amount: 20_000 }],
});

const hold = { holdDays: 7 };
const rulesOf = (body: PlanBody, program = hold) =>
  findingsOf(body, program).map((one) => one.rule);
const placesOf = (name: GuardRule, body: PlanBody, program = hold) =>
  findingsOf(body, program).flatMap((one) => (one.rule === name ? [one.pointer] : []));

interface Case {
  name: GuardRule;
  what: string;
  fires: PlanBody;
  at: string;
  not: PlanBody;
}

const cases: Case[] = [
  {
    name: 'depth-over-3',
    what: 'four levels',
    fires: plan({ levels: 4 }),
    at: '/levels',
    not: plan({ levels: 3 }),
  },
  {
    name: 'head-count-pay',
    what: 'an invitation without an order of some worth',
    fires: plan({ bonuses: [invite({ onFirstOrderOfAtLeastAmount: 0 })] }),
    at: '/bonuses/0/onFirstOrderOfAtLeastAmount',
    not: plan({ bonuses: [invite()] }),
  },
  {
    name: 'head-count-pay',
    what: 'a tier for the number of directs alone',
    fires: promote({ all: [at('daysSinceJoined', 30), at('directs', 3)] }),
    at: '/tiers/1/promote/all/1',
    not: promote({ all: [at('ownSales', 1), at('directs', 3)] }),
  },
  {
    name: 'head-count-pay',
    what: 'active directs as one of several ways to a tier',
    fires: promote({ any: [at('ownSales', 1), at('activeDirects', 3)] }),
    at: '/tiers/1/promote/any/1',
    not: promote({ any: [at('ownSales', 1), at('activeDirects', 0)] }),
  },
  {
    name: 'head-count-pay',
    what: 'heads beside sales of 0, which ask for nothing',
    fires: plan({
      tiers: gold({ keep: { all: [at('directs', 1), at('teamSales', 0)], noticeDays: 30 } }),
    }),
    at: '/tiers/1/keep/all/0',
    not: plan({
      tiers: gold({ keep: { all: [at('directs', 1), at('teamSales', 1)], noticeDays: 30 } }),
    }),
  },
  {
    name: 'entry-fee',
    what: 'an order before one may begin',
    fires: plan({
      tiers: [{ ...bronze, promote: { all: [at('ownOrders', 1)], review: false } }],
    }),
    at: '/tiers/0/promote/all/0',
    not: plan({
      tiers: [{ ...bronze, promote: { all: [at('coursesPassed', 1)], review: false } }],
    }),
  },
  {
    name: 'entry-fee',
    what: 'a share of a payment to join',
    fires: plan({ rules: [rule('join', 1, { bps: 1 }, { category: 'Joining-Fee' })] }),
    at: '/rules/0/match/category',
    not: plan({ rules: [rule('join', 1, { bps: 1 }, { category: 'coffee' })] }),
  },
  {
    name: 'entry-fee',
    what: 'the same in Chinese',
    fires: plan({ rules: [rule('join', 1, { bps: 1 }, { tag: '代理加盟费' })] }),
    at: '/rules/0/match/tag',
    not: plan({ rules: [rule('join', 1, { bps: 1 }, { tag: '茶叶' })] }),
  },
  {
    name: 'purchase-to-qualify',
    what: 'a tier that own purchases reach',
    fires: { ...promote({ all: [at('ownSales', 1)] }), selfPurchase: 'allow' },
    at: '/tiers/1/promote/all/0',
    not: promote({ all: [at('ownSales', 1)] }),
  },
  {
    name: 'purchase-to-qualify',
    what: 'a step that own purchases reach',
    fires: plan({ selfPurchase: 'allow', bonuses: [breakthrough(1)] }),
    at: '/bonuses/0/steps',
    not: plan({ bonuses: [breakthrough(1)] }),
  },
  {
    name: 'purchase-to-qualify',
    what: 'an invitation paid by the first purchase of the invited',
    fires: plan({ selfPurchase: 'allow', bonuses: [invite()] }),
    at: '/bonuses/0/onFirstOrderOfAtLeastAmount',
    not: plan({ selfPurchase: 'allow' }),
  },
  {
    name: 'purchase-to-qualify',
    what: 'a team bonus for those who buy',
    fires: plan({ selfPurchase: 'allow', bonuses: [team({ ownSalesAtLeastAmount: 1 })] }),
    at: '/bonuses/0/ownSalesAtLeastAmount',
    not: plan({ selfPurchase: 'allow', bonuses: [team()] }),
  },
  {
    name: 'ambiguous-rules',
    what: 'two tags that one line can carry',
    fires: plan({
      rules: [rule('a', 1, { bps: 1 }, { tag: 'new' }), rule('b', 1, { bps: 2 }, { tag: 'hot' })],
    }),
    at: '/rules/1',
    not: plan({
      rules: [
        rule('a', 1, { bps: 1 }, { tag: 'new' }),
        { ...rule('b', 1, { bps: 2 }, { tag: 'hot' }), priority: 1 },
      ],
    }),
  },
  {
    name: 'unlimited-team-bonus',
    what: 'a team bonus without a maximum',
    fires: plan({ bonuses: [team({ maxAmount: undefined })] }),
    at: '/bonuses/0',
    not: plan({ bonuses: [team()] }),
  },
  {
    name: 'unlimited-team-bonus',
    what: 'a team bonus over four generations',
    fires: plan({ bonuses: [team({ depth: 4 })] }),
    at: '/bonuses/0/depth',
    not: plan({ bonuses: [team({ depth: 3 })] }),
  },
  {
    name: 'pay-without-order',
    what: 'a step at sales of 0',
    fires: plan({ bonuses: [breakthrough(0)] }),
    at: '/bonuses/0/steps/0/ownSalesAtLeastAmount',
    not: plan({ bonuses: [breakthrough(1)] }),
  },
  {
    name: 'pays-on-downline-sales',
    what: 'a rule of level 2',
    fires: plan({ levels: 2, rules: two }),
    at: '/rules/1/level',
    not: plan({ levels: 2 }),
  },
  {
    name: 'pays-on-downline-sales',
    what: 'a team bonus',
    fires: plan({ bonuses: [team()] }),
    at: '/bonuses/0',
    not: plan({ bonuses: [breakthrough(1)] }),
  },
  {
    name: 'depth-3',
    what: 'three levels',
    fires: plan({ levels: 3 }),
    at: '/levels',
    not: plan({ levels: 2 }),
  },
  {
    name: 'team-bonus',
    what: 'a team bonus',
    fires: plan({ bonuses: [invite(), team()] }),
    at: '/bonuses/1',
    not: plan({ bonuses: [invite()] }),
  },
  {
    name: 'invitation-bonus',
    what: 'an invitation bonus',
    fires: plan({ bonuses: [team(), invite()] }),
    at: '/bonuses/1',
    not: plan({ bonuses: [team()] }),
  },
  {
    name: 'rates-rise-with-depth',
    what: 'a second level that gets more',
    fires: plan({
      levels: 2,
      rules: [rule('direct', 1, { bps: 500 }), rule('up', 2, { bps: 501 })],
    }),
    at: '/rules/1/rate',
    not: plan({ levels: 2, rules: two }),
  },
  {
    name: 'rates-rise-with-depth',
    what: 'goods for which the second level gets more',
    fires: plan({
      levels: 2,
      rules: [
        rule('direct', 1, { bps: 500 }),
        rule('cup', 1, { bps: 1500 }, { sku: 'CUP' }),
        rule('up', 2, { bps: 600 }),
      ],
    }),
    at: '/rules/2/rate',
    not: plan({
      levels: 2,
      rules: [rule('direct', 1, { amountPerUnit: 5 }), rule('up', 2, { bps: 600 })],
    }),
  },
  {
    name: 'rates-over-own-cap',
    what: 'rates above the cap of the plan',
    fires: plan({ levels: 2, rules: two, caps: { totalBps: 1499 } }),
    at: '/caps/totalBps',
    not: plan({ levels: 2, rules: two, caps: { totalBps: 1500 } }),
  },
  {
    name: 'rates-over-own-cap',
    what: 'rates above the whole',
    fires: plan({ levels: 2, rules: [rule('a', 1, { bps: 9000 }), rule('b', 2, { bps: 1001 })] }),
    at: '/rules',
    not: plan({ levels: 2, rules: [rule('a', 1, { bps: 9000 }), rule('b', 2, { bps: 1000 })] }),
  },
  {
    name: 'unknown-tier',
    what: 'a rule for a tier that is not there',
    fires: plan({ rules: [rule('a', 1, { bps: 1 }, { tier: 'glod' })] }),
    at: '/rules/0/match/tier',
    not: plan({ rules: [rule('a', 1, { bps: 1 }, { tier: 'bronze' })] }),
  },
];

describe('the guard', () => {
  it.each(cases.map((one) => [one.name, one.what, one] as const))(
    '%s: names %s, and where; not its neighbour',
    (name, _, { fires, at: place, not }) => {
      expect(placesOf(name, fires)).toEqual([place]);
      expect(placesOf(name, not)).toEqual([]);
    },
  );

  it('hold-too-short: names a hold under 7 days; not 7', () => {
    expect(placesOf('hold-too-short', plan(), { holdDays: 6 })).toEqual(['']);
    expect(placesOf('hold-too-short', plan(), { holdDays: 7 })).toEqual([]);
  });

  it('overlay-without-budget: names a campaign without a budget; not one of 0', () => {
    expect(campaignFindings({ budgetAmount: null })).toMatchObject([
      { rule: 'overlay-without-budget', severity: 'warning', pointer: '/budgetAmount' },
    ]);
    expect(campaignFindings({ budgetAmount: 0n })).toEqual([]);
  });

  it('says nothing about a plain plan of one level', () => {
    expect(rulesOf(plan())).toEqual([]);
  });

  it('names both of two rules that can tie', () => {
    const tie = cases.find(({ name }) => name === 'ambiguous-rules')!;
    expect(findingsOf(tie.fires, hold)[0]).toMatchObject({ ruleIds: ['a', 'b'] });
  });

  it('has no error in the example of the public contract, only warnings', () => {
    expect(findingsOf(apiPlan, hold).map(({ rule: name, severity }) => [name, severity])).toEqual([
      ['pays-on-downline-sales', 'warning'],
      ['team-bonus', 'warning'],
      ['invitation-bonus', 'warning'],
    ]);
  });

  it('lets every error block, and every warning of a risk until it is waived', () => {
    const errors = cases.filter(({ name }) => guardRules[name].severity === 'error');
    const all = new Set(Object.keys(guardRules));
    const blocks = (findings: Finding[]) => obstacles(findings, all).length > 0;
    expect(errors.every(({ fires }) => blocks(findingsOf(fires, hold)))).toBe(true);
    const warnings = findingsOf(apiPlan, hold);
    expect(blocks(warnings)).toBe(false);
    const open = unwaived(warnings, new Set(['team-bonus']));
    expect(open.map((one) => one.rule)).toEqual(['pays-on-downline-sales', 'invitation-bonus']);
  });

  it('forgets stored findings of rules that are no more', () => {
    const stored = [{ rule: 'bonuses-not-booked' }, { rule: 'depth-3' }];
    expect(knownFindings(stored)).toEqual([{ rule: 'depth-3' }]);
  });
});

describe('the words of the guard', () => {
  const findings = [
    ...cases.flatMap(({ fires }) => findingsOf(fires, { holdDays: 1 })),
    ...campaignFindings({ budgetAmount: null }),
  ];

  it('exist for every rule, with a source, in both languages', () => {
    const names = new Set(findings.map((one) => one.rule));
    expect([...names].sort()).toEqual(Object.keys(guardRules).sort());
    for (const finding of findings) {
      const [en, zh] = (['en', 'zh-CN'] as const).map((one) => findingView(finding, one));
      expect(en!.message).toMatch(/[a-z]{4} [a-z]/);
      expect(zh!.message).toMatch(/\p{Script=Han}/u);
      expect(en!.source.length).toBeGreaterThan(10);
      expect(zh!.source).toMatch(/\p{Script=Han}/u);
      expect(`${en!.message}${zh!.message}`).not.toMatch(/undefined|\[object/);
    }
  });

  it('never say what the law would say, nor that something is allowed', () => {
    const claims = /legal|lawful|compliant|permitted|allowed|safe|合法|合规|允许|许可|安全/i;
    for (const finding of findings) {
      for (const language of ['en', 'zh-CN'] as const) {
        const { message, source } = findingView(finding, language);
        expect(`${message} ${source}`).not.toMatch(claims);
      }
    }
    expect(waiverText['zh-CN']).not.toMatch(claims);
    expect(waiverText.en).toBe("The merchant's own decision; it says nothing about legality.");
  });
});
