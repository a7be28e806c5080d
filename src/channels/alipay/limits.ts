import type { KindLimits } from '../kind';

/**
 * What Alipay lets a merchant transfer to a person unless it was raised: 50,000 yuan at a time. It
 * names no limit for the day of a payee. Source: Alipay's rules for fund transfers, as of 2026-11.
 */
export const alipayLimits: KindLimits = { perTransferAmount: 5_000_000n };
