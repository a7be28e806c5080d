import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { sandboxKey, sandboxSignature } from '../../src/channels/sandbox/signature';
import { AlipaySimulator } from '../support/alipay/provider';
import { settingsOfKinds } from '../support/channel-settings';
import { call, type Reply } from '../support/api';
import { testApp, type TestApp } from '../support/app';
import { programBody } from '../support/program';
import { testSandboxSecret } from '../support/settings';
import { snapshot } from '../support/snapshot';
import { finishedByOthers } from '../support/wechat/others';
import { startWechatSimulator, type WechatSimulator } from '../support/wechat/simulator';
import { givenWorld, orderBody, type World } from '../support/world';

// What reaches us around the money that leaves, from providers and from people, that must be refused
// with no row of any table changed: callbacks, payouts, accounts, days, files.

jest.setTimeout(120_000);

let app: TestApp;
let world: World;
let wechat: WechatSimulator;
let alipay: AlipaySimulator;
const channels: Record<string, string> = {};

beforeAll(async () => {
  [app, wechat, alipay] = await Promise.all([
    testApp(),
    startWechatSimulator(),
    new AlipaySimulator().start(),
  ]);
  world = await givenWorld(app);
  for (const [kind, given] of Object.entries(settingsOfKinds(wechat, alipay))) {
    const made = await world.admin.post('/v1/channels', { kind, name: kind, settings: given });
    if (made.status !== 201) throw new Error(made.text);
    channels[kind] = (made.body as { id: string }).id;
  }
}, 120_000);
afterAll(async () => {
  await Promise.all([app.close(), wechat.close(), alipay.close()]);
});

