import { NewPlan, PlanJson } from '../../../src/http/schemas/plan';
import { contractPlan } from '../../support/api-plan';

const rule = { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } };
const tier = { code: 'bronze', rank: 1, privileges: {} };
const plain = { levels: 2, rules: [rule], tiers: [tier] };

const pathsOf = (value: unknown) => {
  const result = PlanJson.safeParse(value);
  return result.success ? [] : result.error.issues.map(({ path }) => `/${path.join('/')}`);
};

describe('plan JSON', () => {
  it('takes the plan of the contract as it stands', () => {
    const expected = {
      ...contractPlan,
      rules: contractPlan.rules.map((one) => ({ priority: 0, ...one })),
    };
    expect(NewPlan.parse({ plan: contractPlan, note: 'first' }).plan).toEqual(expected);
  });

  it('fills in the defaults', () => {
    expect(PlanJson.parse(plain)).toEqual({
      ...plain,
      rounding: 'floor',
      onIneligible: 'skip',
      selfPurchase: 'deny',
      caps: {},
      rules: [{ ...rule, priority: 0 }],
      bonuses: [],
    });
  });

  it.each<[string, object, string]>([
    ['no level', { levels: 0 }, '/levels'],
    ['eleven levels', { levels: 11 }, '/levels'],
    ['a fraction of a level', { levels: 1.5 }, '/levels'],
    ['no rules', { rules: [] }, '/rules'],
    [
      'more than 500 rules',
      { rules: Array.from({ length: 501 }, (_, i) => ({ ...rule, id: `r${i}` })) },
      '/rules',
    ],
    ['two rules of one id', { rules: [rule, { ...rule, level: 2 }] }, '/rules/1/id'],
    [
      'a rule above the levels',
      { levels: 1, rules: [rule, { ...rule, id: 'b', level: 2 }] },
      '/rules/1/level',
    ],
    ['more than 100 %', { rules: [{ ...rule, rate: { bps: 10_001 } }] }, '/rules/0/rate/bps'],
    ['a negative rate', { rules: [{ ...rule, rate: { bps: -1 } }] }, '/rules/0/rate/bps'],
    [
      'both kinds of rate',
      { rules: [{ ...rule, rate: { bps: 1, amountPerUnit: 1 } }] },
      '/rules/0/rate',
    ],
    ['two product keys', { rules: [{ ...rule, match: { sku: 'A', tag: 'b' } }] }, '/rules/0/match'],
    [
      'two audience keys',
      {
        rules: [{ ...rule, match: { tier: 'a', distributorId: 'dst_01h455vb4pex5vsknk084sn02q' } }],
      },
      '/rules/0/match',
    ],
    [
      'a distributor that cannot exist',
      { rules: [{ ...rule, match: { distributorId: 'd' } }] },
      '/rules/0/match/distributorId',
    ],
    ['no tiers', { tiers: [] }, '/tiers'],
    ['two tiers of one code', { tiers: [tier, { ...tier, rank: 2 }] }, '/tiers/1/code'],
    ['two tiers of one rank', { tiers: [tier, { ...tier, code: 'b' }] }, '/tiers/1/rank'],
    ['a cap above 100 %', { caps: { totalBps: 10_001 } }, '/caps/totalBps'],
    ['another rounding', { rounding: 'ceil' }, '/rounding'],
    [
      'an unknown metric',
      { tiers: [{ ...tier, promote: { all: [{ metric: 'luck', gte: 1 }] } }] },
      '/tiers/0/promote',
    ],
    ['an unknown kind of bonus', { bonuses: [{ id: 'x', kind: 'luck' }] }, '/bonuses/0/kind'],
    ['an unknown field', { colour: 'red' }, '/'],
  ])('refuses %s', (_, change, path) => {
    expect(pathsOf({ ...plain, ...change })).toContain(path);
  });

  it.each(['levels', 'rules', 'tiers'])('requires %s', (key) => {
    expect(pathsOf({ ...plain, [key]: undefined })).toContain(`/${key}`);
  });
});
