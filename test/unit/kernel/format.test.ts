import { amountText, momentText } from '../../../src/domain/kernel/format';

describe('amounts as people write them', () => {
  it.each([
    [0n, 'CNY', 'CNY 0.00'],
    [5n, 'CNY', 'CNY 0.05'],
    [120_005n, 'CNY', 'CNY 1200.05'],
    [-7n, 'CNY', 'CNY -0.07'],
    [1200n, 'JPY', 'JPY 1200'],
    [1200n, 'KWD', 'KWD 1.200'],
    [9_007_199_254_740_993_01n, 'CNY', 'CNY 9007199254740993.01'],
  ])('%s %s', (amount, currency, expected) => {
    expect(amountText(amount, currency)).toBe(expected);
  });
});

describe('moments on the clocks of a zone', () => {
  it.each([
    ['Asia/Shanghai', '2026-11-01T16:30:59Z', '2026-11-02 00:30'],
    ['America/New_York', '2026-07-01T04:00:00Z', '2026-07-01 00:00'],
    ['UTC', '2026-01-01T00:00:00Z', '2026-01-01 00:00'],
  ])('%s', (zone, moment, expected) => {
    expect(momentText(new Date(moment), zone)).toBe(expected);
  });
});
