import { parse } from 'csv-parse/sync';
import { writeBankFile } from '../../../src/channels/bank-file/file';
import { readResultFile } from '../../../src/channels/bank-file/result';
import { BankFileSettings } from '../../../src/channels/bank-file/settings';
import { csvText } from '../../../src/domain/kernel/csv';
import { faultsOf, readXml } from '../../support/bank/pain';

const settings = (change: object = {}) =>
  BankFileSettings.parse({
    debtorName: 'Some Shop & Sons <Ltd>',
    debtorAccount: '1234567890123456789',
    debtorClearingCode: '102100099996',
    ...change,
  });
const file = (change: object = {}) => ({
  messageId: 'bkf01m85g5329ed0anycka5x798eh',
  currency: 'CNY',
  createdAt: new Date('2026-11-25T10:00:00.500Z'),
  orders: [
    { channelNumber: 'pyt1', account: '6222021234567890128', holderName: '李雷', amount: 12_345n },
    {
      channelNumber: 'pyt2',
      account: 'DE89370400440532013000',
      holderName: '买买提·艾力',
      amount: 10n,
    },
  ],
  ...change,
});

describe('a file for the bank', () => {
  test.each([
    ['by CNAPS code', settings({ format: 'pain.001' })],
    [
      'by BIC',
      settings({ format: 'pain.001', debtorBic: 'ICBKCNBJ', debtorClearingCode: undefined }),
    ],
  ])('has the published structure of pain.001.001.09, the debtor %s', (_name, given) => {
    const { text, contentType } = writeBankFile(file(), given);
    expect(contentType).toBe('application/xml');
    expect(faultsOf(text)).toEqual([]);
    const initiation = readXml(text).children[0];
    const [header, payment] = initiation?.children ?? [];
    const textAt = (name: string) => header?.children.find((each) => each.name === name)?.text;
    expect([textAt('NbOfTxs'), textAt('CtrlSum')]).toEqual(['2', '123.55']);
    const transfers = payment?.children.filter(({ name }) => name === 'CdtTrfTxInf') ?? [];
    expect(transfers.map(({ children }) => children[0]?.children[1]?.text)).toEqual([
      'pyt1',
      'pyt2',
    ]);
    expect(text).toContain('Some Shop &amp; Sons &lt;Ltd&gt;');
  });

  test('a fault of the structure would be seen', () => {
    const { text } = writeBankFile(file(), settings({ format: 'pain.001' }));
    const broken: [string, string][] = [
      ['<MsgId>', '<MsgIdx>'],
      ['<PmtMtd>TRF</PmtMtd>', ''],
      ['<Dt>2026-11-25</Dt>', '<Dt>25.11.2026</Dt>'],
      ['<NbOfTxs>2</NbOfTxs>', '<NbOfTxs>two</NbOfTxs>'],
      ['pain.001.001.09', 'pain.001.001.03'],
      ['<Nm>李雷</Nm>', `<Nm>${'x'.repeat(141)}</Nm>`],
    ];
    for (const [from, to] of broken) {
      const other = text
        .replace(from, to)
        .replace(from === '<MsgId>' ? '</MsgId>' : '', from === '<MsgId>' ? '</MsgIdx>' : '');
      expect([from, faultsOf(other).length > 0]).toEqual([from, true]);
    }
  });

  test('as CSV reads back as what it was made of, and no cell is a formula', () => {
    const orders = ['=cmd()', '+1', '-1', '@a', '\tx', 'a"b,c\nd'].map((holderName, index) => ({
      ...{ channelNumber: `pyt${index}`, account: '62220212345678901', holderName, amount: 100n },
    }));
    const { text } = writeBankFile(file({ orders }), settings());
    expect(text.startsWith('\uFEFF序号,')).toBe(true);
    const rows = parse(text, { bom: true });
    expect(rows.slice(1).map((row) => row[2])).toEqual([
      ...["'=cmd()", "'+1", "'-1", "'@a", "'\tx", 'a"b,c\nd'],
    ]);
    expect(rows[1]).toEqual(['pyt0', '62220212345678901', "'=cmd()", '1.00', 'CNY', '推广佣金']);
  });

  test('CSV is quoted where it must be', () => {
    expect(csvText([['a', 'b,c', 'd"e', "it's"]])).toBe('\uFEFFa,"b,c","d""e","it\'s"\r\n');
  });
});

describe("a bank's result file", () => {
  const read = (text: string) => readResultFile(Buffer.from(text));
  const header = 'channelNumber,amount,result,bankReference,at,code,message\n';

  test('says per line what became of an order', () => {
    const result = read(
      `\uFEFF${header}pyt1,123.45,SUCCESS,B1,2026-11-25T10:00:00+08:00,,\r\n` +
        'pyt2,0.10,失败,B2,,E01,户名不符\r\npyt3,1,RETURNED,B3,,,\r\n\r\n',
    );
    expect(result).toMatchObject({
      ok: true,
      lines: [
        {
          callback: {
            ...{ channelNumber: 'pyt1', amount: 12_345n },
            news: { kind: 'paid', paidAt: new Date('2026-11-25T02:00:00Z') },
          },
        },
        { callback: { amount: 10n, news: { kind: 'failed', code: 'E01', message: '户名不符' } } },
        { callback: { amount: 100n, news: { kind: 'returned', returnedAt: null } } },
      ],
    });
  });

  test('is read in GB18030 as well', () => {
    const bytes = Buffer.concat([
      Buffer.from('channelNumber,amount,result\npyt1,1.00,'),
      Buffer.from([0xb3, 0xc9, 0xb9, 0xa6]), // 成功
    ]);
    expect(readResultFile(bytes)).toMatchObject({
      lines: [{ ok: true, callback: { news: { kind: 'paid' } } }],
    });
  });

  test.each([
    ['1.23E+18,1.00,SUCCESS', /spreadsheet/],
    ['pyt1,1e3,SUCCESS', /amount/],
    ['pyt1,-1.00,SUCCESS', /amount/],
    ['pyt1,0.00,SUCCESS', /amount/],
    ['pyt1,1.005,SUCCESS', /amount/],
    ['pyt1,"1,000.00",SUCCESS', /amount/],
    ['pyt1,１００,SUCCESS', /amount/],
    ['pyt1,1.00,MAYBE', /result/],
    ['pyt1,1.00,__proto__', /result/],
    ['pyt1', /amount/],
  ])('%s cannot be read, and spoils no other line', (line, message) => {
    const result = read(`channelNumber,amount,result\n${line}\npyt9,1.00,SUCCESS\n`);
    expect(result).toMatchObject({
      ok: true,
      lines: [
        { line: 2, ok: false, message: expect.stringMatching(message) },
        { line: 3, ok: true },
      ],
    });
  });

  test.each([
    ['', /does not|not CSV/],
    ['a,b\n1,2\n', /does not name/],
    ['channelNumber,amount,result,extra\n', /may name/],
    ['channelNumber,amount,result,result\n', /may name/],
    ['"never closed', /not CSV/],
  ])('%j is no result file', (text, message) => {
    expect(read(text)).toEqual({ ok: false, message: expect.stringMatching(message) });
  });

  test('the same line is the same message, another reference another', () => {
    const ids = (...lines: string[]) => {
      const result = read(`${header}${lines.join('\n')}`);
      return result.ok ? result.lines.map((line) => (line.ok ? line.callback.eventId : '')) : [];
    };
    const [one, two, three] = ids('p1,1.00,SUCCESS,B1', 'p1,1.0,success,B1', 'p1,1.00,SUCCESS,B2');
    expect(one).toBe(two);
    expect(one).not.toBe(three);
  });
});
