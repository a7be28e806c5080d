import {
  firstSettlementStatus,
  isOver,
  type SettlementMove,
  type SettlementStatus,
  settlementStatuses,
  transition,
} from '../../../src/domain/settlement/state';

const moves: readonly SettlementMove[] = [
  'locked',
  'computed',
  'nothing_to_pay',
  'approved',
  'rejected',
  'paid_out',
];

test('every status is reached from the first', () => {
  const reached = new Set<SettlementStatus>([firstSettlementStatus]);
  for (const status of reached) {
    for (const move of moves) {
      const to = transition(status, move);
      if (to !== undefined) reached.add(to);
    }
  }
  expect([...reached].sort()).toEqual([...settlementStatuses].sort());
});

test.each([
  ['locking', 'locked', 'computing'],
  ['computing', 'computed', 'review'],
  ['computing', 'nothing_to_pay', 'closed'],
  ['review', 'approved', 'paying'],
  ['review', 'rejected', 'rejected'],
  ['paying', 'paid_out', 'closed'],
] as const)('%s, when %s, becomes %s', (from, move, to) => {
  expect(transition(from, move)).toBe(to);
});

test('nothing else moves', () => {
  const legal = settlementStatuses.flatMap((from) =>
    moves.filter((move) => transition(from, move) !== undefined),
  );
  expect(legal).toHaveLength(6);
});

test('what is over never moves again', () => {
  for (const status of settlementStatuses.filter(isOver)) {
    expect(moves.map((move) => transition(status, move))).toEqual(moves.map(() => undefined));
  }
});
