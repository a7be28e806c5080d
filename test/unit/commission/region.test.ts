import { bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  earningsOf,
  type LineTerms,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
import type { PlanBody } from '../../../src/domain/commission/plan';
import type { RegionAgent } from '../../../src/domain/commission/region';
import { twoLevels } from '../../support/plan';

const upline: UplineMember[] = ['d1', 'd2'].map((distributorId) => ({
  distributorId,
  tier: 'bronze',
  earns: true,
  isBuyer: false,
}));

const planOf = (over: Partial<PlanBody> = {}): PlanBody => ({ ...twoLevels, ...over });

const agentOf = (over: Partial<RegionAgent> = {}): RegionAgent => ({
  region: 'CN-33',
  distributorId: 'agent',
  tier: 'gold',
  bps: 1800,
  earns: true,
  isBuyer: false,
  ...over,
});

const line = {
  externalId: '1',
  sku: 'S1',
  tags: [],
  quantity: 1,
  unitPriceAmount: 1999n,
  discountAmount: 0n,
  inScope: true,
};

/** What the agent earns on one line of 1999, of which the levels take 199 + 99; null: not at all. */
function regional(
  agent: RegionAgent,
  { plan = planOf(), path = upline, unit = line } = {},
): number | null {
  const order = { lines: [unit], orderDiscountAmount: 0n };
  const { region } = bookOrder(plan, path, order, { agent })[0]!.calculation!;
  return region === null ? null : Number(region.amount);
}

describe('the regional agent', () => {
  it.each([
    ['earns what the levels leave of its rate', {}, 61], // 359 - 298
    ['has its own rate rounded once, as the plan rounds', { bps: 1501 }, 2], // 300 - 298
    ['earns nothing when the levels took as much', { bps: 1490 }, 0], // 297
    ['and never less than nothing', { bps: 100 }, 0],
    ['may be one of the sellers', { distributorId: 'd1' }, 61],
    ['does not earn when the status of that moment does not', { earns: false }, null],
    ['does not earn on its own purchase', { isBuyer: true }, null],
  ])('%s', (_, over, amount) => {
    expect(regional(agentOf(over))).toBe(amount);
  });

  it('earns on its own purchase where the plan allows that', () => {
    const plan = planOf({ selfPurchase: 'allow' });
    expect(regional(agentOf({ isBuyer: true }), { plan })).toBe(61);
  });

  it('earns its whole rate when nobody brought the order', () => {
    expect(regional(agentOf(), { path: [] })).toBe(359);
  });

  it('does not earn on what the program does not cover', () => {
    expect(regional(agentOf(), { unit: { ...line, inScope: false } })).toBeNull();
  });

  it.each([
    ['above its rate: all', { totalBps: 2000 }, 61],
    ['between: what the cap leaves', { totalBps: 1700 }, 41], // 339 - 298
    ['all taken by the levels: nothing', { totalBps: 1200 }, 0],
    ['of the margin counts too', { totalBps: 2000, marginBps: 3000 }, 1], // 299 - 298
  ])('stays within the caps: %s', (_, caps, amount) => {
    const unit = { ...line, unitCostAmount: 1000n };
    expect(regional(agentOf(), { plan: planOf({ caps }), unit })).toBe(amount);
  });

  it('goes down with a refund to exactly nothing, by the terms frozen with the order', () => {
    const order = { lines: [line], orderDiscountAmount: 0n };
    const booked = bookOrder(planOf(), upline, order, { agent: agentOf() })[0]!;
    expect(booked.terms.region).toEqual({
      region: 'CN-33',
      distributorId: 'agent',
      tier: 'gold',
      bps: 1800,
      why: null,
    });
    const terms = JSON.parse(JSON.stringify(booked.terms)) as LineTerms;
    const left = (baseAmount: bigint) =>
      earningsOf(calculateLine(planOf(), terms, { baseAmount, quantity: 1 })).map((one) => [
        one.kind,
        one.level,
        Number(one.amount),
      ]);
    expect(left(1000n)).toEqual([
      ['sale', 1, 100],
      ['sale', 2, 50],
      ['region', null, 30],
    ]);
    expect(left(0n).map(([, , amount]) => amount)).toEqual([0, 0, 0]);
  });

  it('is not there without a plan in force', () => {
    const order = { lines: [line], orderDiscountAmount: 0n };
    const [booked] = bookOrder(undefined, upline, order, { agent: agentOf() });
    expect(booked).toMatchObject({ terms: { levels: [] }, calculation: null });
  });
});
