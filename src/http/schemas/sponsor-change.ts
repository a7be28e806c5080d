import { z } from 'zod';
import { code, moment, text } from './common';

export const SponsorChangeBody = z
  .strictObject({
    sponsorCode: code.nullable().meta({ description: 'null: no sponsor any more' }),
    effectiveAt: moment.optional().meta({
      description: 'After the payment of every accepted order; left out: as soon as it can be',
    }),
    reason: text(2000),
  })
  .meta({ id: 'NewSponsorChange' });

export const SponsorChangeView = z
  .strictObject({
    distributorId: z.string(),
    sponsorId: z.string().nullable(),
    previousSponsorId: z.string().nullable(),
    effectiveAt: z.date(),
    reason: z.string(),
  })
  .meta({ id: 'SponsorChange' });
