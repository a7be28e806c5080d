import type { UplineMember } from '../../../src/domain/commission/calculation';
import { bookOrder } from '../../../src/domain/commission/booking';
import type { PlanBody } from '../../../src/domain/commission/plan';
import {
  addTotals,
  noTotals,
  type SimulatedLine,
  type SimulatedOrder,
  simulateOrders,
  uplineUnder,
} from '../../../src/domain/commission/simulation';
import type { DistributorHistory, PathRules } from '../../../src/domain/referral/upline';

const plan = (bps: readonly number[], other: Partial<PlanBody> = {}): PlanBody => ({
  levels: bps.length,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: {},
  rules: bps.map((rate, i) => ({
    id: `level-${i + 1}`,
    level: i + 1,
    match: {},
    rate: { bps: rate },
    priority: 0,
  })),
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
  bonuses: [],
  ...other,
});

const member = (distributorId: string, other: Partial<UplineMember> = {}): UplineMember => ({
  distributorId,
  tier: 'bronze',
  earns: true,
  isBuyer: false,
  ...other,
});

const facts = {
  externalId: '1',
  sku: 'TEA',
  tags: [],
  quantity: 2,
  unitPriceAmount: 5000n,
  discountAmount: 0n,
  inScope: true,
};

/** An order of one line of 100.00 as it was booked under `inForce`. */
function order(
  inForce: PlanBody | undefined,
  upline: readonly UplineMember[],
  line: Partial<SimulatedLine> = {},
): SimulatedOrder {
  const given = { ...facts, ...line };
  const [booked] = bookOrder(inForce, upline, { lines: [given], orderDiscountAmount: 0n });
  const stored = { refundedQuantity: 0, refundedAmount: 0n, ...given };
  const { baseAmount, terms } = booked!;
  return {
    planInForce: inForce,
    upline,
    agent: undefined,
    orderDiscountAmount: 0n,
    lines: [{ ...stored, baseAmount, terms }],
  };
}

const upline = [member('seller'), member('middle', { tier: 'gold' })];

describe('a plan beside the one in force', () => {
  test('each side is summed by level, person and tier', () => {
    const { totals, people } = simulateOrders(plan([1200]), [order(plan([1000, 500]), upline)]);
    expect(totals).toEqual({
      ...noTotals(),
      orders: 1n,
      lines: 1n,
      linesWithoutCost: 1n,
      baseAmount: 10_000n,
      inForceAmount: 1500n,
      inForceLevel1Amount: 1000n,
      inForceLevel2Amount: 500n,
      planAmount: 1200n,
      planLevel1Amount: 1200n,
    });
    expect(people).toEqual([
      {
        distributorId: 'seller',
        tier: 'bronze',
        inForceAmount: 1000n,
        planAmount: 1200n,
        commissions: 1,
      },
      {
        distributorId: 'middle',
        tier: 'gold',
        inForceAmount: 500n,
        planAmount: 0n,
        commissions: 0,
      },
    ]);
  });

  test('the plan in force itself makes no difference, refunds and caps included', () => {
    const same = plan([1333, 777], {
      rounding: 'halfUp',
      caps: { totalBps: 1500, marginBps: 4000 },
    });
    const orders = [
      order(same, upline, { refundedQuantity: 1, refundedAmount: 3333n }),
      order(same, upline, { unitCostAmount: 4900n }),
      order(same, upline, { refundedQuantity: 2, refundedAmount: 10_000n }),
    ];
    const { totals, people } = simulateOrders(same, orders);
    expect(totals.inForceAmount).toBeGreaterThan(0n);
    expect(totals.planAmount).toBe(totals.inForceAmount);
    expect(totals.planCappedLines).toBe(totals.inForceCappedLines);
    for (const { inForceAmount, planAmount } of people) expect(planAmount).toBe(inForceAmount);
  });

  test('what was refunded costs nothing on either side', () => {
    const { totals } = simulateOrders(plan([2000]), [
      order(plan([1000]), upline, { refundedQuantity: 1, refundedAmount: 4000n }),
    ]);
    expect(totals).toMatchObject({
      baseAmount: 6000n,
      refundedAmount: 4000n,
      inForceAmount: 600n,
      planAmount: 1200n,
    });
  });

  test('the margin is of what remains, and only of lines whose cost is known', () => {
    const { totals } = simulateOrders(plan([2000]), [
      order(plan([1000]), upline, {
        unitCostAmount: 3000n,
        refundedQuantity: 1,
        refundedAmount: 5000n,
      }),
      order(plan([1000]), upline),
    ]);
    expect(totals).toMatchObject({
      marginAmount: 2000n,
      linesWithoutCost: 1n,
      inForceWithCostAmount: 500n,
      planWithCostAmount: 1000n,
      inForceAmount: 1500n,
      planAmount: 3000n,
    });
  });

  test('a line whose cap took something is counted', () => {
    const { totals } = simulateOrders(plan([2000], { caps: { totalBps: 500 } }), [
      order(plan([1000]), upline),
    ]);
    expect([totals.planAmount, totals.planCappedLines, totals.inForceCappedLines]).toEqual([
      500n,
      1n,
      0n,
    ]);
  });

  test('an order without a plan in force, or without a distributor, costs nothing there', () => {
    const { totals, people } = simulateOrders(plan([1000]), [
      order(undefined, [member('seller')]),
      order(plan([1000]), []),
    ]);
    expect([totals.inForceAmount, totals.planAmount, totals.orders]).toEqual([0n, 1000n, 2n]);
    expect(people).toHaveLength(1);
  });

  test('a tier that the plan does not know matches no rule of a tier', () => {
    const onlyGold = plan([1000], {
      rules: [{ id: 'g', level: 1, match: { tier: 'gold' }, rate: { bps: 900 }, priority: 0 }],
    });
    const platinum = [member('seller', { tier: 'platinum' })];
    expect(simulateOrders(onlyGold, [order(plan([1000]), platinum)]).totals.planAmount).toBe(0n);
  });

  test('a draft with more levels than anybody may publish is counted level by level', () => {
    const deep = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => member(`d${n}`));
    const draft = plan(deep.map(() => 100));
    const { totals } = simulateOrders(draft, [order(plan([1000]), deep)]);
    expect([totals.planAmount, totals.planLevel10Amount]).toEqual([1000n, 100n]);
  });

  test('chunks add up to the whole, however they are cut', () => {
    const orders = [1, 2, 3, 4, 5].map((n) =>
      order(plan([1000, 500]), upline, { unitPriceAmount: BigInt(n * 777) }),
    );
    const draft = plan([1234, 321]);
    const whole = simulateOrders(draft, orders).totals;
    for (const cut of [0, 1, 3, 5]) {
      const [head, tail] = [orders.slice(0, cut), orders.slice(cut)];
      expect(
        addTotals(simulateOrders(draft, head).totals, simulateOrders(draft, tail).totals),
      ).toEqual(whole);
    }
  });
});

