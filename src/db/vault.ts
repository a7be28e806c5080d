import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** The keys of field encryption; `src/main/config.ts` reads them from FIELD_KEYS and INDEX_KEY. */
export interface VaultKeys {
  /** key id -> 32 bytes; the first seals, all open */
  readonly fieldKeys: ReadonlyMap<string, Buffer>;
  /** at least 32 bytes; changing it makes all blind indexes useless */
  readonly indexKey: Buffer;
}

/** Personal data at rest: sealed per field, findable by equality through a blind index. */
export interface Vault {
  /** Seals a text for one place, `table.column:rowId`; it opens nowhere else. */
  seal(place: string, plain: string): string;
  /** @throws VaultError when the key is unknown, the place differs or a bit was changed. */
  open(place: string, sealed: string): string;
  /** The same text under the same purpose gives the same index; nothing leads back. */
  index(purpose: string, plain: string): string;
  /** True when a text was sealed with another key than the one that seals now. */
  isOutdated(sealed: string): boolean;
}

export class VaultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VaultError';
  }
}

const format = 'v1';
const ivBytes = 12;
const tagBytes = 16;

/** Reads `id:base64,id:base64` with keys of 32 bytes. @throws VaultError that never shows a key */
export function parseFieldKeys(setting: string): Map<string, Buffer> {
  const keys = new Map<string, Buffer>();
  for (const part of setting.split(',')) {
    const [id = '', encoded = '', ...rest] = part.trim().split(':');
    const key = Buffer.from(encoded, 'base64');
    if (!/^[a-z0-9]{1,16}$/i.test(id) || rest.length > 0 || key.length !== 32 || keys.has(id)) {
      throw new VaultError('field keys must read id:base64 of 32 bytes, separated by commas');
    }
    keys.set(id, key);
  }
  return keys;
}

export function createVault(keys: VaultKeys): Vault {
  const sealing = [...keys.fieldKeys][0];
  if (sealing === undefined) throw new VaultError('there is no field key');
  if (keys.indexKey.length < 32) throw new VaultError('the index key needs 32 bytes');
  const [id, key] = sealing;
  const sealingKey = { id, key, nextIv: ivSource() };
  return {
    seal: (place, plain) => seal(sealingKey, place, plain),
    open: (place, sealed) => open(keys.fieldKeys, place, sealed),
    index: (purpose, plain) =>
      createHmac('sha256', keys.indexKey)
        .update(`${purpose}\0${plain}`, 'utf8')
        .digest('base64url'),
    isOutdated: (sealed) => sealed.split('.')[1] !== id,
  };
}

interface SealingKey {
  id: string;
  key: Buffer;
  nextIv: () => Buffer;
}

function seal({ id, key, nextIv }: SealingKey, place: string, plain: string): string {
  const iv = nextIv();
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  cipher.setAAD(additionalData(id, place));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  const parts = [iv, body, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [format, id, ...parts].join('.');
}

/** Drawn for many texts at once: asking the system for each takes longer than sealing it. */
function ivSource(): () => Buffer {
  let ivs = Buffer.alloc(0);
  return () => {
    if (ivs.length === 0) ivs = randomBytes(ivBytes * 512);
    const iv = ivs.subarray(0, ivBytes);
    ivs = ivs.subarray(ivBytes);
    return iv;
  };
}

function open(keys: ReadonlyMap<string, Buffer>, place: string, sealed: string): string {
  const [version, keyId = '', iv = '', body = '', tag = '', ...rest] = sealed.split('.');
  const key = keys.get(keyId);
  if (version !== format || rest.length > 0) throw new VaultError('not a sealed text');
  if (key === undefined) throw new VaultError(`field key ${keyId} is not configured`);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(additionalData(keyId, place));
    decipher.setAuthTag(Buffer.from(tag, 'base64url'));
    const plain = Buffer.concat([
      decipher.update(Buffer.from(body, 'base64url')),
      decipher.final(),
    ]);
    return plain.toString('utf8');
  } catch {
    throw new VaultError(`a text sealed for another place, or changed: ${place}`);
  }
}

function additionalData(keyId: string, place: string): Buffer {
  return Buffer.from(`${format}.${keyId}.${place}`, 'utf8');
}

/** `138****1234`: what an answer may show of a phone number. */
export function maskPhone(phone: string): string {
  return mask(phone, 3, 4, '****');
}

/** `3301**********123X`: what an answer may show of an ID number. */
export function maskIdNumber(idNumber: string): string {
  return mask(idNumber, 4, 4, '*'.repeat(Math.max(idNumber.length - 8, 4)));
}

/** `****1234`: what an answer may show of a bank or channel account. */
export function maskAccount(account: string): string {
  return mask(account, 0, 4, '****');
}

/** Of a short text nothing is shown: what is left must hide at least half of it. */
function mask(plain: string, head: number, tail: number, stars: string): string {
  const characters = [...plain];
  if (characters.length < (head + tail) * 1.5) return stars;
  return characters.slice(0, head).join('') + stars + characters.slice(-tail).join('');
}
