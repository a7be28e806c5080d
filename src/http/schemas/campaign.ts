import { z } from 'zod';
import { campaignStatuses } from '../../domain/promotion/state';
import {
  amount,
  bps,
  externalId,
  idParam,
  moment,
  positiveAmount,
  signedAmount,
  text,
} from './common';
import { findingFacts, Match } from './plan';

const levelsAtMost = 3;
/** The hundredfold. */
const multiplyAtMost = 1_000_000;
/** 10 million yuan per unit: with any quantity the product still fits the database. */
const perUnitAtMost = 1_000_000_000;

// Stored as the JSON it came as, so its amount stays a JSON integer here.
const Effect = z
  .union([
    z.strictObject({ multiplyBps: z.int().min(0).max(multiplyAtMost) }),
    z.strictObject({ addBps: bps.min(1) }),
    z.strictObject({ addAmountPerUnit: z.int().min(1).max(perUnitAtMost) }),
  ])
  .meta({
    description:
      'Exactly one: multiplies what the rule gives (above 10000 only, for an overlay never ' +
      'lowers), adds a share of the base, or adds an amount per unit',
  });

const Levels = z
  .array(z.int().min(1).max(levelsAtMost))
  .min(1)
  .max(levelsAtMost)
  .superRefine((levels, context) => {
    levels.forEach((level, index) => {
      if (levels.indexOf(level) === index) return;
      context.addIssue({
        code: 'custom',
        path: [index],
        message: 'is in the list already',
        params: { code: 'duplicate' },
      });
    });
  });

export const CampaignBody = z
  .strictObject({
    externalId,
    name: text(200),
    startsAt: moment,
    endsAt: moment,
    match: Match.default({}),
    effect: Effect,
    levels: Levels,
    budgetAmount: positiveAmount.nullable(),
    stacks: z.boolean().default(false),
  })
  .superRefine(({ startsAt, endsAt }, context) => {
    if (endsAt > startsAt) return;
    context.addIssue({
      code: 'custom',
      path: ['endsAt'],
      message: 'must be later than startsAt',
      params: { code: 'ends_before_start' },
    });
  })
  .meta({ id: 'NewCampaign' });

export const CampaignStopBody = z.strictObject({ reason: text(2000) });

export const campaignParams = z.strictObject({ id: idParam('campaign') });

export const CampaignView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    externalId: z.string(),
    name: z.string(),
    status: z.enum(campaignStatuses),
    startsAt: z.date(),
    endsAt: z.date(),
    stoppedAt: z
      .date()
      .nullable()
      .meta({ description: 'Ended before its time: orders paid from then on are outside' }),
    match: Match,
    effect: Effect,
    levels: Levels,
    stacks: z.boolean(),
    budgetAmount: amount.nullable(),
    usedAmount: amount,
    remainingAmount: amount.nullable(),
    lowAt: z
      .date()
      .nullable()
      .meta({ description: 'When 80 % of the budget was used for the first time' }),
    findings: z.array(z.strictObject(findingFacts)),
    createdAt: z.date(),
  })
  .meta({ id: 'Campaign' });

export const CampaignUseView = z
  .strictObject({
    orderId: z.string(),
    orderExternalId: z.string(),
    lineExternalId: z.string(),
    level: z.int(),
    refundId: z.string().nullable().meta({ description: 'null: taken by the order itself' }),
    amount: signedAmount.meta({ description: 'Below 0: given back by a refund' }),
    at: z.date(),
  })
  .meta({ id: 'CampaignUse' });
