import type { ChannelAdapter } from '../../../src/channels/channel';
import { wechatAdapter } from '../../../src/channels/wechat/adapter';
import { readFundFlow } from '../../../src/channels/wechat/bill';
import { WechatSettings } from '../../../src/channels/wechat/settings';
import type { FaultRule } from '../../support/provider';
import { beijingDay } from '../../support/wechat/books';
import { startWechatSimulator, type WechatSimulator } from '../../support/wechat/simulator';

const dayMs = 24 * 3600 * 1000;
const today = () => beijingDay(new Date());
let wechat: WechatSimulator;
let channel: ChannelAdapter;

beforeEach(async () => {
  wechat = await startWechatSimulator();
  const settings = WechatSettings.parse(wechat.settings());
  channel = wechatAdapter('chn_1', settings, 'http://127.0.0.1:1');
});
afterEach(() => wechat.close());

async function paid(channelNumber: string, amount: bigint): Promise<void> {
  await channel.submit({ channelNumber, account: 'oPayee', holderName: '张三', amount });
  wechat.confirm(channelNumber);
}

const bill = (day = today()) => channel.bill?.(day);

describe('the bill of a day', () => {
  test('has every transfer of that day by number and amount, checked by its hash', async () => {
    await paid('A1', 9_001n);
    await paid('A2', 10n);
    await channel.submit({ channelNumber: 'A3', account: 'o', holderName: '张三', amount: 100n });
    wechat.advance(dayMs);
    const rows = [
      { channelNumber: 'A1', amount: 9_001n, kind: 'paid' },
      { channelNumber: 'A2', amount: 10n, kind: 'paid' },
    ];
    expect(await bill()).toMatchObject({ kind: 'bill', rows });
  });

  test('is not ready before the day is over', async () => {
    await paid('A1', 9_001n);
    expect(await bill()).toEqual({ kind: 'not_ready' });
  });

  test('of a day without movements is not ready before 10 o’clock of the next, then empty', async () => {
    wechat.advance(2 * dayMs);
    expect(await bill(today())).toEqual({ kind: 'not_ready' });
    expect(await bill(beijingDay(new Date(Date.now() - 3 * dayMs)))).toEqual({
      kind: 'bill',
      rows: [],
    });
  });

  test.each<[string, (text: string) => string, object]>([
    [
      'a missing line',
      (text) => withoutLine(text, 1),
      { kind: 'unknown', detail: 'the file could not be read' },
    ],
    [
      'a line twice',
      (text) => text.replace(/(`[^\n]*A1\r\n)/, '$1$1'),
      { kind: 'unknown', detail: 'the file could not be read' },
    ],
    [
      'one fen less',
      (text) => text.replace('`90.01', '`90.00'),
      { kind: 'bill', rows: [{ channelNumber: 'A1', amount: 9_000n }, { channelNumber: 'A2' }] },
    ],
    [
      'an amount in exponent form',
      (text) => text.replace('`90.01', '`9.001E+1'),
      { kind: 'unknown', detail: 'the file could not be read' },
    ],
    [
      'other columns',
      (text) => text.replace('业务凭证号', '凭证'),
      { kind: 'unknown', detail: 'the file could not be read' },
    ],
    [
      'no summary',
      (text) => text.slice(0, text.indexOf('资金流水总笔数')),
      { kind: 'unknown', detail: 'the file could not be read' },
    ],
    ['a page instead', () => '<html></html>', { kind: 'unknown' }],
    ['nothing in it', () => '', { kind: 'unknown' }],
  ])('with %s is what it is: never a guess', async (_, tamper, outcome) => {
    await paid('A1', 9_001n);
    await paid('A2', 10n);
    wechat.tamperBill(tamper);
    wechat.advance(dayMs);
    expect(await bill()).toMatchObject(outcome);
  });

  test('that was changed on its way is refused by its hash', async () => {
    await paid('A1', 9_001n);
    wechat.advance(dayMs);
    wechat.fault({ kind: 'wrongSignature', operation: 'billFile', times: 1 });
    expect(await bill()).toEqual({ kind: 'unknown', detail: 'the file is not whole' });
    expect((await bill())?.kind).toBe('bill');
  });

  test.each<[FaultRule, string]>([
    [{ kind: 'unsigned', operation: 'bill' }, 'the answer is not signed by WeChat Pay'],
    [{ kind: 'wrongSignature', operation: 'bill' }, 'the answer is not signed by WeChat Pay'],
    [{ kind: 'serverError', operation: 'bill' }, 'WeChat Pay answered 500'],
    [{ kind: 'throttled', operation: 'bill' }, 'WeChat Pay answered 429'],
    [{ kind: 'timeout', operation: 'billFile' }, 'no answer in time'],
  ])('that meets %j is asked for again', async (rule, detail) => {
    await paid('A1', 9_001n);
    wechat.advance(dayMs);
    wechat.fault({ ...rule, times: 1 });
    expect(await bill()).toEqual({ kind: 'unknown', detail });
    expect((await bill())?.kind).toBe('bill');
  });

  test('is not loaded from an address that is not WeChat Pay', async () => {
    await paid('A1', 9_001n);
    wechat.advance(dayMs);
    const elsewhere = await startWechatSimulator();
    wechat.fileHost = elsewhere.url;
    expect(await bill()).toMatchObject({
      kind: 'unknown',
      detail: expect.stringMatching(/address/),
    });
    expect(elsewhere.traffic).toEqual([]);
    await elsewhere.close();
  });
});

describe('a fund flow file', () => {
  const header =
    '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
  const line = (business: string, direction: string, amount: string, number: string) =>
    `\`2026-11-24 23:59:59,\`1330,\`900,\`${business},\`${business},\`${direction},\`${amount},\`0.17,\`system,\`a,b,\`${number}`;
  const file = (...lines: string[]) =>
    [
      `\ufeff${header}`,
      ...lines,
      '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
      `\`${lines.length}.0,\`0.0,\`0.00,\`0.0,\`0.00`,
    ].join('\r\n');

  test('keeps transfers only, with commas in remarks, in Beijing time', () => {
    const rows = readFundFlow(
      file(line('商家转账', '支出', '1234567.89', 'A1'), line('充值/提现', '收入', '5.00', 'X')),
    );
    expect(rows).toEqual([
      {
        channelNumber: 'A1',
        amount: 123_456_789n,
        kind: 'paid',
        providerNumber: '1330',
        at: new Date('2026-11-24T15:59:59Z'),
      },
    ]);
  });

  test('shows nothing of a transfer that went out and came back on the same day', () => {
    const out = line('商家转账', '支出', '1.00', 'A1');
    const back = line('商家转账', '收入', '1.00', 'A1');
    expect(readFundFlow(file(out, back))).toEqual([]);
  });

  test('shows what came back from a day before as returned', () => {
    const back = line('商家转账', '收入', '1.00', 'A1');
    expect(readFundFlow(file(back))).toMatchObject([{ channelNumber: 'A1', kind: 'returned' }]);
  });
});

function withoutLine(text: string, index: number): string {
  return text
    .split('\r\n')
    .filter((_, at) => at !== index)
    .join('\r\n');
}
