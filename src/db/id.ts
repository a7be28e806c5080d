import { randomFillSync } from 'node:crypto';
import { idAlphabet, type IdKind, idPrefixes } from '../domain/kernel/id';

/**
 * A new id: type prefix and UUIDv7 in base32, so ids sort by the time they were made.
 * The order in which rows were made is never taken for a business moment.
 */
export function newId(kind: IdKind): string {
  const bytes = randomBytes();
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return `${idPrefixes[kind]}_${base32(bytes)}`;
}

const idBytes = 16;

/**
 * Draws random bytes in stock: a draw for each id would be one system call each. The bytes handed
 * out are overwritten when the next stock is drawn, so they are used at once.
 */
const randomBytes = (function drawer() {
  const stock = Buffer.alloc(idBytes * 256);
  let used = stock.length;
  return (): Buffer => {
    if (used === stock.length) {
      randomFillSync(stock);
      used = 0;
    }
    used += idBytes;
    return stock.subarray(used - idBytes, used);
  };
})();

/**
 * The smallest id of this kind that could have been made at a moment: ids above it were made then or
 * later. For spans of rows by the time they were stored; never for a business moment.
 */
export function idFrom(kind: IdKind, moment: Date): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(moment.getTime(), 0, 6);
  return `${idPrefixes[kind]}_${base32(bytes)}`;
}

/** 128 bits as 26 characters of 5 bits; the first holds the 3 highest bits. */
function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let width = 2; // two leading zero bits: 26 x 5 = 130
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    width += 8;
    while (width >= 5) {
      width -= 5;
      text += idAlphabet[(bits >>> width) & 31];
    }
    bits &= (1 << width) - 1;
  }
  return text;
}
