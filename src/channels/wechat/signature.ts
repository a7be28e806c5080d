import type { IncomingHttpHeaders } from 'node:http';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { type KeyRing, type NamedKey, platformKey } from './keys';

/** Answers and callbacks older or newer than this are refused. */
export const toleranceSeconds = 300;

/** What a request is signed over: the exact bytes that are sent. */
export interface Signed {
  method: 'GET' | 'POST';
  /** path and query, without the host */
  target: string;
  /** empty for GET */
  body: string;
}

/**
 * The `Authorization` header of a request.
 * Source: WeChat Pay APIv3, "签名生成": five lines, each with its line feed, SHA256 with RSA.
 */
export function authorization(mchid: string, { serial, key }: NamedKey, request: Signed): string {
  const nonce = Formatter.nonce();
  const timestamp = Formatter.timestamp();
  const { method, target, body } = request;
  const signature = Rsa.sign(Formatter.request(method, target, timestamp, nonce, body), key);
  return Formatter.authorization(mchid, nonce, signature, timestamp, serial);
}

/** A name as WeChat takes it: RSA-OAEP (SHA-1) under the first platform key, which is named too. */
export function encryptName(ring: KeyRing, name: string): { serial: string; text: string } {
  const first = ring.platform[0];
  if (first === undefined) throw new Error('a WeChat Pay channel without a platform key');
  return { serial: first.serial, text: Rsa.encrypt(name, first.key) };
}

export type HeaderReader = (name: string) => string | undefined;

/** Headers of a callback; one that came twice counts as absent. */
export function headersOf(headers: IncomingHttpHeaders): HeaderReader {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? undefined : value;
  };
}

/**
 * Whether WeChat signed this body now: over the raw text, by the key that the header names. Probes
 * (`WECHATPAY/SIGNTEST/...`) are no signatures.
 */
export function isSignedByWechat(
  ring: KeyRing,
  header: HeaderReader,
  body: string,
  now: Date,
): boolean {
  const serial = header('wechatpay-serial');
  const signature = header('wechatpay-signature');
  const timestamp = header('wechatpay-timestamp');
  const nonce = header('wechatpay-nonce');
  if (!serial || !signature || !timestamp || !nonce) return false;
  if (!isTimely(timestamp, now) || !/^[0-9A-Za-z+/]+={0,2}$/.test(signature)) return false;
  const key = platformKey(ring, serial);
  if (key === undefined) return false;
  try {
    return Rsa.verify(Formatter.response(timestamp, nonce, body), signature, key);
  } catch {
    return false;
  }
}

/** Unix seconds as plain digits, inside the window. `1e9`, signs and fractions are refused. */
function isTimely(timestamp: string, now: Date): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(now.getTime() / 1000 - Number(timestamp)) <= toleranceSeconds;
}

/** Opens what a callback encloses (AES-256-GCM, its tag checked); undefined: no key of ours fits. */
export function openResource(
  ring: KeyRing,
  resource: { ciphertext: string; nonce: string; associated_data: string },
): string | undefined {
  for (const key of ring.apiV3) {
    try {
      return Aes.AesGcm.decrypt(resource.ciphertext, key, resource.nonce, resource.associated_data);
    } catch {
      continue;
    }
  }
  return undefined;
}
