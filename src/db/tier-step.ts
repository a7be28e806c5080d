import { maySponsor } from '../domain/distributor/state';
import type { Decision } from '../domain/review/kind';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { notify } from './notice';
import { plansAt } from './plan';
import { programById, type ProgramRow } from './program';
import type { ReviewRow } from './review';
import { changeTiers, type TierChange } from './tier-change';
import { evaluateTiers } from './tier-evaluation';
import { applyDecisions } from './tier-sweep';

/**
 * The end of a notice: the person is looked at once more, and what holds today counts. Who meets the
 * conditions again stays, who meets those of a higher tier goes up, else the tier is lost.
 */
export async function endNotice(tx: Tx, noticeId: string, at: Date): Promise<void> {
  const notice = await tx.first<{ programId: string; distributorId: string }>(
    `SELECT program_id, distributor_id FROM tier_notice WHERE id = $1 AND status = 'open'`,
    [noticeId],
  );
  if (notice === undefined) return;
  const program = await programById(tx, notice.programId);
  const [plan] = await plansAt(tx, program.id, [at]);
  if (plan === undefined) return;
  const distributorIds = [notice.distributorId];
  const people = await evaluateTiers(tx, {
    programId: program.id,
    plan: plan.body,
    at,
    distributorIds,
  });
  // A suspended one is not moved; the next look after the suspension finds the notice over.
  await applyDecisions(
    tx,
    { program, plan, at },
    people.filter(({ status }) => maySponsor(status)),
  );
}

/** What an admin's decision makes of a promotion, in the transaction of the decision. */
export async function decidePromotion(
  tx: Tx,
  decided: { review: ReviewRow; outcome: Decision; reason: string | null; at: Date; actor: string },
): Promise<{ id: string; status: string; tier: string }> {
  const { review, outcome, reason, at, actor } = decided;
  const { subjectId: distributorId, programId, facts } = review;
  const to = String(facts['to']);
  const program = await programById(tx, programId);
  const before = await lockedDistributor(tx, distributorId);
  if (outcome === 'approve') {
    await promote(tx, program, before, { to, reason, at, actor });
  } else {
    const params = { to, reason };
    const notice = { programId, distributorId, template: 'tier_review_declined' as const };
    await notify(tx, { ...notice, params, subjectId: review.id, at });
  }
  const { status, tier } = await lockedDistributor(tx, distributorId);
  return { id: distributorId, status, tier };
}

/**
 * Who is not in the program any more, or has come as high meanwhile, is not moved. A suspended one
 * waits for what is decided about the suspension; the task stays open, and can be declined.
 * @throws Refusal not_possible_now, unknown_tier
 */
async function promote(
  tx: Tx,
  program: ProgramRow,
  person: DistributorRow,
  { to, reason, at, actor }: { to: string; reason: string | null; at: Date; actor: string },
): Promise<void> {
  const [plan] = await plansAt(tx, program.id, [at]);
  const tiers = plan?.body.tiers ?? [];
  const rank = (code: string) => tiers.find((tier) => tier.code === code)?.rank;
  const wanted = rank(to);
  if (person.status === 'suspended') {
    throw new Refusal(
      'not_possible_now',
      'The distributor is suspended: a promotion is approved when the suspension is lifted. Possible now: reject.',
    );
  }
  if (!maySponsor(person.status)) return;
  if (wanted === undefined) {
    throw new Refusal('unknown_tier', `The plan in force has no tier ${to}. Possible now: reject.`);
  }
  if (wanted <= (rank(person.tier) ?? 0)) return;
  const change: TierChange = {
    distributorId: person.id,
    from: person.tier,
    to,
    cause: 'promoted',
    reason,
  };
  await changeTiers(tx, { program, tiers, at, actor }, [change]);
}

/**
 * An admin puts somebody in another tier of the plan in force, with a reason that the person reads.
 * The rules go on from there: a notice that ran is over, and a probation begins.
 * @throws Refusal unknown_tier, distributor_inactive, tier_unchanged
 */
export async function changeTierByHand(
  tx: Tx,
  given: { distributor: DistributorRow; tier: string; reason: string; at: Date; actor: string },
): Promise<TierChange> {
  const { distributor, tier, reason, at, actor } = given;
  const program = await programById(tx, distributor.programId);
  const person = await lockedDistributor(tx, distributor.id);
  const [plan] = await plansAt(tx, program.id, [at]);
  const tiers = plan?.body.tiers ?? [];
  if (!tiers.some(({ code }) => code === tier)) {
    throw new Refusal('unknown_tier', `The plan in force has no tier ${tier}.`);
  }
  if (!maySponsor(person.status) && person.status !== 'suspended') {
    throw new Refusal('distributor_inactive', `The distributor is ${person.status}.`);
  }
  if (person.tier === tier) throw new Refusal('tier_unchanged', `The tier is ${tier} already.`);
  const change: TierChange = {
    distributorId: person.id,
    from: person.tier,
    to: tier,
    cause: 'tier_changed',
    reason,
  };
  await changeTiers(tx, { program, tiers, at, actor }, [change]);
  return change;
}

async function lockedDistributor(tx: Tx, id: string): Promise<DistributorRow> {
  const row = await tx.first<DistributorRow>(
    'SELECT * FROM distributor WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such distributor.');
  return row;
}
