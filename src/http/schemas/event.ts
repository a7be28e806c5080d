import { z } from 'zod';
import { eventTypes } from '../../contracts/event';
import { listQuery } from '../list';
import { idOf, idParam, moment } from './common';

const type = z.enum(eventTypes);

export const eventParams = z.strictObject({ id: idParam('event') });

export const eventQuery = z.strictObject({
  ...listQuery.shape,
  programId: idOf('program').optional(),
  type: type.optional(),
  subjectId: z
    .string()
    .regex(/^[a-z]{3}_[0-9a-z]{26}$/)
    .optional()
    .meta({ description: 'An id of ours, of whatever kind' }),
});

export const EventView = z
  .strictObject({
    id: z.string(),
    type,
    programId: z.string(),
    subjectId: z.string(),
    occurredAt: moment.meta({ description: "On the program's clock" }),
    data: z.record(z.string(), z.unknown()).meta({
      description: 'Ids, codes and amounts of the fact; never personal data',
    }),
  })
  .meta({ id: 'Event' });
