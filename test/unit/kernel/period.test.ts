import {
  monthBefore,
  monthOf,
  monthsOfYearUntil,
  settlementPeriod,
} from '../../../src/domain/kernel/period';

describe('the month of an instant is that of the zone, not of UTC', () => {
  test.each([
    ['the last second of a month', '2026-11-30T23:59:59+08:00', 'Asia/Shanghai', '2026-11'],
    ['the first instant of a month', '2026-12-01T00:00:00+08:00', 'Asia/Shanghai', '2026-12'],
    ['UTC is still in the month before', '2026-11-30T16:00:00Z', 'Asia/Shanghai', '2026-12'],
    ['the turn of the year in the east', '2026-12-31T16:00:00Z', 'Asia/Shanghai', '2027-01'],
    ['the turn of the year in the west', '2027-01-01T04:59:59Z', 'America/New_York', '2026-12'],
    ['summer time has begun', '2026-04-01T03:59:59Z', 'America/New_York', '2026-03'],
    ['summer time has ended', '2026-12-01T04:59:59Z', 'America/New_York', '2026-11'],
    ['half an hour beside the hour', '2026-10-31T18:30:00Z', 'Asia/Kolkata', '2026-11'],
    ['the last day of February in a leap year', '2028-02-29T15:59:59Z', 'Asia/Shanghai', '2028-02'],
  ])('%s', (_, instant, zone, month) => {
    expect(monthOf(new Date(instant), zone)).toBe(month);
  });

  test('an unknown zone is an error, never a silent UTC', () => {
    expect(() => monthOf(new Date(0), 'Mars/Base')).toThrow(RangeError);
  });
});

describe('a settlement period is named by the calendar', () => {
  test.each([
    ['monthly', '2026-11-23T10:00:00+08:00', 'Asia/Shanghai', '2026-11'],
    ['monthly', '2026-12-01T00:00:00+08:00', 'Asia/Shanghai', '2026-11'],
    ['monthly', '2026-12-01T00:00:00.001+08:00', 'Asia/Shanghai', '2026-12'],
    ['monthly', '2027-01-01T00:00:00+08:00', 'Asia/Shanghai', '2026-12'],
    ['halfMonthly', '2026-11-15T23:59:59+08:00', 'Asia/Shanghai', '2026-11-H1'],
    ['halfMonthly', '2026-11-16T00:00:00+08:00', 'Asia/Shanghai', '2026-11-H1'],
    ['halfMonthly', '2026-11-16T00:00:01+08:00', 'Asia/Shanghai', '2026-11-H2'],
    ['halfMonthly', '2028-02-29T23:00:00+08:00', 'Asia/Shanghai', '2028-02-H2'],
    ['weekly', '2026-11-23T00:00:00+08:00', 'Asia/Shanghai', '2026-W47'],
    ['weekly', '2026-11-23T00:00:01+08:00', 'Asia/Shanghai', '2026-W48'],
    ['weekly', '2027-01-03T12:00:00+08:00', 'Asia/Shanghai', '2026-W53'],
    ['weekly', '2027-01-04T12:00:00+08:00', 'Asia/Shanghai', '2027-W01'],
    ['weekly', '2029-12-31T12:00:00+08:00', 'Asia/Shanghai', '2030-W01'],
    ['weekly', '2026-03-08T23:30:00-04:00', 'America/New_York', '2026-W10'],
    ['onRequest', '2026-11-23T10:00:00+08:00', 'Asia/Shanghai', '2026-11-23T02:00:00.000Z'],
  ] as const)('%s at %s in %s is %s', (calendar, cutoff, zone, period) => {
    expect(settlementPeriod(new Date(cutoff), calendar, zone)).toBe(period);
  });
});

test('months of a year end with the month itself', () => {
  expect(monthsOfYearUntil('2026-03')).toEqual(['2026-01', '2026-02', '2026-03']);
  expect(monthBefore('2026-01')).toBe('2025-12');
  expect(() => monthBefore('2026-13')).toThrow(RangeError);
});
