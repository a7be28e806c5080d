import { statementDocument } from '../../../src/domain/tax/document';
import { withhold } from '../../../src/domain/tax/withhold';
import { drawStatement } from '../../../src/http/statement-pdf';

const { record } = withhold({
  method: 'general',
  gapPolicy: 'restart',
  month: '2026-11',
  incomeAmount: 2_500_101n,
  history: [],
});

/** A statement of somebody with rare characters and more lines than a page holds. */
function document(lines: number) {
  return statementDocument({
    id: 'stm_01k9zq3v5wf8r8m2t4c6x0y1za',
    payerName: '某某商贸有限公司',
    payerTaxNumber: '91310000MA1K000006',
    payeeName: '𠮷田·𪚥',
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
    declarationReference: 'D-1',
    payouts: [
      {
        id: 'pyt_01k9zq3v5wf8r8m2t4c6x0y1za',
        amount: 2_099_977n,
        status: 'returned',
        account: '****1234',
        givenBack: { grossAmount: 2_500_101n, taxAmount: 400_024n },
      },
    ],
    lines: Array.from({ length: lines }, (_, i) => ({
      id: `ern_${i}`,
      kind: 'commission',
      order: `SO-${i}`,
      amount: 100n,
    })),
    lineCount: lines,
  });
}

const made = new Date('2026-11-20T02:00:00Z');

test('a statement is a small PDF that embeds only the characters it has', async () => {
  const pdf = await drawStatement(document(3), made);
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1')).toMatch(/%%EOF\s*$/);
  expect(pdf.length).toBeLessThan(100_000);
  expect(pdf.toString('latin1')).toMatch(/\/Type \/Pages\s+\/Count [12]\b/);
}, 30_000);

test('many lines go over several pages', async () => {
  const pdf = await drawStatement(document(200), made);
  const count = /\/Type \/Pages\s+\/Count (\d+)/.exec(pdf.toString('latin1'))?.[1];
  expect(Number(count)).toBeGreaterThan(3);
}, 30_000);
