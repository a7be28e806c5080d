import { z } from 'zod';
import { suspensionReasons } from '../../domain/distributor/action';
import { distributorStatuses } from '../../domain/distributor/state';
import { amount, idParam, moment, text } from './common';

const evidenceAtMost = 20;

export const AppealBody = z
  .strictObject({
    text: text(5000),
    evidence: z
      .array(text(2000))
      .max(evidenceAtMost)
      .default([])
      .meta({ description: 'References to files or pages of the shop' }),
  })
  .meta({ id: 'NewAppeal' });

export const SuspensionBody = z
  .strictObject({
    reasonCode: z.enum(suspensionReasons),
    reason: text(2000).meta({ description: 'In words that the distributor reads' }),
  })
  .meta({ id: 'NewSuspension' });

export const DepartureBody = z
  .strictObject({ reason: text(2000).optional() })
  .default({})
  .meta({ id: 'NewDeparture' });

export const ReturnBody = z
  .strictObject({
    reason: text(2000),
    restoreCommissions: z.boolean().default(true).meta({
      description: 'Whether a reinstatement gives reversed commissions back',
    }),
  })
  .meta({ id: 'NewReturn' });

const status = z.enum(distributorStatuses).meta({ description: 'Of the distributor, now' });

const caseFields = {
  id: z.string(),
  distributorId: z.string(),
  status,
  openedAt: moment.meta({ description: "On the program's clock, like every moment here" }),
  openedBy: z.string(),
  outcome: z.string().nullable().meta({ description: 'null: open' }),
  closedAt: moment.nullable(),
  reason: z.string().nullable(),
};

export const AppealView = z
  .strictObject({
    ...caseFields,
    text: z.string(),
    evidence: z.array(z.string()),
    against: z.string().meta({ description: 'The case: an eviction or a suspension' }),
    reviewId: z.string().nullable(),
  })
  .omit({ reason: true })
  .meta({ id: 'Appeal' });

export const SuspensionView = z
  .strictObject({
    ...caseFields,
    reasonCode: z.string().nullable(),
    reviewId: z.string().nullable(),
    appealUntil: moment.nullable().meta({ description: 'null: not confirmed yet' }),
  })
  .meta({ id: 'Suspension' });

export const EvictionView = z
  .strictObject({
    ...caseFields,
    reasonCode: z.string().nullable(),
    reviewId: z.string().nullable(),
    appealUntil: moment.nullable().meta({ description: 'null: not approved yet' }),
  })
  .meta({ id: 'Eviction' });

export const DepartureView = z
  .strictObject({
    ...caseFields,
    effectiveAt: moment.nullable().meta({ description: 'Until then it may be taken back' }),
  })
  .meta({ id: 'Departure' });

export const ReturnView = z
  .strictObject({
    id: z.string().meta({ description: 'Of the distributor' }),
    status,
    kind: z.enum(['reinstated', 'returned']),
    downlines: z.int().meta({ description: 'How many came back' }),
    customers: z.int().meta({ description: 'How many came back' }),
    restoredAmount: amount.meta({ description: 'Of reversed commissions, fen' }),
  })
  .meta({ id: 'Return' });

export const caseParams = z.strictObject({
  id: idParam('distributor'),
  caseId: idParam('lifeCase'),
});

export const ReversalView = z
  .strictObject({
    id: z.string(),
    distributorId: z.string(),
    suspensionId: z.string(),
    reviewId: z.string().meta({ description: 'Of the decision' }),
    reason: z.string(),
    reversedBy: z.string(),
    at: moment.meta({ description: "On the program's clock" }),
    commissions: z.int(),
    amount,
    restoredAt: moment.nullable().meta({ description: 'null: still reversed' }),
    restoredBy: z.string().nullable(),
    restoreReason: z.string().nullable(),
    restoredAmount: amount.nullable(),
  })
  .meta({ id: 'Reversal' });
