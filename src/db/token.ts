import { createHash, createHmac, randomBytes } from 'node:crypto';

/** What a bearer token begins with says what it is. */
export type TokenPrefix = 'sk_test_' | 'sk_live_' | 'adm_' | 'dtk_';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secretBytes = 32;
const secretLength = 43; // 256 bits in base62
const checksumLength = 6;
const shape = /^(sk_test_|sk_live_|adm_|dtk_)([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** A new token: prefix, 256 random bits, and a checksum that finds typing errors without a query. */
export function newToken(prefix: TokenPrefix): string {
  const secret = base62(randomBytes(secretBytes), secretLength);
  return prefix + secret + checksum(prefix + secret);
}

/** The prefix of a token whose checksum is right; undefined for anything else. */
export function tokenPrefix(token: string): TokenPrefix | undefined {
  const match = shape.exec(token);
  if (match === null) return undefined;
  const [, prefix = '', secret = '', sum] = match;
  return checksum(prefix + secret) === sum ? (prefix as TokenPrefix) : undefined;
}

/**
 * What is stored of a token. 256 random bits need no slow hash; the pepper makes a stolen table
 * useless for trying tokens.
 */
export function tokenHash(pepper: string, token: string): string {
  return createHmac('sha256', pepper).update(token, 'utf8').digest('base64url');
}

function checksum(text: string): string {
  return base62(createHash('sha256').update(text, 'utf8').digest().subarray(0, 5), checksumLength);
}

function base62(bytes: Buffer, length: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let digit = 0; digit < length; digit += 1) {
    text = alphabet[Number(rest % 62n)]! + text;
    rest /= 62n;
  }
  return text;
}
