import { z } from 'zod';
import { overlayReasons } from '../../domain/commission/explanation-overlays';
import { amount, signedAmount } from './common';

export const Base = z.strictObject({
  amount,
  lineExternalId: z.string(),
  sku: z.string(),
  quantity: z.int(),
  unitPriceAmount: amount,
  listAmount: amount,
  lineDiscountAmount: amount,
  orderDiscountAmount: amount,
  orderDiscountShareAmount: amount,
  outside: z.strictObject({ shippingAmount: amount, taxAmount: amount }),
  remaining: z.strictObject({ amount, quantity: z.int() }),
});

export const Candidate = z.strictObject({
  ruleId: z.string(),
  chosen: z.boolean(),
  reason: z.enum([
    'chosen',
    'product_differs',
    'audience_differs',
    'product_less_specific',
    'audience_less_specific',
    'lower_priority',
  ]),
  why: z.string(),
});

export const UplineMember = z.strictObject({
  distributorId: z.string(),
  tier: z.string(),
  status: z.string().nullable(),
  since: z.string().nullable(),
  level: z.int().nullable(),
  decision: z.enum(['earns', 'not_earning', 'buyer', 'out_of_scope', 'not_reached']),
  why: z.string(),
});

export const Level = z.strictObject({
  level: z.int(),
  distributorId: z.string().nullable(),
  ruleId: z.string().nullable(),
  plainAmount: amount.meta({ description: 'By the rule alone, rounded' }),
  roundedAmount: amount.meta({ description: 'With overlays, rounded, before the caps' }),
  originalAmount: amount,
  remainingAmount: amount,
});

export const OverlayPart = z.strictObject({
  campaignId: z.string(),
  name: z.string(),
  chosen: z.boolean(),
  reason: z.enum(overlayReasons),
  why: z.string(),
  effect: z.union([
    z.strictObject({ multiplyBps: z.int() }),
    z.strictObject({ addBps: z.int() }),
    z.strictObject({ addAmountPerUnit: z.int() }),
  ]),
  limited: z.boolean().meta({ description: 'The campaign has a budget' }),
  grantedAmount: amount.meta({ description: 'Added, before the caps' }),
  chargedAmount: amount.meta({
    description: 'Left of it after the caps, when the order was booked',
  }),
  remainingAmount: amount.meta({ description: 'Left of it now' }),
});

export const RegionPart = z.strictObject({
  region: z.string(),
  distributorId: z.string(),
  bps: z.int(),
  why: z.enum(['not_earning', 'buyer', 'out_of_scope']).nullable(),
  wholeAmount: amount.meta({ description: 'The whole rate on the base, rounded' }),
  takenAmount: amount.meta({ description: 'What the levels took of it' }),
  originalAmount: amount,
  remainingAmount: amount,
});

export const Caps = z.strictObject({
  totalBps: z.int().nullable(),
  totalCapAmount: amount.nullable(),
  marginBps: z.int().nullable(),
  marginCapAmount: amount.nullable(),
  unitCostAmount: amount.nullable(),
  beforeAmount: amount.nullable().meta({ description: 'null for a distributor’s token' }),
  afterAmount: amount.nullable(),
  applied: z.boolean(),
});

export const RoundingPart = z.strictObject({
  mode: z.enum(['floor', 'halfUp']),
  rateBps: z.int().nullable(),
  amountPerUnit: amount.nullable(),
  exactAmount: z.string().meta({ description: 'Minor unit, before rounding, as decimal text' }),
  roundedAmount: amount,
  withOverlaysAmount: amount,
});

export const Hold = z.strictObject({
  startsAt: z.enum(['paid', 'received']),
  days: z.int(),
  assumeReceivedAfterDays: z.int(),
  paidAt: z.date(),
  receivedAt: z.date().nullable(),
  afterSales: z
    .array(z.strictObject({ openedAt: z.date(), closedAt: z.date().nullable() }))
    .meta({ description: 'Cases about the line; the hold stands still while one is open' }),
  releaseAt: z.date().nullable(),
  availableAt: z.date().nullable(),
});

export const RefundPart = z.strictObject({
  refundId: z.string(),
  externalId: z.string(),
  refundedAt: z.date(),
  quantity: z.int(),
  amount,
  remainingBaseAmount: amount,
  remainingQuantity: z.int(),
  commissionBeforeAmount: amount,
  commissionAfterAmount: amount,
  changeAmount: signedAmount,
});

export const ReversalPart = z.strictObject({
  reversalId: z.string(),
  at: z.date(),
  reason: z.string(),
  takenAmount: amount,
  amount: amount.meta({ description: 'What the calculation gives now: so much would come back' }),
  restoredAt: z.date().nullable().meta({ description: 'null: still reversed' }),
  restoredAmount: amount.nullable(),
});

export const SettlementPart = z.strictObject({
  id: z.string(),
  period: z.string(),
  cutoffAt: z.date(),
  status: z.string(),
  statementId: z.string(),
  statementStatus: z.string(),
  grossAmount: amount,
  feeAmount: amount,
  netAmount: amount,
  lines: z.array(
    z.strictObject({
      earningId: z.string(),
      kind: z.enum(['commission', 'adjustment', 'part', 'giveBack']),
      amount: signedAmount,
      refundId: z.string().nullable(),
      statementId: z.string().nullable(),
    }),
  ),
});

export const TaxPart = z.strictObject({
  method: z.string(),
  month: z.string().nullable(),
  statementTaxAmount: amount,
  trace: z.unknown(),
});

export const PayoutPart = z.strictObject({
  statementId: z.string(),
  status: z.string(),
  payouts: z.array(
    z.strictObject({
      id: z.string(),
      status: z.string(),
      amount,
      channelId: z.string(),
      channelNumber: z.string(),
      failureCode: z.string().nullable(),
    }),
  ),
});

export const check = (names: readonly [string, ...string[]]) =>
  z.strictObject({ name: z.enum(names), ok: z.boolean() });

export const verified = z.boolean().meta({ description: 'Everything calculated again agrees' });
