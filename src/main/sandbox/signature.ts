import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the clocks of the two sides may differ, and how old a message may be. */
export const toleranceSeconds = 300;

/** Every merchant has a key of its own, derived from the secret of the installation. */
export function merchantKey(secret: string, merchantId: string): Buffer {
  return createHmac('sha256', secret).update(`merchant:${merchantId}`).digest();
}

/** HMAC-SHA256 in base64 over parts joined by a full stop, as Standard Webhooks writes it. */
export function sign(key: Buffer, parts: readonly string[]): string {
  return `v1,${createHmac('sha256', key).update(parts.join('.')).digest('base64')}`;
}

/** Compares in constant time and refuses a message outside the time window. */
export function isSigned(
  key: Buffer,
  parts: readonly string[],
  given: { signature: string; timestamp: string },
  now: Date,
): boolean {
  if (!/^\d{1,12}$/.test(given.timestamp)) return false;
  const ageSeconds = Math.abs(now.getTime() / 1000 - Number(given.timestamp));
  if (ageSeconds > toleranceSeconds) return false;
  const expected = Buffer.from(sign(key, parts));
  const actual = Buffer.from(given.signature);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
