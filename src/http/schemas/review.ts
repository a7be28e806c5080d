import { z } from 'zod';
import { reviewKinds } from '../../domain/review/kind';
import { listQuery } from '../list';
import { idOf, idParam, moment } from './common';

const kind = z.enum(reviewKinds);
const status = z.enum(['open', 'decided']);
const decision = z.enum(['approve', 'reject']);

export const reviewParams = z.strictObject({ id: idParam('review') });

export const reviewQuery = z.strictObject({
  ...listQuery.shape,
  kind: kind.optional(),
  status: status.optional(),
  subjectId: z.string().min(1).max(64).optional(),
  programId: idOf('program').optional(),
  overdue: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
});

export const ReviewView = z
  .strictObject({
    id: z.string(),
    kind,
    programId: z.string(),
    subjectId: z.string(),
    status,
    outcome: decision.nullable(),
    dueAt: moment,
    overdue: z.boolean(),
    escalatedAt: moment.nullable(),
    facts: z.record(z.string(), z.unknown()),
    assigneeId: z.string().nullable(),
    stepsNeeded: z.int().meta({ description: '2: another admin must approve as well' }),
    decisions: z.array(
      z.strictObject({
        step: z.int(),
        deciderId: z.string(),
        decision,
        reason: z.string().nullable(),
        at: moment,
      }),
    ),
    createdAt: moment,
    decidedAt: moment.nullable(),
  })
  .meta({ id: 'Review' });

export const AssigneeBody = z
  .strictObject({ assigneeId: idOf('admin').nullable() })
  .meta({ id: 'ReviewAssignee' });

export const DecisionBody = z
  .strictObject({
    decision,
    // An empty one is understood and refused where a reason is needed: reason_required.
    reason: z.string().max(2000).nullish(),
  })
  .meta({ id: 'ReviewDecision' });

export const DecidedView = z
  .union([
    z
      .looseObject({
        reviewId: z.string(),
        kind,
        decision,
        subjectId: z.string(),
        id: z.string().meta({ description: "The subject's id" }),
        status: z.string().nullable().meta({ description: "The subject's new status" }),
      })
      .meta({ id: 'ReviewDecided' }),
    z.strictObject({ needs: z.literal('second_person') }).meta({ id: 'ReviewNeedsSecond' }),
  ])
  .meta({ id: 'ReviewAnswer' });
