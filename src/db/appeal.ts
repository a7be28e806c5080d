import { decideWithinDays } from '../domain/distributor/inactivity';
import type { DistributorStatus } from '../domain/distributor/state';
import { addDays } from '../domain/kernel/clock';
import { lockProgramAlone } from './program-lock';
import type { Tx } from './database';
import { decidedLife, type LifeDecision } from './eviction';
import {
  caseById,
  type CaseRow,
  closeCase,
  type Life,
  moveLife,
  openCase,
  openCaseOf,
  tell,
} from './life-case';
import { mustBePossible } from './life-action';
import { leave } from './leaving-step';
import { lifeWorkflow, wakeLife } from './life-workflow';
import { wakePayout } from './payout';
import { restoreCommissions, takeCommissions, takeWhatCameSince } from './reversal-task';
import { decisionsOf, openReview } from './review';

export interface AppealInput {
  /** the distributor's own words */
  text: string;
  /** references to files or pages of the shop */
  evidence: readonly string[];
}

/**
 * Appeals against the eviction or suspension that is open, within its window. Nothing takes effect
 * before it is decided, by somebody who did not decide what it is against.
 * @throws Refusal not_possible_now
 */
export async function appeal(tx: Tx, life: Life, input: AppealInput): Promise<CaseRow> {
  const { distributor, program, at } = life;
  await mustBePossible(tx, life, 'appeals');
  const against =
    (await openCaseOf(tx, distributor.id, 'suspension')) ??
    (await openCaseOf(tx, distributor.id, 'eviction'));
  if (against === undefined) throw new Error(`${distributor.id} has nothing to appeal against`);
  await moveLife(tx, life, 'appealed', null);
  const reviewId = await openReview(tx, {
    ...{ storeId: program.storeId, programId: program.id, kind: 'appeal' },
    subjectId: distributor.id,
    workflowId: lifeWorkflow(distributor.id).workflowId,
    dueAt: addDays(at, decideWithinDays),
    facts: {
      ...{ distributorId: distributor.id, against: against.kind, caseId: against.id },
      ...{ reasonCode: against.reasonCode, decidedReviewId: against.reviewId },
      appealUntil: against.endsAt?.toISOString() ?? null,
      evidenceCount: input.evidence.length,
    },
    createdAt: at,
    excludedDeciders: await whoDecided(tx, against),
  });
  const opened = await openCase(tx, life, {
    ...{ kind: 'appeal', againstId: against.id, reviewId, reason: input.text },
    terms: { evidence: input.evidence },
  });
  await tell(tx, life, {
    ...{ event: 'distributor.appealed', notice: 'appealed', subjectId: opened.id },
    params: { reviewId },
  });
  await wakeLife(tx, distributor.id);
  return opened;
}

/**
 * Who decided the eviction or suspension may not decide its appeal. Who imposed a suspension that
 * another admin confirmed may not either, as long as the store has somebody else who can.
 */
async function whoDecided(tx: Tx, { reviewId, openedBy, storeId }: CaseRow): Promise<string[]> {
  const decisions = reviewId === null ? [] : await decisionsOf(tx, reviewId);
  const deciders = decisions.map(({ deciderId }) => deciderId);
  const imposer = openedBy.startsWith('admin:') ? [openedBy.slice('admin:'.length)] : [];
  const all = [...new Set([...deciders, ...imposer])];
  if (deciders.length === 0) return all;
  const other = await tx.first(
    `SELECT 1 FROM admin WHERE store_id = $1 AND disabled_at IS NULL
       AND roles && ARRAY['owner', 'operations'] AND id <> ALL($2)`,
    [storeId, all],
  );
  return other === undefined ? deciders : all;
}

/**
 * What the decision about an appeal does: upheld, it is undone, with the commissions that were
 * reversed; dismissed, it takes effect now, and what the decider takes back is reversed.
 * @throws Refusal nothing_to_reverse
 */
export async function decideAppeal(tx: Tx, decided: LifeDecision): Promise<DistributorStatus> {
  const { distributorId, outcome, reason, reviewId } = decided;
  const life = await decidedLife(tx, decided);
  const open = await openCaseOf(tx, distributorId, 'appeal');
  if (open?.reviewId !== reviewId || open.againstId === null) return life.distributor.status;
  const against = await caseById(tx, open.againstId);
  await closeCase(tx, life, open, outcome === 'approve' ? 'approved' : 'rejected');
  if (outcome === 'approve') {
    await closeCase(tx, life, against, against.kind === 'suspension' ? 'lifted' : 'refused');
    await moveLife(tx, life, 'appeal_approved', reason);
    await tell(tx, life, {
      ...{ event: 'distributor.reinstated', notice: 'appeal_approved', subjectId: open.id },
      params: { cause: 'appeal_approved', reason },
    });
    if (against.kind === 'suspension') {
      const { realNow } = decided;
      await restoreCommissions(tx, life, { caseId: against.id, reason, realNow });
      await resumeMoney(tx, distributorId);
    }
  } else {
    await reverseAsDecided(tx, life, { decided, cause: against });
    await takeWhatCameSince(tx, life, { cause: against, realNow: decided.realNow });
    await leave(tx, life, { move: 'appeal_rejected', cause: against, reason });
  }
  await wakeLife(tx, distributorId);
  const now = await tx.first<{ status: DistributorStatus }>(
    'SELECT status FROM distributor WHERE id = $1',
    [distributorId],
  );
  return now?.status ?? life.distributor.status;
}

/** Takes commissions back as the decider of a suspension, or of an appeal against one, wants it. */
export async function reverseAsDecided(
  tx: Tx,
  life: Life,
  { decided, cause }: { decided: LifeDecision; cause: CaseRow },
): Promise<void> {
  const { reverse, reason, reviewId, realNow } = decided;
  if (reverse === undefined || cause.kind !== 'suspension') return;
  const input = { cause, reviewId, reason: reason ?? '', realNow, orders: reverse.orders };
  await takeCommissions(tx, life, input);
}

/** Payouts that paused while somebody was suspended look again at once. */
export async function resumeMoney(tx: Tx, distributorId: string): Promise<void> {
  const paused = await tx.rows<{ id: string }>(
    `SELECT id FROM payout WHERE distributor_id = $1 AND status = 'queued'`,
    [distributorId],
  );
  for (const { id } of paused) await wakePayout(tx, id);
}

/** An appeal that is dismissed evicts, which needs the program alone, before any row is locked. */
export async function holdProgramForAppeal(
  tx: Tx,
  { programId, outcome }: { programId: string; outcome: 'approve' | 'reject' },
): Promise<void> {
  if (outcome === 'reject') await lockProgramAlone(tx, programId);
}
