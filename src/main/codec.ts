import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding';
import { temporal } from '@temporalio/proto';

const encoding = 'binary/encrypted';
const keyIdField = 'encryption-key-id';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts every payload that goes into a Temporal history (AES-256-GCM). The key id is in the
 * metadata, so keys can be rotated: the first one seals, all of them open.
 * @param keys key id -> 32 bytes
 */
export function payloadCodec(keys: ReadonlyMap<string, Buffer>): PayloadCodec {
  const sealing = [...keys][0];
  if (sealing === undefined) throw new Error('there is no payload key');
  const [keyId, key] = sealing;
  return {
    encode: (payloads) => Promise.resolve(payloads.map((payload) => seal(keyId, key, payload))),
    decode: (payloads) => Promise.resolve(payloads.map((payload) => open(keys, payload))),
  };
}

function seal(keyId: string, key: Buffer, payload: Payload): Payload {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(keyId));
  const plain = temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    metadata: { [METADATA_ENCODING_KEY]: encode(encoding), [keyIdField]: encode(keyId) },
    data,
  };
}

function open(keys: ReadonlyMap<string, Buffer>, payload: Payload): Payload {
  const { metadata, data } = payload;
  const kind = metadata?.[METADATA_ENCODING_KEY];
  // What the server itself wrote, or an older worker without a codec, is not ours to open.
  if (kind === undefined || kind === null || decode(kind) !== encoding) return payload;
  const id = metadata?.[keyIdField];
  const keyId = id === undefined || id === null ? '' : decode(id);
  const key = keys.get(keyId);
  if (key === undefined) throw new Error(`payload key ${keyId} is not configured`);
  const sealed = Buffer.from(data ?? []);
  const tagAt = sealed.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(keyId));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = [decipher.update(sealed.subarray(ivBytes, tagAt)), decipher.final()];
  return temporal.api.common.v1.Payload.decode(Buffer.concat(plain));
}
