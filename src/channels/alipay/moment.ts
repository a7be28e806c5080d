/** Alipay speaks in China's time, wherever this machine is; China has no summer time. */
const aheadMs = 8 * 3_600_000;
const shape = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/;

/** A moment as `YYYY-MM-DD HH:mm:ss`. */
export function alipayMoment(at: Date): string {
  return new Date(at.getTime() + aheadMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Null for a text that is no moment, or none. */
export function readMoment(text: string | undefined): Date | null {
  const match = shape.exec(text ?? '');
  if (match === null) return null;
  const at = new Date(`${match[1]}T${match[2]}+08:00`);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** The first and the last second of a calendar day of Alipay (`YYYY-MM-DD`). */
export function dayBounds(day: string): { from: string; to: string } {
  return { from: `${day} 00:00:00`, to: `${day} 23:59:59` };
}

/** The calendar day of Alipay at a moment. */
export function alipayDay(at: Date): string {
  return alipayMoment(at).slice(0, 10);
}
