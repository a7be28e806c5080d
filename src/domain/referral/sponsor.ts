/** A sponsor that somebody has, or is going to have. */
export interface SponsorEdge {
  distributorId: string;
  sponsorId: string;
}

/**
 * Whether a new sponsor would make a circle: whether the distributor is among those above it, at
 * any depth. `edges` are all sponsors from the moment of the change on, so that no later moment has
 * a circle either.
 */
export function wouldCircle(edges: readonly SponsorEdge[], change: SponsorEdge): boolean {
  const sponsorsOf = new Map<string, string[]>();
  for (const { distributorId, sponsorId } of edges) {
    sponsorsOf.set(distributorId, [...(sponsorsOf.get(distributorId) ?? []), sponsorId]);
  }
  const seen = new Set<string>();
  const open = [change.sponsorId];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === change.distributorId) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(sponsorsOf.get(next) ?? []));
  }
  return false;
}

/**
 * The moment from which a sponsor counts. What was booked keeps its upline: it is after every
 * accepted payment, and not before the standing that it changes began. Without a wish it is now, or
 * as soon after now as that allows.
 * @returns undefined when the wish would rewrite something
 */
export function sponsorMoment(facts: {
  requestedAt: Date | undefined;
  /** the second that runs on the program's clock */
  now: Date;
  /** the beginning of the distributor's last standing */
  standingFrom: Date;
  lastPaidAt: Date | null;
}): Date | undefined {
  const { requestedAt, now, standingFrom, lastPaidAt } = facts;
  const afterPayments = lastPaidAt === null ? 0 : lastPaidAt.getTime() + 1;
  const earliest = new Date(Math.max(afterPayments, standingFrom.getTime()));
  if (requestedAt === undefined) return now > earliest ? now : earliest;
  return requestedAt < earliest ? undefined : requestedAt;
}
