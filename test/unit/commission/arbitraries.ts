import fc from 'fast-check';
import type {
  OrderFacts,
  OrderLineFacts,
  UplineMember,
} from '../../../src/domain/commission/calculation';
import type { PlanBody, PlanRule, RuleMatch } from '../../../src/domain/commission/plan';

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
