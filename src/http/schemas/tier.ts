import { z } from 'zod';
import { metrics } from '../../domain/distributor/tier';
import { listQuery } from '../list';
import { amount, code, count, idOf, moment, text } from './common';
import { distributorStatuses } from '../../domain/distributor/state';

const Rate = z.union([
  z.strictObject({ bps: z.int() }),
  z.strictObject({ amountPerUnit: z.int() }),
]);

/** What a tier grants to the distributor's own token. */
export const PrivilegesView = z
  .strictObject({
    teamView: z.enum(['none', 'directs', 'all']),
    customerDetails: z.enum(['masked', 'full']),
    withdrawalPerDayAmount: count.nullable().meta({ description: 'null: no limit of the tier' }),
    withdrawalPerTransferAmount: count.nullable(),
    materials: z.boolean(),
    campaigns: z.boolean(),
    ownLinks: z.boolean(),
  })
  .meta({ id: 'Privileges' });

const CheckedCondition = z
  .strictObject({
    metric: z.enum(metrics),
    windowDays: z.int().nullable().meta({ description: 'null: ever' }),
    have: amount,
    need: amount,
    left: amount.meta({ description: 'What is still needed' }),
    met: z.boolean(),
    expiresAt: z.date().nullable().meta({
      description:
        'When the oldest fact leaves the window: until then what there is counts in full',
    }),
  })
  .meta({ id: 'CheckedCondition' });

const checked = {
  mode: z.enum(['all', 'any']),
  met: z.boolean(),
  conditions: z.array(CheckedCondition),
};

const RatePart = z.strictObject({ ruleId: z.string(), rate: Rate });

export const GrowthView = z
  .strictObject({
    distributorId: z.string(),
    tier: z.string(),
    tierSince: z.date(),
    rank: z.int().nullable(),
    privileges: PrivilegesView,
    next: z
      .strictObject({
        tier: z.string(),
        rank: z.int(),
        review: z.boolean().meta({ description: 'Whether somebody looks at it first' }),
        ...checked,
        brings: z.strictObject({
          rates: z.array(
            z.strictObject({
              level: z.int(),
              match: z.record(z.string(), z.string()),
              now: RatePart.nullable(),
              then: RatePart.nullable(),
            }),
          ),
          privileges: PrivilegesView,
        }),
      })
      .nullable()
      .meta({ description: 'null: no higher tier is reached by rule' }),
    keep: z
      .strictObject({
        ...checked,
        kept: z.boolean(),
        noticeDays: z.int(),
        probationUntil: z.date().nullable(),
        notice: z
          .strictObject({ toTier: z.string(), givenAt: z.date(), endsAt: z.date() })
          .nullable(),
      })
      .nullable()
      .meta({ description: 'null: the tier is not lost by rule' }),
    nextLookAt: z.date().nullable().meta({ description: 'When the tiers are looked at again' }),
    openReviewId: z.string().nullable(),
  })
  .meta({ id: 'Growth' });

export const TierChangeBody = z
  .strictObject({
    tier: code,
    // A missing one is understood and refused: reason_required.
    reason: text(2000).nullish(),
  })
  .meta({ id: 'NewTierChange' });

export const TierChangeView = z
  .strictObject({
    distributorId: z.string(),
    from: z.string(),
    to: z.string(),
    reason: z.string(),
    effectiveAt: z.date(),
  })
  .meta({ id: 'TierChange' });

export const previewQuery = z.strictObject({
  ...listQuery.shape,
  planId: idOf('plan')
    .optional()
    .meta({ description: 'A version, also a draft; default: in force' }),
});

export const EvaluationView = z
  .strictObject({
    distributorId: z.string(),
    status: z.enum(distributorStatuses),
    tier: z.string(),
    decision: z.enum(['promote', 'askReview', 'giveNotice', 'withdrawNotice', 'demote', 'regrade']),
    to: z.string().nullable(),
    endsAt: z.date().nullable().meta({ description: 'Of a notice: when the tier would be lost' }),
    why: z.strictObject(checked).nullable(),
  })
  .meta({ id: 'TierEvaluation' });

export const CourseBody = z
  .strictObject({ courseCode: code, passedAt: moment })
  .meta({ id: 'NewCoursePass' });

export const CourseView = z
  .strictObject({
    id: z.string(),
    distributorId: z.string(),
    courseCode: z.string(),
    passedAt: z.date(),
    createdAt: z.date(),
  })
  .meta({ id: 'CoursePass' });
