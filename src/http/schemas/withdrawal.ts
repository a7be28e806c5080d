import { z } from 'zod';
import { settlementStatuses } from '../../domain/settlement/state';
import { amount, idOf, idParam, moment, positiveAmount } from './common';

export const WithdrawalBody = z.strictObject({
  amount: positiveAmount.meta({ description: 'Gross, before tax and fee; minor unit (fen)' }),
});

export const withdrawalParams = z.strictObject({
  id: idParam('distributor'),
  withdrawalId: idParam('settlement'),
});

export const WithdrawalView = z
  .strictObject({
    id: idOf('settlement').meta({ description: 'Of the settlement of one person that it is' }),
    programId: idOf('program'),
    distributorId: idOf('distributor'),
    status: z.enum(settlementStatuses),
    amount: amount.meta({ description: 'The gross that was asked for' }),
    taxAmount: amount,
    feeAmount: amount,
    netAmount: amount.meta({ description: '0 until it is computed, and when it is rejected' }),
    statementId: idOf('statement'),
    payoutIds: z.array(idOf('payout')),
    reviewId: idOf('review').nullable(),
    whyNotYet: z
      .strictObject({ text: z.string(), until: moment.nullable() })
      .nullable()
      .meta({ description: 'In one sentence; null when there is nothing to wait for' }),
    requestedBy: z.string(),
    requestedAt: moment,
    approvedAt: moment.nullable(),
    closedAt: moment.nullable(),
  })
  .meta({ id: 'Withdrawal' });
