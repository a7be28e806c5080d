import type { KindLimits } from '../kind';

/**
 * What WeChat Pay lets a company transfer unless it was raised: 200 yuan at a time, 2,000 yuan a day
 * to one payee. Source: doc merchant/4013747667, as of 2026-11.
 */
export const wechatLimits: KindLimits = {
  perTransferAmount: 20_000n,
  perPayeeDayAmount: 200_000n,
};
