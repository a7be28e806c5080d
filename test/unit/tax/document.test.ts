import { statementDocument, type StatementFacts } from '../../../src/domain/tax/document';
import { withhold } from '../../../src/domain/tax/withhold';

const { record } = withhold({
  method: 'general',
  gapPolicy: 'restart',
  month: '2026-11',
  incomeAmount: 2_500_101n,
  history: [],
});

export const facts: StatementFacts = {
  id: 'stm_01k9zq3v5wf8r8m2t4c6x0y1za',
  payerName: '某某商贸有限公司',
  payerTaxNumber: '91310000MA1K000006',
  payeeName: '阿卜杜拉·买买提',
  payeeIdNumber: '1101**********002X',
  payeeKind: 'individual',
  currency: 'CNY',
  taxMonth: '2026-11',
  approvedAt: '2026-11-20 10:00',
  grossAmount: 2_500_101n,
  taxAmount: 400_024n,
  feeAmount: 100n,
  netAmount: 2_099_977n,
  record,
  declarationReference: null,
  payouts: [
    { id: 'pyt_1', amount: 2_099_977n, status: 'paid', account: '****1234', givenBack: null },
  ],
  lines: [{ id: 'ern_1', kind: 'commission', order: 'SO-1001', amount: 2_500_101n }],
  lineCount: 3,
};

const textOf = (own: Partial<StatementFacts> = {}) =>
  JSON.stringify(statementDocument({ ...facts, ...own }));

describe("the payer's own statement of income and withholding", () => {
  test('says in both languages that it is not the official record', () => {
    expect(textOf()).toContain('不是税务机关的官方记录');
    expect(textOf()).toContain('not the official record of the tax bureau');
  });

  test.each(['纳税记录', '完税证明', '税收完税', 'Tax Certificate', 'tax certificate'])(
    'never bears the name of the official record: %s',
    (name) => {
      const back = { grossAmount: 1n, taxAmount: 1n };
      const payouts = [{ ...facts.payouts[0]!, status: 'failed', givenBack: back }];
      for (const text of [textOf(), textOf({ payouts })]) expect(text).not.toContain(name);
    },
  );

  test('has every number with its way, exact below the fen', () => {
    const text = textOf();
    for (const part of [
      'CNY 25001.01', // gross
      'CNY 4000.24', // tax
      'CNY 5000.202 (20%)', // a share of an odd number of fen
      'CNY 20000.808',
      '30%, 速算扣除数 quick deduction CNY 2000.00',
      'STA Announcement 2018 No. 61',
      '2026-11-01 – 2026-11-30',
      '其余',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('says what came back and that its tax was taken back', () => {
    const payouts = [
      {
        ...facts.payouts[0]!,
        status: 'returned',
        givenBack: { grossAmount: 2_500_101n, taxAmount: 400_024n },
      },
    ];
    expect(textOf({ payouts })).toContain('对应税款已冲回');
    expect(textOf({ payouts })).toContain('taken back CNY 25001.01');
  });

  test('shows nothing of a company as remuneration that was taxed', () => {
    const business = withhold({
      method: 'none',
      gapPolicy: 'restart',
      month: '2026-11',
      incomeAmount: 100n,
      history: [],
    });
    const paid = { ...business.record, paidAgainstInvoice: 'company' as const };
    const text = textOf({ record: paid, payeeKind: 'company' });
    expect(text).toContain('凭发票付款');
    expect(text).not.toContain('劳务报酬');
  });
});
