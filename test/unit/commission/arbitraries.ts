import fc from 'fast-check';
import type {
  OrderFacts,
  OrderLineFacts,
  UplineMember,
} from '../../../src/domain/commission/calculation';
import type { Overlay, OverlayEffect } from '../../../src/domain/commission/overlay';
import type { PlanBody, PlanRule, RuleMatch } from '../../../src/domain/commission/plan';
import type { RegionAgent } from '../../../src/domain/commission/region';

// Few values on purpose: rules and lines have to meet often.
const sku = fc.constantFrom('S1', 'S2', 'S3');
const productId = fc.constantFrom('P1', 'P2');
const category = fc.constantFrom('tea', 'cup');
const tag = fc.constantFrom('new', 'old', 'top');
export const tier = fc.constantFrom('bronze', 'gold');
export const distributorId = fc.constantFrom('d1', 'd2', 'd3', 'd4');

const productMatch: fc.Arbitrary<RuleMatch> = fc.oneof(
  fc.constant({}),
  fc.record({ sku }),
  fc.record({ productId }),
  fc.record({ category }),
  fc.record({ tag }),
);
const audienceMatch: fc.Arbitrary<RuleMatch> = fc.oneof(
  fc.constant({}),
  fc.record({ distributorId }),
  fc.record({ tier }),
);

export const bps = fc.integer({ min: 0, max: 10_000 });
export const percentRate = fc.record({ bps });
const rate = fc.oneof(percentRate, fc.record({ amountPerUnit: fc.integer({ min: 0, max: 500 }) }));

export function ruleOf(rates: fc.Arbitrary<PlanRule['rate']>): fc.Arbitrary<PlanRule> {
  return fc
    .record({
      id: fc.uuid(),
      level: fc.integer({ min: 1, max: 3 }),
      product: productMatch,
      audience: audienceMatch,
      rate: rates,
      priority: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ product, audience, ...rest }) => ({ ...rest, match: { ...product, ...audience } }));
}

export const rules = fc.array(ruleOf(rate), { maxLength: 8 });

/** Unambiguous by construction: rules that could tie are told apart by their priority. */
export function planOf(
  list: fc.Arbitrary<PlanRule[]> = rules,
  caps: fc.Arbitrary<PlanBody['caps']> = fc.record(
    { totalBps: bps, marginBps: bps },
    { requiredKeys: [] },
  ),
): fc.Arbitrary<PlanBody> {
  return fc.record({
    levels: fc.integer({ min: 1, max: 3 }),
    rounding: fc.constantFrom('floor', 'halfUp'),
    onIneligible: fc.constantFrom('skip', 'compress', 'stop'),
    selfPurchase: fc.constantFrom('deny', 'allow'),
    caps,
    rules: list.map((all) => all.map((rule, index) => ({ ...rule, priority: index }))),
    tiers: fc.constant([]),
    bonuses: fc.constant([]),
  });
}

/** A general rule on each level, so that something is earned in most runs. */
export function busyPlanOf(plans: fc.Arbitrary<PlanBody> = planOf()): fc.Arbitrary<PlanBody> {
  return fc
    .tuple(plans, fc.tuple(percentRate, percentRate, percentRate))
    .map(([plan, rates]): PlanBody => {
      const general = rates.map((rate, index) => {
        const level = index + 1;
        return { id: `r${level}`, level, match: {}, priority: 0, rate };
      });
      return {
        ...plan,
        rules: [...general, ...plan.rules.map((r) => ({ ...r, priority: r.priority + 1 }))],
      };
    });
}

export const product = fc.record({
  sku,
  productId: fc.option(productId, { nil: undefined }),
  category: fc.option(category, { nil: undefined }),
  tags: fc.uniqueArray(tag, { maxLength: 3 }),
});

const amount = fc.bigInt({ min: 0n, max: 1_000_000n });

const line: fc.Arbitrary<Omit<OrderLineFacts, 'externalId'>> = fc
  .record({
    product,
    quantity: fc.integer({ min: 1, max: 20 }),
    unitPriceAmount: amount,
    discountBps: bps,
    unitCostAmount: fc.option(amount, { nil: undefined }),
    inScope: fc.boolean(),
  })
  .map(({ product: what, discountBps, ...rest }) => ({
    ...what,
    ...rest,
    discountAmount: (BigInt(rest.quantity) * rest.unitPriceAmount * BigInt(discountBps)) / 10_000n,
  }));

/** An order whose discounts are within its lines. */
export const order: fc.Arbitrary<OrderFacts> = fc
  .record({ lines: fc.array(line, { minLength: 1, maxLength: 6 }), discountBps: bps })
  .map(({ lines, discountBps }) => {
    const named = lines.map((one, index) => ({ ...one, externalId: String(index + 8) }));
    const whole = named.reduce(
      (sum, one) => sum + BigInt(one.quantity) * one.unitPriceAmount - one.discountAmount,
      0n,
    );
    return { lines: named, orderDiscountAmount: (whole * BigInt(discountBps)) / 10_000n };
  });

export const upline: fc.Arbitrary<UplineMember[]> = fc
  .uniqueArray(distributorId, { maxLength: 4 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          distributorId: fc.constant(id),
          tier,
          earns: fc.boolean(),
          isBuyer: fc.boolean(),
        }),
      ),
    ),
  );

const percentEffect: fc.Arbitrary<OverlayEffect> = fc.oneof(
  fc.record({ multiplyBps: fc.integer({ min: 0, max: 40_000 }) }),
  fc.record({ addBps: bps }),
);
const anyEffect: fc.Arbitrary<OverlayEffect> = fc.oneof(
  percentEffect,
  fc.record({ addAmountPerUnit: fc.integer({ min: 0, max: 500 }) }),
);

export const noBudget = fc.constant(null);
/** Some without a limit, some soon at their end, some never. */
export const someBudget = fc.oneof(
  noBudget,
  fc.bigInt(0n, 500n),
  fc.bigInt({ min: 0n, max: 10n ** 8n }),
);

/** Up to five overlays that count at the moment of the order; starts are often equal. */
export function overlaysOf(budget: fc.Arbitrary<bigint | null>): fc.Arbitrary<Overlay[]> {
  const one = fc
    .record({
      startsAt: fc.integer({ min: 1, max: 3 }).map((day) => new Date(Date.UTC(2026, 10, day))),
      product: productMatch,
      audience: audienceMatch,
      effect: anyEffect,
      levels: fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 }),
      stacks: fc.boolean(),
      budgetLeftAmount: budget,
    })
    .map(({ product: what, audience, ...rest }) => ({ ...rest, match: { ...what, ...audience } }));
  return fc
    .array(one, { maxLength: 5 })
    .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }))
    .map((list) => list.map((rest, index) => ({ ...rest, id: `o${index}` })));
}

export const agent: fc.Arbitrary<RegionAgent | undefined> = fc.option(
  fc.record({
    region: fc.constant('CN-33'),
    distributorId: fc.constantFrom('d1', 'd4', 'agent'),
    tier,
    bps,
    earns: fc.boolean(),
    isBuyer: fc.boolean(),
  }),
  { nil: undefined },
);
