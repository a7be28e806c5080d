import fc from 'fast-check';
import { providerDayWindow } from '../../../src/domain/payout/asking';
import { neverFits, payeeRoomAt } from '../../../src/domain/payout/limits';
import { nextStep } from '../../../src/domain/payout/advance';
import { isTooLarge, limitReasons, waitingReasons } from '../../../src/domain/payout/waiting';

const none = { perTransferAmount: null, perDayAmount: null, perPayeeDayAmount: null };

describe('an amount that could never be handed over', () => {
  test.each([
    ['no limits', 1_000_000_000n, {}, null],
    ['at the limit of a transfer', 20_000n, { perTransferAmount: 20_000n }, null],
    ['one fen above it', 20_001n, { perTransferAmount: 20_000n }, 'overTransferLimit'],
    ['one fen above the day of a payee', 201n, { perPayeeDayAmount: 200n }, 'overDayLimit'],
    ['one fen above the day of the channel', 201n, { perDayAmount: 200n }, 'overDayLimit'],
    [
      'above both: the transfer is named, since splitting would help',
      300n,
      { perTransferAmount: 100n, perDayAmount: 200n },
      'overTransferLimit',
    ],
  ])('%s', (_, amount, limits, reason) => {
    expect(neverFits(amount, { ...none, ...limits })).toBe(reason);
  });

  test('calls a person, and no other limit does', () => {
    const rules = { delayMs: () => 1000, giveUpAfter: 3 };
    const now = new Date('2026-11-25T04:00:00Z');
    for (const waitingText of limitReasons) {
      const payout = { status: 'queued', waitingText, waitingUntil: now, asked: 0 } as const;
      const next = isTooLarge(waitingText) ? 'call' : 'wait';
      expect([waitingText, nextStep(payout, rules, now).next]).toEqual([waitingText, next]);
    }
    expect(waitingReasons.filter(isTooLarge)).toEqual(['overDayLimit', 'overTransferLimit']);
  });
});

describe('the day of a provider, in China, some minutes of which are two days', () => {
  const november25 = { since: '2026-11-24T15:55:00.000Z', until: '2026-11-25T16:05:00.000Z' };
  const november26 = { since: '2026-11-25T15:55:00.000Z', until: '2026-11-26T16:05:00.000Z' };
  test.each([
    ['noon', '2026-11-25T12:00:00+08:00', november25],
    ['noon, said in New York', '2026-11-24T23:00:00-05:00', november25],
    ['the last second', '2026-11-25T23:59:59+08:00', november25],
    ['midnight: the provider may be late', '2026-11-26T00:00:00+08:00', november25],
    ['a second before it is sure', '2026-11-26T00:04:59+08:00', november25],
    ['five minutes later', '2026-11-26T00:05:00+08:00', november26],
    [
      'the hour that Europe has twice is one here',
      '2026-10-25T01:30:00Z',
      { since: '2026-10-24T15:55:00.000Z', until: '2026-10-25T16:05:00.000Z' },
    ],
    [
      'February 29',
      '2028-02-29T12:00:00+08:00',
      { since: '2028-02-28T15:55:00.000Z', until: '2028-02-29T16:05:00.000Z' },
    ],
    [
      'the last day of a year',
      '2026-12-31T12:00:00+08:00',
      { since: '2026-12-30T15:55:00.000Z', until: '2026-12-31T16:05:00.000Z' },
    ],
  ])('%s', (_, moment, { since, until }) => {
    const window = providerDayWindow(new Date(moment));
    expect([window.since.toISOString(), window.until.toISOString()]).toEqual([since, until]);
  });

  test('whatever is sent when, and however far the clock of the provider is off, no day passes its limit', () => {
    const limit = 200_000n;
    const dayMs = 86_400_000;
    const payment = fc.record({
      gapMs: fc.integer({ min: 0, max: 9 * 3_600_000 }),
      amount: fc.bigInt({ min: 10n, max: 120_000n }),
    });
    const offMs = fc.integer({ min: -299_000, max: 299_000 });
    fc.assert(
      fc.property(fc.array(payment, { maxLength: 60 }), offMs, (payments, off) => {
        const sent: { at: number; amount: bigint }[] = [];
        let at = Date.parse('2026-11-24T12:00:00Z');
        for (const { gapMs, amount } of payments) {
          at += gapMs;
          const day = providerDayWindow(new Date(at));
          const today = sent.filter((one) => one.at >= day.since.getTime());
          const sentAmount = today.reduce((sum, one) => sum + one.amount, 0n);
          const room = payeeRoomAt(amount, { sentAmount, limit }, day);
          if (room === null) sent.push({ at, amount });
          else expect(room.getTime()).toBeGreaterThan(at);
        }
        const days = new Map<number, bigint>();
        for (const { at: moment, amount } of sent) {
          const day = Math.floor((moment + off + 8 * 3_600_000) / dayMs);
          days.set(day, (days.get(day) ?? 0n) + amount);
        }
        for (const sum of days.values()) expect(sum <= limit).toBe(true);
      }),
    );
  });
});
