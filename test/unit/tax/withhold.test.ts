import fc from 'fast-check';
import {
  type GapPolicy,
  type MonthTotal,
  type TaxMethod,
  withhold,
} from '../../../src/domain/tax/withhold';
import { explainTax } from '../../../src/domain/tax/explain';
import { monthText } from '../../support/second-tax';
import { readVectors } from '../../vectors/read';

interface Payment {
  /** from January 2026 on; 13 is the January after */
  month: number;
  income: number;
}
/** The n-th entry before it comes back, with exactly its tax. */
interface Back {
  back: number;
}
interface Series {
  payments: (Payment | Back)[];
  tax: number[];
}
interface Vectors {
  general: { single: { income: number; tax: number }[]; series: Series[] };
  cumulative: {
    single: { income: number; tax: number }[];
    series: Series[];
    keepIncome: Series[];
  };
}

/** What is withheld from each of some payments, one after the other. */
function withheldFrom(method: TaxMethod, gapPolicy: GapPolicy, payments: Series['payments']) {
  const history: MonthTotal[] = [];
  return payments.map((payment) => {
    if ('back' in payment) {
      const { month, incomeAmount, taxAmount } = history[payment.back]!;
      history.push({ month, incomeAmount: -incomeAmount, taxAmount: -taxAmount });
      return Number(-taxAmount);
    }
    const { month, income } = payment;
    const { taxAmount, record } = withhold({
      method,
      gapPolicy,
      month: monthText(month),
      incomeAmount: BigInt(income),
      history,
    });
    const trace = explainTax(record);
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    expect(trace.steps.at(-1)?.fen).toBe(String(taxAmount));
    history.push({ month: monthText(month), incomeAmount: BigInt(income), taxAmount });
    return Number(taxAmount);
  });
}

describe.each(['tax.json', 'tax-more.json'] as const)('every vector of %s', (file) => {
  const vectors = readVectors(file) as Vectors;

  test.each(vectors.general.single)(
    'general: $income fen once withholds $tax',
    ({ income, tax }) => {
      expect(withheldFrom('general', 'restart', [{ month: 1, income }])).toEqual([tax]);
    },
  );
  test.each(vectors.general.series)(
    'general: $payments.length payments withhold $tax',
    (series) => {
      expect(withheldFrom('general', 'restart', series.payments)).toEqual(series.tax);
    },
  );
  test.each(vectors.cumulative.single)(
    'cumulative: $income fen once withholds $tax',
    ({ income, tax }) => {
      expect(withheldFrom('platformCumulative', 'restart', [{ month: 1, income }])).toEqual([tax]);
    },
  );
  test.each(vectors.cumulative.series)('cumulative, restart: withholds $tax', (series) => {
    expect(withheldFrom('platformCumulative', 'restart', series.payments)).toEqual(series.tax);
  });
  test.each(vectors.cumulative.keepIncome)('cumulative, keepIncome: withholds $tax', (series) => {
    expect(withheldFrom('platformCumulative', 'keepIncome', series.payments)).toEqual(series.tax);
  });
});

const method = fc.constantFrom<TaxMethod>('general', 'platformCumulative');
const gapPolicy = fc.constantFrom<GapPolicy>('restart', 'keepIncome');
const income = fc.bigInt({ min: 1n, max: 50_000_000n });

describe('laws of withholding', () => {
  test('what is withheld in a month in parts is the tax of the month in one', () => {
    fc.assert(
      fc.property(
        method,
        gapPolicy,
        fc.array(income, { minLength: 1, maxLength: 6 }),
        (how, gaps, parts) => {
          const history: MonthTotal[] = [];
          for (const incomeAmount of parts) {
            const { taxAmount } = withhold({
              method: how,
              gapPolicy: gaps,
              month: '2026-05',
              incomeAmount,
              history,
            });
            history.push({ month: '2026-05', incomeAmount, taxAmount });
          }
          const whole = parts.reduce((sum, part) => sum + part, 0n);
          const once = withhold({
            method: how,
            gapPolicy: gaps,
            month: '2026-05',
            incomeAmount: whole,
            history: [],
          });
          expect(history.reduce((sum, { taxAmount }) => sum + taxAmount, 0n)).toBe(once.taxAmount);
        },
      ),
    );
  });

  test('a payment given back with exactly its own tax leaves no trace in what follows', () => {
    fc.assert(
      fc.property(method, gapPolicy, income, income, (how, gaps, lost, next) => {
        const first = withhold({
          method: how,
          gapPolicy: gaps,
          month: '2026-05',
          incomeAmount: lost,
          history: [],
        });
        const history = [
          { month: '2026-05', incomeAmount: lost, taxAmount: first.taxAmount },
          { month: '2026-05', incomeAmount: -lost, taxAmount: -first.taxAmount },
        ];
        const month = '2026-06';
        const after = withhold({
          method: how,
          gapPolicy: gaps,
          month,
          incomeAmount: next,
          history,
        });
        const alone = withhold({
          method: how,
          gapPolicy: gaps,
          month,
          incomeAmount: next,
          history: [],
        });
        expect(after.taxAmount).toBe(alone.taxAmount);
      }),
    );
  });

  test('tax is never negative and never above the highest rate of the running income', () => {
    fc.assert(
      fc.property(
        method,
        gapPolicy,
        fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), income)),
        (how, gaps, all) => {
          const payments = all
            .map(([month, amount]) => ({ month, income: Number(amount) }))
            .sort((a, b) => a.month - b.month);
          const taxes = withheldFrom(how, gaps, payments);
          const paid = payments.reduce((sum, payment) => sum + payment.income, 0);
          expect(taxes.every((tax) => tax >= 0)).toBe(true);
          expect(taxes.reduce((sum, tax) => sum + tax, 0)).toBeLessThanOrEqual(paid * 0.45);
        },
      ),
    );
  });
});

