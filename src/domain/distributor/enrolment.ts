import type { DistributorStatus } from './state';

/** How somebody comes into a program. */
export interface Arrival {
  readonly enrolment: 'open' | 'review' | 'invite';
  /** an existing person brought in with a past `joinedAt` */
  readonly imported: boolean;
  /** made by an admin, not by the shop's key */
  readonly byAdmin: boolean;
}

/** What the first standing says of its cause. */
export type ArrivalCause = 'joined' | 'applied' | 'appointed' | 'imported';

export type Enrolled =
  | { readonly ok: true; readonly status: DistributorStatus; readonly cause: ArrivalCause }
  | { readonly ok: false; readonly code: 'invitation_required' };

/**
 * How a distributor begins. Open programs take everybody at once; in a program with review people
 * apply; one by invitation takes only whom an admin appoints. People who are brought in were
 * promoting before and do not apply again.
 */
export function enrol({ enrolment, imported, byAdmin }: Arrival): Enrolled {
  if (imported) return { ok: true, status: 'active', cause: 'imported' };
  switch (enrolment) {
    case 'open':
      return { ok: true, status: 'active', cause: 'joined' };
    case 'review':
      return { ok: true, status: 'applied', cause: 'applied' };
    case 'invite':
      return byAdmin
        ? { ok: true, status: 'active', cause: 'appointed' }
        : { ok: false, code: 'invitation_required' };
  }
}

/** The tier of programs that have not published a plan, which would name their tiers. */
export const tierWithoutPlan = 'standard';

/** The tier in which a new distributor begins: the plan's lowest rank. */
export function firstTier(tiers: readonly { code: string; rank: number }[]): string {
  const lowest = [...tiers].sort((a, b) => a.rank - b.rank)[0];
  return lowest?.code ?? tierWithoutPlan;
}
