import { type RateChange, rateChanges } from '../domain/commission/growth';
import { type GrantedPrivileges, privilegesOf } from '../domain/distributor/privilege';
import { maySponsor } from '../domain/distributor/state';
import { check, type Checked, isKept, nextTier, probationUntil } from '../domain/distributor/tier';
import { programNow } from '../domain/kernel/clock';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { plansAt } from './plan';
import { programById } from './program';
import { latestReview } from './review';
import { type Evaluated, evaluateTiers } from './tier-evaluation';
import { tierSweepMoment } from './tier-schedule';

/** Where somebody stands among the tiers, what the next one still needs, and what it would bring. */
export interface Growth {
  distributorId: string;
  tier: string;
  tierSince: Date;
  /** null: the plan in force does not list the tier */
  rank: number | null;
  privileges: GrantedPrivileges;
  next: NextTier | null;
  keep: KeepStatus | null;
  /** when the tiers are looked at again; null: by no rule */
  nextLookAt: Date | null;
  /** the review of a promotion that is open */
  openReviewId: string | null;
}

export interface NextTier extends Checked {
  tier: string;
  rank: number;
  review: boolean;
  brings: { rates: RateChange[]; privileges: GrantedPrivileges };
}

export interface KeepStatus extends Checked {
  /** also where what the tier asks to be reached is met */
  kept: boolean;
  noticeDays: number;
  /** null: there is none, or it is over */
  probationUntil: Date | null;
  notice: { toTier: string; givenAt: Date; endsAt: Date } | null;
}

/** The answer of a distributor's growth page, by the plan in force on the program's clock. */
export async function growthOf(
  read: Tx,
  distributor: DistributorRow,
  realNow: Date,
): Promise<Growth> {
  const { id: distributorId, programId } = distributor;
  const at = programNow(await programById(read, programId), realNow);
  const [plan] = await plansAt(read, programId, [at]);
  const body = plan?.body ?? { tiers: [], rules: [], selfPurchase: 'deny' as const };
  const [person] =
    body.tiers.length === 0
      ? []
      : await evaluateTiers(read, { programId, plan: body, at, distributorIds: [distributorId] });
  const tier = body.tiers.find(({ code }) => code === distributor.tier);
  const next = nextTier(body.tiers, distributor.tier);
  const review = await latestReview(read, 'promotion', distributorId);
  return {
    distributorId,
    tier: distributor.tier,
    tierSince: person?.standing.since ?? distributor.joinedAt,
    rank: tier?.rank ?? null,
    privileges: privilegesOf(tier),
    next:
      next?.promote === undefined || person === undefined
        ? null
        : {
            tier: next.code,
            rank: next.rank,
            review: next.promote.review,
            ...check(next.promote, person.measures),
            brings: {
              rates: rateChanges(body, { distributorId, from: distributor.tier, to: next.code }),
              privileges: privilegesOf(next),
            },
          },
    keep: person === undefined ? null : await keepOf(read, person, { tier, at }),
    nextLookAt: maySponsor(distributor.status) ? await nextLook(read, programId) : null,
    openReviewId: review?.status === 'open' ? review.id : null,
  };
}

async function keepOf(
  read: Tx,
  { standing, measures, noticeId }: Evaluated,
  { tier, at }: { tier: Parameters<typeof isKept>[0] | undefined; at: Date },
): Promise<KeepStatus | null> {
  if (tier?.keep === undefined) return null;
  const until = probationUntil(tier.keep, standing.since);
  const notice =
    noticeId === null
      ? undefined
      : await read.first<NonNullable<KeepStatus['notice']>>(
          'SELECT to_tier, given_at, ends_at FROM tier_notice WHERE id = $1',
          [noticeId],
        );
  return {
    ...check(tier.keep, measures),
    kept: isKept(tier, measures),
    noticeDays: tier.keep.noticeDays,
    probationUntil: until > at ? until : null,
    notice: notice ?? null,
  };
}

async function nextLook(read: Tx, programId: string): Promise<Date | null> {
  const row = await read.first<{ dueAt: Date }>(
    `SELECT due_at FROM due_moment WHERE subject_id = $1 AND name = $2 AND status = 'waiting'`,
    [programId, tierSweepMoment],
  );
  return row?.dueAt ?? null;
}
