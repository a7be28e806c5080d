import { z } from 'zod';
import { commissionKinds, commissionStatuses } from '../../domain/commission/view';
import { listQuery } from '../list';
import { amount, idOf, idParam, signedAmount } from './common';

/** A commission as every answer shows it. */
export const CommissionView = z
  .strictObject({
    id: z.string(),
    kind: z.enum(commissionKinds),
    lineExternalId: z.string().nullable(),
    level: z.int().nullable(),
    distributorId: z.string(),
    baseAmount: amount,
    rateBps: z.int().nullable(),
    ruleId: z.string().nullable(),
    amount: amount.meta({ description: 'What remains now, in the minor unit' }),
    originalAmount: amount,
    status: z.enum(commissionStatuses),
    releaseAt: z.date().nullable(),
  })
  .meta({ id: 'Commission' });

/** A commission in a list, with the order it belongs to. */
export const ListedCommission = z.strictObject({
  ...CommissionView.shape,
  orderId: z.string(),
  orderExternalId: z.string(),
});

export const commissionQuery = z.strictObject({
  ...listQuery.shape,
  distributorId: idOf('distributor').optional(),
  orderId: idOf('order').optional(),
  status: z.enum(commissionStatuses).optional(),
});

export const commissionParams = z.strictObject({ id: idParam('commission') });

const Base = z.strictObject({
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

const Candidate = z.strictObject({
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

const UplineMember = z.strictObject({
  distributorId: z.string(),
  tier: z.string(),
  status: z.string().nullable(),
  since: z.string().nullable(),
  level: z.int().nullable(),
  decision: z.enum(['earns', 'not_earning', 'buyer', 'out_of_scope', 'not_reached']),
  why: z.string(),
});

const Level = z.strictObject({
  level: z.int(),
  distributorId: z.string().nullable(),
  ruleId: z.string().nullable(),
  roundedAmount: amount,
  originalAmount: amount,
  remainingAmount: amount,
});

const Caps = z.strictObject({
  totalBps: z.int().nullable(),
  totalCapAmount: amount.nullable(),
  marginBps: z.int().nullable(),
  marginCapAmount: amount.nullable(),
  unitCostAmount: amount.nullable(),
  beforeAmount: amount,
  afterAmount: amount,
  applied: z.boolean(),
});

const RoundingPart = z.strictObject({
  mode: z.enum(['floor', 'halfUp']),
  rateBps: z.int().nullable(),
  amountPerUnit: amount.nullable(),
  exactAmount: z.string().meta({ description: 'Minor unit, before rounding, as decimal text' }),
  roundedAmount: amount,
});

const Hold = z.strictObject({
  startsAt: z.enum(['paid', 'received']),
  days: z.int(),
  assumeReceivedAfterDays: z.int(),
  paidAt: z.date(),
  receivedAt: z.date().nullable(),
  releaseAt: z.date().nullable(),
  availableAt: z.date().nullable(),
});

const RefundPart = z.strictObject({
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

const SettlementPart = z.strictObject({
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

const TaxPart = z.strictObject({
  method: z.string(),
  month: z.string().nullable(),
  statementTaxAmount: amount,
  trace: z.unknown(),
});

const PayoutPart = z.strictObject({
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

/** How a commission came about, calculated again from the stored facts. */
export const ExplanationView = z
  .strictObject({
    commissionId: z.string(),
    orderId: z.string(),
    planId: z.string(),
    planVersion: z.int(),
    level: z.int(),
    distributorId: z.string(),
    amount,
    originalAmount: amount,
    verified: z.boolean().meta({ description: 'Everything calculated again agrees' }),
    checks: z.array(
      z.strictObject({
        name: z.enum([
          'base',
          'terms',
          'commission',
          'original',
          'remaining',
          'refunds',
          'hold',
          'earnings',
          'ledger',
        ]),
        ok: z.boolean(),
      }),
    ),
    base: Base,
    candidates: z.array(Candidate),
    upline: z.array(UplineMember),
    levels: z.array(Level),
    overlays: z.array(z.unknown()).max(0),
    caps: Caps,
    rounding: RoundingPart,
    hold: Hold,
    refunds: z.array(RefundPart),
    settlement: SettlementPart.nullable(),
    tax: TaxPart.nullable(),
    payout: PayoutPart.nullable(),
    text: z.string(),
  })
  .meta({ id: 'CommissionExplanation' });
