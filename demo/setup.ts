import type { People } from './people';

/** What the demo's program promises. The rates are made up; the shop of the data had no such program. */
export const terms = {
  directBps: 1000,
  goldBps: 1200,
  /** of a line of `bulkQuantity` or more */
  bulkBps: 600,
  bulkQuantity: 100,
  /** the shop's best seller earns an amount per unit */
  perUnit: { sku: '85123A', amount: 20 },
  uplineBps: 300,
  capBps: 1400,
  holdDays: 7,
  feeBps: 50,
} as const;

/** A line of so many units is tagged, and the tag has its own rate. */
export function tagsOf(quantity: number): string[] {
  return quantity >= terms.bulkQuantity ? ['bulk'] : [];
}

export const planBody = {
  levels: 2,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: { totalBps: terms.capBps },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: terms.directBps } },
    { id: 'gold', level: 1, match: { tier: 'gold' }, rate: { bps: terms.goldBps } },
    { id: 'bulk', level: 1, match: { tag: 'bulk' }, rate: { bps: terms.bulkBps } },
    {
      id: 'best-seller',
      level: 1,
      match: { sku: terms.perUnit.sku },
      rate: { amountPerUnit: terms.perUnit.amount },
    },
    { id: 'upline', level: 2, match: {}, rate: { bps: terms.uplineBps } },
  ],
  tiers: [
    { code: 'bronze', rank: 1, privileges: {} },
    { code: 'gold', rank: 2, privileges: {} },
  ],
};

/** Two people approve a settlement above 1,000 yuan. */
const reviewAboveAmount = 100_000;

export function programBody(people: People, startsAt: string) {
  return {
    externalId: people.tag,
    name: 'Online Retail demo',
    currency: 'CNY',
    timeZone: 'Europe/London',
    mode: 'test',
    startsAt,
    enrolment: 'open',
    productScope: 'all',
    hold: { startsAt: 'paid', days: terms.holdDays, assumeReceivedAfterDays: 15 },
    settlement: {
      calendar: 'onRequest',
      payoutMode: 'auto',
      minimumPayoutAmount: 100,
      reviewAboveAmount,
      fee: { fixedAmount: 0, bps: terms.feeBps },
    },
    binding: { touch: 'first', windowDays: null, protectDays: 0 },
    tax: { method: 'general', gapPolicy: 'restart' },
    payer: { name: 'Online Retail Demo Ltd', taxNumber: '91440300MA5DEM0R00' },
  };
}
