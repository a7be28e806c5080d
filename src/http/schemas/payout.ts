import { z } from 'zod';
import { payoutStatuses } from '../../domain/payout/state';
import { listQuery } from '../list';
import { amount, idOf, moment, positiveAmount } from './common';

export const PayoutQuery = z.strictObject({
  ...listQuery.shape,
  status: z.enum(payoutStatuses).optional(),
  settlementId: idOf('settlement').optional(),
  distributorId: idOf('distributor').optional(),
});

const Attempt = z.strictObject({
  at: moment,
  operation: z.enum(['submit', 'query', 'callback', 'cancel']),
  outcome: z.string(),
  detail: z.string().nullable(),
});

/** Moments of a payout are real time: its provider knows no other. */
export const PayoutView = z
  .strictObject({
    id: idOf('payout'),
    statementId: idOf('statement'),
    settlementId: idOf('settlement'),
    distributorId: idOf('distributor'),
    status: z.enum(payoutStatuses),
    channelId: idOf('channel'),
    channelNumber: z.string(),
    amount: positiveAmount.meta({ description: 'The net, in fen' }),
    grossAmount: positiveAmount,
    taxAmount: amount,
    feeAmount: amount,
    account: z.string().meta({ description: 'Masked' }),
    attempts: z.array(Attempt),
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    whyNotYet: z.strictObject({ text: z.string(), until: moment.nullable() }).nullable(),
    confirmation: z.record(z.string(), z.string()).nullable().meta({
      description:
        "While it waits for its payee: what the payee's page hands to the provider's front end",
    }),
    createdAt: moment,
    submittedAt: moment.nullable(),
    finalAt: moment.nullable(),
    returnedAt: moment.nullable(),
  })
  .meta({ id: 'Payout' });
