import { z } from 'zod';
import { holdCauses } from '../../domain/payout/asking';
import { overTransferChoices } from '../../domain/payout/limits';
import { count, idOf, moment, positiveAmount, text } from './common';

export const channelKinds = ['sandbox', 'wechat', 'alipay', 'bankFile'] as const;

const limit = positiveAmount.nullable().optional();

export const ChannelLimitsBody = z.strictObject({
  perTransferAmount: limit.meta({
    description: "Of one transfer, in fen. Left out: what the kind's provider allows; null: none",
  }),
  perDayAmount: limit.meta({
    description:
      "Of any 24 hours, to all payees together. Left out: what the kind's provider allows; null: none",
  }),
  perPayeeDayAmount: limit.meta({
    description:
      "To one payee on one day of the provider. Left out: what the kind's provider allows; null: none",
  }),
  overTransfer: z.enum(overTransferChoices).default('split').meta({
    description:
      'What one transfer cannot carry is split into several, or refused: not settled until it can be',
  }),
});

export const ChannelBody = z.strictObject({
  kind: z.enum(channelKinds),
  name: text(100),
  settings: z.record(z.string().max(64), z.unknown()).default({}).meta({
    description: 'Of the kind; never shown again. Empty for a sandbox: the built-in one.',
  }),
  limits: ChannelLimitsBody.prefault({}),
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
      perPayeeDayAmount: positiveAmount.nullable(),
      overTransfer: z.enum(overTransferChoices),
    }),
    createdAt: moment,
    reconciledThrough: z.iso.date().nullable().meta({
      description:
        "Every day up to this one (the provider's calendar) is compared with the provider's bill, and every difference is decided",
    }),
    held: z
      .strictObject({
        cause: z.enum(holdCauses),
        since: moment,
        until: moment,
      })
      .nullable()
      .meta({ description: 'Why nothing is submitted for a while, and when the next try is' }),
  })
  .meta({ id: 'Channel' });

/** One day's bill of a channel beside our books. */
export const ReconciliationView = z
  .strictObject({
    channelId: idOf('channel'),
    day: z.iso.date().meta({ description: "A day of the provider's calendar" }),
    status: z.enum(['waiting', 'done']),
    attempts: count,
    rows: count.meta({ description: 'Rows of the bill' }),
    matched: count,
    differences: count,
    openDifferences: count.meta({ description: 'Those that no person has decided yet' }),
    askedAt: moment.nullable(),
    finishedAt: moment.nullable(),
  })
  .meta({ id: 'Reconciliation' });

export const DifferenceView = z
  .strictObject({
    channelNumber: z.string(),
    kind: z.enum(['paid', 'returned']),
    why: z.enum(['missing', 'extra', 'amount', 'status', 'duplicate']),
    payoutId: idOf('payout').nullable(),
    amount: positiveAmount.nullable().meta({ description: 'Ours, in fen' }),
    billAmount: positiveAmount.nullable().meta({ description: 'Of the bill, in fen' }),
    reviewId: idOf('review').nullable(),
  })
  .meta({ id: 'ReconciliationDifference' });
