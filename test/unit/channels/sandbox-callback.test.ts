import { sandboxAdapter } from '../../../src/channels/sandbox/adapter';
import { sandboxKey, sandboxSignature } from '../../../src/channels/sandbox/signature';

const secret = 'a secret of the installation';
const channelId = 'chn_1';
const now = new Date('2026-11-02T10:00:00Z');
const nowSeconds = String(now.getTime() / 1000);
const endpoint = { url: 'http://127.0.0.1:1', secret, callbackBaseUrl: 'http://127.0.0.1:2' };
const adapter = sandboxAdapter(channelId, {}, endpoint);

const content = {
  id: 'N1-1-paid',
  merchantId: channelId,
  channelNumber: 'N1',
  amount: 1234,
  state: 'paid',
  failure: null,
  occurredAt: '2026-11-02T09:59:59.500Z',
};

interface Parts {
  body?: string;
  id?: string;
  timestamp?: string;
  key?: Buffer;
  signature?: string;
}

function verify(parts: Parts = {}) {
  const body = parts.body ?? JSON.stringify(content);
  const id = parts.id ?? content.id;
  const timestamp = parts.timestamp ?? nowSeconds;
  const key = parts.key ?? sandboxKey(secret, channelId);
  const signature = parts.signature ?? sandboxSignature(key, [id, timestamp, body]);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  return adapter.verifyCallback(headers, Buffer.from(body), now);
}

describe('a callback of the sandbox', () => {
  test('is understood when the signature is right', () => {
    expect(verify()).toEqual({
      kind: 'news',
      callback: {
        eventId: 'N1-1-paid',
        channelNumber: 'N1',
        amount: 1234n,
        news: { kind: 'paid', paidAt: new Date('2026-11-02T09:59:59.500Z') },
      },
    });
  });

  const good = sandboxSignature(sandboxKey(secret, channelId), [
    content.id,
    nowSeconds,
    JSON.stringify(content),
  ]);

  test.each<[string, Parts]>([
    ['the key of another channel', { key: sandboxKey(secret, 'chn_2') }],
    ['the key of another installation', { key: sandboxKey('other', channelId) }],
    ['no version', { signature: good.slice(3) }],
    ['an empty signature', { signature: '' }],
    ['a probe', { signature: 'v1,SIGNTEST' }],
    ['a body written anew', { body: JSON.stringify(content, null, 1), signature: good }],
    ['another id', { id: 'N1-2-paid', signature: good }],
    ['a timestamp 301 s old', { timestamp: String(Number(nowSeconds) - 301) }],
    ['a timestamp 301 s ahead', { timestamp: String(Number(nowSeconds) + 301) }],
    ['a timestamp in exponent form', { timestamp: '1e9' }],
    ['a fractional timestamp', { timestamp: `${nowSeconds}.0` }],
  ])('is refused with %s', (_, parts) => {
    expect(verify(parts)).toEqual({ kind: 'bad_signature' });
  });

  test('is accepted when one of several signatures fits, and at the edge of the window', () => {
    expect(verify({ signature: `v1,AAAA ${good}` }).kind).toBe('news');
    expect(verify({ timestamp: String(Number(nowSeconds) - 300) }).kind).toBe('news');
  });

  test.each<[string, object]>([
    ['another merchant', { ...content, merchantId: 'chn_2' }],
    ['an unknown state', { ...content, state: 'PAID' }],
    ['an amount as text', { ...content, amount: '1234' }],
    ['a fractional amount', { ...content, amount: 12.34 }],
    ['another message id in the body', { ...content, id: 'other' }],
  ])('is not understood with %s, though signed', (_, body) => {
    expect(verify({ body: JSON.stringify(body) }).kind).toBe('not_understood');
  });

  test('that is not JSON is not understood', () => {
    expect(verify({ body: 'paid' }).kind).toBe('not_understood');
  });
});
