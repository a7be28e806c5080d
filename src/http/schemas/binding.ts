import { z } from 'zod';
import { listQuery } from '../list';
import { code, externalId, idOf, idParam, moment } from './common';

export const BindingBody = z
  .strictObject({
    programId: idOf('program'),
    customerExternalId: externalId,
    distributorCode: code,
    boundAt: moment.optional().meta({
      description: 'A past moment, to bring existing bindings in; needs distributors:import',
    }),
  })
  .meta({ id: 'NewBinding' });

export const bindingParams = z.strictObject({ id: idParam('binding') });

export const bindingQuery = z.strictObject({
  ...listQuery.shape,
  programId: idOf('program').optional(),
  customerExternalId: externalId.optional(),
  distributorId: idOf('distributor').optional(),
});

export const BindingView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    customerExternalId: z.string(),
    distributorId: z.string(),
    startsAt: z.date(),
    endsAt: z.date().nullable().meta({ description: 'null: for good' }),
    protectedUntil: z.date().nullable(),
    cause: z.enum(['order', 'request', 'transfer']),
    causeId: z.string().nullable(),
  })
  .meta({ id: 'Binding' });

export const CouponCodeBody = z
  .strictObject({
    programId: idOf('program'),
    code: code.meta({ description: 'As the shop writes it on its orders', examples: ['SUMMER'] }),
    distributorId: idOf('distributor'),
  })
  .meta({ id: 'NewCouponCode' });

export const couponCodeParams = z.strictObject({ id: idParam('coupon') });

export const couponCodeQuery = z.strictObject({
  ...listQuery.shape,
  programId: idOf('program').optional(),
  distributorId: idOf('distributor').optional(),
});

export const CouponCodeView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    code: z.string(),
    distributorId: z.string(),
    createdAt: z.date(),
  })
  .meta({ id: 'CouponCode' });
