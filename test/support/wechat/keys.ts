import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** A pair of keys under the serial by which the other side names it. */
export interface KeyPair {
  readonly serial: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

const made = new Map<string, KeyPair>();

/** A pair that is made once in a process: making one takes longer than a test. */
export function firstKey(use: string, make: () => KeyPair): KeyPair {
  const key = made.get(use) ?? make();
  made.set(use, key);
  return key;
}

function newPair(serial: string): KeyPair {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { serial, ...pair };
}

/** A merchant's API certificate, as far as its keys go. */
export function newMerchantKey(): KeyPair {
  return newPair(randomBytes(20).toString('hex').toUpperCase());
}

/** A WeChat Pay public key (微信支付公钥) with its private half, which only the simulator has. */
export function newPlatformKey(): KeyPair {
  const digits = randomBytes(12).readUIntBE(0, 6).toString().padStart(15, '0');
  return newPair(`PUB_KEY_ID_01${digits}`);
}

/** 32 characters, as a merchant sets it. */
export function newApiV3Key(): string {
  return randomBytes(16).toString('hex');
}
