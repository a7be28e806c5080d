import {
  isFinal,
  isRetryable,
  isStoppable,
  mayHandOver,
  payoutMoves,
  payoutStatuses,
  type PayoutMove,
  type PayoutStatus,
  transition,
} from '../../../src/domain/payout/state';
import { waitingReasons } from '../../../src/domain/payout/waiting';

const target = (from: PayoutStatus, move: PayoutMove) => {
  const next = transition(from, move);
  return typeof next === 'string' ? next : next.to;
};

describe('states of a payout', () => {
  test('every status is reached from queued', () => {
    const reached = new Set<PayoutStatus>(['queued']);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const from of [...reached]) {
        for (const move of payoutMoves) {
          const next = transition(from, move);
          if (typeof next !== 'string') reached.add(next.to);
        }
      }
    }
    expect([...reached].sort()).toEqual([...payoutStatuses].sort());
  });

  test('nothing leaves a status in which the money is back', () => {
    for (const from of ['failed', 'canceled', 'returned'] as const) {
      for (const move of payoutMoves) expect(typeof transition(from, move)).toBe('string');
    }
  });

  test('what is paid can only come back', () => {
    const leaving = payoutMoves.filter((move) => typeof transition('paid', move) !== 'string');
    expect(leaving).toEqual(['returned']);
  });

  test('an order is handed over from queued, and again only while nobody knows', () => {
    const from = payoutStatuses.filter((status) => target(status, 'submit') === 'submitting');
    expect(from).toEqual(['queued', 'unknown']);
  });

  test('only a payout that was never sent can be withdrawn by us alone', () => {
    const from = payoutStatuses.filter((status) => target(status, 'withdraw') === 'canceled');
    expect(from).toEqual(['queued']);
  });

  test('silence never ends a payout', () => {
    for (const status of payoutStatuses) {
      const next = transition(status, 'silence');
      if (typeof next !== 'string') expect(isFinal(next.to)).toBe(false);
    }
  });

  test('whatever a provider says of a payout that was never sent is a contradiction', () => {
    const news = payoutMoves.filter(
      (move) => !['submit', 'withdraw', 'silence', 'refusal'].includes(move),
    );
    for (const move of news) expect(transition('queued', move)).toBe('contradiction');
    expect(news).toHaveLength(6);
  });

  test.each<[PayoutStatus, PayoutMove]>([
    ['failed', 'paid'],
    ['canceled', 'paid'],
    ['failed', 'returned'],
    ['paid', 'failed'],
    ['paid', 'canceled'],
    ['queued', 'paid'],
  ])('%s, then the provider says %s: a contradiction, nothing is booked', (from, move) => {
    expect(transition(from, move)).toBe('contradiction');
  });

  test.each<[PayoutStatus, PayoutMove]>([
    ['paid', 'paid'],
    ['paid', 'processing'],
    ['returned', 'paid'],
    ['failed', 'failed'],
    ['failed', 'processing'],
    ['processing', 'processing'],
  ])('%s, then %s once more or late: nothing changes', (from, move) => {
    expect(transition(from, move)).toBe('stay');
  });

  test('an admin can retry what is queued, unknown or not taken, and stop what its provider has', () => {
    const plain = (is: typeof isRetryable) => payoutStatuses.filter((status) => is(status, null));
    const refused = (is: typeof isRetryable) =>
      payoutStatuses.filter((status) => is(status, 'throttled'));
    expect(plain(isRetryable)).toEqual(['queued', 'unknown']);
    expect(refused(isRetryable)).toEqual(['queued', 'submitting', 'unknown']);
    expect(plain(isStoppable)).toEqual(['awaiting_confirmation', 'processing']);
    expect(refused(isStoppable)).toEqual(['submitting', 'awaiting_confirmation', 'processing']);
  });

  test('what was sent goes out again only when its provider said that nothing moved', () => {
    const reasons = waitingReasons.filter((reason) => mayHandOver('submitting', reason));
    expect(reasons).toEqual(['balance', 'throttled', 'limit', 'setup']);
    for (const status of [
      'awaiting_confirmation',
      'paid',
      'failed',
      'canceled',
      'returned',
    ] as const) {
      for (const reason of [null, ...waitingReasons]) {
        expect(mayHandOver(status, reason)).toBe(false);
      }
    }
    expect(waitingReasons.filter((reason) => mayHandOver('processing', reason))).toEqual([
      'balance',
    ]);
  });
});
