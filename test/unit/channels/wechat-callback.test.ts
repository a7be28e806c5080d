import { randomBytes } from 'node:crypto';
import type { ChannelAdapter } from '../../../src/channels/channel';
import { wechatAdapter } from '../../../src/channels/wechat/adapter';
import { WechatSettings } from '../../../src/channels/wechat/settings';
import { sealResource, signedHeaders } from '../../support/wechat/crypto';
import { newApiV3Key, newPlatformKey, type KeyPair } from '../../support/wechat/keys';

/** A callback made by hand, part by part: what WeChat sends, and what somebody else might. */
const mchid = '1900001109';
const appid = 'wxf636efh567hg4356';
const apiV3Key = newApiV3Key();
const wechatKey = newPlatformKey();
const oldKey = newPlatformKey();
const stranger = newPlatformKey();
const now = new Date('2026-11-25T10:00:00Z');

const bill = {
  mch_id: mchid,
  out_bill_no: '01k8zv3q5tabcdefghjkmnpqrs',
  transfer_bill_no: '1330000071100999991182020050700019480001',
  transfer_amount: 9000,
  state: 'SUCCESS',
  openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  create_time: '2026-11-25T17:59:00+08:00',
  update_time: '2026-11-25T17:59:30+08:00',
};

function settings(changes: object = {}) {
  return WechatSettings.parse({
    mchid,
    appid,
    merchantKeys: [{ serial: 'AA11BB22CC33', privateKey: wechatKey.privateKey }],
    apiV3Keys: [apiV3Key],
    platformKeys: [wechatKey, oldKey].map(({ serial, publicKey }) => ({ serial, publicKey })),
    sceneReportInfos: [
      { infoType: '岗位类型', infoContent: '推广员' },
      { infoType: '报酬说明', infoContent: '推广佣金' },
    ],
    remark: '推广佣金',
    ...changes,
  });
}

const adapterOf = (changes: object = {}): ChannelAdapter =>
  wechatAdapter('chn_1', settings(changes), 'https://shop.example.com');
const adapter = adapterOf();

interface Parts {
  plain?: object;
  text?: string;
  envelope?: object;
  resource?: object;
  body?: string;
  bodySent?: string;
  key?: KeyPair;
  at?: Date;
  headers?: Record<string, string | string[] | undefined>;
  apiKey?: string;
}

function messageOf({ plain, envelope, resource, apiKey }: Parts): string {
  return JSON.stringify({
    id: 'c5e1963a-bd4d-5dd2-bbaf-8f7236a2b20a',
    create_time: '2026-11-25T18:00:00+08:00',
    resource_type: 'encrypt-resource',
    event_type: 'MCHTRANSFER.BILL.FINISHED',
    summary: '商家转账单据终态通知',
    resource: { ...sealResource(plain ?? bill, apiKey ?? apiV3Key), ...resource },
    ...envelope,
  });
}

function verify(parts: Parts = {}, channel = adapter) {
  const body = parts.body ?? messageOf(parts);
  const signed = signedHeaders(body, parts.key ?? wechatKey, parts.at ?? now);
  const lower = Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]);
  const headers = { ...Object.fromEntries(lower), ...parts.headers };
  return channel.verifyCallback(headers, Buffer.from(parts.bodySent ?? body), now);
}

const seconds = (offset: number) => new Date(now.getTime() + offset * 1000);

