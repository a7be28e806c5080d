import {
  blocksPublication,
  findingsOf,
  findingView,
} from '../../../src/domain/commission/findings';
import type { PlanBody } from '../../../src/domain/commission/plan';

const plan = (facts: Partial<PlanBody> = {}): PlanBody => ({
  levels: 1,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: {},
  rules: [{ id: 'a', level: 1, match: {}, rate: { bps: 1 }, priority: 0 }],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
  bonuses: [],
  ...facts,
});

const rule = (id: string, match = {}) => ({ id, level: 1, match, rate: { bps: 1 }, priority: 0 });

describe('findings', () => {
  it('are none for a plain plan', () => {
    expect(findingsOf(plan())).toEqual([]);
  });

  it('block a plan in which two rules can tie, and name both in both languages', () => {
    const findings = findingsOf(
      plan({ rules: [rule('one'), rule('x', { sku: 'x' }), rule('two')] }),
    );
    expect(findings).toHaveLength(1);
    expect(blocksPublication(findings)).toBe(true);
    for (const language of ['zh-CN', 'en'] as const) {
      const view = findingView(findings[0]!, language);
      expect(view).toMatchObject({
        rule: 'ambiguous-rules',
        severity: 'error',
        pointer: '/rules/2',
      });
      expect(view.message).toContain('one');
      expect(view.message).toContain('two');
    }
    expect(findingView(findings[0]!, 'en').message).not.toBe(
      findingView(findings[0]!, 'zh-CN').message,
    );
  });

  it('warn without blocking about what is stored and not run', () => {
    const promote = { all: [{ metric: 'ownSales' as const, gte: 1 }], review: false };
    const findings = findingsOf(
      plan({
        rules: [rule('a', { tier: 'glod' })],
        tiers: [
          { code: 'bronze', rank: 1, privileges: {} },
          { code: 'gold', rank: 2, promote, privileges: {} },
        ],
        bonuses: [{ id: 'b', kind: 'invitation', amount: 1, onFirstOrderOfAtLeastAmount: 1 }],
      }),
    );
    expect(blocksPublication(findings)).toBe(false);
    expect(findings.map(({ rule: name, pointer }) => [name, pointer])).toEqual([
      ['unknown-tier', '/rules/0/match/tier'],
      ['tier-rules-not-run', '/tiers/1'],
      ['bonuses-not-booked', '/bonuses'],
    ]);
    for (const finding of findings) {
      for (const language of ['zh-CN', 'en'] as const) {
        const view = findingView(finding, language);
        expect(view.severity).toBe('warning');
        expect(view.message.length).toBeGreaterThan(5);
        expect(view.source.length).toBeGreaterThan(0);
      }
    }
  });
});
