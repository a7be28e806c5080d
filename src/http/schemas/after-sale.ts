import { z } from 'zod';
import { externalIdPrefix } from '../../db/order';
import { isId } from '../../domain/kernel/id';
import { externalId, moment, text } from './common';
import { orderParams } from './order';

const linesAtMost = 2000;
const outcomeLength = 500;

export const AfterSaleBody = z
  .strictObject({
    externalId,
    openedAt: moment,
    lines: z
      .array(externalId)
      .min(1)
      .max(linesAtMost)
      .optional()
      .meta({ description: 'externalIds of the lines it is about; left out: all' }),
  })
  .meta({ id: 'NewAfterSale' });

export const ClosureBody = z.strictObject({
  closedAt: moment.optional().meta({ description: 'Left out: now' }),
  outcome: text(outcomeLength)
    .optional()
    .meta({ description: 'What became of it, in words, for the audit log' }),
});

/** A case in a path: its id, or `ext:` and the shop's own id. */
const reference = z
  .string()
  .max(externalIdPrefix.length + 128)
  .refine(isReference, {
    error: 'must be an id that begins with afs_, or ext: and an externalId',
    params: { code: 'invalid_id' },
  })
  .meta({ examples: ['afs_01k9zq3v5wf8r8m2t4c6x0y1za', 'ext:AS-1'] });

function isReference(value: string): boolean {
  return value.startsWith(externalIdPrefix)
    ? externalId.safeParse(value.slice(externalIdPrefix.length)).success
    : isId('afterSale', value);
}

export const caseParams = z.strictObject({ id: reference });
export const orderCaseParams = z.strictObject({ ...orderParams.shape, afterSaleId: reference });

export const AfterSaleView = z
  .strictObject({
    id: z.string(),
    orderId: z.string(),
    externalId: z.string(),
    status: z.enum(['open', 'closed']),
    openedAt: z.date(),
    closedAt: z.date().nullable(),
    lines: z.array(z.string()),
  })
  .meta({ id: 'AfterSale' });
