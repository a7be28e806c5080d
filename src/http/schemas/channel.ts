import { z } from 'zod';
import { idOf, moment, positiveAmount, text } from './common';

export const channelKinds = ['sandbox', 'wechat', 'alipay', 'bankFile'] as const;

const limit = positiveAmount.nullable().default(null);

export const ChannelBody = z.strictObject({
  kind: z.enum(channelKinds),
  name: text(100),
  settings: z.record(z.string().max(64), z.unknown()).default({}).meta({
    description: 'Of the kind; never shown again. Empty for a sandbox: the built-in one.',
  }),
  limits: z
    .strictObject({ perTransferAmount: limit, perDayAmount: limit })
    .default({ perTransferAmount: null, perDayAmount: null }),
});

export const ChannelSettingsBody = z.strictObject({
  settings: z.record(z.string().max(64), z.unknown()).meta({
    description: 'All of them: what is left out is as if it had never been given',
  }),
});

export const ChannelView = z
  .strictObject({
    id: idOf('channel'),
    kind: z.enum(channelKinds),
    name: z.string(),
    settings: z
      .record(z.string(), z.literal('set'))
      .meta({ description: 'Which settings there are; their values are never shown' }),
    limits: z.strictObject({
      perTransferAmount: positiveAmount.nullable(),
      perDayAmount: positiveAmount.nullable(),
    }),
    createdAt: moment,
  })
  .meta({ id: 'Channel' });
