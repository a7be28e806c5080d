import fc from 'fast-check';
import { bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  chargesOf,
  earningsOf,
  type LineTerms,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
import type { Overlay, OverlayEffect } from '../../../src/domain/commission/overlay';
import type { PlanRule, RuleMatch } from '../../../src/domain/commission/plan';
import { type Answer, type Case, expected, type Line, partOf } from './second-calculation';

function product(one: Case): Answer {
  const budgets = new Map(
    one.overlays.flatMap((o) => (o.budgetLeftAmount === null ? [] : [[o.id, o.budgetLeftAmount]])),
  );
  const agent =
    one.agentBps === null
      ? undefined
      : {
          distributorId: 'agent',
          tier: 'a',
          earns: true,
          isBuyer: false,
          region: 'r',
          bps: one.agentBps,
        };
  const order = { lines: one.lines, orderDiscountAmount: one.orderDiscount };
  const lines = bookOrder(one.plan, one.upline, order, { overlays: one.overlays, budgets, agent });
  const say = (calculation: ReturnType<typeof calculateLine>) =>
    earningsOf(calculation).map(
      ({ level, distributorId, ruleId, amount }) => `${level} ${distributorId} ${ruleId} ${amount}`,
    );
  const states = lines.map((line, i) => ({
    terms: JSON.parse(JSON.stringify(line.terms)) as LineTerms,
    calculation: line.calculation!,
    left: { ...one.lines[i]!, baseAmount: line.baseAmount },
  }));
  const refunded = one.refunds.map((refund) => {
    const state = states[refund.line % states.length]!;
    const { quantity, amount } = partOf(refund, state.left.quantity, state.left.baseAmount);
    state.left.baseAmount -= amount;
    state.left.quantity -= quantity;
    const before = chargesOf(state.calculation);
    const extrasBefore = state.calculation.extras.flat();
    state.calculation = calculateLine(one.plan, state.terms, state.left, before);
    state.calculation.extras.flat().forEach(({ campaignId, limited, chargedAmount }, i) => {
      if (!limited) return;
      const back = extrasBefore[i]!.chargedAmount - chargedAmount;
      budgets.set(campaignId, budgets.get(campaignId)! + back);
    });
    return say(state.calculation);
  });
  return { booked: lines.map(({ calculation }) => say(calculation!)), refunded, budgets };
}

const of = <T>(...values: T[]) => fc.constantFrom(...values);
const match = fc
  .tuple(
    of<RuleMatch>({}, { sku: 's1' }, { productId: 'p1' }, { category: 'c1' }, { tag: 't1' }),
    of<RuleMatch>({}, { tier: 'gold' }, { distributorId: 'd2' }),
  )
  .map(([a, b]) => ({ ...a, ...b }));
const rate = fc.oneof(
  fc.integer({ min: 0, max: 4000 }).map((value) => ({ bps: value })),
  fc.integer({ min: 0, max: 900 }).map((amountPerUnit) => ({ amountPerUnit })),
);
const rules = fc
  .uniqueArray(
    fc.record({
      level: fc.integer({ min: 1, max: 3 }),
      match,
      rate,
      priority: fc.integer({ min: 0, max: 1 }),
    }),
    {
      minLength: 1,
      maxLength: 9,
      selector: (r) => `${r.level}${JSON.stringify(r.match)}${r.priority}`,
    },
  )
  .map((all) => all.map((rule, i): PlanRule => ({ ...rule, id: `r${i}` })));
const caps = fc.record(
  { totalBps: fc.integer({ min: 0, max: 4000 }), marginBps: fc.integer({ min: 0, max: 9000 }) },
  { requiredKeys: [] },
);
const plan = fc.record({
  levels: fc.integer({ min: 1, max: 3 }),
  rounding: of<'floor' | 'halfUp'>('floor', 'halfUp'),
  onIneligible: of<'skip' | 'compress' | 'stop'>('skip', 'compress', 'stop'),
  selfPurchase: of<'deny' | 'allow'>('deny', 'allow'),
  caps,
  rules,
  tiers: fc.constant([]),
  bonuses: fc.constant([]),
});
const upline = fc
  .array(
    fc.record({
      tier: of('bronze', 'gold'),
      earns: fc.nat(4).map((n) => n > 0),
      isBuyer: fc.nat(5).map((n) => n === 0),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map((who, i): UplineMember => ({ ...who, distributorId: `d${i + 1}` })));
const lines = fc
  .array(
    fc.record(
      {
        sku: of('s1', 's2'),
        productId: of('p1', 'p2'),
        category: of('c1', 'c2'),
        tags: of([], ['t1'], ['t1', 't2']),
        quantity: fc.integer({ min: 1, max: 9 }),
        unitPriceAmount: fc.bigInt(0n, 30_000n),
        discountAmount: fc.constant(0n),
        unitCostAmount: fc.bigInt(0n, 25_000n),
        inScope: fc.nat(6).map((n) => n > 0),
        cut: fc.bigInt(0n, 100n),
      },
      {
        requiredKeys: [
          'sku',
          'productId',
          'category',
          'tags',
          'quantity',
          'unitPriceAmount',
          'discountAmount',
          'inScope',
          'cut',
        ],
      },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ cut, ...line }, i): Line => ({
      ...line,
      externalId: ['b', '10', '9', 'a'][i]!,
      discountAmount: (line.unitPriceAmount * BigInt(line.quantity) * cut) / 200n,
    })),
  );
const effect = fc.oneof(
  fc.integer({ min: 5000, max: 30_000 }).map((multiplyBps): OverlayEffect => ({ multiplyBps })),
  fc.integer({ min: 0, max: 2000 }).map((addBps): OverlayEffect => ({ addBps })),
  fc.integer({ min: 0, max: 500 }).map((addAmountPerUnit): OverlayEffect => ({ addAmountPerUnit })),
);
const overlays = fc
  .array(
    fc.record({
      startsAt: of(1, 2).map((day) => new Date(Date.UTC(2026, 10, day))),
      match,
      effect,
      levels: of([1], [2], [1, 2], [1, 2, 3]),
      stacks: fc.constant(false),
      budgetLeftAmount: fc.option(fc.bigInt(0n, 4000n)),
    }),
    { maxLength: 3 },
  )
  .map((all) => all.map((one, i): Overlay => ({ ...one, id: `o${3 - i}` })));
const cases: fc.Arbitrary<Case> = fc
  .record({
    plan,
    upline,
    lines,
    overlays,
    agentBps: fc.option(fc.integer({ min: 0, max: 5000 })),
    discountPart: fc.bigInt(0n, 100n),
    refunds: fc.array(
      fc.record({ line: fc.nat(3), quantityPart: fc.nat(10), amountPart: fc.nat(10) }),
      { maxLength: 8 },
    ),
  })
  .map(({ discountPart, ...one }) => {
    const sum = one.lines.reduce(
      (a, l) => a + BigInt(l.quantity) * l.unitPriceAmount - l.discountAmount,
      0n,
    );
    return { ...one, orderDiscount: (sum * discountPart) / 150n };
  });

it('agrees with a second calculation on random plans, orders, campaigns, agents and refunds', () => {
  fc.assert(
    fc.property(cases, (one) => {
      expect(product(one)).toEqual(expected(one));
    }),
    { numRuns: 1000 },
  );
});
