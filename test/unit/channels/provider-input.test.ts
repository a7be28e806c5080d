import type { ChannelAdapter, QueryOutcome, TransferOrder } from '../../../src/channels/channel';
import { alipayAdapter } from '../../../src/channels/alipay/adapter';
import { AlipaySettings } from '../../../src/channels/alipay/settings';
import { chinaMoment } from '../../../src/channels/answer';
import { readResultFile } from '../../../src/channels/bank-file/result';
import { wechatAdapter } from '../../../src/channels/wechat/adapter';
import { readFundFlow } from '../../../src/channels/wechat/bill';
import { WechatSettings } from '../../../src/channels/wechat/settings';
import { AlipaySimulator, type Fault } from '../../support/alipay/provider';
import { alipaySettings } from '../../support/alipay/settings';
import { startWechatSimulator, type WechatSimulator } from '../../support/wechat/simulator';

// What providers might send that no document promises. Whatever it is, it never becomes an end of a
// payout, or another amount, or a moment that no calendar has: the payout is asked about again.

const dayMs = 86_400_000;

/** No moments in any notation that is read here. */
const noMoments: [string, string][] = [
  ['February 30', '2026-02-30 10:00:00'],
  ['February 29 of a common year', '2026-02-29 10:00:00'],
  ['April 31', '2026-04-31 10:00:00'],
  ['month 13', '2026-13-01 10:00:00'],
  ['day 0', '2026-11-00 10:00:00'],
  ['24:00:00', '2026-11-25 24:00:00'],
  ['a leap second', '2026-11-25 23:59:60'],
  ['minute 60', '2026-11-25 10:60:00'],
  ['a date alone', '2026-11-25'],
  ['another notation', '25.11.2026 10:00:00'],
  ['seconds since 1970', '1795600000'],
  ['nothing', ''],
  ['words', 'yesterday'],
  ['full-width digits', '２０２６-11-25 10:00:00'],
];

describe("a moment in China's time", () => {
  test.each([
    ['an ordinary one', '2026-11-25 18:00:00', '2026-11-25T10:00:00.000Z'],
    ['midnight', '2026-11-25 00:00:00', '2026-11-24T16:00:00.000Z'],
    ['February 29 of a leap year', '2028-02-29 12:00:00', '2028-02-29T04:00:00.000Z'],
    ['the last second of a year', '2026-12-31 23:59:59', '2026-12-31T15:59:59.000Z'],
    ['the hour that Europe skips', '2026-03-29 09:30:00', '2026-03-29T01:30:00.000Z'],
    ['the hour that Europe has twice', '2026-10-25 08:30:00', '2026-10-25T00:30:00.000Z'],
    ['a summer day: China has no summer time', '2026-07-01 12:00:00', '2026-07-01T04:00:00.000Z'],
  ])('%s is understood', (_, text, moment) => {
    expect(chinaMoment(text)?.toISOString()).toBe(moment);
  });

  test.each([
    ...noMoments,
    ['a zone', '2026-11-25 10:00:00Z'],
    ['the notation of the others', '2026-11-25T10:00:00+08:00'],
    ['parts of seconds', '2026-11-25 10:00:00.000'],
    ['a space before', ' 2026-11-25 10:00:00'],
  ])('%s is none', (_, text) => {
    expect(chinaMoment(text)).toBeNull();
  });
});

