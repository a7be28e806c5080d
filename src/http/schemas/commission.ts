import { z } from 'zod';
import { commissionKinds, commissionStatuses } from '../../domain/commission/view';
import { listQuery } from '../list';
import { amount, idOf, idParam } from './common';

/** A commission as every answer shows it. */
export const CommissionView = z
  .strictObject({
    id: z.string(),
    kind: z.enum(commissionKinds),
    lineExternalId: z.string().nullable(),
    level: z.int().nullable(),
    distributorId: z.string(),
    baseAmount: amount,
    rateBps: z.int().nullable(),
    ruleId: z.string().nullable(),
    amount: amount.meta({ description: 'What remains now, in the minor unit' }),
    originalAmount: amount,
    status: z.enum(commissionStatuses),
    releaseAt: z.date().nullable(),
  })
  .meta({ id: 'Commission' });

/** A commission in a list, with the order it belongs to. */
export const ListedCommission = z.strictObject({
  ...CommissionView.shape,
  orderId: z.string().nullable().meta({ description: 'null: a bonus that no single order earned' }),
  orderExternalId: z.string().nullable(),
  bonusId: z.string().nullable(),
  period: z.string().nullable().meta({ description: 'Of a bonus: YYYY-MM' }),
});

export const commissionQuery = z.strictObject({
  ...listQuery.shape,
  distributorId: idOf('distributor').optional(),
  orderId: idOf('order').optional(),
  status: z.enum(commissionStatuses).optional(),
});

export const commissionParams = z.strictObject({ id: idParam('commission') });
