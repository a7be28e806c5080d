import { addDays } from '../kernel/clock';

/** The id of a click out of the text that a link handed out; undefined: we never made that text. */
export type ReadClickId = (signed: string) => string | undefined;

/**
 * Why a click does not count for an order, or undefined. A click counts from its own second to
 * before the end of the program's window; a click after the payment brought nobody.
 */
export function clickFault(
  clickedAt: Date,
  paidAt: Date,
  windowDays: number,
): 'click_after_payment' | 'click_expired' | undefined {
  if (clickedAt > paidAt) return 'click_after_payment';
  return paidAt < addDays(clickedAt, windowDays) ? undefined : 'click_expired';
}
