import { check } from '../../../src/http/faults';
import { problemFor } from '../../../src/http/problem';
import { CampaignBody } from '../../../src/http/schemas/campaign';
import { PlanJson } from '../../../src/http/schemas/plan';

const rule = { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } };
const tier = { code: 'bronze', rank: 1, privileges: {} };
const plan = { levels: 1, rules: [rule], tiers: [tier] };
const campaign = {
  externalId: 'c',
  name: 'C',
  startsAt: '2026-11-02T00:00:00+08:00',
  endsAt: '2026-11-03T00:00:00+08:00',
  match: {},
  effect: { addBps: 1 },
  levels: [1],
  budgetAmount: null,
};
const ofPlan = (own: object) => [PlanJson, { ...plan, ...own }] as const;
const ofCampaign = (own: object) => [CampaignBody, { ...campaign, ...own }] as const;
const ofRule = (own: object) => ofPlan({ rules: [{ ...rule, ...own }] });
const ofTier = (own: object) => ofPlan({ tiers: [{ ...tier, ...own }] });
const ofBonus = (own: object) => ofPlan({ bonuses: [{ id: 'b', ...own }] });

describe('a fault of a plan or campaign has its pointer, and words in Chinese and English', () => {
  it.each([
    ['levels', ofPlan({ levels: 0 }), '/levels'],
    ['rounding', ofPlan({ rounding: 'up' }), '/rounding'],
    ['onIneligible', ofPlan({ onIneligible: 'pot' }), '/onIneligible'],
    ['selfPurchase', ofPlan({ selfPurchase: 'maybe' }), '/selfPurchase'],
    ['caps', ofPlan({ caps: { marginBps: -1 } }), '/caps/marginBps'],
    ['a rule above the levels', ofRule({ level: 2 }), '/rules/0/level'],
    ['two rules of one id', ofPlan({ rules: [rule, rule] }), '/rules/1/id'],
    ['two product keys', ofRule({ match: { sku: 'A', tag: 'b' } }), '/rules/0/match'],
    ['a rate', ofRule({ rate: { bps: 10_001 } }), '/rules/0/rate/bps'],
    ['an amount per unit', ofRule({ rate: { amountPerUnit: 1.5 } }), '/rules/0/rate/amountPerUnit'],
    ['a priority', ofRule({ priority: 0.5 }), '/rules/0/priority'],
    ['a tier code twice', ofPlan({ tiers: [tier, { ...tier, rank: 2 }] }), '/tiers/1/code'],
    [
      'a metric',
      ofTier({ promote: { all: [{ metric: 'luck', gte: 1 }] } }),
      '/tiers/0/promote/all/0/metric',
    ],
    ['a notice', ofTier({ keep: { any: [], noticeDays: -1 } }), '/tiers/0/keep/noticeDays'],
    ['a privilege', ofTier({ privileges: { teamView: 'some' } }), '/tiers/0/privileges/teamView'],
    [
      'an invitation',
      ofBonus({ kind: 'invitation', amount: 1 }),
      '/bonuses/0/onFirstOrderOfAtLeastAmount',
    ],
    ['a team bonus', ofBonus({ kind: 'team', bps: 1, depth: 0 }), '/bonuses/0/depth'],
    ['a breakthrough', ofBonus({ kind: 'breakthrough', steps: [] }), '/bonuses/0/steps'],
    ['a level twice', ofCampaign({ levels: [1, 1] }), '/levels/1'],
    ['a window', ofCampaign({ endsAt: campaign.startsAt }), '/endsAt'],
    ['a budget of 0', ofCampaign({ budgetAmount: 0 }), '/budgetAmount'],
    ['two effects', ofCampaign({ effect: { addBps: 1, multiplyBps: 20_000 } }), '/effect/'],
  ] as const)('%s', (_, [schema, value], pointer) => {
    for (const [locale, words] of [
      ['zh-CN', /\p{Script=Han}/u],
      ['en', /^[\x20-\x7e‘’“”≥≤]+$/],
    ] as const) {
      const result = check(schema, value, '', locale);
      const found = result.ok ? [] : result.faults;
      const fault = found.find((one) => one.pointer.startsWith(pointer));
      expect([locale, found.map((one) => one.pointer), fault?.message]).toEqual([
        locale,
        expect.arrayContaining([expect.stringContaining(pointer)]),
        expect.stringMatching(words),
      ]);
    }
  });
});

it('a fault with the code of a refusal says it in the language of the reader', () => {
  const faults = [
    { pointer: '/lines/0/amount', code: 'refund_exceeds_line', message: 'only 3 remain' },
  ];
  const said = (locale: 'zh-CN' | 'en') =>
    problemFor('refund_exceeds_line', '', faults, { requestId: 'r', locale }).errors?.[0]?.message;
  expect(said('en')).toBe('only 3 remain');
  expect(said('zh-CN')).toMatch(/\p{Script=Han}.*：only 3 remain$/u);
});
