import { z } from 'zod';
import type { TransferNews } from '../../domain/payout/news';

/** Settings of a sandbox channel; empty settings are the built-in sandbox. */
export const SandboxSettings = z.strictObject({
  /** how long `confirm-expire` waits for its payee; default 20 */
  confirmSeconds: z.number().int().min(1).max(3600).optional(),
  /** how long a submission waits for its answer; default 2000 */
  submitTimeoutMs: z.number().int().min(100).max(5000).optional(),
  /** submissions a second, over all workers; left out: no limit */
  callsPerSecond: z.number().int().min(1).max(1000).optional(),
});

export type SandboxSettings = z.output<typeof SandboxSettings>;

const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const Failure = z.object({
  code: z.string().min(1).max(128),
  message: z.string().max(1024),
});

const States = z.enum([
  'processing',
  'awaiting_confirmation',
  'paid',
  'failed',
  'expired',
  'canceled',
  'returned',
]);

/** The sandbox's view of a transfer, as it answers submissions and queries. */
export const TransferView = z.object({
  channelNumber: z.string(),
  amount: z.number().int().positive(),
  state: States,
  failure: Failure.nullable(),
  paidAt: moment.nullable(),
  returnedAt: moment.nullable(),
  confirmBy: moment.nullable(),
});

/** The body of a callback. */
export const CallbackBody = z.object({
  id: z.string().min(1).max(128),
  merchantId: z.string(),
  channelNumber: z.string().min(1).max(64),
  amount: z.number().int().positive(),
  state: States,
  failure: Failure.nullable(),
  occurredAt: moment,
});

/** An answer that is not 200. */
export const FaultBody = z.object({ code: z.string().max(64), message: z.string().max(1024) });

/** The bill of one day. */
export const BillBody = z.object({
  day: z.string(),
  rows: z.array(
    z.object({
      channelNumber: z.string().min(1).max(64),
      providerNumber: z.string().max(64).nullable(),
      amount: z.number().int().positive(),
      kind: z.enum(['paid', 'returned']),
      at: moment,
    }),
  ),
});

interface Facts {
  state: z.output<typeof States>;
  failure: z.output<typeof Failure> | null;
  paidAt: Date | null;
  returnedAt: Date | null;
  confirmBy: Date | null;
}

/** The sandbox's words in ours. An expired confirmation is a failure for good: nothing moved. */
export function newsOf(facts: Facts): TransferNews {
  switch (facts.state) {
    case 'processing':
      return { kind: 'processing' };
    case 'awaiting_confirmation':
      return { kind: 'awaiting_confirmation', until: facts.confirmBy };
    case 'paid':
      return { kind: 'paid', paidAt: facts.paidAt };
    case 'canceled':
      return { kind: 'canceled' };
    case 'returned':
      return { kind: 'returned', returnedAt: facts.returnedAt };
    case 'expired':
      return {
        kind: 'failed',
        code: 'CONFIRMATION_EXPIRED',
        message: 'the payee did not confirm in time',
      };
    case 'failed':
      return {
        kind: 'failed',
        code: facts.failure?.code ?? 'UNSPECIFIED',
        message: facts.failure?.message ?? 'the provider gave no reason',
      };
  }
}
