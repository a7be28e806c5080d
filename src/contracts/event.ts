/** Types of the facts that the outside hears of; names are part of the public contract. */
export type EventType =
  | `distributor.${'applied' | 'activated' | 'rejected'}`
  | `distributor.${'warned' | 'eviction_proposed' | 'appealed' | 'reinstated'}`
  | `distributor.${'evicted' | 'suspended' | 'left'}`
  | `distributor.${'promoted' | 'demoted' | 'demotion_announced' | 'demotion_withdrawn'}`
  | `commission.${'held' | 'available' | 'adjusted' | 'reversed'}`
  | `settlement.${'opened' | 'closed' | 'rejected'}`
  | `payout.${'submitted' | 'awaiting_confirmation' | 'paid' | 'failed' | 'canceled' | 'returned'}`
  | `binding.${'created' | 'transferred'}`
  | `binding.transfer_${'requested' | 'objected' | 'rejected' | 'withdrawn'}`
  | `assessment.${'closed' | 'objected' | 'decided'}`
  | 'plan.published'
  | `campaign.${'started' | 'budget_low' | 'ended'}`
  | `dispute.${'opened' | 'decided'}`;
