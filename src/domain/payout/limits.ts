import type { DayWindow } from './asking';
import type { WaitingReason } from './waiting';

/** What may be handed over to a channel, in fen; null: no limit of ours. */
export interface AmountLimits {
  /** of one transfer */
  perTransferAmount: bigint | null;
  /** of any 24 hours, to all payees together */
  perDayAmount: bigint | null;
  /** to one payee on one day of the provider */
  perPayeeDayAmount: bigint | null;
}

/** What happens to a net that one transfer cannot carry: several transfers, or none at all. */
export const overTransferChoices = ['split', 'refuse'] as const;
export type OverTransfer = (typeof overTransferChoices)[number];

/** Why an amount could never be handed over as it is, whenever it is tried; null: it could. */
export function neverFits(amount: bigint, limits: AmountLimits): WaitingReason | null {
  const passes = (limit: bigint | null) => limit !== null && amount > limit;
  if (passes(limits.perTransferAmount)) return 'overTransferLimit';
  if (passes(limits.perDayAmount) || passes(limits.perPayeeDayAmount)) return 'overDayLimit';
  return null;
}

/**
 * When one payee can be sent an amount beside what the day has for it already; null: now.
 * @param sentAmount what counts on this day, without the amount in question
 */
export function payeeRoomAt(
  amount: bigint,
  { sentAmount, limit }: { sentAmount: bigint; limit: bigint },
  day: DayWindow,
): Date | null {
  return sentAmount + amount <= limit ? null : day.until;
}
