import fc from 'fast-check';
import { payoutParts } from '../../../src/domain/settlement/parts';
import {
  type GapPolicy,
  type MonthTotal,
  standingOf,
  withhold,
} from '../../../src/domain/tax/withhold';
import { monthText, periodOf, type SecondMethod, taxOfTotal } from '../../support/second-tax';

type Step =
  | { kind: 'pay'; monthsLater: number; income: bigint; limit: bigint }
  | { kind: 'back'; which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('pay' as const),
    monthsLater: fc.constantFrom(0, 0, 0, 1, 2),
    income: fc.oneof(
      fc.bigInt({ min: 1n, max: 500_000n }),
      fc.bigInt({ min: 1n, max: 30_000_000n }),
      fc.constantFrom(80_000n, 80_001n, 400_000n, 400_001n, 625_000n, 625_001n, 2_500_000n),
    ),
    limit: fc.bigInt({ min: 50_000n, max: 3_000_000n }),
  }),
  fc.record({ kind: fc.constant('back' as const), which: fc.nat() }),
);

const method = fc.constantFrom<SecondMethod>('general', 'platformCumulative');
const gapPolicy = fc.constantFrom<GapPolicy>('restart', 'keepIncome');

describe('failures and returns in any order', () => {
  test('withheld plus carried is the tax of the period, after every payment and every return', () => {
    fc.assert(
      fc.property(method, gapPolicy, fc.array(step, { maxLength: 14 }), (how, gaps, steps) => {
        const history: MonthTotal[] = [];
        const open: MonthTotal[] = [];
        let now = 1;
        for (const one of steps) {
          if (one.kind === 'pay') {
            now = Math.min(12, now + one.monthsLater);
            const before = periodOf(how, gaps, history, now);
            const asked = { method: how, gapPolicy: gaps, month: monthText(now), history };
            const { taxAmount } = withhold({ ...asked, incomeAmount: one.income });
            const due = taxOfTotal(how, before.income + one.income, before.months);
            const expected = due > before.withheld ? due - before.withheld : 0n;
            expect(taxAmount).toBe(expected);
            if (one.income <= taxAmount) continue; // a net of 0 is not paid
            const month = monthText(now);
            const net = one.income - taxAmount;
            const figures = { grossAmount: one.income, taxAmount, feeAmount: 0n, netAmount: net };
            const parts = payoutParts(figures, one.limit);
            for (const part of parts) {
              open.push({ month, incomeAmount: part.grossAmount, taxAmount: part.taxAmount });
            }
            history.push({ month, incomeAmount: one.income, taxAmount });
          } else if (open.length > 0) {
            const [back] = open.splice(one.which % open.length, 1);
            history.push({
              month: back!.month,
              incomeAmount: -back!.incomeAmount,
              taxAmount: -back!.taxAmount,
            });
          }
          const month = monthText(now);
          const standing = standingOf(how, { gapPolicy: gaps, month, history });
          const period = periodOf(how, gaps, history, now);
          const due = taxOfTotal(how, period.income, period.months);
          expect(standing.runningTaxAmount).toBe(Number(due));
          expect(BigInt(standing.withheldBeforeAmount + standing.withheldAmount)).toBe(
            period.withheld,
          );
          expect(period.withheld + BigInt(standing.carriedAmount)).toBe(due);
        }
        const left = { incomeAmount: 0n, taxAmount: 0n };
        for (const row of open) {
          left.incomeAmount += row.incomeAmount;
          left.taxAmount += row.taxAmount;
        }
        const kept = history.reduce((sum, row) => sum + row.taxAmount, 0n);
        expect(kept).toBe(left.taxAmount);
        expect(history.reduce((sum, row) => sum + row.incomeAmount, 0n)).toBe(left.incomeAmount);
      }),
      { numRuns: 2000 },
    );
  });

  test('what is carried is gone with the next payment that is large enough', () => {
    fc.assert(
      fc.property(
        method,
        gapPolicy,
        fc.array(fc.bigInt({ min: 1n, max: 3_000_000n }), { minLength: 2, maxLength: 6 }),
        fc.nat(),
        (how, gaps, incomes, which) => {
          const month = '2026-05';
          const history: MonthTotal[] = [];
          for (const incomeAmount of incomes) {
            const asked = { method: how, gapPolicy: gaps, month, history };
            const { taxAmount } = withhold({ ...asked, incomeAmount });
            history.push({ month, incomeAmount, taxAmount });
          }
          const back = history[which % incomes.length]!;
          history.push({
            month,
            incomeAmount: -back.incomeAmount,
            taxAmount: -back.taxAmount,
          });
          const asked = { method: how, gapPolicy: gaps, month, history };
          const { taxAmount } = withhold({ ...asked, incomeAmount: 50_000_000n });
          history.push({ month, incomeAmount: 50_000_000n, taxAmount });
          expect(standingOf(how, { gapPolicy: gaps, month, history }).carriedAmount).toBe(0);
        },
      ),
    );
  });

  test.each([
    // 60,000 + 60,000 fen: no tax, then 8,000; the first comes back, 8,000 are too much
    { back: 0, carried: -8_000, next: 60_000n, tax: 0n },
    // 200,000 + 200,000 + 100,000: 24,000 + 40,000 + 16,000; the second comes back, 4,000 are missing
    { back: 1, carried: 4_000, next: 100_000n, tax: 24_000n },
  ])('carried $carried', ({ back, carried, next, tax }) => {
    const incomes = back === 0 ? [60_000n, 60_000n] : [200_000n, 200_000n, 100_000n];
    const month = '2026-05';
    const history: MonthTotal[] = [];
    const asked = { method: 'general' as const, gapPolicy: 'restart' as const, month, history };
    for (const incomeAmount of incomes) {
      const { taxAmount } = withhold({ ...asked, incomeAmount });
      history.push({ month, incomeAmount, taxAmount });
    }
    const { incomeAmount, taxAmount } = history[back]!;
    history.push({ month, incomeAmount: -incomeAmount, taxAmount: -taxAmount });
    expect(standingOf('general', asked).carriedAmount).toBe(carried);
    expect(withhold({ ...asked, incomeAmount: next }).taxAmount).toBe(tax);
  });
});
