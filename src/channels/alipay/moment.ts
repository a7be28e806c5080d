import { chinaMoment, chinaText } from '../answer';

/** Alipay writes moments in China's time, without saying so: `YYYY-MM-DD HH:mm:ss`. */
export const alipayMoment = chinaText;

/** Null for a text that is no moment, or none. */
export function readMoment(text: string | undefined): Date | null {
  return text === undefined ? null : chinaMoment(text);
}

/** The first and the last second of a calendar day of Alipay (`YYYY-MM-DD`). */
export function dayBounds(day: string): { from: string; to: string } {
  return { from: `${day} 00:00:00`, to: `${day} 23:59:59` };
}

/** The calendar day of Alipay at a moment. */
export function alipayDay(at: Date): string {
  return alipayMoment(at).slice(0, 10);
}
