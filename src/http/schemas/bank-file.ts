import { z } from 'zod';
import { amount, idOf, idParam, moment } from './common';

export const bankFileParams = z.strictObject({ id: idParam('bankFile') });

const mode = z.enum(['live', 'test']);

export const BankFileBody = z
  .strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default('CNY'),
    mode: mode
      .default('live')
      .meta({ description: 'Payouts of live or of test programs; they never share a file' }),
  })
  .meta({ id: 'NewBankFile' });

export const BankFileView = z
  .strictObject({
    id: z.string(),
    channelId: idOf('channel'),
    messageId: z.string().meta({ description: 'By which the bank knows the file' }),
    currency: z.string(),
    mode,
    payouts: z.int(),
    totalAmount: amount,
    createdAt: moment,
    links: z.strictObject({ content: z.string() }),
  })
  .meta({ id: 'BankFile' });

export const BankResultView = z
  .strictObject({
    lines: z.int().meta({ description: 'Without the header' }),
    taken: z.int().meta({ description: 'What was new: the payouts hear of it' }),
    repeated: z.int().meta({ description: 'What was imported before: nothing happens' }),
    strange: z
      .int()
      .meta({
        description: 'Not our number, or another amount: a review is open, nothing changes',
      }),
    unreadable: z.array(
      z.strictObject({
        line: z.int(),
        channelNumber: z.string().nullable(),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'BankResult' });
