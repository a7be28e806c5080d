import type { KindLimits } from '../kind';

/**
 * What WeChat Pay lets a company transfer unless it was raised: 200 yuan at a time, 50,000 yuan a day,
 * of it 2,000 yuan to one payee. Source: doc merchant/4013747667, as of 2026-11.
 */
export const wechatLimits: KindLimits = {
  perTransferAmount: 20_000n,
  perDayAmount: 5_000_000n,
  perPayeeDayAmount: 200_000n,
};
