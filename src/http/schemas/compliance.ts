import { z } from 'zod';
import { idOf } from './common';

export const ComplianceSweep = z
  .strictObject({
    reviews: z
      .array(
        z.strictObject({
          id: idOf('review'),
          rootDistributorId: idOf('distributor'),
          people: z.int().meta({ description: 'The merchant counted' }),
          levels: z.int().meta({ description: "The merchant's own level counted" }),
          threshold: z.enum(['prosecution']),
        }),
      )
      .meta({ description: 'The cases that this sweep opened' }),
  })
  .meta({ id: 'ComplianceSweep' });
