import fc from 'fast-check';
import { canTie, findAmbiguities } from '../../../src/domain/commission/ambiguity';
import type { PlanRule, RuleMatch } from '../../../src/domain/commission/plan';
import { judgeRules } from '../../../src/domain/commission/rule';
import { distributorId, product, rules, tier } from './arbitraries';

const rule = (id: string, match: RuleMatch, other: Partial<PlanRule> = {}): PlanRule => ({
  id,
  level: 1,
  match,
  rate: { bps: 100 },
  priority: 0,
  ...other,
});

describe('rules that can tie are found', () => {
  it.each<[string, PlanRule, PlanRule, boolean]>([
    ['two general rules', rule('a', {}), rule('b', {}), true],
    ['the same sku', rule('a', { sku: 'X' }), rule('b', { sku: 'X' }), true],
    ['two skus', rule('a', { sku: 'X' }), rule('b', { sku: 'Y' }), false],
    ['two categories', rule('a', { category: 'x' }), rule('b', { category: 'y' }), false],
    ['two tags, as a line can carry both', rule('a', { tag: 'x' }), rule('b', { tag: 'y' }), true],
    ['another priority', rule('a', { tag: 'x' }), rule('b', { tag: 'y' }, { priority: 1 }), false],
    ['another level', rule('a', {}), rule('b', {}, { level: 2 }), false],
    ['a sku and its category', rule('a', { sku: 'X' }), rule('b', { category: 'x' }), false],
    ['the same tier', rule('a', { tier: 'gold' }), rule('b', { tier: 'gold' }), true],
    ['two tiers', rule('a', { tier: 'gold' }), rule('b', { tier: 'iron' }), false],
    ['a tier and a person', rule('a', { tier: 'gold' }), rule('b', { distributorId: 'd' }), false],
    [
      'two tags for two tiers',
      rule('a', { tag: 'x', tier: 'gold' }),
      rule('b', { tag: 'y', tier: 'iron' }),
      false,
    ],
    [
      'two tags for one tier',
      rule('a', { tag: 'x', tier: 'gold' }),
      rule('b', { tag: 'y', tier: 'gold' }),
      true,
    ],
    [
      'a tag and a tag of a tier',
      rule('a', { tag: 'x' }),
      rule('b', { tag: 'x', tier: 'gold' }),
      false,
    ],
  ])('%s', (_, a, b, expected) => {
    expect(canTie(a, b)).toBe(expected);
    expect(canTie(b, a)).toBe(expected);
  });

  it('names both rules, and each later rule once', () => {
    const all = [rule('a', {}), rule('b', { tag: 'x' }), rule('c', {}), rule('d', {})];
    expect(findAmbiguities(all)).toEqual([
      { indexes: [0, 2], ruleIds: ['a', 'c'] },
      { indexes: [0, 3], ruleIds: ['a', 'd'] },
    ]);
  });

  it('lets no plan pass in which two rules tie on some line', () => {
    const audience = fc.record({ distributorId, tier });
    fc.assert(
      fc.property(rules, product, audience, fc.constantFrom(1, 2, 3), (all, line, who, level) => {
        const blamed = new Set(findAmbiguities(all).map(({ indexes }) => indexes[1]));
        const rest = all.filter((_, index) => !blamed.has(index));
        expect(findAmbiguities(rest)).toEqual([]);
        expect(() => judgeRules({ rules: rest }, level, line, who)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('blames no pair without a line on which it ties', () => {
    fc.assert(
      fc.property(rules, rules, (some, others) => {
        for (const [a, b] of pairs([...some, ...others])) {
          if (!canTie(a, b)) continue;
          const tags = [a.match.tag, b.match.tag].filter((one) => one !== undefined);
          const line = { sku: 'none', ...a.match, tags };
          const who = { distributorId: 'none', tier: 'none', ...a.match };
          expect(() => judgeRules({ rules: [a, b] }, a.level, line, who)).toThrow('tie');
        }
      }),
    );
  });
});

function pairs(all: PlanRule[]): [PlanRule, PlanRule][] {
  return all.flatMap((a, index) => all.slice(index + 1).map((b): [PlanRule, PlanRule] => [a, b]));
}