interface Ask {
  path: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Does it and expects one of the statuses, and not one row changed. */
async function refused(ask: () => Promise<{ status: number; text: string }>, statuses: number[]) {
  const before = await snapshot(app.db);
  const { status, text } = await ask();
  if (!statuses.includes(status)) expect({ status, text: text.slice(0, 300) }).toEqual(statuses);
  expect(await snapshot(app.db)).toEqual(before);
}

const kinds = ['sandbox', 'wechat', 'alipay', 'bankFile'];
const callbackLimit = 64 * 1024;
type Body = string | Uint8Array | ReadableStream;

describe('a callback', () => {
  const post = (path: string, body: Body, headers: Record<string, string> = {}) =>
    fetch(`${app.url}${path}`, {
      method: 'POST',
      body,
      headers,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    }).then(async (reply) => ({ status: reply.status, text: await reply.text() }));
  const at = (kind: string) => `/callbacks/${kind}/${channels[kind]}`;
  const pieces = (count: number) =>
    new ReadableStream({
      start(stream) {
        for (let n = 0; n < count; n += 1) stream.enqueue(Buffer.alloc(1024, 'x'));
        stream.close();
      },
    });
  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  const bodies: [string, () => Body, Record<string, string>, number[]][] = [
    ['of one byte too much', () => 'x'.repeat(callbackLimit + 1), json, [413]],
    ['of 10 MB', () => 'x'.repeat(10_485_760), json, [413]],
    ['too large, in pieces of no announced length', () => pieces(65), json, [413]],
    ['as large as it may be, unsigned', () => 'x'.repeat(callbackLimit), json, [401]],
    ['that is empty', () => '', json, [401]],
    ['of NUL', () => '\0', json, [401]],
    ['that is no UTF-8', () => new Uint8Array([0xff, 0xfe, 0x00]), json, [401]],
    ['nested 10,000 deep', () => '{"a":'.repeat(10_000), json, [401]],
    ['of 30,000 parameters', () => 'a&'.repeat(30_000), form, [401]],
    ['of broken escapes', () => 'sign=%zz&sign_type=RSA2&biz_content=%', form, [401]],
    ['with __proto__', () => '__proto__[sign]=x&sign=x&sign_type=RSA2', form, [401]],
    [
      'compressed',
      () => new Uint8Array(gzipSync('{}')),
      { ...json, 'content-encoding': 'gzip' },
      [415],
    ],
    [
      'compressed to burst',
      () => new Uint8Array(gzipSync(Buffer.alloc(20_000_000))),
      { ...json, 'content-encoding': 'gzip' },
      [415],
    ],
  ];
  test.each(kinds.flatMap((kind) => bodies.map((row) => [kind, ...row] as const)))(
    'to a channel of kind %s %s is refused',
    async (kind, _, body, headers, statuses) => {
      await refused(() => post(at(kind), body(), headers), statuses);
    },
  );

  test.each<[string, () => string, number[]]>([
    ['of a kind that is none', () => `/callbacks/paypal/${channels['alipay']}`, [400, 404]],
    ['of another kind', () => `/callbacks/wechat/${channels['alipay']}`, [404]],
    ['without a channel', () => '/callbacks/wechat', [404]],
    ['that is no id', () => '/callbacks/wechat/1', [404]],
    ['that does not exist', () => '/callbacks/wechat/chn_01k9zq3v5wf8r8m2t4c6x0y1za', [404]],
    ['with the id of something else', () => `/callbacks/wechat/${world.payoutId}`, [404]],
    ['with a query', () => `${at('wechat')}?state=SUCCESS`, [400]],
    ['that does not decode', () => '/callbacks/wechat/%ff', [400, 404]],
  ])('to a channel %s is refused', async (_, path, statuses) => {
    await refused(() => post(path(), '{}', json), statuses);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])('by %s is refused', async (method) => {
    for (const kind of kinds) {
      await refused(() => call(`${app.url}${at(kind)}`, { method }), [405]);
    }
  });

  describe('that is rightly signed', () => {
    const finished = () =>
      finishedByOthers(wechat, {
        number: `N${Date.now()}${Math.floor(Math.random() * 1e9)}`,
        openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
      });
    test.each<[string, object]>([
      ['an amount as text', { transfer_amount: '100' }],
      ['half a fen', { transfer_amount: 100.5 }],
      ['less than nothing', { transfer_amount: -100 }],
      ['more than a number holds', { transfer_amount: 2 ** 53 }],
      ['a day that no calendar has', { update_time: '2026-02-30T10:00:00+08:00' }],
      ['24:00:00', { update_time: '2026-11-25T24:00:00+08:00' }],
      ['a leap second', { update_time: '2026-11-25T23:59:60+08:00' }],
      ['no zone', { update_time: '2026-11-25T10:00:00' }],
      ['seconds since 1970', { update_time: 1_795_600_000 }],
      ['a state of tomorrow', { state: 'ARCHIVED' }],
      ['a number of 65 characters', { out_bill_no: 'x'.repeat(65) }],
      ['another merchant', { mch_id: '1900009999' }],
    ])('by WeChat Pay with %s is not understood', async (_, changes) => {
      const url = `${app.url}${at('wechat')}`;
      const body = wechat.notices.messageOf(finished(), changes);
      await refused(async () => {
        const { status, answer } = await wechat.notices.post(url, body);
        return { status: status ?? 0, text: answer };
      }, [400]);
    });

    test.each<[string, (name: string) => string]>([
      ['capitals', (name) => name.toUpperCase()],
      ['small letters', (name) => name.toLowerCase()],
    ])('by WeChat Pay is read with its header names in %s', async (_, write) => {
      const body = wechat.notices.messageOf(finished());
      const headers = Object.entries(wechat.notices.headersOf(body));
      const written = Object.fromEntries(headers.map(([name, value]) => [write(name), value]));
      expect(await postAsWritten(`${app.url}${at('wechat')}`, written, body)).toBe(200);
    });

    const content = { out_biz_no: 'pytN1', status: 'SUCCESS', trans_amount: '1.00' };
    const message = (part: object, envelope: Record<string, string> = {}) =>
      alipay.signedForm({
        notify_id: `N${Date.now()}`,
        utc_timestamp: String(Date.now()),
        msg_method: 'alipay.fund.trans.order.changed',
        app_id: alipay.appId,
        version: '1.1',
        charset: 'UTF-8',
        sign_type: 'RSA2',
        biz_content: JSON.stringify({ ...content, ...part }),
        ...envelope,
      });
    test.each<[string, object, Record<string, string>]>([
      ['an amount as a number', { trans_amount: 1 }, {}],
      ['an amount in exponent form', { trans_amount: '1e0' }, {}],
      ['three decimals', { trans_amount: '1.001' }, {}],
      ['full-width digits', { trans_amount: '１.００' }, {}],
      ['no amount', { trans_amount: undefined }, {}],
      ['a status of tomorrow', { status: 'ARCHIVED' }, {}],
      ['another app', {}, { app_id: '2021000000000009' }],
      ['another kind of message', {}, { msg_method: 'alipay.trade.changed' }],
      ['an id of 129 characters', {}, { notify_id: 'x'.repeat(129) }],
      ['a content that is no JSON', {}, { biz_content: 'SUCCESS' }],
      ['a content nested 2,000 deep', {}, { biz_content: '{"a":'.repeat(2000) }],
    ])('by Alipay with %s is not understood', async (_, part, envelope) => {
      await refused(() => post(at('alipay'), message(part, envelope), form), [400]);
    });

    test.each<[string, object, number, number[]]>([
      ['an amount as text', { amount: '100' }, 0, [400]],
      ['a moment without a zone', { occurredAt: '2026-11-25T10:00:00' }, 0, [400]],
      ['a day that no calendar has', { occurredAt: '2026-02-30T10:00:00Z' }, 0, [400]],
      ['another merchant', { merchantId: 'chn_1' }, 0, [400]],
      ['a time 301 s ago', {}, -301, [401]],
      ['a time in 301 s', {}, 301, [401]],
    ])('by the sandbox with %s is refused', async (_, changes, offset, statuses) => {
      const channelId = channels['sandbox'] ?? '';
      const body = JSON.stringify({
        id: 'event-1',
        merchantId: channelId,
        channelNumber: 'N1',
        amount: 100,
        state: 'paid',
        failure: null,
        occurredAt: new Date().toISOString(),
        ...changes,
      });
      const timestamp = String(Math.floor(Date.now() / 1000) + offset);
      const key = sandboxKey(testSandboxSecret, channelId);
      const headers = {
        ...json,
        'webhook-id': 'event-1',
        'webhook-timestamp': timestamp,
        'webhook-signature': sandboxSignature(key, ['event-1', timestamp, body]),
      };
      await refused(() => post(at('sandbox'), body, headers), statuses);
    });
  });
});

/** `fetch` would write every name in small letters. */
function postAsWritten(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const send = ({ path, ...ask }: Ask): Promise<Reply> =>
  call(app.url + path, { token: world.store.admin.token, ...ask });

async function refusedWith(ask: Ask, status: number, code: string): Promise<Reply['json']> {
  const before = await snapshot(app.db);
  const reply = await send(ask);
  expect([reply.status, reply.json['code']]).toEqual([status, code]);
  expect(await snapshot(app.db)).toEqual(before);
  return reply.json;
}

describe('what people ask of payouts', () => {
  const account = (changes: object) => ({
    path: `/v1/distributors/${world.distributorId}/payout-account`,
    method: 'PUT',
    body: { channelId: world.channelId, account: 'ok', holderName: '李明', ...changes },
  });
  const unknown = '01k9zq3v5wf8r8m2t4c6x0y1za';
  const payout = (end: string, body?: unknown) => ({
    path: `/v1/payouts/${end}`,
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  const onChannel = (kind: string, end: string, ask: object = {}) => ({
    path: `/v1/channels/${channels[kind]}${end}`,
    ...ask,
  });

  test.each<[string, () => Ask, number[]]>([
    ['an account at no channel', () => account({ channelId: undefined }), [400]],
    [
      'an account at an unknown channel',
      () => account({ channelId: `chn_${unknown}` }),
      [404, 422],
    ],
    ['an account at a payout', () => account({ channelId: world.payoutId }), [400]],
    ['an empty account', () => account({ account: '' }), [400]],
    ['an account of spaces', () => account({ account: '   ' }), [400]],
    ['an account that is a number', () => account({ account: 6222021234567890 }), [400]],
    ['an account that is none', () => account({ account: null }), [400]],
    ['an account of 129 characters', () => account({ account: 'x'.repeat(129) }), [400]],
    ['an account with NUL', () => account({ account: 'a\0b' }), [400]],
    ['an account with half a character', () => account({ account: '\ud800' }), [400]],
    ['an account that turns its direction', () => account({ account: 'a\u202eb' }), [400]],
    ['nobody’s account', () => account({ holderName: '' }), [400]],
    ['a holder of spaces', () => account({ holderName: '  ' }), [400]],
    ['a holder with NUL', () => account({ holderName: '李\0明' }), [400]],
    ['a holder of 1 MB', () => account({ holderName: 'x'.repeat(1_000_000) }), [400]],
    ['a holder and more', () => account({ balance: 100 }), [400]],
    ['a payout that does not exist', () => payout(`pyt_${unknown}`), [404]],
    ['a payout that is no id', () => payout('1'), [404]],
    ['a payout by the id of an order', () => payout(world.orderId), [404]],
    ['payouts of no status', () => payout('?status=PAID'), [400]],
    ['payouts of no settlement', () => payout('?settlementId=1'), [400]],
    ['payouts of two statuses', () => payout('?status=paid&status=failed'), [400]],
    ['payouts since yesterday', () => payout('?since=yesterday'), [400]],
    ['to stop what does not exist', () => payout(`pyt_${unknown}/cancellations`, {}), [404]],
    ['to go on with what does not exist', () => payout(`pyt_${unknown}/retries`, {}), [404]],
    ['to stop a part', () => payout(`${world.payoutId}/cancellations`, { amount: 1 }), [400]],
    ['to go on to another', () => payout(`${world.payoutId}/retries`, { account: 'x' }), [400]],
    ['to pay by hand', () => ({ path: '/v1/payouts', method: 'POST', body: {} }), [405]],
    [
      'to withdraw to another account',
      () => ({
        path: `/v1/distributors/${world.distributorId}/withdrawals`,
        body: { amount: 100, account: 'x' },
      }),
      [400],
    ],
  ])('%s', async (_, ask, statuses) => {
    await refused(() => send(ask()), statuses);
  });

  test.each<[string, () => Ask, number[]]>([
    ['February 30', () => onChannel('alipay', '/reconciliations/2026-02-30'), [400]],
    [
      'February 29 of a common year',
      () => onChannel('alipay', '/reconciliations/2026-02-29'),
      [400],
    ],
    ['a day of one digit', () => onChannel('alipay', '/reconciliations/2026-2-3'), [400]],
    ['yesterday', () => onChannel('alipay', '/reconciliations/yesterday'), [400]],
    ['a moment', () => onChannel('alipay', '/reconciliations/2026-11-25T00:00:00Z'), [400]],
    ['a day to come', () => onChannel('alipay', '/reconciliations/2099-01-01'), [404]],
  ])('the bill of a day that was never compared: %s', async (_, ask, statuses) => {
    await refused(() => send(ask()), statuses);
  });

  test.each<[string, () => Ask, number[]]>([
    [
      'results that are no file',
      () => onChannel('bankFile', '/bank-results', { method: 'POST', body: 'a,b\n1,2\n' }),
      [400],
    ],
    [
      'results of nothing',
      () => onChannel('bankFile', '/bank-results', { method: 'POST', body: Buffer.alloc(0) }),
      [400],
    ],
    [
      'results of 5 MB',
      () => onChannel('bankFile', '/bank-results', { method: 'POST', body: 'x'.repeat(5_000_000) }),
      [413],
    ],
    [
      'results of 10,001 lines',
      () =>
        onChannel('bankFile', '/bank-results', {
          method: 'POST',
          body: `channelNumber,amount,result\n${'p,1.00,SUCCESS\n'.repeat(10_001)}`,
        }),
      [400],
    ],
    [
      'results for a channel that is no bank',
      () =>
        onChannel('wechat', '/bank-results', {
          method: 'POST',
          body: 'channelNumber,amount,result\np,1.00,SUCCESS\n',
        }),
      [422],
    ],
    [
      'a file in no currency',
      () => onChannel('bankFile', '/bank-files', { method: 'POST', body: { currency: 'yuan' } }),
      [400],
    ],
    [
      'a file of all modes',
      () => onChannel('bankFile', '/bank-files', { method: 'POST', body: { mode: 'all' } }),
      [400],
    ],
    [
      'a file of nothing',
      () => onChannel('bankFile', '/bank-files', { method: 'POST', body: {} }),
      [422],
    ],
  ])('%s', async (_, ask, statuses) => {
    await refused(() => send(ask()), statuses);
  });

  test('a file of results with lines that cannot be read changes nothing by them', async () => {
    const lines = [
      'p,1e3,SUCCESS,',
      'p,1.00,MAYBE,',
      '=cmd(),1.00,SUCCESS,',
      'p,1.00,SUCCESS,2026-02-30T10:00:00Z',
      'p,1.00,SUCCESS,2026-11-25T23:59:60Z',
      'p,1.00,SUCCESS,2026-11-25 10:00:00',
    ];
    const body = `channelNumber,amount,result,at\n${lines.join('\n')}\n`;
    const before = await snapshot(app.db);
    const reply = await send(onChannel('bankFile', '/bank-results', { method: 'POST', body }));
    expect([reply.status, reply.json]).toMatchObject([
      200,
      {
        lines: 6,
        taken: 0,
        repeated: 0,
        strange: 0,
        unreadable: [1, 2, 3, 4, 5, 6].map(() => ({})),
      },
    ]);
    expect(await snapshot(app.db)).toEqual(before);
  });
});

describe('35: an account that its channel can never pay', () => {
  const put = (kind: string, account: string) => ({
    path: `/v1/distributors/${world.distributorId}/payout-account`,
    method: 'PUT',
    body: { channelId: channels[kind], account, holderName: '阿卜杜拉·买买提' },
  });
  test.each([
    ['a card failing Luhn', 'bankFile', '6222021234567890123'],
    ['a card failing Luhn, in groups', 'bankFile', '6222 0212 3456 7890 123'],
    ['an IBAN whose check digits are wrong', 'bankFile', 'GB83WEST12345698765432'],
    ['a card as a spreadsheet writes it', 'bankFile', '6.22E+18'],
    ['a formula', 'bankFile', '=1+1'],
    ['35 characters', 'bankFile', 'A'.repeat(35)],
    ['full-width digits', 'bankFile', '６２２２０２１２３４５６７８９４'],
    ['a name', 'alipay', '李明'],
    ['a phone in full width', 'alipay', '１３８００１３８０００'],
    ['no openid', 'wechat', 'openid of 李明'],
    ['an openid of 65 characters', 'wechat', 'o'.repeat(65)],
  ])('%s', async (_, kind, account) => {
    const { errors } = await refusedWith(put(kind, account), 422, 'invalid_payout_account');
    expect(errors).toMatchObject([{ pointer: '/account' }]);
  });

  test('a card in groups and a phone with +86 are kept as they are paid; nobody sees them', async () => {
    for (const [kind, account, masked] of [
      ['bankFile', '6222 0212 3456 7890 128', '****0128'],
      ['alipay', '+86 138 0013 8000', '****8000'],
      ['wechat', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', '****eS6o'],
    ] as const) {
      const set = await send(put(kind, account));
      expect([set.status, set.json['account']]).toEqual([200, masked]);
    }
  });
});

describe('36: time, around the money that leaves', () => {
  const noMoments: [string, unknown][] = [
    ['no zone', '2026-11-10T10:00:00'],
    ['a zone by name', '2026-11-10T10:00:00[Asia/Shanghai]'],
    ['an offset of 24 hours', '2026-11-10T10:00:00+24:00'],
    ['an offset of 60 minutes', '2026-11-10T10:00:00+08:60'],
    ['an offset without its colon', '2026-11-10T10:00:00+0800'],
    ['an offset of hours alone', '2026-11-10T10:00:00+08'],
    ['February 30', '2026-02-30T10:00:00+08:00'],
    ['February 29 of a common year', '2026-02-29T10:00:00+08:00'],
    ['February 29 of 2100', '2100-02-29T10:00:00+08:00'],
    ['24:00:00', '2026-11-10T24:00:00+08:00'],
    ['a leap second', '2026-11-10T23:59:60+08:00'],
    ['ten decimals', '2026-11-10T10:00:00.0000000001+08:00'],
    ['a space instead of T', '2026-11-10 10:00:00+08:00'],
    ['year 0', '0000-01-01T00:00:00Z'],
    ['a year of five digits', '+12026-11-10T10:00:00Z'],
    ['a date alone', '2026-11-10'],
    ['a week', '2026-W46-2T10:00:00Z'],
    ['full-width digits', '２０２６-11-10T10:00:00+08:00'],
    ['seconds since 1970', 1_794_276_000],
    ['milliseconds as text', '1794276000000'],
    ['a text of 1 MB', `2026-11-10T10:00:00+08:00${' '.repeat(1_000_000)}`],
    ['nothing', ''],
    ['null', null],
    ['a list', ['2026-11-10T10:00:00+08:00']],
  ];
  const fields: [string, (moment: unknown) => Ask][] = [
    [
      'the cutoff of a settlement',
      (cutoffAt) => ({ path: `/v1/programs/${world.programId}/settlements`, body: { cutoffAt } }),
    ],
    ['the clock', (now) => ({ path: `/v1/programs/${world.programId}/clock`, body: { now } })],
    [
      'the moment of a refund',
      (refundedAt) => ({
        path: `/v1/orders/${world.orderId}/refunds`,
        body: { externalId: 'R-time', refundedAt, lines: [{ externalId: '1', amount: 1 }] },
      }),
    ],
  ];
  test.each(noMoments)('%s is no moment, anywhere', async (_, moment) => {
    for (const [, ask] of fields) {
      await refused(() => send({ method: 'POST', ...ask(moment) }), [400, 413]);
    }
  });

  test.each([
    ['an offset', '+08:00'],
    ['an offset by name', 'UTC+8'],
    ['three letters', 'CST'],
    ['a city of no zone', 'Asia/Beijing'],
    ['nothing', ''],
    ['null', null],
    ['a path', '../../etc/localtime'],
  ])('%s is no time zone', async (_, timeZone) => {
    await refused(() => send({ path: '/v1/programs', body: programBody({ timeZone }) }), [400]);
  });

  test.each([
    ['in China', '2026-11-10T10:00:00+08:00'],
    ['in UTC', '2026-11-10T02:00:00Z'],
    ['in small letters', '2026-11-10t02:00:00z'],
    ['in New York, the evening before', '2026-11-09T21:00:00-05:00'],
    ['in a zone of quarters', '2026-11-10T07:45:00+05:45'],
    ['where the day begins', '2026-11-10T16:00:00+14:00'],
    ['where it ends', '2026-11-09T14:00:00-12:00'],
    ['with an offset of minus nothing', '2026-11-10T02:00:00-00:00'],
    ['to the nanosecond', '2026-11-10T02:00:00.000000999Z'],
  ])('one moment is one, however it is written: %s', async (_, paidAt) => {
    const made = await send({ path: '/v1/orders', body: orderBody(world.programId, { paidAt }) });
    expect(made.status).toBe(201);
    const read = await send({ path: `/v1/orders/${String(made.json['id'])}` });
    expect(Date.parse(String(read.json['paidAt']))).toBe(Date.parse('2026-11-10T02:00:00Z'));
  });
});
