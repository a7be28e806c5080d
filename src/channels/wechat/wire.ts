import { parseJson } from '../answer';
import { z } from 'zod';
import type { TransferNews } from '../../domain/payout/news';
import { failureMessage } from './failure';

const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export const billStates = [
  'ACCEPTED',
  'PROCESSING',
  'WAIT_USER_CONFIRM',
  'TRANSFERING',
  'SUCCESS',
  'FAIL',
  'CANCELING',
  'CANCELLED',
] as const;

const code = z.string().min(1).max(128);

/** A transfer bill, as every answer about one describes it; what only some answers have is optional. */
const Bill = z.object({
  out_bill_no: z.string().min(1).max(64),
  transfer_bill_no: z.string().min(1).max(128).optional(),
  state: z.enum(billStates),
  create_time: moment.optional(),
  update_time: moment.optional(),
  fail_reason: z
    .string()
    .max(128)
    .nullish()
    .transform((reason) => (reason ? reason : undefined)),
  package_info: z.string().min(1).max(8192).optional(),
  mch_id: z.string().optional(),
  mchid: z.string().optional(),
  appid: z.string().optional(),
  openid: z.string().optional(),
  /** fen */
  transfer_amount: z.int().positive().optional(),
});

export type Bill = z.output<typeof Bill>;

/** The answer to a new transfer: it names neither amount nor payee. */
export const CreatedBill = Bill;

/** The answer to a question: it must say how much. */
export const FoundBill = Bill.required({ transfer_amount: true });

/** What a callback encloses: only ends, with amount and payee. */
export const FinishedBill = Bill.required({ transfer_amount: true, openid: true }).extend({
  state: z.enum(['SUCCESS', 'FAIL', 'CANCELLED']),
});

/** The envelope of a callback. */
export const Notice = z.object({
  id: z.string().min(1).max(128),
  event_type: z.literal('MCHTRANSFER.BILL.FINISHED'),
  resource_type: z.literal('encrypt-resource'),
  resource: z.object({
    algorithm: z.literal('AEAD_AES_256_GCM'),
    ciphertext: z.string().min(24).max(60_000),
    nonce: z.string().min(12).max(16),
    associated_data: z.string().max(16).default(''),
  }),
});

/** Where the file of a day is. */
export const BillAddress = z.object({
  download_url: z.string().max(2048),
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9A-Fa-f]{40}$/),
});

const ErrorBody = z.object({ code, message: z.string().max(2048).default('') });

/** The error code of an answer; undefined: the body has none, so it is not WeChat Pay's. */
export function errorCode(text: string): string | undefined {
  return errorOf(text)?.code;
}

export function errorOf(text: string): z.output<typeof ErrorBody> | undefined {
  const parsed = ErrorBody.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

/** A payee has a day to confirm (doc 4012711988); then the bill closes and the money goes back. */
const confirmWithinMs = 24 * 3600 * 1000;

/**
 * WeChat's words in ours.
 * - PROCESSING locks the money: a bill that stays there waits for the merchant's balance.
 * - WAIT_USER_CONFIRM and, after a first try, TRANSFERING wait for the payee, who may open the page
 *   once more (doc 4012716457); only the former says what the page is opened with.
 * - FAIL and CANCELLED are ends at which nothing has moved.
 */
export function newsOf(bill: Bill, payer: { mchid: string; appid: string }): TransferNews {
  switch (bill.state) {
    case 'ACCEPTED':
    case 'CANCELING':
      return { kind: 'processing' };
    case 'PROCESSING':
      return { kind: 'processing', waitsFor: 'balance' };
    case 'TRANSFERING':
    case 'WAIT_USER_CONFIRM': {
      const { create_time: created, package_info: packed } = bill;
      const until = created === undefined ? null : new Date(created.getTime() + confirmWithinMs);
      const { mchid, appid } = payer;
      return packed === undefined
        ? { kind: 'awaiting_confirmation', until }
        : {
            kind: 'awaiting_confirmation',
            until,
            confirmation: { mchId: mchid, appId: appid, package: packed },
          };
    }
    case 'SUCCESS':
      return { kind: 'paid', paidAt: bill.update_time ?? null };
    case 'FAIL': {
      const reason = bill.fail_reason ?? 'UNSPECIFIED';
      return { kind: 'failed', code: reason, message: failureMessage(reason) };
    }
    case 'CANCELLED':
      return { kind: 'canceled' };
  }
}

/** What in a bill is not what we asked for; undefined: everything that it names is ours. */
export function differenceOf(
  bill: Bill,
  expected: {
    mchid: string;
    appid: string;
    channelNumber?: string;
    amount?: bigint;
    openid?: string;
  },
): string | undefined {
  const differs = (name: string, theirs: unknown, ours: unknown) =>
    theirs !== undefined && ours !== undefined && theirs !== ours ? name : undefined;
  const amount = bill.transfer_amount === undefined ? undefined : BigInt(bill.transfer_amount);
  return (
    differs('number', bill.out_bill_no, expected.channelNumber) ??
    differs('merchant', bill.mch_id, expected.mchid) ??
    differs('merchant', bill.mchid, expected.mchid) ??
    differs('app', bill.appid, expected.appid) ??
    differs('amount', amount, expected.amount) ??
    differs('payee', bill.openid, expected.openid)
  );
}