describe('the agent of the region', () => {
  const agent = { ...member('agent', { tier: 'gold' }), region: 'CN-33', bps: 1500 };
  const regional = (inForce: PlanBody, selfAgent = agent) => {
    const given = { lines: [facts], orderDiscountAmount: 0n };
    const [booked] = bookOrder(inForce, upline, given, { agent: selfAgent });
    const stored = order(inForce, upline);
    const { terms } = booked!;
    return { ...stored, agent: selfAgent, lines: [{ ...stored.lines[0]!, terms }] };
  };

  test('earns the difference on both sides', () => {
    const { totals, people } = simulateOrders(plan([1200]), [regional(plan([1000]))]);
    expect(totals).toMatchObject({
      inForceAmount: 1500n,
      inForceLevel0Amount: 500n,
      planAmount: 1500n,
      planLevel0Amount: 300n,
    });
    expect(people.find(({ distributorId }) => distributorId === 'agent')).toMatchObject({
      tier: 'gold',
      inForceAmount: 500n,
      planAmount: 300n,
    });
  });

  test('who bought himself earns under a plan that allows it', () => {
    const buyer = { ...agent, isBuyer: true };
    const allow = plan([1000], { selfPurchase: 'allow' });
    const [denied, allowed] = [plan([1000]), allow].map(
      (one) => simulateOrders(one, [regional(plan([1000]), buyer)]).totals.planLevel0Amount,
    );
    expect([denied, allowed]).toEqual([0n, 500n]);
  });

  test('is who it was then, also when the account was found to be the buyer later', () => {
    const booked = regional(plan([1000]));
    const later = { ...booked, agent: { ...agent, isBuyer: true } };
    expect(simulateOrders(plan([1000]), [later]).totals).toMatchObject({
      inForceLevel0Amount: 500n,
      planLevel0Amount: 500n,
    });
  });
});

describe('the upline under another plan', () => {
  const from = new Date('2026-01-01T00:00:00Z');
  const paid = { paidAt: new Date('2026-02-01T00:00:00Z'), customerExternalId: 'u-1' };
  const person = (
    distributorId: string,
    sponsorId: string | null,
    status: 'active' | 'evicted' = 'active',
  ): [string, DistributorHistory] => [
    distributorId,
    {
      distributorId,
      customerExternalId: null,
      standings: [{ validFrom: from, validTo: null, status, tier: 'bronze', sponsorId }],
    },
  ];
  const histories = new Map([
    person('seller', 'middle'),
    person('middle', 'top', 'evicted'),
    person('top', 'root'),
    person('root', null),
  ]);
  const rules = (levels: number, onIneligible: PathRules['onIneligible'] = 'skip'): PathRules => ({
    levels,
    onIneligible,
    selfPurchase: 'deny',
  });
  const idsOf = (found: ReturnType<typeof uplineUnder>) =>
    'missing' in found ? found : found.members.map(({ distributorId }) => distributorId);

  test.each<[string, PathRules, string[]]>([
    ['no further than frozen for as many levels', rules(1), ['seller']],
    ['one further for two levels', rules(2), ['seller', 'middle']],
    ['to who earns under compress', rules(2, 'compress'), ['seller', 'middle', 'top']],
    ['to the root and no further', rules(9), ['seller', 'middle', 'top', 'root']],
  ])('goes %s', (_, wanted, ids) => {
    expect(idsOf(uplineUnder(wanted, [member('seller')], paid, histories))).toEqual(ids);
  });

  test('what was frozen with the order stays as it was', () => {
    const frozen = [member('seller', { tier: 'gold', earns: false })];
    const found = uplineUnder(rules(2), frozen, paid, histories);
    expect('members' in found && found.members[0]).toEqual(frozen[0]);
  });

  test('says whose history it needs', () => {
    expect(uplineUnder(rules(2), [member('seller')], paid, new Map())).toEqual({
      missing: 'seller',
    });
    const one = new Map([person('seller', 'middle')]);
    expect(uplineUnder(rules(2), [member('seller')], paid, one)).toEqual({ missing: 'middle' });
  });

  test('nobody sold, nobody is above', () => {
    expect(idsOf(uplineUnder(rules(3), [], paid, histories))).toEqual([]);
  });
});
