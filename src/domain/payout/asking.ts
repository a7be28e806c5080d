/** When a provider is asked, in real time. The rules belong to the channel. */
export interface AskingRules {
  /** Wait before the n-th question (from 0) while the transfer has not reached its end. */
  delayMs(asked: number, awaitingConfirmation: boolean): number;
  /** Waits between questions after success, to see money that comes back. */
  readonly watchForReturnMs: readonly number[];
}

/** What a provider is asked about a transfer that it was handed. */
export type Question = 'query' | 'cancel';

/** Why a channel is handed nothing for a while. */
export const holdCauses = ['balance_short', 'throttled', 'setup'] as const;
export type HoldCause = (typeof holdCauses)[number];

const minuteMs = 60_000;

/** The shortest and the longest hold, by cause. */
const bounds: Record<HoldCause, { leastMs: number; mostMs: number }> = {
  balance_short: { leastMs: 5_000, mostMs: 10 * minuteMs },
  throttled: { leastMs: 1_000, mostMs: minuteMs },
  setup: { leastMs: 15_000, mostMs: 10 * minuteMs },
};

/**
 * How long a channel is held from now on: as long as it has been held already, so that the waits
 * double, within bounds.
 * @param heldMs real time since the first refusal of this kind
 */
export function holdMs(cause: HoldCause, heldMs: number): number {
  const { leastMs, mostMs } = bounds[cause];
  return Math.min(Math.max(heldMs, leastMs), mostMs);
}

const dayMs = 86_400_000;
/** Providers count days in China's time, which has no summer time. */
const providerOffsetMs = 8 * 3_600_000;
/** Nobody's clock is exact: a used-up limit is tried again a little after midnight. */
const afterMidnightMs = 5 * minuteMs;

/** The calendar day of the provider, `YYYY-MM-DD` in Asia/Shanghai. */
export function providerDay(moment: Date): string {
  return new Date(moment.getTime() + providerOffsetMs).toISOString().slice(0, 10);
}

/** When a provider's day begins. */
export function startOfProviderDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) - providerOffsetMs);
}

/** The day after, in the same notation. */
export function nextDay(day: string): string {
  return providerDay(new Date(startOfProviderDay(day).getTime() + dayMs));
}

/** When a limit that counts by day has room again. */
export function afterProviderMidnight(moment: Date): Date {
  const midnight = startOfProviderDay(nextDay(providerDay(moment)));
  return new Date(midnight.getTime() + afterMidnightMs);
}

/** What counts together against a limit by day: all from `since` on, until `until`. Real time. */
export interface DayWindow {
  since: Date;
  until: Date;
}

/**
 * The day of a provider as we count it: some minutes around midnight belong to both days, because
 * the provider's clock may say that it is still, or already, the other one.
 */
export function providerDayWindow(moment: Date): DayWindow {
  const day = providerDay(new Date(moment.getTime() - afterMidnightMs));
  const since = startOfProviderDay(day).getTime() - afterMidnightMs;
  return { since: new Date(since), until: new Date(since + dayMs + 2 * afterMidnightMs) };
}
