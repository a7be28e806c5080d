import type { DecideInput, DecideResult } from '../src/contracts/workflow';
import { decideAppeal, holdProgramForAppeal } from '../src/db/appeal';
import { decideObjection } from '../src/db/assessment-objection';
import { decideTransfer } from '../src/db/binding-transfer-step';
import type { Tx } from '../src/db/database';
import { decideApplication } from '../src/db/application-case';
import { decideEviction, type LifeDecision } from '../src/db/eviction';
import { lockLife } from '../src/db/life-case';
import { decideCorrection, isCorrectionId } from '../src/db/correction';
import { programById } from '../src/db/program';
import { recordDecision, reviewById, type ReviewRow, subjectState } from '../src/db/review';
import { escalateWhenDue } from '../src/db/review-due';
import { decideSettlement } from '../src/db/settlement';
import { decidePromotion } from '../src/db/tier-step';
import { unlockChunk } from '../src/db/settlement-unlock';
import { decideReturnedTax } from '../src/db/tax-remittance';
import { decideSuspension } from '../src/db/suspension';
import type { DistributorStatus } from '../src/domain/distributor/state';
import { floorToSecond, programNow } from '../src/domain/kernel/clock';
import { Refusal } from '../src/domain/kernel/refusal';
import type { Decision, ReviewKind } from '../src/domain/review/kind';
import { objections } from '../src/domain/review/decide';
import type { ActivityDeps } from './deps';

/** What a decision does, in its own transaction, and the subject's new state. */
type Effect = (
  tx: Tx,
  decided: {
    review: ReviewRow;
    outcome: Decision;
    deciderId: string;
    reason: string | null;
    reverse: DecideInput['reverse'];
    /** on the program's clock */
    at: Date;
    realNow: Date;
  },
) => Promise<Record<string, unknown>>;

/** Kinds whose decision changes the subject at once; for the others their workflow goes on. */
const effects: Partial<Record<ReviewKind, Effect>> = {
  application: async (tx, { review, outcome, deciderId, reason, at }) => {
    const actor = `admin:${deciderId}`;
    const { subjectId } = review;
    const status = await decideApplication(tx, {
      distributorId: subjectId,
      outcome,
      actor,
      reason,
      at,
    });
    return { id: subjectId, status };
  },
  promotion: (tx, { review, outcome, deciderId, reason, at }) =>
    decidePromotion(tx, { review, outcome, reason, at, actor: `admin:${deciderId}` }),
  assessment: (tx, { review, outcome, reason, at, realNow }) =>
    decideObjection(tx, { review, outcome, reason, at, realNow }),
  bindingTransfer: (tx, { review, outcome, at, realNow }) =>
    decideTransfer(tx, { transferId: review.subjectId, outcome, at, realNow }),
  reconciliation: async (tx, { review, outcome, at }) => {
    await decideReturnedTax(tx, review, { outcome, at });
    return subjectState(tx, review);
  },
  eviction: (tx, decided) => lifeEffect(tx, decided, decideEviction),
  suspension: (tx, decided) => lifeEffect(tx, decided, decideSuspension),
  appeal: (tx, decided) => lifeEffect(tx, decided, decideAppeal),
  settlement: async (tx, { review, outcome, at }) => {
    const settlementId = review.subjectId;
    if (isCorrectionId(settlementId)) {
      return decideCorrection(tx, { correctionId: settlementId, outcome, at });
    }
    const decided = await decideSettlement(tx, { settlementId, outcome, at });
    // What fits in one chunk is back before the admin reads the answer; the workflow does the rest.
    if (outcome === 'reject') await unlockChunk(tx, settlementId, '');
    return decided;
  },
};

/** A decision about somebody's life, with the status that came of it. */
async function lifeEffect(
  tx: Tx,
  { review, outcome, deciderId, reason, reverse, realNow }: Parameters<Effect>[1],
  decideLife: (tx: Tx, decided: LifeDecision) => Promise<DistributorStatus>,
): Promise<Record<string, unknown>> {
  const { id: reviewId, subjectId: distributorId } = review;
  const decided = { distributorId, reviewId, outcome, deciderId, reason, reverse, realNow };
  return { id: distributorId, status: await decideLife(tx, decided) };
}

/** What workflows that wait for a person's decision ask of the outside. */
export function createReviewActivities({
  db,
  clock,
  crashPoint = () => undefined,
}: Pick<ActivityDeps, 'db' | 'clock'> & Partial<Pick<ActivityDeps, 'crashPoint'>>) {
  return {
    async readReview(reviewId: string): Promise<{ outcome: Decision | null }> {
      const { outcome } = await reviewById(db.read, reviewId);
      return { outcome };
    },

    /** Decision, effect and audit in one transaction; refusals are values. Safe to repeat. */
    async decideReview(input: DecideInput): Promise<DecideResult> {
      try {
        const result = await db.transaction(async (tx) => {
          const decided = await decideIn(tx, input, clock.now());
          crashPoint('review.beforeCommit');
          return decided;
        });
        crashPoint('review.afterCommit');
        return result;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { code, message: detail, errors } = error;
        return { outcome: 'refused', code, detail, errors: [...errors] };
      }
    },

    /**
     * Does what is due for a task on the program's clock, its reminder and its escalation, and
     * answers the milliseconds until the next of them; null when it waits for nothing (any more).
     */
    escalateWhenDue(reviewId: string): Promise<number | null> {
      return db.transaction(async (tx) => {
        const realNow = clock.now();
        const { programId } = await reviewById(tx, reviewId);
        const at = programNow(await programById(tx, programId), realNow);
        return escalateWhenDue(tx, reviewId, { at, realNow });
      });
    },
  };
}

export type ReviewActivities = ReturnType<typeof createReviewActivities>;

/** Their subject is locked before the task, in the order in which a life and its orders do it. */
const lifeKinds: readonly ReviewKind[] = ['eviction', 'suspension', 'appeal'];

async function decideIn(tx: Tx, input: DecideInput, realNow: Date): Promise<DecideResult> {
  const { programId, kind, subjectId } = await reviewById(tx, input.reviewId);
  const { decision } = input;
  if (kind === 'appeal') await holdProgramForAppeal(tx, { programId, outcome: decision });
  if (lifeKinds.includes(kind)) await lockLife(tx, subjectId, { realNow, actor: 'system:review' });
  const at = floorToSecond(programNow(await programById(tx, programId), realNow));
  const recorded = await recordDecision(tx, { ...input, at, realNow });
  if (!recorded.ok) {
    return { outcome: 'refused', code: recorded.code, detail: objections[recorded.code] };
  }
  const { review, outcome, repeated } = recorded;
  if (outcome === null) return { outcome: 'needs_second_person' };
  const { deciderId, reason, reverse } = input;
  const effect = effects[review.kind];
  if (repeated || effect === undefined) {
    return { outcome: 'decided', subject: await subjectState(tx, review) };
  }
  return {
    outcome: 'decided',
    subject: await effect(tx, { review, outcome, deciderId, reason, reverse, at, realNow }),
  };
}
