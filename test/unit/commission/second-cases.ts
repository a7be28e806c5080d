import fc from 'fast-check';
import type { UplineMember } from '../../../src/domain/commission/calculation';
import type { Overlay, OverlayEffect } from '../../../src/domain/commission/overlay';
import type { PlanRule, RuleMatch } from '../../../src/domain/commission/plan';
import { type Case, type Line, oneFen } from './second-calculation';
import type { Step, Story } from './second-campaigns';

/** Random programs, orders and refunds for the second calculations: few values, so that they meet. */
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
/** Neither in the order of their numbers nor, for the last two, in that of UTF-16. */
const lineIds = ['b', '10', '9', 'a', 'B', '-', '\u{1d4b3}', '\uff61'];
const lines = fc
  .array(
    fc.record(
      {
        sku: of('s1', 's2'),
        productId: of('p1', 'p2'),
        category: of('c1', 'c2'),
        tags: of([], ['t1'], ['t1', 't2']),
        quantity: fc.oneof(
          { weight: 3, arbitrary: fc.integer({ min: 1, max: 9 }) },
          of(1, 7, 10_000),
        ),
        unitPriceAmount: fc.oneof(
          { weight: 3, arbitrary: fc.bigInt(0n, 30_000n) },
          of(0n, 1n, 3n, 99_999_999_999n),
        ),
        discountAmount: fc.constant(0n),
        unitCostAmount: fc.bigInt(0n, 25_000n),
        inScope: fc.nat(6).map((n) => n > 0),
        cut: fc.oneof({ weight: 5, arbitrary: fc.bigInt(0n, 100n) }, of(200n)),
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
    { minLength: 1, maxLength: lineIds.length },
  )
  .map((all) =>
    all.map(({ cut, ...line }, i): Line => ({
      ...line,
      externalId: lineIds[i]!,
      discountAmount: (line.unitPriceAmount * BigInt(line.quantity) * cut) / 200n,
    })),
  );
const effect = fc.oneof(
  fc.integer({ min: 5000, max: 30_000 }).map((multiplyBps): OverlayEffect => ({ multiplyBps })),
  fc.integer({ min: 0, max: 2000 }).map((addBps): OverlayEffect => ({ addBps })),
  fc.integer({ min: 0, max: 500 }).map((addAmountPerUnit): OverlayEffect => ({ addAmountPerUnit })),
);
const overlaysOf = (stacks: fc.Arbitrary<boolean>, maxLength: number) =>
  fc
    .array(
      fc.record({
        startsAt: of(1, 2).map((day) => new Date(Date.UTC(2026, 10, day))),
        match,
        effect,
        levels: of([1], [2], [1, 2], [1, 2, 3]),
        stacks,
        budgetLeftAmount: fc.option(fc.oneof(fc.bigInt(0n, 60n), fc.bigInt(0n, 4000n))),
      }),
      { maxLength },
    )
    .map((all) => all.map((one, i): Overlay => ({ ...one, id: `o${maxLength - i}` })));
const agentBps = fc.option(fc.integer({ min: 0, max: 5000 }));
const refundPart = {
  line: fc.nat(lineIds.length - 1),
  quantityPart: fc.nat(10),
  amountPart: fc.nat(oneFen),
};

function discounted<T extends { lines: Line[]; discountPart: bigint }>({
  discountPart,
  ...one
}: T) {
  const sum = one.lines.reduce(
    (a, l) => a + BigInt(l.quantity) * l.unitPriceAmount - l.discountAmount,
    0n,
  );
  return { ...one, orderDiscount: (sum * discountPart) / 150n };
}
const discountPart = fc.oneof({ weight: 6, arbitrary: fc.bigInt(0n, 100n) }, of(150n));

export const cases: fc.Arbitrary<Case> = fc
  .record({
    plan,
    upline,
    lines,
    overlays: overlaysOf(fc.constant(false), 3),
    agentBps,
    discountPart,
    refunds: fc.array(fc.record(refundPart), { maxLength: 8 }),
  })
  .map(discounted);

/** Small amounts show what rounding does. */
const smallLines = lines.map((all) =>
  all.map((line) => {
    const unitPriceAmount = line.unitPriceAmount % 97n;
    const price = unitPriceAmount * BigInt(line.quantity);
    const { unitCostAmount, ...rest } = line;
    return {
      ...rest,
      unitPriceAmount,
      discountAmount: line.discountAmount < price ? line.discountAmount : price,
      ...(unitCostAmount === undefined ? {} : { unitCostAmount: unitCostAmount % 61n }),
    };
  }),
);

const orderStep = fc
  .record({ upline, lines: fc.oneof(lines, smallLines), agentBps, discountPart })
  .map(discounted)
  .map((order): Step => ({ order }));
const refundStep = fc
  .record({ order: fc.nat(4), ...refundPart })
  .map((refund): Step => ({ refund }));

/** One program, up to five campaigns of any kind at once, orders and refunds in any order. */
export const stories: fc.Arbitrary<Story> = fc.record({
  plan,
  overlays: overlaysOf(fc.boolean(), 5),
  steps: fc
    .tuple(orderStep, fc.array(fc.oneof(orderStep, refundStep, refundStep), { maxLength: 12 }))
    .map(([first, rest]) => [first, ...rest]),
});
