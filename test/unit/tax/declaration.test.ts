import { parse } from 'csv-parse/sync';
import {
  declarationCsv,
  declarationFigures,
  type DeclarationLine,
} from '../../../src/domain/tax/declaration';
import { standingOf } from '../../../src/domain/tax/withhold';

function figures(
  method: 'general' | 'platformCumulative',
  month: string,
  history: [string, bigint, bigint][],
) {
  const rows = history.map(([own, incomeAmount, taxAmount]) => ({
    month: own,
    incomeAmount,
    taxAmount,
  }));
  const standing = standingOf(method, { gapPolicy: 'restart', month, history: rows });
  return declarationFigures(method, month, standing);
}

const line = (own: Partial<DeclarationLine> = {}): DeclarationLine => ({
  name: '张三',
  documentType: 'residentId',
  idNumber: '11010519491231002X',
  month: '2026-02',
  method: 'general',
  figures: figures('general', '2026-02', [['2026-02', 2_500_100n, 400_024n]]),
  ...own,
});

const readBack = (lines: DeclarationLine[]) =>
  parse<Record<string, string>>(declarationCsv(lines), { columns: true, bom: true });

describe('the columns of a month', () => {
  test('general: a share is deducted above 4,000 yuan, the fixed amount below, never more than there is', () => {
    expect(figures('general', '2026-02', [['2026-02', 2_500_100n, 400_024n]])).toMatchObject({
      incomeAmount: 2_500_100,
      expenseAmount: 500_020,
      cumulativeIncomeAmount: 2_000_080,
      cumulativeTaxableAmount: 2_000_080,
      rateBps: 3000,
      quickDeductionAmount: 200_000,
      taxAmount: 400_024,
      dueAmount: 400_024,
      withheldAmount: 400_024,
      carriedAmount: 0,
    });
    expect(figures('general', '2026-02', [['2026-02', 50_000n, 0n]])).toMatchObject({
      expenseAmount: 50_000,
      cumulativeIncomeAmount: 0,
      taxAmount: 0,
    });
  });

  test('cumulative: the month has its own income, the other columns the year so far', () => {
    const year: [string, bigint, bigint][] = [
      ['2026-01', 2_000_000n, 33_000n],
      ['2026-02', 2_000_000n, 33_000n],
    ];
    expect(figures('platformCumulative', '2026-02', year)).toMatchObject({
      incomeAmount: 2_000_000,
      expenseAmount: 400_000,
      cumulativeIncomeAmount: 3_200_000,
      cumulativeDeductionAmount: 1_000_000,
      cumulativeTaxableAmount: 2_200_000,
      rateBps: 300,
      taxAmount: 66_000,
      paidBeforeAmount: 33_000,
      dueAmount: 33_000,
      withheldAmount: 33_000,
    });
  });

  test('what was withheld too much is shown as carried and never as a negative tax', () => {
    expect(figures('general', '2026-02', [['2026-02', 60_000n, 8_000n]])).toMatchObject({
      taxAmount: 0,
      dueAmount: 0,
      withheldAmount: 8_000,
      carriedAmount: -8_000,
    });
  });
});

describe('the file', () => {
  test('begins with a byte order mark and has the columns of the form, in yuan', () => {
    expect(declarationCsv([]).startsWith('\uFEFF姓名,证照类型,证照号,税款所属期起')).toBe(true);
    expect(readBack([line()])).toMatchObject([
      {
        姓名: '张三',
        证照类型: '居民身份证',
        证照号: '11010519491231002X',
        税款所属期起: '2026-02-01',
        税款所属期止: '2026-02-28',
        所得项目: '一般劳务报酬所得',
        本期收入: '25001.00',
        本期费用: '5000.20',
        税率: '30%',
        速算扣除数: '2000.00',
        应纳税额: '4000.24',
        应补退: '4000.24',
        申报类型: '正常申报',
      },
    ]);
  });

  test('a correction says what was declared and what differs', () => {
    const declared = line().figures;
    const now = figures('general', '2026-02', []);
    expect(readBack([line({ figures: now, declared })])).toMatchObject([
      {
        本期收入: '0.00',
        申报类型: '更正申报',
        原申报收入: '25001.00',
        原申报实扣税额: '4000.24',
        收入差额: '-25001.00',
        实扣税额差额: '-4000.24',
      },
    ]);
  });

  test.each([
    ['=HYPERLINK("http://x")', `'=HYPERLINK("http://x")`],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['  =1', "'  =1"],
    ['＝1+1', "'＝1+1"],
    ['阿卜杜拉·买买提', '阿卜杜拉·买买提'],
    ['𠮷田', '𠮷田'],
    ['A,"B"', 'A,"B"'],
  ])('the name %s is written as %s', (name, written) => {
    expect(readBack([line({ name })])[0]?.['姓名']).toBe(written);
  });
});
