import type { DistributorStatus } from './state';

/** What the API can do to a distributor's life, by the last part of its path. */
export const lifeActions = [
  'appeals',
  'suspensions',
  'departures',
  'withdrawal',
  'returns',
] as const;

export type LifeAction = (typeof lifeActions)[number];

/** What decides, besides the status, about what is possible. */
export interface LifeFacts {
  readonly status: DistributorStatus;
  /** until when the eviction or suspension may be appealed against; null: no end is set yet */
  readonly appealUntil: Date | null;
  /** an appeal was made against the case that is open */
  readonly hasAppealed: boolean;
  /** until when a departure may be taken back; undefined: none waits */
  readonly leavesAt: Date | undefined;
  /** when the eviction took effect and from when on one may come back; undefined: not evicted */
  readonly out: { readonly since: Date; readonly mayReturnFrom: Date } | undefined;
}

/** So long after an eviction a reinstatement gives downlines and customers back. */
export const reinstatementDays = 30;

const dayMs = 86_400_000;

/** Whether an eviction is still young enough to be undone, at a moment of the program's clock. */
export function mayReinstate(since: Date, at: Date): boolean {
  return at.getTime() <= since.getTime() + reinstatementDays * dayMs;
}

/** What is possible at a moment of the program's clock, in the order of `lifeActions`. */
export function possibleActions(facts: LifeFacts, at: Date): LifeAction[] {
  return lifeActions.filter((action) => isPossible(action, facts, at));
}

function isPossible(action: LifeAction, facts: LifeFacts, at: Date): boolean {
  const { status, leavesAt, out } = facts;
  switch (action) {
    case 'appeals':
      return mayAppeal(facts, at);
    case 'suspensions':
      return suspendable.has(status);
    case 'departures':
      return suspendable.has(status) && leavesAt === undefined;
    case 'withdrawal':
      return leavesAt !== undefined && at < leavesAt;
    case 'returns':
      if (status === 'left') return true;
      return out !== undefined && (mayReinstate(out.since, at) || at >= out.mayReturnFrom);
  }
}

const suspendable: ReadonlySet<DistributorStatus> = new Set([
  'active',
  'warned',
  'eviction_proposed',
  'appeal_window',
  'appealed',
]);

/** Up to, and not at, the end of the window. A suspension may be appealed against from its start. */
function mayAppeal({ status, appealUntil, hasAppealed }: LifeFacts, at: Date): boolean {
  if (hasAppealed || (status !== 'appeal_window' && status !== 'suspended')) return false;
  return appealUntil === null ? status === 'suspended' : at < appealUntil;
}

/** Why somebody is suspended. The codes are public. */
export const suspensionReasons = [
  'fraud',
  'fake_orders',
  'spam',
  'false_promises',
  'brand_abuse',
  'terms_breach',
  'other',
] as const;

export type SuspensionReason = (typeof suspensionReasons)[number];
