export const settlementStatuses = [
  'locking',
  'computing',
  'review',
  'paying',
  'closed',
  'rejected',
] as const;

export type SettlementStatus = (typeof settlementStatuses)[number];

/** What can happen to a settlement. */
export type SettlementMove =
  'locked' | 'computed' | 'nothing_to_pay' | 'approved' | 'rejected' | 'replaced' | 'paid_out';

/** The whole life of a settlement: from a status, by a move, to a status. */
const moves: Readonly<
  Record<SettlementStatus, Readonly<Partial<Record<SettlementMove, SettlementStatus>>>>
> = {
  // One by hand takes the place of the calendar's as long as nobody has decided it.
  locking: { locked: 'computing', replaced: 'rejected' },
  // Where nobody is to be paid there is nothing to decide.
  computing: { computed: 'review', nothing_to_pay: 'closed', replaced: 'rejected' },
  review: { approved: 'paying', rejected: 'rejected', replaced: 'rejected' },
  paying: { paid_out: 'closed' },
  closed: {},
  rejected: {},
};

export const firstSettlementStatus: SettlementStatus = 'locking';

/** The status after a move, or undefined when the move is not allowed from here. */
export function transition(
  from: SettlementStatus,
  move: SettlementMove,
): SettlementStatus | undefined {
  return moves[from][move];
}

/** Lines can still come in or be given back: nobody has approved or rejected it. */
export function isOpenForLines(status: SettlementStatus): boolean {
  return transition(status, 'replaced') !== undefined;
}

/** Nothing happens to a settlement any more. */
export function isOver(status: SettlementStatus): boolean {
  return status === 'closed' || status === 'rejected';
}