describe('an answer of WeChat Pay, rightly signed', () => {
  let wechat: WechatSimulator;
  let channel: ChannelAdapter;
  const order: TransferOrder = {
    channelNumber: '01k8zv3q5tabcdefghjkmnpqrs',
    account: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    holderName: '张三',
    amount: 9_000n,
  };
  const hints = { order, lacksConfirmation: false };
  const unreadable = { kind: 'unknown', detail: 'the answer could not be read' };
  /** Asks about a paid transfer; the answer has a token, as it stands, in the place of a field. */
  const askedWith = async (field: string, token: string): Promise<QueryOutcome> => {
    await channel.submit(order);
    wechat.confirm(order.channelNumber);
    wechat.tamperAnswer = (text) =>
      text.replace(new RegExp(`"${field}":("[^"]*"|[^,}]*)`), `"${field}":${token}`);
    return channel.query(order.channelNumber, hints);
  };

  beforeEach(async () => {
    wechat = await startWechatSimulator();
    channel = wechatAdapter('chn_1', WechatSettings.parse(wechat.settings()), 'http://127.0.0.1:1');
  });
  afterEach(() => wechat.close());

  test.each([
    '"9000"',
    '"90.00"',
    '90.5',
    '9000.01',
    '-9000',
    '0',
    '-0',
    '1e400',
    '9007199254740993',
    'null',
    'true',
    '[9000]',
    '{"fen":9000}',
    '"９０００"',
    '"9e3"',
    '"0x2328"',
    '" 9000"',
    'NaN',
    '09000',
  ])('with an amount of %s is not believed', async (token) => {
    expect(await askedWith('transfer_amount', token)).toEqual(unreadable);
  });

  test.each(['9000', '9000.0', '9e3'])('with an amount of %s is: it is 9000', async (token) => {
    expect((await askedWith('transfer_amount', token)).kind).toBe('paid');
  });

  test.each(['9001', '8999', '900000'])(
    'with another amount, %s, is not believed',
    async (token) => {
      expect(await askedWith('transfer_amount', token)).toEqual({
        kind: 'unknown',
        detail: 'the answer is about another amount',
      });
    },
  );

  test.each(['"success"', '"PAID"', '"SUCCESS "', '""', 'null', '"toString"', '"__proto__"', '1'])(
    'with a state of %s is not believed',
    async (token) => {
      expect(await askedWith('state', token)).toEqual(unreadable);
    },
  );

  test.each([
    ...noMoments.map(([name, text]): [string, string] => [name, text.replace(' ', 'T')]),
    ...noMoments.map(([name, text]): [string, string] => [
      `${name}, with a zone`,
      `${text.replace(' ', 'T')}+08:00`,
    ]),
    ['no zone', '2026-11-25T10:00:00'],
    ['an offset of 25 hours', '2026-11-25T10:00:00+25:00'],
    ['a zone by name', '2026-11-25T10:00:00 Asia/Shanghai'],
  ])('with a moment that is none (%s) is not believed', async (_, text) => {
    expect(await askedWith('update_time', JSON.stringify(text))).toEqual(unreadable);
  });

  test.each([
    ['in China', '2026-11-25T18:00:00+08:00', '2026-11-25T10:00:00.000Z'],
    ['in UTC', '2026-11-25T10:00:00Z', '2026-11-25T10:00:00.000Z'],
    ['in New York, winter', '2026-11-25T05:00:00-05:00', '2026-11-25T10:00:00.000Z'],
    ['in a zone of quarters', '2026-11-25T15:45:00+05:45', '2026-11-25T10:00:00.000Z'],
    ['February 29', '2028-02-29T18:00:00+08:00', '2028-02-29T10:00:00.000Z'],
    ['the hour that Europe has twice', '2026-10-25T02:30:00+01:00', '2026-10-25T01:30:00.000Z'],
  ])('is the same moment in any zone: %s', async (_, text, moment) => {
    expect(await askedWith('update_time', JSON.stringify(text))).toEqual({
      kind: 'paid',
      paidAt: new Date(moment),
    });
  });

  test.each<[string, (text: string) => string]>([
    ['a list', (text) => `[${text}]`],
    ['a text', (text) => JSON.stringify(text)],
    ['null', () => 'null'],
    ['half of it', (text) => text.slice(0, text.length / 2)],
    ['two of them', (text) => text + text],
    ['nested 10,000 deep', () => '{"state":'.repeat(10_000)],
    ['in an envelope', (text) => `{"data":${text}}`],
    ['without its number', (text) => text.replace('out_bill_no', 'bill_no')],
    ['without its amount', (text) => text.replace('transfer_amount', 'amount')],
  ])('that is %s is not believed', async (_, change) => {
    await channel.submit(order);
    wechat.confirm(order.channelNumber);
    wechat.tamperAnswer = change;
    expect((await channel.query(order.channelNumber, hints)).kind).toBe('unknown');
    wechat.tamperAnswer = undefined;
    expect((await channel.query(order.channelNumber, hints)).kind).toBe('paid');
  });

  test('that is longer than any answer is not read on', async () => {
    await channel.submit(order);
    wechat.tamperAnswer = (text) => `${text}${' '.repeat(1024 * 1024)}`;
    expect(await channel.query(order.channelNumber, hints)).toEqual({
      kind: 'unknown',
      detail: 'the answer is too long',
    });
  });

  test.each(['submit', 'query', 'cancel'] as const)(
    'unsigned, to a %s, says nothing',
    async (what) => {
      if (what !== 'submit') await channel.submit(order);
      wechat.fault({ kind: 'unsigned' });
      const ask = {
        submit: () => channel.submit(order),
        query: () => channel.query(order.channelNumber, hints),
        cancel: () => channel.cancel?.(order.channelNumber, hints),
      };
      expect(await ask[what]()).toEqual({
        kind: 'unknown',
        detail: 'the answer is not signed by WeChat Pay',
      });
    },
  );

  test.each([
    [28, 'not_found'],
    [29.1, 'unknown'],
    [31, 'unknown'],
    [400, 'unknown'],
  ])('that it knows nothing of a transfer of %s days ago is: %s', async (days, kind) => {
    const submittedAt = new Date(Date.now() - days * dayMs);
    const said = await channel.query(order.channelNumber, { ...hints, submittedAt });
    expect(said.kind).toBe(kind);
    expect(wechat.books()).toEqual([]);
  });
});

