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
  | 'eviction_proposed'
  | 'eviction_approved'
  | 'eviction_refused'
  | 'suspended'
  | 'appealed'
  | 'appeal_approved'
  | 'appeal_rejected'
  | 'window_closed'
  | 'sold'
  | 'departed';

/**
 * The whole lifecycle: from a status, by a move, to a status. What is not here cannot happen.
 * A suspension is appealed like an eviction, but stays `suspended` while its window runs, so that
 * the money stays held; a sale ends the way out for inactivity, never a suspension.
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
    departed: 'left',
  },
  suspended: { appealed: 'appealed', window_closed: 'evicted', departed: 'left' },
  evicted: {},
  left: {},
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
