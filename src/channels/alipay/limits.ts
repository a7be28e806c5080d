import type { KindLimits } from '../kind';

/**
 * What Alipay lets a merchant transfer to persons unless it was raised: 50,000 yuan at a time, a
 * million a day. It names no limit for the day of a payee. Source: Alipay's rules for fund transfers,
 * as of 2026-11.
 */
export const alipayLimits: KindLimits = {
  perTransferAmount: 5_000_000n,
  perDayAmount: 100_000_000n,
};
