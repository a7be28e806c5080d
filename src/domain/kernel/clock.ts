/** The only source of real time. The domain never asks the machine; `src/main` passes the clock in. */
export interface Clock {
  now(): Date;
}

/**
 * The business moment of a program: real time plus the offset that only a test program can have.
 * Holds, windows, deadlines and releases are measured on it; waits for a provider are not.
 */
export function programNow(program: { clockOffsetMs: bigint }, realNow: Date): Date {
  return new Date(realNow.getTime() + Number(program.clockOffsetMs));
}

/**
 * The whole second in which a moment lies. What begins "now" begins here, so that a caller who
 * writes moments to the second is never before it.
 */
export function floorToSecond(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / 1000) * 1000);
}

const dayMs = 86_400_000;

/** A moment N times 24 hours later; holds and deadlines count elapsed days, not calendar days. */
export function addDays(moment: Date, days: number): Date {
  return new Date(moment.getTime() + days * dayMs);
}

/** How many whole days lie between two moments. */
export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / dayMs);
}
