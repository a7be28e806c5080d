/** What a distributor can be. The texts are public (`status`). */
export const distributorStatuses = [
  'applied',
  'under_review',
  'active',
  'rejected',
  'warned',
  'eviction_proposed',
  'appeal_window',
  'appealed',
  'suspended',
  'evicted',
  'left',
] as const;

export type DistributorStatus = (typeof distributorStatuses)[number];

/** What can happen to a distributor. */
export type DistributorMove =
  | 'review_opened'
  | 'application_approved'
  | 'application_rejected'
  | 'applied_again'
  | 'inactivity_seen'
  | 'seen'
  | 'sold'
  | 'eviction_proposed'
  | 'eviction_approved'
  | 'eviction_refused'
  | 'appealed'
  | 'appeal_approved'
  | 'appeal_rejected'
  | 'window_closed'
  | 'suspended'
  | 'suspension_lifted'
  | 'departed'
  | 'reinstated'
  | 'returned';

/**
 * The whole lifecycle: from a status, by a move, to a status. What is not here cannot happen.
 * One who appeals against a suspension stays `suspended`, so that the money stays held; and who is
 * suspended cannot leave, or the money would follow. A sale ends the way out for inactivity, never a
 * suspension; a sign-in ends a warning, but not what was proposed since.
 */
export const lifecycle: Readonly<
  Record<DistributorStatus, Readonly<Partial<Record<DistributorMove, DistributorStatus>>>>
> = {
  applied: { review_opened: 'under_review' },
  under_review: { application_approved: 'active', application_rejected: 'rejected' },
  rejected: { applied_again: 'applied' },
  active: { inactivity_seen: 'warned', suspended: 'suspended', departed: 'left' },
  warned: {
    sold: 'active',
    seen: 'active',
    eviction_proposed: 'eviction_proposed',
    suspended: 'suspended',
    departed: 'left',
  },
  eviction_proposed: {
    sold: 'active',
    eviction_refused: 'active',
    eviction_approved: 'appeal_window',
    suspended: 'suspended',
    departed: 'left',
  },
  appeal_window: {
    sold: 'active',
    appealed: 'appealed',
    window_closed: 'evicted',
    suspended: 'suspended',
    departed: 'left',
  },
  appealed: {
    sold: 'active',
    appeal_approved: 'active',
    appeal_rejected: 'evicted',
    suspended: 'suspended',
    departed: 'left',
  },
  suspended: {
    appealed: 'suspended',
    suspension_lifted: 'active',
    appeal_approved: 'active',
    appeal_rejected: 'evicted',
    window_closed: 'evicted',
  },
  evicted: { reinstated: 'active', returned: 'active' },
  left: { returned: 'active' },
};

/** Where a distributor can begin: by applying, or active at once (open, appointed, brought in). */
export const firstStatuses: readonly DistributorStatus[] = ['applied', 'active'];

/**
 * The status after a move, or undefined when the move is not allowed from here.
 */
export function transition(
  from: DistributorStatus,
  move: DistributorMove,
): DistributorStatus | undefined {
  const moves = lifecycle[from];
  return Object.hasOwn(moves, move) ? moves[move] : undefined;
}

/** The moves that can bring somebody to a status from another one. */
export function movesTo(status: DistributorStatus): DistributorMove[] {
  const moves = distributorStatuses
    .filter((from) => from !== status)
    .flatMap((from) => Object.entries(lifecycle[from]) as [DistributorMove, DistributorStatus][])
    .filter(([, to]) => to === status)
    .map(([move]) => move);
  return [...new Set(moves)];
}

const earning: ReadonlySet<DistributorStatus> = new Set([
  'active',
  'warned',
  'eviction_proposed',
  'appeal_window',
  'appealed',
  'suspended',
]);

/**
 * Whether one with this status earns from new sales. A suspended distributor earns too, but the
 * money stays held and is not settled.
 */
export function earns(status: DistributorStatus): boolean {
  return earning.has(status);
}

const sponsoring: ReadonlySet<DistributorStatus> = new Set([
  'active',
  'warned',
  'eviction_proposed',
  'appeal_window',
  'appealed',
]);

/** Whether one with this status can bring in others: it counts as an active upline. */
export function maySponsor(status: DistributorStatus): boolean {
  return sponsoring.has(status);
}

/** The statuses from which a move is possible. */
export function statusesBefore(move: DistributorMove): DistributorStatus[] {
  return distributorStatuses.filter((from) => transition(from, move) !== undefined);
}
