import type { PlanBody } from './plan';

/** Somebody on the path from the attributed distributor ([0]) upwards, as of the payment. */
export interface UplineMember {
  distributorId: string;
  tier: string;
  /** Whether the status at that moment earns. */
  earns: boolean;
  /** Whether this is the buyer's own distributor account. */
  isBuyer: boolean;
  since?: string;
  status?: string;
}

export type PassedOverWhy = 'not_earning' | 'buyer' | 'out_of_scope';

/** Why this member may not earn on this line, or undefined. The product is first: it bars all. */
export function whyIneligible(
  plan: Pick<PlanBody, 'selfPurchase'>,
  member: UplineMember,
  line: { inScope: boolean },
): PassedOverWhy | undefined {
  if (!line.inScope) return 'out_of_scope';
  if (!member.earns) return 'not_earning';
  if (member.isBuyer && plan.selfPurchase === 'deny') return 'buyer';
  return undefined;
}
