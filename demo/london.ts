import { DateTime } from 'luxon';

export const shopZone = 'Europe/London';

/**
 * The shop's local time as the source writes it, with the offset that London had then, by
 * RFC 3339. Reads `2010-12-01T08:26:00` and, for other copies of the same data, `12/1/2010 8:26`.
 */
export function shopMoment(text: string): string | undefined {
  const options = { zone: shopZone };
  const iso = DateTime.fromISO(text.trim().replace(' ', 'T'), options);
  const moment = iso.isValid ? iso : DateTime.fromFormat(text.trim(), 'M/d/yyyy H:mm', options);
  return moment.toISO({ suppressMilliseconds: true }) ?? undefined;
}

/** Midnight in London before a moment. */
export function dayBegin(moment: string): string {
  const midnight = DateTime.fromISO(moment, { zone: shopZone }).startOf('day');
  return midnight.toISO({ suppressMilliseconds: true }) ?? moment;
}

/** Order of two moments in real time; their texts may carry different offsets. */
export function byTime(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}
