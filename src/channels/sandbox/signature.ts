import { createHmac, timingSafeEqual } from 'node:crypto';

/** Messages older or newer than this are refused (Standard Webhooks: 5 minutes). */
export const toleranceSeconds = 300;

/** The sandbox gives each merchant a key derived from the secret of the installation. */
export function sandboxKey(secret: string, channelId: string): Buffer {
  return createHmac('sha256', secret).update(`merchant:${channelId}`).digest();
}

/** HMAC-SHA256 over parts joined by a full stop, in base64 behind the version of the scheme. */
export function sandboxSignature(key: Buffer, parts: readonly (string | Buffer)[]): string {
  const hmac = createHmac('sha256', key);
  parts.forEach((part, index) => {
    if (index > 0) hmac.update('.');
    hmac.update(part);
  });
  return `v1,${hmac.digest('base64')}`;
}

/** Several signatures, separated by blanks, may be given while a key is replaced; one must match. */
export function matchesSignature(expected: string, given: string): boolean {
  const wanted = Buffer.from(expected);
  return given.split(' ').some((one) => {
    const actual = Buffer.from(one);
    return actual.length === wanted.length && timingSafeEqual(actual, wanted);
  });
}

/** Unix seconds as plain digits, inside the window. `1e9`, signs and fractions are refused. */
export function isTimely(timestamp: string, now: Date): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(now.getTime() / 1000 - Number(timestamp)) <= toleranceSeconds;
}
