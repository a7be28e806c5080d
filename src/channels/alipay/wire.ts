import { z } from 'zod';
import type { TransferNews } from '../../domain/payout/news';
import { failedNews } from './error';
import { readMoment } from './moment';

const short = z.string().max(512);

/** What a transfer is in Alipay's words, in answers and in messages. */
export const TransferState = z.object({
  out_biz_no: z.string().max(64),
  status: z.string().max(32),
  order_id: short.optional(),
  pay_fund_order_id: short.optional(),
  trans_amount: z.string().max(20).optional(),
  trans_date: short.optional(),
  pay_date: short.optional(),
  error_code: short.optional(),
  fail_reason: short.optional(),
});

export type TransferState = z.output<typeof TransferState>;

/** The head of every answer; `10000` means that the request, not the transfer, succeeded. */
export const AnswerHead = z.object({
  code: z.string().max(32),
  msg: short.optional(),
  sub_code: z.string().max(128).optional(),
  sub_msg: short.optional(),
});

export const succeeded = '10000';

/** The envelope of a message to the app's gateway, as a form. */
export const Message = z.object({
  notify_id: z.string().min(1).max(128),
  app_id: z.string(),
  msg_method: z.string(),
  biz_content: z.string().max(20_000),
});

/** One page of `alipay.data.bill.accountlog.query`. */
export const AccountLog = z.object({
  page_no: z.coerce.number().int(),
  page_size: z.coerce.number().int(),
  total_size: z.coerce.number().int(),
  detail_list: z
    .array(
      z.object({
        trans_dt: short,
        merchant_order_no: z.string().max(64).default(''),
        alipay_order_no: short.optional(),
        trans_amount: z.string().max(20),
        direction: z.enum(['收入', '支出']),
      }),
    )
    .default([]),
});

/** The states in our words; undefined for one that is not known. */
export function newsOf(state: TransferState): TransferNews | undefined {
  const at = readMoment(state.pay_date ?? state.trans_date);
  switch (state.status) {
    case 'SUCCESS':
      return { kind: 'paid', paidAt: at };
    case 'FAIL':
      return failedNews(state.error_code, state.fail_reason);
    case 'CLOSED':
      return failedNews(state.error_code ?? 'CLOSED', state.fail_reason);
    // Only cards: the bank has it, and may take a day.
    case 'DEALING':
    case 'INIT':
    case 'WAIT_PAY':
      return { kind: 'processing' };
    // 退票: the bank sent the money back after success.
    case 'REFUND':
      return { kind: 'returned', returnedAt: at };
    default:
      return undefined;
  }
}
