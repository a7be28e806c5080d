import type { PlanBody } from '../domain/commission/plan';
import {
  type DistributorStatus,
  distributorStatuses,
  maySponsor,
} from '../domain/distributor/state';
import {
  conditionsOf,
  decideTier,
  promotionPauseDays,
  type Measures,
  type TierDecision,
  type TierStanding,
} from '../domain/distributor/tier';
import { addDays } from '../domain/kernel/clock';
import type { Tx } from './database';
import { measure } from './tier-measure';

/** A person with what a look at the tiers made of it. */
export interface Evaluated {
  distributorId: string;
  status: DistributorStatus;
  standing: TierStanding;
  /** the notice that runs */
  noticeId: string | null;
  measures: Measures;
  decision: TierDecision;
}

export interface EvaluationInput {
  programId: string;
  plan: Pick<PlanBody, 'tiers' | 'selfPurchase'>;
  /** on the program's clock */
  at: Date;
  /** left out: everybody whose tier can change */
  distributorIds?: readonly string[] | undefined;
}

/** Whose tier moves: who counts as an upline. A suspended one waits for what is decided about him. */
export const movingStatuses = distributorStatuses.filter(maySponsor);

/**
 * What the rules of a plan would make of the people of a program at a moment; writes nothing. In a
 * fixed number of statements, however many people there are. By id.
 */
export async function evaluateTiers(read: Tx, input: EvaluationInput): Promise<Evaluated[]> {
  const { programId, plan, at, distributorIds } = input;
  const people = await peopleOf(read, input);
  if (people.length === 0) return [];
  const span = { programId, at, denySelf: plan.selfPurchase === 'deny', distributorIds };
  const measured = await measure(read, span, conditionsOf(plan.tiers));
  const closed = await closedTiers(read, programId, at);
  const ranks = await formerRanks(read, programId, unlisted(plan, people));
  return people.map(({ id, status, tier, tierSince, noticeId, noticeEndsAt }): Evaluated => {
    const standing: TierStanding = {
      tier,
      since: tierSince,
      notice: noticeEndsAt === null ? null : { endsAt: noticeEndsAt },
      closedTiers: closed.get(id) ?? new Set(),
      formerRank: ranks.get(tier),
    };
    const measures: Measures = measured.get(id) ?? new Map();
    const decision = decideTier(plan.tiers, standing, measures, at);
    return { distributorId: id, status, standing, noticeId, measures, decision };
  });
}

interface PersonRow {
  id: string;
  status: DistributorStatus;
  tier: string;
  tierSince: Date;
  noticeId: string | null;
  noticeEndsAt: Date | null;
}

function peopleOf(read: Tx, { programId, at, distributorIds }: EvaluationInput) {
  const [only, params] =
    distributorIds === undefined
      ? ['d.status = ANY($3)', [movingStatuses]]
      : ['d.id = ANY($3)', [distributorIds]];
  return read.rows<PersonRow>(
    `SELECT d.id, d.status, d.tier, n.id AS notice_id, n.ends_at AS notice_ends_at,
       coalesce((SELECT max(s.valid_to) FROM distributor_standing s
         WHERE s.distributor_id = d.id AND s.tier <> d.tier AND s.valid_to <= $2), d.joined_at)
         AS tier_since
     FROM distributor d
     LEFT JOIN tier_notice n ON n.distributor_id = d.id AND n.status = 'open'
     WHERE d.program_id = $1 AND d.joined_at <= $2 AND ${only} ORDER BY d.id`,
    [programId, at, ...params],
  );
}

/** Tiers that are not asked about: their review is open, or was declined not long ago. */
async function closedTiers(
  read: Tx,
  programId: string,
  at: Date,
): Promise<Map<string, Set<string>>> {
  const rows = await read.rows<{ subjectId: string; tier: string }>(
    `SELECT subject_id, facts ->> 'to' AS tier FROM review_task
     WHERE program_id = $1 AND kind = 'promotion'
       AND (status = 'open' OR (outcome = 'reject' AND decided_at > $2))`,
    [programId, addDays(at, -promotionPauseDays)],
  );
  const closed = new Map<string, Set<string>>();
  for (const { subjectId, tier } of rows) {
    closed.set(subjectId, (closed.get(subjectId) ?? new Set<string>()).add(tier));
  }
  return closed;
}

function unlisted({ tiers }: Pick<PlanBody, 'tiers'>, people: readonly PersonRow[]): string[] {
  const listed = new Set(tiers.map(({ code }) => code));
  return [...new Set(people.map(({ tier }) => tier))].filter((tier) => !listed.has(tier));
}

/** The rank of tiers in the last published plan that listed them. */
async function formerRanks(
  read: Tx,
  programId: string,
  codes: readonly string[],
): Promise<Map<string, number>> {
  if (codes.length === 0) return new Map();
  const rows = await read.rows<{ code: string; rank: number }>(
    `SELECT DISTINCT ON (t ->> 'code') t ->> 'code' AS code, (t ->> 'rank')::int AS rank
     FROM plan p, jsonb_array_elements(p.body -> 'tiers') AS t
     WHERE p.program_id = $1 AND p.status = 'published' AND t ->> 'code' = ANY($2)
     ORDER BY t ->> 'code', p.effective_at DESC, p.published_at DESC, p.version DESC`,
    [programId, codes],
  );
  return new Map(rows.map(({ code, rank }) => [code, rank]));
}
