import { type DistributorStatus, earns } from '../distributor/state';

/** Status, tier and sponsor of a distributor from `validFrom` to before `validTo`. */
export interface StandingSpan {
  validFrom: Date;
  /** null: in force */
  validTo: Date | null;
  status: DistributorStatus;
  tier: string;
  sponsorId: string | null;
}

/** What is known of a distributor: who it is as a customer, and its standings, oldest first. */
export interface DistributorHistory {
  distributorId: string;
  customerExternalId: string | null;
  standings: readonly StandingSpan[];
}

export type Histories = ReadonlyMap<string, DistributorHistory>;

/** Somebody on the path from the attributed distributor upwards, as of a moment. */
export interface PathMember {
  distributorId: string;
  tier: string;
  earns: boolean;
  isBuyer: boolean;
  /** since when the standing held, ISO 8601 */
  since?: string;
  status: DistributorStatus | 'not_joined';
}

/** How far up a path is walked. */
export interface PathRules {
  levels: number;
  onIneligible: 'skip' | 'compress' | 'stop';
  selfPurchase: 'deny' | 'allow';
}

/** No path is followed further than this, even where `compress` looks for somebody who earns. */
export const pathAtMost = 1000;

/** The standing in force at a moment. One that was passed at once (no length) never is. */
export function standingAt(
  history: DistributorHistory | undefined,
  at: Date,
): StandingSpan | undefined {
  return history?.standings.findLast(
    ({ validFrom, validTo }) => validFrom <= at && (validTo === null || validTo > at),
  );
}

/**
 * The upline path as of a moment, no longer than the plan can use: one member per level, and under
 * `compress` until as many can earn as there are levels. Where somebody's history is not known yet,
 * it answers whose is missing.
 */
export function uplineAt(
  histories: Histories,
  from: { distributorId: string; at: Date; customerExternalId: string },
  rules: PathRules,
): { members: PathMember[] } | { missing: string } {
  const members: PathMember[] = [];
  let eligible = 0;
  let next: string | null = from.distributorId;
  while (next !== null && members.length < pathAtMost) {
    const wanted = rules.onIneligible === 'compress' ? eligible : members.length;
    if (wanted >= rules.levels) break;
    const history = histories.get(next);
    if (history === undefined) return { missing: next };
    const standing = standingAt(history, from.at);
    const isBuyer = history.customerExternalId === from.customerExternalId;
    const member = memberOf(next, standing, isBuyer);
    members.push(member);
    if (member.earns && !(isBuyer && rules.selfPurchase === 'deny')) eligible += 1;
    next = standing?.sponsorId ?? null;
  }
  return { members };
}

function memberOf(
  distributorId: string,
  standing: StandingSpan | undefined,
  isBuyer: boolean,
): PathMember {
  if (standing === undefined) {
    return { distributorId, tier: '', earns: false, isBuyer, status: 'not_joined' };
  }
  const { tier, status, validFrom } = standing;
  const since = validFrom.toISOString();
  return { distributorId, tier, earns: earns(status), isBuyer, since, status };
}