describe('a callback of WeChat Pay', () => {
  test('is opened and understood when the signature is right', () => {
    expect(verify()).toEqual({
      kind: 'news',
      callback: {
        eventId: 'c5e1963a-bd4d-5dd2-bbaf-8f7236a2b20a',
        channelNumber: bill.out_bill_no,
        amount: 9000n,
        account: bill.openid,
        news: { kind: 'paid', paidAt: new Date('2026-11-25T09:59:30Z') },
      },
    });
  });

  test.each<[string, object, object]>([
    [
      'a failure',
      { state: 'FAIL', fail_reason: 'NAME_NOT_CORRECT' },
      { kind: 'failed', code: 'NAME_NOT_CORRECT', message: expect.any(String) },
    ],
    [
      'a confirmation that never came',
      { state: 'FAIL', fail_reason: 'OVERDUE_CLOSE' },
      { kind: 'failed', code: 'OVERDUE_CLOSE', message: expect.any(String) },
    ],
    ['a cancellation', { state: 'CANCELLED', fail_reason: 'MCH_CANCEL' }, { kind: 'canceled' }],
    [
      'a merchant under its other name',
      { mch_id: undefined, mchid },
      { kind: 'paid', paidAt: expect.any(Date) },
    ],
    ['our own app', { appid }, { kind: 'paid', paidAt: expect.any(Date) }],
    ['no time', { update_time: undefined }, { kind: 'paid', paidAt: null }],
    ['fields of a later time', { something_new: 1 }, { kind: 'paid', paidAt: expect.any(Date) }],
  ])('tells %s', (_, changes, news) => {
    const verdict = verify({ plain: { ...bill, ...changes } });
    expect(verdict).toMatchObject({ kind: 'news', callback: { news } });
  });

  test('is accepted by a key that is being replaced, and not after it was removed', () => {
    expect(verify({ key: oldKey }).kind).toBe('news');
    const { serial, publicKey } = wechatKey;
    const later = adapterOf({ platformKeys: [{ serial, publicKey }] });
    expect(verify({ key: oldKey }, later)).toEqual({ kind: 'bad_signature' });
  });

  test('is opened by any APIv3 key in force', () => {
    const fresh = newApiV3Key();
    const both = adapterOf({ apiV3Keys: [fresh, apiV3Key] });
    expect(verify({}, both).kind).toBe('news');
    expect(verify({ apiKey: fresh }, both).kind).toBe('news');
  });

  test('is accepted at the edges of the window', () => {
    expect(verify({ at: seconds(-300) }).kind).toBe('news');
    expect(verify({ at: seconds(300) }).kind).toBe('news');
  });

  const twice = messageOf({}).replace('{', '{ ');
  test.each<[string, Parts]>([
    ['the key of somebody else', { key: { ...stranger, serial: wechatKey.serial } }],
    ['an unknown serial', { key: stranger }],
    ['the serial of the other key', { headers: { 'wechatpay-serial': oldKey.serial } }],
    ['no serial', { headers: { 'wechatpay-serial': undefined } }],
    ['two serials', { headers: { 'wechatpay-serial': [wechatKey.serial, stranger.serial] } }],
    ['no signature', { headers: { 'wechatpay-signature': undefined } }],
    ['an empty signature', { headers: { 'wechatpay-signature': '' } }],
    ['two signatures', { headers: { 'wechatpay-signature': ['AAAA', 'BBBB'] } }],
    ['two signatures in one header', { headers: { 'wechatpay-signature': 'AAAA, BBBB' } }],
    [
      'the signature of a probe',
      {
        headers: {
          'wechatpay-signature': `WECHATPAY/SIGNTEST/${randomBytes(230).toString('base64')}`,
        },
      },
    ],
    ['a signature that is no base64', { headers: { 'wechatpay-signature': '签名' } }],
    ['no nonce', { headers: { 'wechatpay-nonce': undefined } }],
    ['another nonce', { headers: { 'wechatpay-nonce': 'other' } }],
    ['another timestamp', { headers: { 'wechatpay-timestamp': String(now.getTime() / 1000 - 1) } }],
    ['a timestamp 301 s old', { at: seconds(-301) }],
    ['a timestamp 301 s ahead', { at: seconds(301) }],
    ['a timestamp in exponent form', { headers: { 'wechatpay-timestamp': '1.7e9' } }],
    ['a timestamp with a sign', { headers: { 'wechatpay-timestamp': '+1764064800' } }],
    ['a fractional timestamp', { headers: { 'wechatpay-timestamp': '1764064800.0' } }],
    ['a body written anew', { body: twice, bodySent: JSON.stringify(JSON.parse(twice)) }],
    ['a body with one more space', { body: messageOf({}), bodySent: ` ${messageOf({})}` }],
    ['an empty body', { body: messageOf({}), bodySent: '' }],
  ])('is refused with %s', (_, parts) => {
    expect(verify(parts)).toEqual({ kind: 'bad_signature' });
  });

  const flipped = (resource: { ciphertext: string }) => {
    const bytes = Buffer.from(resource.ciphertext, 'base64');
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    return { ...resource, ciphertext: bytes.toString('base64') };
  };

  test.each<[string, Parts]>([
    ['text that is no JSON', { body: 'SUCCESS' }],
    ['another event', { envelope: { event_type: 'MCHTRANSFER.BATCH.FINISHED' } }],
    ['a payment', { envelope: { event_type: 'TRANSACTION.SUCCESS' } }],
    ['no id', { envelope: { id: undefined } }],
    ['nothing enclosed', { envelope: { resource: undefined } }],
    ['another cipher', { resource: { algorithm: 'AEAD_SM4_GCM' } }],
    ['another APIv3 key', { apiKey: newApiV3Key() }],
    ['one bit of its content turned', { resource: flipped(sealResource(bill, apiV3Key)) }],
    ['another associated data', { resource: { associated_data: 'payment' } }],
    ['another nonce', { resource: { nonce: '000000000000' } }],
    ['a content shorter than its tag', { resource: { ciphertext: 'AAAAAAAAAAAAAAAAAAAAAAAA' } }],
    ['another merchant', { plain: { ...bill, mch_id: '1900009999' } }],
    ['two merchants, one of them ours', { plain: { ...bill, mchid: '1900009999' } }],
    ['no merchant', { plain: { ...bill, mch_id: undefined } }],
    ['another app', { plain: { ...bill, appid: 'wx0000000000000000' } }],
    ['a state that is no end', { plain: { ...bill, state: 'WAIT_USER_CONFIRM' } }],
    ['an unknown state', { plain: { ...bill, state: 'PAID' } }],
    ['no number', { plain: { ...bill, out_bill_no: undefined } }],
    ['an amount as text', { plain: { ...bill, transfer_amount: '9000' } }],
    ['a fractional amount', { plain: { ...bill, transfer_amount: 90.5 } }],
    ['an amount of 0', { plain: { ...bill, transfer_amount: 0 } }],
    ['no amount', { plain: { ...bill, transfer_amount: undefined } }],
    ['no payee', { plain: { ...bill, openid: undefined } }],
  ])('with %s, though signed, is not understood', (_, parts) => {
    expect(verify(parts)).toMatchObject({ kind: 'not_understood', detail: expect.any(String) });
  });

  test('about another amount or payee is handed on as it is: the books decide', () => {
    const plain = { ...bill, transfer_amount: 9001, openid: 'oSomebodyElse' };
    expect(verify({ plain })).toMatchObject({
      kind: 'news',
      callback: { amount: 9001n, account: 'oSomebodyElse' },
    });
  });

  test('is acknowledged with nothing, and refused in the words of WeChat Pay', () => {
    expect(adapter.callbackReply?.(true).body).toBe('');
    expect(JSON.parse(adapter.callbackReply?.(false).body ?? '')).toMatchObject({ code: 'FAIL' });
  });
});

