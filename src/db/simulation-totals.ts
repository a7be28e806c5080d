import {
  noTotals,
  type PersonTotal,
  totalKeys,
  type Totals,
} from '../domain/commission/simulation';
import { insertMany } from './bulk';
import type { Tx } from './database';

/** Amounts and counts as decimal texts: JSON has no 64-bit integers. */
type Texts<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] };

/** What two plans cost, side by side; amounts in the minor unit. */
export interface Sides {
  inForceAmount: bigint;
  planAmount: bigint;
}

/** Who gains or loses, and how much. */
export interface Mover extends Sides {
  distributorId: string;
}

/** What is computed once, when all orders are in. */
export interface Outcome {
  tiers: (Sides & { tier: string })[];
  winners: Mover[];
  losers: Mover[];
  winnerCount: number;
  loserCount: number;
  unchangedCount: number;
}

/** As it is stored: the running totals, and at the end what came of them. */
export interface StoredTotals {
  totals: Texts<Totals>;
  outcome?: {
    tiers: Texts<Outcome['tiers'][number]>[];
    winners: Texts<Mover>[];
    losers: Texts<Mover>[];
    winnerCount: number;
    loserCount: number;
    unchangedCount: number;
  };
}

/** Winners and losers are named up to so many, with the largest difference first. */
const moversAtMost = 10;

export function packTotals(totals: Totals): Texts<Totals> {
  return texts(totals);
}

export function unpackTotals(stored: Texts<Totals> | undefined): Totals {
  const totals = noTotals();
  if (stored !== undefined) for (const key of totalKeys) totals[key] = BigInt(stored[key]);
  return totals;
}

export function unpackOutcome(stored: NonNullable<StoredTotals['outcome']>): Outcome {
  const sides = <T extends Texts<Sides>>(row: T) => ({
    ...row,
    inForceAmount: BigInt(row.inForceAmount),
    planAmount: BigInt(row.planAmount),
  });
  return {
    ...stored,
    tiers: stored.tiers.map(sides),
    winners: stored.winners.map(sides),
    losers: stored.losers.map(sides),
  };
}

/** Adds what a chunk of orders earned people. */
export async function addPeople(
  tx: Tx,
  simulationId: string,
  people: readonly PersonTotal[],
): Promise<void> {
  await insertMany(
    tx,
    'simulation_total',
    {
      simulationId: 'text',
      distributorId: 'text',
      tier: 'text',
      inForceAmount: 'int8',
      planAmount: 'int8',
      commissions: 'int4',
    },
    people.map((person) => ({ simulationId, ...person })),
    `ON CONFLICT (simulation_id, distributor_id, tier) DO UPDATE SET
       in_force_amount = simulation_total.in_force_amount + excluded.in_force_amount,
       plan_amount = simulation_total.plan_amount + excluded.plan_amount,
       commissions = simulation_total.commissions + excluded.commissions`,
  );
}

/** Sums up a simulation whose orders are all in. */
export async function outcomeOf(
  tx: Tx,
  simulationId: string,
): Promise<NonNullable<StoredTotals['outcome']>> {
  const tiers = await tx.rows<Sides & { tier: string }>(
    `SELECT tier, sum(in_force_amount)::bigint AS in_force_amount,
       sum(plan_amount)::bigint AS plan_amount
     FROM simulation_total WHERE simulation_id = $1 GROUP BY tier ORDER BY tier`,
    [simulationId],
  );
  const counts = await tx.first<Record<'winnerCount' | 'loserCount' | 'unchangedCount', number>>(
    `SELECT count(*) FILTER (WHERE d > 0)::int AS winner_count,
       count(*) FILTER (WHERE d < 0)::int AS loser_count,
       count(*) FILTER (WHERE d = 0)::int AS unchanged_count
     FROM (SELECT sum(plan_amount - in_force_amount) AS d FROM simulation_total
       WHERE simulation_id = $1 GROUP BY distributor_id) p`,
    [simulationId],
  );
  return {
    tiers: tiers.map(texts),
    winners: (await movers(tx, simulationId, 'winners')).map(texts),
    losers: (await movers(tx, simulationId, 'losers')).map(texts),
    winnerCount: counts?.winnerCount ?? 0,
    loserCount: counts?.loserCount ?? 0,
    unchangedCount: counts?.unchangedCount ?? 0,
  };
}

function movers(tx: Tx, simulationId: string, which: 'winners' | 'losers'): Promise<Mover[]> {
  const difference = 'sum(plan_amount - in_force_amount)';
  const [sign, order] = which === 'winners' ? ['>', 'DESC'] : ['<', 'ASC'];
  return tx.rows<Mover>(
    `SELECT distributor_id, sum(in_force_amount)::bigint AS in_force_amount,
       sum(plan_amount)::bigint AS plan_amount
     FROM simulation_total WHERE simulation_id = $1 GROUP BY distributor_id
     HAVING ${difference} ${sign} 0 ORDER BY ${difference} ${order}, distributor_id LIMIT $2`,
    [simulationId, moversAtMost],
  );
}

function texts<T extends object>(row: T): Texts<T> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? String(value) : (value as unknown),
    ]),
  ) as Texts<T>;
}
