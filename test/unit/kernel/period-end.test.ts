import fc from 'fast-check';
import { daySpan, nextPeriodEnd, settlementPeriod } from '../../../src/domain/kernel/period';

describe('a period ends on the wall calendar of the zone', () => {
  test.each([
    ['monthly', 'Asia/Shanghai', '2026-11-25T00:00:00Z', '2026-11-30T16:00:00.000Z'],
    [
      'monthly, from an end itself',
      'Asia/Shanghai',
      '2026-11-30T16:00:00Z',
      '2026-12-31T16:00:00.000Z',
    ],
    ['monthly, leap February', 'Asia/Shanghai', '2028-02-10T00:00:00Z', '2028-02-29T16:00:00.000Z'],
    [
      'monthly, turn of the year',
      'America/New_York',
      '2026-12-15T00:00:00Z',
      '2027-01-01T05:00:00.000Z',
    ],
    [
      'monthly, summer time begins within',
      'America/New_York',
      '2026-03-02T00:00:00Z',
      '2026-04-01T04:00:00.000Z',
    ],
    [
      'monthly, summer time ends within',
      'Europe/London',
      '2026-10-02T00:00:00Z',
      '2026-11-01T00:00:00.000Z',
    ],
    [
      'weekly, the clocks go forward that Sunday',
      'Europe/London',
      '2026-03-25T00:00:00Z',
      '2026-03-29T23:00:00.000Z',
    ],
    [
      'weekly, the clocks go back that Sunday',
      'America/New_York',
      '2026-10-28T00:00:00Z',
      '2026-11-02T05:00:00.000Z',
    ],
    [
      'weekly, from Monday to Monday',
      'Asia/Shanghai',
      '2026-11-22T16:00:00Z',
      '2026-11-29T16:00:00.000Z',
    ],
    [
      'weekly, turn of the year',
      'Asia/Shanghai',
      '2026-12-30T00:00:00Z',
      '2027-01-03T16:00:00.000Z',
    ],
    [
      'halfMonthly, first half',
      'Asia/Shanghai',
      '2026-11-03T00:00:00Z',
      '2026-11-15T16:00:00.000Z',
    ],
    [
      'halfMonthly, second half',
      'Asia/Shanghai',
      '2026-11-15T16:00:00Z',
      '2026-11-30T16:00:00.000Z',
    ],
    [
      'halfMonthly, December',
      'America/New_York',
      '2026-12-20T00:00:00Z',
      '2027-01-01T05:00:00.000Z',
    ],
    [
      'monthly where midnight is skipped',
      'America/Santiago',
      '2019-08-20T00:00:00Z',
      '2019-09-01T04:00:00.000Z',
    ],
  ])('%s in %s', (name, zone, after, end) => {
    const calendar = name.split(',')[0]!.split(' ')[0] as 'weekly' | 'halfMonthly' | 'monthly';
    expect(nextPeriodEnd(new Date(after), calendar, zone)?.toISOString()).toBe(end);
  });

  test('on request nothing ends by itself', () => {
    expect(nextPeriodEnd(new Date(), 'onRequest', 'Asia/Shanghai')).toBeUndefined();
  });

  test('law: the end lies after, closes the period of the moment, and begins another', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-02'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom('weekly' as const, 'halfMonthly' as const, 'monthly' as const),
        fc.constantFrom(
          'Asia/Shanghai',
          'America/New_York',
          'Europe/London',
          'Asia/Kolkata',
          'Pacific/Apia',
          'America/Sao_Paulo',
          'Pacific/Kiritimati',
          'Africa/Cairo',
        ),
        (moment, calendar, zone) => {
          const end = nextPeriodEnd(moment, calendar, zone)!;
          const label = (at: Date) => settlementPeriod(at, calendar, zone);
          expect(end.getTime()).toBeGreaterThan(moment.getTime());
          expect(label(end)).toBe(label(new Date(moment.getTime() + 1)));
          expect(label(new Date(end.getTime() + 1))).not.toBe(label(end));
        },
      ),
      { numRuns: 300 },
    );
  });
});

test.each([
  ['23 hours', 'Europe/London', '2026-03-29T12:00:00Z', 23],
  ['25 hours', 'America/New_York', '2026-11-01T12:00:00Z', 25],
  ['24 hours', 'Asia/Shanghai', '2026-11-01T15:59:59Z', 24],
])('a day of %s in %s', (_, zone, at, hours) => {
  const { from, to } = daySpan(new Date(at), zone);
  expect((to.getTime() - from.getTime()) / 3_600_000).toBe(hours);
  expect(from.getTime()).toBeLessThanOrEqual(new Date(at).getTime());
  expect(to.getTime()).toBeGreaterThan(new Date(at).getTime());
});
