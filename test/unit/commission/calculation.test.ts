import {
  baseAmounts,
  calculateLine,
  computeLine,
  freezeTerms,
  type OrderLineFacts,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
import type { PlanBody, PlanRule } from '../../../src/domain/commission/plan';
import { judgeRules } from '../../../src/domain/commission/rule';
import { Refusal } from '../../../src/domain/kernel/refusal';

const line = (facts: Partial<OrderLineFacts> = {}): OrderLineFacts => ({
  externalId: '1',
  sku: 'S1',
  tags: [],
  quantity: 1,
  unitPriceAmount: 10_000n,
  discountAmount: 0n,
  inScope: true,
  ...facts,
});

const rule = (id: string, level: number, facts: Partial<PlanRule> = {}): PlanRule => ({
  id,
  level,
  match: {},
  rate: { bps: 1000 },
  priority: 0,
  ...facts,
});

const plan = (facts: Partial<PlanBody> = {}): PlanBody => ({
  levels: 2,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: {},
  rules: [rule('direct', 1), rule('upline', 2, { rate: { bps: 500 } })],
  tiers: [],
  bonuses: [],
  ...facts,
});

const member = (distributorId: string, facts: Partial<UplineMember> = {}): UplineMember => ({
  distributorId,
  tier: 'bronze',
  earns: true,
  isBuyer: false,
  ...facts,
});

function refusalOf(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a discount above what it is taken from is refused', () => {
  it('names the line whose discount is too large', () => {
    const lines = [line(), line({ externalId: '2', discountAmount: 10_001n })];
    const refusal = refusalOf(() => baseAmounts({ lines, orderDiscountAmount: 0n }));
    expect(refusal.code).toBe('discount_exceeds_lines');
    expect(refusal.errors.map(({ pointer }) => pointer)).toEqual(['/lines/1/discountAmount']);
  });

  it('names the order discount', () => {
    const order = { lines: [line({ discountAmount: 9_999n })], orderDiscountAmount: 2n };
    const refusal = refusalOf(() => baseAmounts(order));
    expect(refusal.errors.map(({ pointer }) => pointer)).toEqual(['/orderDiscountAmount']);
  });

  it('lets a discount of the whole through', () => {
    const lines = [
      line({ discountAmount: 9_999n }),
      line({ externalId: '2', unitPriceAmount: 0n }),
    ];
    expect(baseAmounts({ lines, orderDiscountAmount: 1n })).toEqual([0n, 0n]);
  });
});

describe('terms frozen with a line', () => {
  it('say who earns which level by which rule and rate, and who was passed over', () => {
    const path = [member('d1', { earns: false }), member('d2', { tier: 'gold' }), member('d3')];
    const rules = [
      rule('direct', 1),
      rule('gold', 1, { match: { tier: 'gold' }, rate: { amountPerUnit: 300 } }),
    ];
    expect(freezeTerms(plan({ rules, onIneligible: 'compress' }), path, line())).toEqual({
      levels: [
        {
          level: 1,
          distributorId: 'd2',
          tier: 'gold',
          ruleId: 'gold',
          rate: { amountPerUnit: '300' },
          passedOver: [{ distributorId: 'd1', why: 'not_earning' }],
        },
        { level: 2, distributorId: 'd3', tier: 'bronze', ruleId: null, rate: null, passedOver: [] },
      ],
    });
  });

  it.each(['skip', 'compress', 'stop'] as const)(
    'give nobody a product outside the program under %s',
    (onIneligible) => {
      const terms = freezeTerms(
        plan({ onIneligible }),
        [member('d1'), member('d2')],
        line({ inScope: false }),
      );
      expect(terms.levels.map(({ distributorId }) => distributorId)).toEqual([null, null]);
      expect(terms.levels[0]?.passedOver[0]).toEqual({ distributorId: 'd1', why: 'out_of_scope' });
    },
  );

  it('give a level nothing when no rule is for it', () => {
    const only = plan({ rules: [rule('upline', 2)] });
    const terms = freezeTerms(only, [member('d1'), member('d2')], line());
    const earned = computeLine(only, terms, { baseAmount: 10_000n, quantity: 1 });
    expect(earned).toEqual([
      { level: 2, distributorId: 'd2', ruleId: 'upline', rateBps: 1000, amount: 1000n },
    ]);
  });
});

describe('the steps of a line', () => {
  const terms = freezeTerms(plan(), [member('d1'), member('d2')], line());

  it('show the amounts before the caps and both caps', () => {
    const caps = { totalBps: 3000, marginBps: 5000 };
    const remaining = { baseAmount: 10_000n, quantity: 1, unitCostAmount: 8_001n };
    const result = calculateLine(plan({ caps }), terms, remaining);
    expect(result).toMatchObject({
      roundedAmounts: [1000n, 500n],
      totalCapAmount: 3000n,
      marginCapAmount: 999n,
      shrunk: true,
    });
    expect(result.commissions.map(({ amount }) => amount)).toEqual([666n, 333n]);
  });

  it.each([
    ['a cost above the base leaves a margin of 0', 10_001n, 0n],
    ['no cost, no margin cap', undefined, null],
  ])('%s', (_, unitCostAmount, expected) => {
    const remaining = { baseAmount: 10_000n, quantity: 1, unitCostAmount };
    const result = calculateLine(plan({ caps: { marginBps: 5000 } }), terms, remaining);
    expect(result.marginCapAmount).toBe(expected);
  });

  it('a unit price of a million and a quantity of ten thousand stay exact', () => {
    const [first] = computeLine(plan(), terms, {
      baseAmount: 9_007_199_254_740_991n,
      quantity: 10_000,
    });
    expect(first?.amount).toBe(900_719_925_474_099n);
  });
});

describe('every rule of a level says why it lost', () => {
  it('in the order of the comparison', () => {
    const rules = [
      rule('any', 1),
      rule('other-level', 2),
      rule('tag', 1, { match: { tag: 'new' } }),
      rule('tag-first', 1, { match: { tag: 'new', tier: 'gold' }, priority: 1 }),
      rule('tag-second', 1, { match: { tag: 'new', tier: 'gold' } }),
      rule('sku', 1, { match: { sku: 'S2' } }),
      rule('person', 1, { match: { distributorId: 'd9' } }),
    ];
    const verdicts = judgeRules(
      { rules },
      1,
      line({ tags: ['new'] }),
      member('d1', { tier: 'gold' }),
    );
    expect(verdicts.map(({ rule: { id }, chosen, reason }) => [id, chosen, reason])).toEqual([
      ['any', false, 'product_less_specific'],
      ['tag', false, 'audience_less_specific'],
      ['tag-first', true, 'chosen'],
      ['tag-second', false, 'lower_priority'],
      ['sku', false, 'product_differs'],
      ['person', false, 'audience_differs'],
    ]);
  });
});
