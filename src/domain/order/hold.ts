import { addDays } from '../kernel/clock';

/** The hold of an order's commissions, frozen when the order is accepted. */
export interface HoldTerms {
  /** the event from which the days count */
  startsAt: 'paid' | 'received';
  days: number;
  /** without a receipt, so many days after the payment count as received */
  assumeReceivedAfterDays: number;
}

/** The moment at which commissions of the order become available. Days are 24 hours each. */
export function releaseAt(
  hold: HoldTerms,
  { paidAt, receivedAt }: { paidAt: Date; receivedAt: Date | null },
): Date {
  const from =
    hold.startsAt === 'paid'
      ? paidAt
      : (receivedAt ?? addDays(paidAt, hold.assumeReceivedAfterDays));
  return addDays(from, hold.days);
}
