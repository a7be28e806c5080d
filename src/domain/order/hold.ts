import { addDays } from '../kernel/clock';

/** The hold of an order's commissions, frozen when the order is accepted. */
export interface HoldTerms {
  /** the event from which the days count */
  startsAt: 'paid' | 'received';
  days: number;
  /** without a receipt, so many days after the payment count as received */
  assumeReceivedAfterDays: number;
}

/** What of an order decides when its hold begins. */
export interface HeldOrder {
  paidAt: Date;
  receivedAt: Date | null;
}

/** A span in which an after-sale case was open; `to` null: it still is. */
export interface Pause {
  from: Date;
  to: Date | null;
}

/** The moment at which the days of the hold begin to count. */
function holdStart(hold: HoldTerms, { paidAt, receivedAt }: HeldOrder): Date {
  return hold.startsAt === 'paid'
    ? paidAt
    : (receivedAt ?? addDays(paidAt, hold.assumeReceivedAfterDays));
}

/**
 * The moment at which commissions of the order become available when no after-sale case stops the
 * hold. Days are 24 hours each.
 */
export function releaseAt(hold: HoldTerms, order: HeldOrder): Date {
  return addDays(holdStart(hold, order), hold.days);
}

/**
 * The same with after-sale cases: while one is open, the hold stands still. Time counts once
 * however many cases share it; a case that opens at or after the release changes nothing, and the
 * part of a case before the hold begins stops nothing.
 * @returns null while an open case stops the hold
 */
export function pausedReleaseAt(
  hold: HoldTerms,
  order: HeldOrder,
  pauses: readonly Pause[],
): Date | null {
  let stoppedUntil = holdStart(hold, order).getTime();
  let release = releaseAt(hold, order).getTime();
  const inOrder = [...pauses].sort((a, b) => a.from.getTime() - b.from.getTime());
  for (const { from, to } of inOrder) {
    if (from.getTime() >= release) break;
    if (to === null) return null;
    const begin = Math.max(from.getTime(), stoppedUntil);
    release += Math.max(to.getTime() - begin, 0);
    stoppedUntil = Math.max(to.getTime(), stoppedUntil);
  }
  return new Date(release);
}