describe('edges', () => {
  test('none withholds nothing and says so', () => {
    const { taxAmount, record } = withhold({
      method: 'none',
      gapPolicy: 'restart',
      month: '2026-05',
      incomeAmount: 10_000_000n,
      history: [],
    });
    expect(taxAmount).toBe(0n);
    expect(explainTax(record).steps).toEqual([{ code: 'no_withholding', fen: '0' }]);
  });

  test('too much withheld earlier is offset, not paid back', () => {
    const history = [{ month: '2026-05', incomeAmount: 200_000n, taxAmount: 36_000n }];
    const next = (incomeAmount: bigint) =>
      withhold({ method: 'general', gapPolicy: 'restart', month: '2026-05', incomeAmount, history })
        .taxAmount;
    expect(next(10_000n)).toBe(0n); // 26,000 on the total, 36,000 withheld
    expect(next(300_000n)).toBe(44_000n); // 80,000 - 36,000
  });

  test('a year begins anew, whatever the gap policy', () => {
    const history = [{ month: '2025-12', incomeAmount: 5_000_000n, taxAmount: 105_000n }];
    for (const gaps of ['restart', 'keepIncome'] as const) {
      const { record } = withhold({
        method: 'platformCumulative',
        gapPolicy: gaps,
        month: '2026-01',
        incomeAmount: 2_000_000n,
        history,
      });
      expect(record).toMatchObject({
        runningIncomeAmount: 2_000_000,
        deductionMonths: 1,
        taxAmount: 33_000,
      });
    }
  });

  test('months after the payment do not count: another program may be ahead', () => {
    const history = [{ month: '2026-06', incomeAmount: 5_000_000n, taxAmount: 105_000n }];
    const { taxAmount } = withhold({
      method: 'platformCumulative',
      gapPolicy: 'keepIncome',
      month: '2026-05',
      incomeAmount: 2_000_000n,
      history,
    });
    expect(taxAmount).toBe(33_000n);
  });

  test('the trace explains each number', () => {
    const { record } = withhold({
      method: 'general',
      gapPolicy: 'restart',
      month: '2026-05',
      incomeAmount: 2_500_100n,
      history: [],
    });
    expect(record).toMatchObject({
      rateBps: 3000,
      quickDeductionAmount: 200_000,
      taxAmount: 400_024,
      validFrom: '2019-01',
    });
    expect(explainTax(record).steps.map(({ code, fen }) => [code, fen])).toEqual([
      ['income_before', '0'],
      ['income_of_payment', '2500100'],
      ['running_income', '2500100'],
      ['share_deduction', '500020'],
      ['taxable', '2000080'],
      ['running_tax', '400024'],
      ['withheld_before', '0'],
      ['tax_of_payment', '400024'],
    ]);
  });

  test.each([0n, -1n])('an income of %s is refused', (incomeAmount) => {
    expect(() =>
      withhold({
        method: 'general',
        gapPolicy: 'restart',
        month: '2026-05',
        incomeAmount,
        history: [],
      }),
    ).toThrow(RangeError);
  });

  test('a month before the first table is refused, not guessed', () => {
    expect(() =>
      withhold({
        method: 'platformCumulative',
        gapPolicy: 'restart',
        month: '2025-09',
        incomeAmount: 1n,
        history: [],
      }),
    ).toThrow(RangeError);
  });
});
