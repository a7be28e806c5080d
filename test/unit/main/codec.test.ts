import { defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { payloadCodec } from '../../../src/main/codec';

const k1 = Buffer.alloc(32, 1);
const k2 = Buffer.alloc(32, 2);
const secret = { distributorId: 'dst_01k9zq3v5wf8r8m2t4c6x0y1za', note: '33010619900101123X' };
const plain = defaultPayloadConverter.toPayload(secret);

describe('the payload codec', () => {
  it('leaves nothing readable in what the server stores', async () => {
    const [sealed] = await payloadCodec(new Map([['k1', k1]])).encode([plain]);
    const stored = Buffer.from(temporal.api.common.v1.Payload.encode(sealed!).finish());
    for (const part of ['33010619900101123X', 'dst_01k9', 'distributorId', 'json/plain']) {
      expect(stored.includes(part)).toBe(false);
    }
    expect(stored.includes('binary/encrypted')).toBe(true);
    expect(stored.includes('k1')).toBe(true);
  });

  it('gives back the same payload, also after the key was rotated', async () => {
    const sealed = await payloadCodec(new Map([['k1', k1]])).encode([plain]);
    const rotated = payloadCodec(
      new Map([
        ['k2', k2],
        ['k1', k1],
      ]),
    );
    const [opened] = await rotated.decode(sealed);
    expect(defaultPayloadConverter.fromPayload(opened!)).toEqual(secret);
  });

  it('refuses an unknown key and a changed payload', async () => {
    const codec = payloadCodec(new Map([['k1', k1]]));
    const [sealed] = await codec.encode([plain]);
    const other = payloadCodec(new Map([['k2', k2]]));
    expect(() => other.decode([sealed!])).toThrow(/k1 is not configured/);
    const data = Buffer.from(sealed!.data!);
    data[20] = data[20]! ^ 1;
    expect(() => codec.decode([{ ...sealed!, data }])).toThrow();
  });

  it('passes on what was not encrypted', async () => {
    const [same] = await payloadCodec(new Map([['k1', k1]])).decode([plain]);
    expect(same).toBe(plain);
  });
});
