import { monthSpan } from '../../../src/domain/kernel/period';
import { type DatedMethod, firstMonthOf, methodOfMonth } from '../../../src/domain/tax/method';
import type { GapPolicy, TaxMethod } from '../../../src/domain/tax/withhold';

const from = (month: string, method: TaxMethod, gapPolicy: GapPolicy = 'restart'): DatedMethod => ({
  validFrom: monthSpan(month, 'Asia/Shanghai').from,
  method,
  gapPolicy,
});

describe('the method of a month', () => {
  const twice = [
    from('2026-03', 'platformCumulative'),
    from('2026-06', 'general'),
    from('2026-09', 'platformCumulative'),
    from('2026-11', 'platformCumulative', 'keepIncome'),
  ];
  test.each<[string, DatedMethod[], string, TaxMethod | undefined, unknown]>([
    ['before the first: the first', twice, '2026-01', undefined, ['platformCumulative', null]],
    ['of the month with which it begins', twice, '2026-06', undefined, ['general', '2026-06']],
    ['until the month before the next', twice, '2026-08', undefined, ['general', '2026-06']],
    ['once more: with new totals', twice, '2026-09', undefined, ['platformCumulative', '2026-09']],
    [
      'with another gap policy: the totals go on',
      twice,
      '2026-12',
      undefined,
      ['platformCumulative', '2026-09'],
    ],
    [
      'that taxed a payment of a month of another one',
      twice,
      '2026-07',
      'platformCumulative',
      ['platformCumulative', null],
    ],
    ['that never was', twice, '2026-07', 'none', undefined],
  ])('%s', (_, methods, month, only, expected) => {
    const found = methodOfMonth(methods, month, only);
    expect(found === undefined ? found : [found.method, found.since]).toEqual(expected);
  });

  test.each(['Pacific/Kiritimati', 'Asia/Shanghai', 'UTC', 'America/New_York', 'Etc/GMT+12'])(
    'begins with the same month for every zone, announced in %s',
    (zone) => {
      for (const month of ['2026-01', '2026-03', '2026-12', '2028-02']) {
        expect(firstMonthOf({ validFrom: monthSpan(month, zone).from })).toBe(month);
      }
    },
  );
});
