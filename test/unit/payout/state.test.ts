import {
  isFinal,
  isRetryable,
  isStoppable,
  payoutMoves,
  payoutStatuses,
  type PayoutMove,
  type PayoutStatus,
  transition,
} from '../../../src/domain/payout/state';

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
    const news = payoutMoves.filter((move) => !['submit', 'withdraw', 'silence'].includes(move));
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

  test('an admin can retry what is queued or unknown, and stop what its provider has', () => {
    expect(payoutStatuses.filter(isRetryable)).toEqual(['queued', 'unknown']);
    expect(payoutStatuses.filter(isStoppable)).toEqual(['awaiting_confirmation', 'processing']);
  });
});
