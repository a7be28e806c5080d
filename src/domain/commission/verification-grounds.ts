import {
  type DistributorHistory,
  type PathMember,
  type PathRules,
  type StandingSpan,
  uplineAt,
} from '../referral/upline';
import type { UplineMember } from './calculation';
import type { PlanBody } from './plan';
import type { RegionAgent } from './region';

/**
 * An order and what it was booked with carry the moments at which their requests came in, not those
 * of their commits: what was made so close to the order may have counted or not.
 */
export const raceMs = 60_000;

/** A standing with the real moment at which it was written. */
export interface KnownStanding extends StandingSpan {
  recordedAt: Date;
}

/** A distributor with its standings by the moment from which they counted. */
export interface KnownHistory extends Omit<DistributorHistory, 'standings'> {
  standings: readonly KnownStanding[];
}

/** The agent of a region over a stretch of time; `createdAt` in real time. */
export interface KnownAgent {
  region: string;
  distributorId: string;
  bps: number;
  validFrom: Date;
  validTo: Date | null;
  createdAt: Date;
}

/** An order as far as people decide about it. */
export interface OrderPeople {
  plan: Pick<PlanBody, 'levels' | 'onIneligible' | 'selfPurchase'> | null;
  paidAt: Date;
  /** real time */
  createdAt: Date;
  customerExternalId: string;
  attributedDistributorId: string | null;
  region: string | null;
  upline: readonly UplineMember[];
  /** of everybody in the upline, and of the agents */
  histories: ReadonlyMap<string, KnownHistory>;
  /** of its program and region */
  agents: readonly KnownAgent[];
}

// Without a plan nobody earns, but the order still says who brought it.
const planless: PathRules = { levels: 1, onIneligible: 'skip', selfPurchase: 'deny' };

/** The upline that the standings known then give, and the stored one, when they differ. */
export function uplineFault(order: OrderPeople): { expected: string; found: string } | undefined {
  const { attributedDistributorId: distributorId, upline } = order;
  if (distributorId === null) {
    return upline.length === 0 ? undefined : { expected: 'nobody', found: told(upline, upline) };
  }
  const ids = [distributorId, ...upline.map((member) => member.distributorId)];
  let expected = '';
  for (const cut of cutsOf(order, ids)) {
    const path = pathOf(order, { distributorId, ids, cut }, order.plan ?? planless);
    const wanted = typeof path === 'string' ? path : told(path, upline);
    if (wanted === told(upline, upline)) return undefined;
    expected = wanted;
  }
  return { expected, found: told(upline, upline) };
}

/** Everybody who can have been the agent of an order's region; `undefined`: there was none. */
export function possibleAgents(order: OrderPeople): (RegionAgent | undefined)[] {
  const { paidAt, createdAt } = order;
  const rows = order.agents.filter(
    (row) =>
      row.region === order.region &&
      row.validFrom <= paidAt &&
      (row.validTo === null || row.validTo > paidAt) &&
      row.createdAt.getTime() <= createdAt.getTime() + raceMs,
  );
  const agents = rows.flatMap(({ region, distributorId, bps }) =>
    cutsOf(order, [distributorId]).flatMap((cut): RegionAgent[] => {
      const path = pathOf(order, { distributorId, ids: [distributorId], cut }, planless);
      return typeof path === 'string' ? [] : path.map((member) => ({ region, bps, ...member }));
    }),
  );
  const sure = rows.some((row) => row.createdAt.getTime() <= createdAt.getTime() - raceMs);
  return sure ? agents : [...agents, undefined];
}

/** The moments of writing until which the standings of these people can have counted. */
function cutsOf({ createdAt, histories }: OrderPeople, ids: readonly string[]): number[] {
  const last = createdAt.getTime() + raceMs;
  const first = createdAt.getTime() - raceMs;
  const within = ids.flatMap((id) =>
    (histories.get(id)?.standings ?? [])
      .map(({ recordedAt }) => recordedAt.getTime())
      .filter((at) => at > first && at < last),
  );
  return [...new Set([last, ...within, first])];
}

function pathOf(
  { histories, paidAt: at, customerExternalId }: OrderPeople,
  from: { distributorId: string; ids: readonly string[]; cut: number },
  { levels, onIneligible, selfPurchase }: PathRules,
): PathMember[] | string {
  const known = new Map(
    from.ids.flatMap((id) => {
      const history = histories.get(id);
      return history === undefined ? [] : [[id, asKnown(history, from.cut)] as const];
    }),
  );
  const { distributorId } = from;
  const rules = { levels, onIneligible, selfPurchase };
  const path = uplineAt(known, { distributorId, at, customerExternalId }, rules);
  return 'members' in path ? path.members : `${path.missing} too`;
}

/** A standing that was ended by a later one counted on as long as nobody had written that one. */
function asKnown(history: KnownHistory, cut: number): DistributorHistory {
  const known = history.standings.filter(({ recordedAt }) => recordedAt.getTime() <= cut);
  return {
    ...history,
    standings: known.map((span, index) => ({
      ...span,
      validTo: known[index + 1]?.validFrom ?? null,
    })),
  };
}

/** A path in words; of what the stored one does not tell, nothing is asked. */
function told(path: readonly UplineMember[], stored: readonly UplineMember[]): string {
  return path
    .map(({ distributorId, tier, earns, isBuyer, status, since }, index) => {
      const facts = [
        ...[distributorId, tier, earns ? 'earns' : 'earns nothing', isBuyer ? 'is the buyer' : ''],
        ...[stored[index]?.status === undefined ? '' : status],
        ...[stored[index]?.since === undefined ? '' : `since ${since}`],
      ];
      return facts.filter((fact) => fact !== '').join(' ');
    })
    .join(', ');
}
