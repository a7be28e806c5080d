import { z } from 'zod';
import { skipReasons } from '../../domain/settlement/assess';
import { listQuery } from '../list';
import { amount, idOf, idParam, moment, signedAmount, text } from './common';

const reason = text(500);

export const ExclusionBody = z.strictObject({
  reason,
  hold: z.boolean().default(false).meta({
    description: 'Also keeps the distributor out of later settlements, until the hold is lifted',
  }),
});

export const ExclusionView = z
  .strictObject({
    statementId: idOf('statement'),
    settlementId: idOf('settlement'),
    distributorId: idOf('distributor'),
    grossAmount: amount.meta({ description: 'Available again' }),
    reason: z.string(),
    holdId: idOf('settlementHold').nullable(),
  })
  .meta({ id: 'StatementExclusion' });

export const SkipView = z
  .strictObject({
    distributorId: idOf('distributor'),
    reason: z.enum(skipReasons),
    text: z.string().meta({ description: 'The reason in one sentence, zh-CN or en' }),
    amount: amount.meta({ description: 'Carried over' }),
    missingAmount: amount
      .nullable()
      .meta({ description: 'What recorded invoices lack; only for needs_invoice' }),
    note: z.string().nullable().meta({ description: 'What the person wrote who took it out' }),
    actor: z.string().nullable(),
    links: z.record(z.string(), z.string()).meta({
      description:
        'Paths: distributor, ledger, and what there is of statement, hold, review, invoices',
    }),
  })
  .meta({ id: 'SettlementSkip' });

export const skipQuery = z.strictObject({
  ...listQuery.shape,
  reason: z.enum(skipReasons).optional(),
});

export const HoldView = z
  .strictObject({
    id: idOf('settlementHold'),
    programId: idOf('program'),
    distributorId: idOf('distributor'),
    statementId: idOf('statement'),
    reason: z.string(),
    actor: z.string(),
    createdAt: moment,
    liftedAt: moment.nullable(),
    liftedBy: z.string().nullable(),
    liftReason: z.string().nullable(),
  })
  .meta({ id: 'SettlementHold' });

export const holdParams = z.strictObject({ id: idParam('settlementHold') });
export const holdQuery = z.strictObject({
  ...listQuery.shape,
  open: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
});
export const LiftBody = z.strictObject({ reason });

export const CorrectionBody = z.strictObject({
  statementId: idOf('statement'),
  amount: signedAmount
    .refine((value) => value !== 0n, {
      error: 'must not be 0',
      params: { code: 'zero_amount' },
    })
    .meta({ description: 'Minor unit (fen): plus, the distributor gets more; minus, less' }),
  reason,
});

export const CorrectionView = z
  .strictObject({
    id: idOf('correction'),
    programId: idOf('program'),
    settlementId: idOf('settlement'),
    statementId: idOf('statement'),
    distributorId: idOf('distributor'),
    amount: signedAmount,
    reason: z.string(),
    requestedBy: z.string(),
    status: z.enum(['proposed', 'booked', 'rejected']),
    reviewId: idOf('review'),
    createdAt: moment,
    decidedAt: moment.nullable(),
  })
  .meta({ id: 'Correction' });

export const correctionParams = z.strictObject({ id: idParam('correction') });