describe('an answer of Alipay, rightly signed', () => {
  let alipay: AlipaySimulator;
  let channel: ChannelAdapter;
  const order: TransferOrder = {
    channelNumber: 'pyt01m85g5329ed0anycka5x798eh',
    account: 'li@example.com',
    holderName: '李雷',
    amount: 9_000n,
  };
  const hints = { order, lacksConfirmation: false };
  const ask = async (fault?: Fault, asked = hints) => {
    await channel.submit(order);
    if (fault !== undefined) alipay.fault(fault);
    return channel.query(order.channelNumber, asked);
  };

  beforeEach(async () => {
    alipay = await new AlipaySimulator().start();
    const settings = AlipaySettings.parse(alipaySettings(alipay, { timeoutMs: 2000 }));
    channel = alipayAdapter(settings);
  });
  afterEach(() => alipay.close());

  const unreadable: unknown[] = [
    ...[
      '90,00',
      '９０.００',
      '-90.00',
      '+90.00',
      ' 90.00',
      '90.001',
      '9e1',
      '0x5A',
      'NaN',
      '',
      '.9',
    ],
    ...[90, 9000, null, true, ['90.00']],
  ];
  test.each(unreadable)('with an amount of %j is not believed', async (amount) => {
    const said = { kind: 'unknown', detail: 'the answer could not be read' };
    expect(await ask({ say: { trans_amount: amount } })).toEqual(said);
    const nothingKnown = await ask({ say: { trans_amount: amount } }, undefined);
    expect(nothingKnown).toEqual(said);
  });

  test.each(['90.00', '90.0', '90'])('with an amount of %j is: it is 90 yuan', async (amount) => {
    expect((await ask({ say: { trans_amount: amount } })).kind).toBe('paid');
  });

  test.each(['90.01', '0.90', '9000.00'])(
    'with another amount, %j, is not believed',
    async (amount) => {
      const said = { kind: 'unknown', detail: 'the answer names another amount' };
      expect(await ask({ say: { trans_amount: amount } })).toEqual(said);
    },
  );

  test.each(['success', 'SUCCESS ', '', 'PAID', 'toString', '__proto__', null, 1])(
    'with a status of %j is not believed',
    async (status) => {
      expect((await ask({ say: { status } })).kind).toBe('unknown');
    },
  );

  test.each(noMoments)(
    'with a moment that is none (%s) is paid when we learn of it',
    async (_, text) => {
      expect(await ask({ say: { trans_date: text } })).toEqual({ kind: 'paid', paidAt: null });
    },
  );

  test.each<Fault>([
    'unsigned',
    'other-signature',
    'redirect',
    'no-content',
    'html',
    'endless',
    'other-number',
    { say: { code: '10000 ' } },
    { say: { code: 10000 } },
    { say: { code: undefined } },
    { say: { out_biz_no: undefined } },
    { say: { out_biz_no: ['pyt01m85g5329ed0anycka5x798eh'] } },
  ])('%j says nothing, to a question or an order', async (fault) => {
    expect((await ask(fault)).kind).toBe('unknown');
    alipay.fault(fault);
    expect((await channel.submit(order)).kind).toBe('unknown');
    expect(alipay.payments.size).toBe(1);
  });

  test.each([
    [28, 'not_found'],
    [29.1, 'unknown'],
    [400, 'unknown'],
  ])('that it knows nothing of a transfer of %s days ago is: %s', async (days, kind) => {
    const submittedAt = new Date(Date.now() - days * dayMs);
    const said = await channel.query(order.channelNumber, { ...hints, submittedAt });
    expect(said.kind).toBe(kind);
  });

  test.each(noMoments)('a row of its bill at no moment (%s) spoils the bill', async (_, text) => {
    const row = {
      ...{ trans_dt: text, merchant_order_no: 'pyt1', trans_amount: '1.00', direction: '支出' },
    };
    alipay.fault({ say: { detail_list: [row], total_size: '1' } });
    const bill = await channel.bill?.('2026-11-01');
    expect(bill).toEqual({ kind: 'unknown', detail: 'a row of the bill could not be read' });
  });

  test.each(['1e3', '1.005', '', 'NaN', '--1.00', '1,000.00'])(
    'a row of its bill of %j yuan spoils the bill',
    async (amount) => {
      const row = {
        ...{ trans_dt: '2026-11-01 10:00:00', merchant_order_no: 'pyt1', direction: '支出' },
        trans_amount: amount,
      };
      alipay.fault({ say: { detail_list: [row], total_size: '1' } });
      expect((await channel.bill?.('2026-11-01'))?.kind).toBe('unknown');
    },
  );
});