describe('settings of a WeChat Pay channel', () => {
  const faultsOf = (changes: object) => {
    const given = { ...settings(), ...changes };
    const parsed = WechatSettings.safeParse(given);
    return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('/'));
  };
  const report = (...types: string[]) =>
    types.map((infoType) => ({ infoType, infoContent: '推广' }));

  test.each<[string, object, string]>([
    ['a merchant number with letters', { mchid: '19000A1109' }, 'mchid'],
    ['an app with a sign', { appid: 'wx-1' }, 'appid'],
    ['no key of ours', { merchantKeys: [] }, 'merchantKeys'],
    [
      'a public key as ours',
      { merchantKeys: [{ serial: 'AA11BB22', privateKey: wechatKey.publicKey }] },
      'merchantKeys/0/privateKey',
    ],
    [
      'our private key as that of WeChat',
      { platformKeys: [{ serial: wechatKey.serial, publicKey: wechatKey.privateKey }] },
      'platformKeys/0/publicKey',
    ],
    [
      'a key id of another form',
      { platformKeys: [{ serial: 'PUB_KEY_1', publicKey: wechatKey.publicKey }] },
      'platformKeys/0/serial',
    ],
    [
      'one serial twice',
      {
        platformKeys: [wechatKey, wechatKey].map(({ serial, publicKey: p }) => ({
          serial,
          publicKey: p,
        })),
      },
      'platformKeys',
    ],
    ['an APIv3 key of 31 characters', { apiV3Keys: ['x'.repeat(31)] }, 'apiV3Keys/0'],
    ['a remark of 33 characters', { remark: '佣'.repeat(33) }, 'remark'],
    ['an empty remark', { remark: ' ' }, 'remark'],
    ['half of the report', { sceneReportInfos: report('岗位类型') }, 'sceneReportInfos'],
    [
      'a report of another scene',
      { sceneReportInfos: report('活动名称', '奖励说明') },
      'sceneReportInfos',
    ],
    ['a perception of another scene', { userRecvPerception: '活动奖励' }, 'userRecvPerception'],
    ['a plain address', { notifyBaseUrl: 'http://shop.example.com' }, 'notifyBaseUrl'],
    ['an address with a query', { notifyBaseUrl: 'https://x.example.com/?a=1' }, 'notifyBaseUrl'],
    ['an address with a user', { notifyBaseUrl: 'https://u:p@x.example.com' }, 'notifyBaseUrl'],
    ['an address of files', { gatewayUrls: ['file:///etc/passwd'] }, 'gatewayUrls/0'],
    ['a plain gateway', { gatewayUrls: ['http://api.mch.weixin.qq.com'] }, 'gatewayUrls/0'],
    ['an unknown setting', { apiKey: 'x' }, ''],
  ])('with %s are refused, and the place is named', (_, changes, path) => {
    expect(faultsOf(changes)).toContain(path);
  });

  test('that are whole are accepted; a remark counts characters, not bytes', () => {
    expect(faultsOf({ remark: '𠮷'.repeat(32), userRecvPerception: '劳务报酬' })).toEqual([]);
  });
});
