import { z } from 'zod';
import { transferStatuses } from '../../domain/referral/transfer';
import { listQuery } from '../list';
import { externalId, idOf, idParam, text } from './common';

export const TransferBody = z
  .strictObject({
    programId: idOf('program'),
    customerExternalId: externalId,
    toDistributorId: idOf('distributor'),
    reason: text(2000),
  })
  .meta({ id: 'NewBindingTransfer' });

const side = z.enum(['from', 'to']);

export const ObjectionBody = z
  .strictObject({
    side: side.optional().meta({
      description: 'Who objects: who would lose the customer (the usual), or who would get it',
    }),
    text: text(2000),
  })
  .meta({ id: 'NewTransferObjection' });

export const transferParams = z.strictObject({ id: idParam('bindingTransfer') });

export const transferQuery = z.strictObject({
  ...listQuery.shape,
  programId: idOf('program').optional(),
  customerExternalId: externalId.optional(),
  distributorId: idOf('distributor').optional(),
  status: z.enum(transferStatuses).optional(),
});

export const ObjectionView = z
  .strictObject({
    id: z.string(),
    side,
    text: z.string(),
    actor: z.string(),
    createdAt: z.date(),
  })
  .meta({ id: 'TransferObjection' });

export const TransferView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    customerExternalId: z.string(),
    fromDistributorId: z.string().nullable().meta({ description: 'null: it belonged to nobody' }),
    toDistributorId: z.string(),
    reason: z.string(),
    status: z.enum(transferStatuses),
    effectiveAt: z.date().meta({
      description: "The end of the objection window, on the program's clock",
    }),
    requestedBy: z.string(),
    requestedAt: z.date(),
    decidedAt: z
      .date()
      .nullable()
      .meta({ description: 'With `open`: the objections were decided, it waits for its moment' }),
    bindingId: z.string().nullable().meta({ description: 'The binding that it made' }),
    objections: z.array(ObjectionView),
  })
  .meta({ id: 'BindingTransfer' });

export const ObjectedView = TransferView.extend({ objection: ObjectionView }).meta({
  id: 'ObjectedTransfer',
});
