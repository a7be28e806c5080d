import {
  constants,
  createCipheriv,
  createSign,
  createVerify,
  privateDecrypt,
  randomBytes,
} from 'node:crypto';
import type { KeyPair } from './keys';

/**
 * WeChat Pay's side of signing and encrypting, on Node's own crypto. The adapter uses a library for
 * its side, so that one mistake cannot hide in both.
 */

export function signatureOver(lines: readonly string[], privateKey: string): string {
  return createSign('RSA-SHA256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .sign(privateKey, 'base64');
}

export function isSignature(
  lines: readonly string[],
  signature: string,
  publicKey: string,
): boolean {
  return createVerify('RSA-SHA256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .verify(publicKey, signature, 'base64');
}

/** Headers of an answer or a callback over this very body. */
export function signedHeaders(body: string, { serial, privateKey }: KeyPair, now = new Date()) {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const nonce = randomBytes(16).toString('hex');
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': serial,
    'Wechatpay-Signature': signatureOver([timestamp, nonce, body], privateKey),
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** @throws when it was not encrypted for this key with OAEP over SHA-1 */
export function decryptName(ciphertext: string, privateKey: string): string {
  return privateDecrypt(
    { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    Buffer.from(ciphertext, 'base64'),
  ).toString('utf8');
}

/** The resource of a callback: AES-256-GCM under the APIv3 key, the tag behind the text. */
export function sealResource(plain: object, apiV3Key: string, associatedData = 'mch_payment') {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce);
  cipher.setAAD(Buffer.from(associatedData));
  const text = [cipher.update(JSON.stringify(plain), 'utf8'), cipher.final()];
  return {
    original_type: 'mch_payment',
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: Buffer.concat([...text, cipher.getAuthTag()]).toString('base64'),
    associated_data: associatedData,
    nonce,
  };
}
