import type { Payment } from './payment';

/** One line of a day's bill: money that left, or came back. The amount is in the minor unit. */
export interface BillLine {
  channelNumber: string;
  providerNumber: string;
  amount: number;
  kind: 'paid' | 'returned';
  at: string;
}

const chinaOffsetMs = 8 * 3_600_000;

/** The calendar day of the sandbox, `YYYY-MM-DD`: it keeps China's time. */
export function dayOf(moment: Date): string {
  return new Date(moment.getTime() + chinaOffsetMs).toISOString().slice(0, 10);
}

/** What a merchant's money did on one day, in order of time. A day that is not over has no bill. */
export function billOf(
  payments: Iterable<Payment>,
  merchantId: string,
  day: string,
  now: Date,
): BillLine[] | null {
  if (day >= dayOf(now)) return null;
  const lines: BillLine[] = [];
  for (const { request, paidAt, returnedAt } of payments) {
    if (request.merchantId !== merchantId) continue;
    const { channelNumber, amount } = request;
    const line = { channelNumber, providerNumber: `SB${channelNumber}`, amount };
    if (paidAt !== null && dayOf(new Date(paidAt)) === day) {
      lines.push({ ...line, kind: 'paid', at: paidAt });
    }
    if (returnedAt !== null && dayOf(new Date(returnedAt)) === day) {
      lines.push({ ...line, kind: 'returned', at: returnedAt });
    }
  }
  return lines.sort((a, b) => (a.at < b.at ? -1 : 1));
}
