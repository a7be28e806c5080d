import { PlanJson } from '../../src/http/schemas/plan';

/** The example plan of the public contract, as it stands there. */
export const contractPlan = {
  levels: 2,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: { totalBps: 3000, marginBps: 5000 },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
    { id: 'gold', level: 1, match: { tier: 'gold' }, rate: { bps: 1200 } },
    { id: 'new', level: 1, match: { tag: 'new' }, rate: { bps: 1500 } },
    { id: 'cup', level: 1, match: { sku: 'CUP-1' }, rate: { amountPerUnit: 300 }, priority: 0 },
  ],
  tiers: [
    {
      code: 'bronze',
      rank: 1,
      privileges: { teamView: 'none', withdrawalPerDayAmount: 200_000 },
    },
    {
      code: 'gold',
      rank: 2,
      promote: {
        all: [
          { metric: 'ownSales', windowDays: 90, gte: 1_000_000 },
          { metric: 'activeDirects', gte: 3 },
        ],
        review: false,
      },
      keep: { any: [{ metric: 'ownSales', windowDays: 90, gte: 500_000 }], noticeDays: 30 },
      privileges: { teamView: 'all', withdrawalPerDayAmount: 2_000_000 },
    },
  ],
  bonuses: [
    {
      id: 'invite',
      kind: 'invitation',
      amount: 2000,
      onFirstOrderOfAtLeastAmount: 10_000,
      maxPerMonth: 20,
    },
    {
      id: 'team',
      kind: 'team',
      bps: 100,
      depth: 1,
      ownSalesAtLeastAmount: 300_000,
      maxAmount: 500_000,
    },
    {
      id: 'break',
      kind: 'breakthrough',
      steps: [{ ownSalesAtLeastAmount: 1_000_000, amount: 20_000 }],
    },
  ],
};

/** The same with its defaults filled in. */
export const apiPlan = PlanJson.parse(contractPlan);
