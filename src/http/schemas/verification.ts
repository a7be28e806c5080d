import { z } from 'zod';
import { checks } from '../../domain/commission/verification';
import { idOf, idParam, moment } from './common';

export const verificationParams = z.strictObject({ id: idParam('verification') });

export const VerificationRequest = z
  .strictObject({
    from: moment.optional().meta({
      description: 'Real time: only orders and refunds stored from then on; default: all',
    }),
  })
  .meta({ id: 'VerificationRequest' });

const count = z.int().min(0);

export const ProgramVerification = z
  .strictObject({
    id: idOf('verification'),
    programId: idOf('program'),
    status: z.enum(['running', 'done']),
    cause: z.enum(['nightly', 'request']),
    from: moment.nullable(),
    to: moment,
    progress: z.strictObject({ done: count, total: count }).meta({ description: 'Orders' }),
    commissions: count,
    accounts: count,
    matches: z.boolean().nullable().meta({ description: 'null while it runs' }),
    differenceCount: count,
    differences: z.array(
      z.strictObject({
        subject: z.string(),
        check: z.enum(checks),
        expected: z.string(),
        found: z.string(),
      }),
    ),
    reviewId: idOf('review').nullable(),
    createdAt: moment,
    finishedAt: moment.nullable(),
  })
  .meta({ id: 'Verification', description: 'At most the first 100 differences are listed' });
