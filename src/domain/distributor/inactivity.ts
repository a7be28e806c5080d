import { addDays } from '../kernel/clock';

/** The program's settings for those who do not sell. */
export interface InactivityTerms {
  readonly warnAfterDays: number;
  readonly evictAfterDays: number;
  readonly appealWindowDays: number;
}

/** A decision about an eviction, suspension or appeal is due after so many days. */
export const decideWithinDays = 7;

/** A proposal that has to wait for money or cases under way is looked at again after so many days. */
export const lookAgainAfterDays = 7;

/** So long it waits at most; then it is made, and its facts name what is still under way. */
export const waitAtMostDays = 90;

/**
 * When an eviction is proposed: as long after the warning as the program leaves between the two, so
 * that a late warning takes nothing from the time to answer it.
 */
export function proposalMoment(warnedAt: Date, terms: InactivityTerms): Date {
  return addDays(warnedAt, Math.max(1, terms.evictAfterDays - terms.warnAfterDays));
}

/** When the end of an appeal window is pointed out: 3 days before, or half-way in a short window. */
export function reminderMoment(from: Date, until: Date): Date {
  const lengthMs = until.getTime() - from.getTime();
  return new Date(until.getTime() - Math.min(3 * 86_400_000, lengthMs / 2));
}

/** What keeps an eviction from being proposed. The codes are in the review's facts. */
export interface UnderWay {
  readonly openAfterSales: number;
  readonly openTransfers: number;
  readonly payoutsUnderWay: number;
}

/** Whether something is under way that somebody who is out could not see to any more. */
export function isAnythingUnderWay(underWay: UnderWay): boolean {
  return underWay.openAfterSales + underWay.openTransfers + underWay.payoutsUnderWay > 0;
}

/**
 * A sale or sign-in counts as a sign of life while it is younger than the time after which the
 * program warns: an old order that is brought in late says nothing about today.
 */
export function isSignOfLife(moment: Date, now: Date, { warnAfterDays }: InactivityTerms): boolean {
  return addDays(moment, warnAfterDays) > now;
}

/**
 * The moment from which following deadlines count: that of the plan when it was kept within the
 * hour, else the real one, so that nobody loses days to a late worker.
 */
export function countedFrom(planned: Date, at: Date): Date {
  return at.getTime() - planned.getTime() < 3_600_000 ? planned : at;
}