describe('a file', () => {
  const fundFlow = (at: string) =>
    [
      '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号',
      `\`${at},\`W1,\`F1,\`商家转账,\`商家转账,\`支出,\`90.00,\`1.00,\`x,\`推广佣金,\`A1`,
      '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
      '`1.0,`0.0,`0.00,`1.0,`90.00',
    ].join('\r\n');

  test('of WeChat Pay with a line at a moment is read', () => {
    expect(readFundFlow(fundFlow('2028-02-29 23:59:59'))).toMatchObject([
      { channelNumber: 'A1', amount: 9000n, at: new Date('2028-02-29T15:59:59Z') },
    ]);
  });

  test.each(noMoments)('of WeChat Pay with a line at no moment (%s) is not', (_, text) => {
    expect(readFundFlow(fundFlow(text))).toBeUndefined();
  });

  const result = (at: string) =>
    readResultFile(Buffer.from(`channelNumber,amount,result,at\npyt1,1.00,SUCCESS,${at}\n`));

  test.each([
    ['in China', '2026-11-25T18:00:00+08:00'],
    ['in UTC', '2026-11-25T10:00:00Z'],
    ['in New York', '2026-11-25T05:00:00-05:00'],
  ])('of a bank names the same moment in any zone: %s', (_, text) => {
    expect(result(text)).toMatchObject({
      lines: [{ ok: true, callback: { news: { paidAt: new Date('2026-11-25T10:00:00Z') } } }],
    });
  });

  test.each([
    ...noMoments.filter(([, text]) => text !== ''),
    ...noMoments
      .filter(([, text]) => text !== '')
      .map(([name, text]): [string, string] => [name, `${text.replace(' ', 'T')}+08:00`]),
    ['no zone', '2026-11-25T10:00:00'],
  ])('of a bank with a line at no moment (%s): the line is not read', (_, text) => {
    expect(result(text)).toMatchObject({
      lines: [{ ok: false, message: expect.stringMatching(/moment/) }],
    });
  });
});
