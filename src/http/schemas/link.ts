import { z } from 'zod';
import { urlAtMost } from '../../domain/referral/link';
import { code, idParam } from './common';

const channel = code.meta({
  description: 'Where the link is used',
  examples: ['poster', 'chat-group-3'],
});

export const LinkBody = z
  .strictObject({
    channel: channel.optional(),
    targetUrl: z.string().min(1).max(urlAtMost).optional().meta({
      description:
        'A page of the shop, on one of the hosts of the program; else its landing page is taken',
    }),
  })
  .meta({ id: 'NewLink' });

export const LinkView = z
  .strictObject({
    code: z.string(),
    url: z.string(),
    distributorId: z.string(),
    channel: z.string().nullable(),
    targetUrl: z.string().nullable(),
    createdAt: z.date(),
  })
  .meta({ id: 'Link' });

/** A code that cannot exist is answered like one that does not. */
const linkCode = z
  .string()
  .refine((value) => /^[A-Za-z0-9]{1,64}$/.test(value), {
    error: 'must be the code of a link',
    params: { code: 'invalid_id' },
  })
  .meta({ examples: ['A2B3C4D5'] });

export const linkParams = z.strictObject({ id: idParam('distributor'), code: linkCode });
export const followParams = z.strictObject({ code: linkCode });

// Browsers, chats and advertisers add parameters of their own to a link: they are let through.
export const followQuery = z.object({
  to: z.string().max(10_000).optional().meta({
    description: 'The page to lead to, if it is on one of the hosts of the program',
  }),
  channel: z.string().max(64).optional().meta({
    description: 'Where it was followed, if the link itself does not say',
  }),
});

export const FollowedView = z
  .strictObject({
    clickId: z.string().nullable().meta({
      description: 'For `attribution.clickId` of the order; null: nothing was recorded',
    }),
    distributorCode: z.string(),
  })
  .meta({ id: 'FollowedLink' });
