import { z } from 'zod';
import { reviewKinds } from '../../domain/review/kind';
import { roles } from '../../domain/kernel/access';
import { listQuery } from '../list';
import { Problem } from '../problem';
import { idOf, idParam, moment } from './common';

const decisionsAtMost = 100;
const ordersAtMost = 1000;

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
  assigneeId: z
    .union([z.literal('none'), idOf('admin')])
    .optional()
    .meta({ description: "An admin's id; none: given to nobody" }),
  dueBefore: moment.optional(),
  sort: z.enum(['newest', 'due']).default('newest'),
});

export const historyQuery = listQuery;

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
    remindedAt: moment.nullable(),
    escalatedAt: moment.nullable(),
    facts: z.record(z.string(), z.unknown()),
    assigneeId: z.string().nullable(),
    stepsNeeded: z.int().meta({ description: '2: another admin must approve as well' }),
    mayDecide: z
      .strictObject({ roles: z.array(z.enum(roles)), notAdmins: z.array(z.string()) })
      .meta({ description: 'Who has one of these roles, without these admins' }),
    decisions: z.array(
      z.strictObject({
        step: z.int(),
        deciderId: z.string(),
        decision,
        reason: z.string().nullable(),
        at: moment,
        reverse: z
          .strictObject({ orders: z.array(z.string()).optional() })
          .nullable()
          .meta({ description: 'Which commissions it takes back; null: none' }),
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
    reverse: z
      .strictObject({
        orders: z
          .array(z.string().min(1).max(140))
          .min(1)
          .max(ordersAtMost)
          .optional()
          .meta({ description: 'Ids or `ext:<externalId>`; left out: everything unpaid' }),
      })
      .optional()
      .meta({
        description:
          'Takes commissions back for the reason of the decision: held ones, and available ones that no statement has taken. With the approval of a suspension, or the rejection of an appeal against one.',
      }),
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

export const BulkDecisionItem = z
  .strictObject({ id: idOf('review'), ...DecisionBody.shape })
  .meta({ id: 'ReviewBulkDecision' });

export const BulkDecisionBody = z
  .strictObject({
    items: z
      .array(z.unknown())
      .min(1)
      .max(decisionsAtMost)
      .superRefine(refuseRepeatedIds)
      .meta({ description: '{id, decision, reason?} each; checked and decided on its own' }),
  })
  .meta({ id: 'ReviewBulkDecisions' });

/** Of two decisions about one task nobody could say which one was meant. */
function refuseRepeatedIds(items: readonly unknown[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const id = z.looseObject({ id: z.string() }).safeParse(item).data?.id;
    if (id === undefined) return;
    if (seen.has(id)) {
      const path = [index, 'id'];
      const params = { code: 'repeated_id' };
      context.addIssue({ code: 'custom', path, message: 'is in the list already', params });
    }
    seen.add(id);
  });
}

export const BulkDecidedView = z
  .strictObject({
    results: z.array(
      z.strictObject({
        index: z.int(),
        status: z.int(),
        review: DecidedView.optional(),
        problem: Problem.optional(),
      }),
    ),
  })
  .meta({ id: 'ReviewBulkAnswer' });

export const ReviewHistoryView = z
  .strictObject({
    what: z.enum(['assigned', 'reminded', 'escalated', 'decided']),
    at: moment.meta({ description: "On the program's clock" }),
    recordedAt: moment.meta({ description: 'Real time' }),
    actor: z.string(),
    reason: z.string().nullable(),
    assigneeId: z.string().nullable().meta({ description: 'Who had the task from then on' }),
    step: z.int().nullable(),
    decision: decision.nullable(),
    outcome: decision.nullable(),
  })
  .meta({ id: 'ReviewHistoryEntry' });
