import { z } from 'zod';
import { amount, signedAmount } from './common';
import {
  Base,
  Candidate,
  Caps,
  check,
  Hold,
  Level,
  OverlayPart,
  PayoutPart,
  RefundPart,
  ReversalPart,
  RegionPart,
  RoundingPart,
  SettlementPart,
  TaxPart,
  UplineMember,
  verified,
} from './explanation-parts';

/** How a commission came about, calculated again from the stored facts. */
const LineExplanation = z
  .strictObject({
    commissionId: z.string(),
    orderId: z.string(),
    planId: z.string(),
    planVersion: z.int(),
    kind: z.enum(['sale', 'region']),
    level: z.int().nullable(),
    distributorId: z.string(),
    amount,
    originalAmount: amount,
    verified,
    checks: z.array(
      check([
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
    ),
    base: Base,
    candidates: z.array(Candidate),
    upline: z.array(UplineMember),
    levels: z.array(Level),
    overlays: z.array(OverlayPart),
    region: RegionPart.nullable(),
    caps: Caps,
    rounding: RoundingPart,
    hold: Hold,
    refunds: z.array(RefundPart),
    reversals: z.array(ReversalPart),
    settlement: SettlementPart.nullable(),
    tax: TaxPart.nullable(),
    payout: PayoutPart.nullable(),
    text: z.string(),
  })
  .meta({ id: 'CommissionExplanation' });

/** How a bonus came about, computed again from its frozen plan and orders. */
const BonusExplanation = z
  .strictObject({
    commissionId: z.string(),
    kind: z.enum(['invitation', 'team', 'breakthrough']),
    level: z.null(),
    orderId: z.string().nullable(),
    planId: z.string(),
    planVersion: z.int(),
    bonusId: z.string(),
    period: z.string(),
    distributorId: z.string(),
    amount,
    originalAmount: amount,
    verified,
    checks: z.array(
      check(['terms', 'base', 'original', 'remaining', 'refunds', 'hold', 'earnings', 'ledger']),
    ),
    base: z.strictObject({ amount, remaining: z.strictObject({ amount }) }),
    candidates: z.array(Candidate),
    upline: z.array(UplineMember),
    overlays: z.array(OverlayPart),
    conditions: z.array(
      z.strictObject({
        name: z.enum(['firstOrder', 'ownSales', 'teamSales']),
        atLeastAmount: amount.nullable(),
        bookedAmount: amount,
        currentAmount: amount,
        met: z.boolean(),
      }),
    ),
    caps: z.strictObject({
      amount: amount.nullable(),
      perMonth: z.int().nullable(),
      applied: z.boolean(),
    }),
    invited: z
      .strictObject({
        distributorId: z.string(),
        releaseAt: z.string(),
        place: z.int(),
        beyond: z.array(z.string()).readonly().optional(),
      })
      .nullable(),
    status: z.string(),
    rounding: z.strictObject({ mode: z.enum(['floor', 'halfUp']), rateBps: z.int().nullable() }),
    hold: z.strictObject({
      startsAt: z.literal('periodEnd'),
      periodEndsAt: z.date(),
      days: z.int(),
      releaseAt: z.date().nullable(),
      availableAt: z.date().nullable(),
    }),
    orders: z.array(
      z.strictObject({
        orderId: z.string(),
        externalId: z.string(),
        distributorId: z.string(),
        role: z.enum(['first', 'own', 'team']),
        paidAt: z.date(),
        baseAmount: amount,
        refundedAmount: amount,
        netAmount: amount,
      }),
    ),
    ordersTotal: z.int(),
    refunds: z.array(
      z.strictObject({
        refundId: z.string(),
        externalId: z.string(),
        refundedAt: z.date(),
        commissionBeforeAmount: amount,
        commissionAfterAmount: amount,
        changeAmount: signedAmount,
      }),
    ),
    reversals: z.array(ReversalPart),
    settlement: SettlementPart.nullable(),
    tax: TaxPart.nullable(),
    payout: PayoutPart.nullable(),
    text: z.string(),
  })
  .meta({ id: 'BonusExplanation' });

/** How the reward of an assessment came about, scored again from its frozen facts. */
const RewardExplanation = z
  .strictObject({
    commissionId: z.string(),
    kind: z.literal('assessment'),
    level: z.null(),
    orderId: z.null(),
    assessmentId: z.string(),
    schemeId: z.string(),
    period: z.string(),
    distributorId: z.string(),
    tier: z.string(),
    amount,
    originalAmount: amount,
    verified,
    checks: z.array(
      check(['terms', 'base', 'original', 'remaining', 'hold', 'earnings', 'ledger']),
    ),
    base: z.strictObject({ amount }),
    kpis: z.array(
      z.strictObject({
        metric: z.string(),
        have: z.string().meta({ description: 'Decimal text' }),
        target: z.int(),
        weightBps: z.int(),
        reachedBps: z.int(),
      }),
    ),
    scoreBps: z.int(),
    rewardAmount: amount,
    beforeAmount: amount.meta({ description: 'Booked before an objection' }),
    hold: z.strictObject({
      startsAt: z.literal('periodEnd'),
      periodEndsAt: z.date(),
      days: z.int(),
      releaseAt: z.date().nullable(),
      availableAt: z.date().nullable(),
    }),
    candidates: z.array(Candidate),
    upline: z.array(UplineMember),
    overlays: z.array(OverlayPart),
    refunds: z.array(RefundPart),
    reversals: z.array(ReversalPart),
    settlement: SettlementPart.nullable(),
    tax: TaxPart.nullable(),
    payout: PayoutPart.nullable(),
    text: z.string(),
  })
  .meta({ id: 'RewardExplanation' });

export const ExplanationAnswer = z
  .union([LineExplanation, BonusExplanation, RewardExplanation])
  .meta({ id: 'Explanation' });
