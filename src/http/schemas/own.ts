import { z } from 'zod';
import { CampaignView } from './campaign';
import { idParam } from './common';

const secondsAtLeast = 60;
const secondsAtMost = 86_400;

export const TokenBody = z
  .strictObject({
    ttlSeconds: z
      .int()
      .min(secondsAtLeast)
      .max(secondsAtMost)
      .default(3600)
      .meta({ description: 'Real time; default one hour' }),
  })
  .meta({ id: 'NewDistributorToken' });

export const TokenView = z
  .strictObject({
    id: z.string(),
    distributorId: z.string(),
    expiresAt: z.date(),
    createdAt: z.date(),
    revokedAt: z.date().nullable(),
  })
  .meta({ id: 'DistributorToken' });

export const MadeToken = z.strictObject({
  ...TokenView.shape,
  token: z.string().meta({ description: 'Shown once' }),
});

export const tokenParams = z.strictObject({
  id: idParam('distributor'),
  tokenId: idParam('distributorToken'),
});

export const CustomerView = z
  .strictObject({
    id: z.string(),
    customerExternalId: z.string().meta({
      description: 'Masked with a distributor’s token unless the tier shows customers in full',
    }),
    startsAt: z.date(),
    endsAt: z.date().nullable(),
    protectedUntil: z.date().nullable(),
  })
  .meta({ id: 'Customer' });

export const OpenCampaignView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    startsAt: z.date(),
    endsAt: z.date(),
    match: CampaignView.shape.match,
    effect: CampaignView.shape.effect,
    levels: CampaignView.shape.levels,
  })
  .meta({ id: 'OpenCampaign' });
