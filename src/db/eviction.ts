import { countedFrom, reminderMoment } from '../domain/distributor/inactivity';
import type { DistributorStatus } from '../domain/distributor/state';
import { addDays } from '../domain/kernel/clock';
import type { Decision } from '../domain/review/kind';
import type { Tx } from './database';
import {
  caseById,
  type CaseRow,
  closeCase,
  type Life,
  lockLife,
  moveLife,
  openCaseOf,
  openLifeMoment,
  tell,
} from './life-case';
import { leave } from './leaving-step';
import type { LifeStep } from './life-steps';
import { wakeLife } from './life-workflow';
import type { ReversalOrder } from './reversal-read';
import { takeWhatCameSince } from './reversal-task';
import { decisionsOf } from './review';

/** The end of an appeal window, and its reminder; the subject is the eviction or suspension. */
export const windowMoment = 'appeal.window';
export const reminderMomentName = 'appeal.reminder';

/** What an admin's decision about a case of somebody's life is told. */
export interface LifeDecision {
  distributorId: string;
  reviewId: string;
  outcome: Decision;
  deciderId: string;
  reason: string | null;
  /** commissions that are taken back with it; undefined: none */
  reverse?: ReversalOrder | undefined;
  realNow: Date;
}

/** The life that a decision is about, with who decided as the actor. */
export function decidedLife(tx: Tx, { distributorId, deciderId, realNow }: LifeDecision) {
  return lockLife(tx, distributorId, { realNow, actor: `admin:${deciderId}` });
}

/**
 * What the decision about a proposed eviction does: approved, the notice goes out with its reason
 * and the appeal window begins; refused, the person is active again.
 */
export async function decideEviction(tx: Tx, decided: LifeDecision): Promise<DistributorStatus> {
  const life = await decidedLife(tx, decided);
  const { distributor } = life;
  const open = await openCaseOf(tx, distributor.id, 'eviction');
  if (open === undefined || open.reviewId !== decided.reviewId) return distributor.status;
  if (decided.outcome === 'reject') {
    await closeCase(tx, life, open, 'refused');
    await moveLife(tx, life, 'eviction_refused', decided.reason);
    await tell(tx, life, {
      ...{ event: 'distributor.reinstated', notice: 'eviction_refused', subjectId: open.id },
      params: { cause: 'eviction_refused', reason: decided.reason },
    });
  } else {
    await moveLife(tx, life, 'eviction_approved', decided.reason);
    const endsAt = await openWindow(tx, life, open);
    await tell(tx, life, {
      ...{ notice: 'eviction_notice', subjectId: open.id },
      params: { reason: decided.reason, until: endsAt.toISOString() },
    });
  }
  await wakeLife(tx, distributor.id);
  return distributor.status;
}

/** Begins the window in which somebody may appeal, with its reminder and its end. */
export async function openWindow(tx: Tx, life: Life, { id }: CaseRow): Promise<Date> {
  const { program, at } = life;
  const endsAt = addDays(at, program.appealWindowDays);
  await tx.run('UPDATE life_case SET ends_at = $2 WHERE id = $1', [id, endsAt]);
  const remindAt = reminderMoment(at, endsAt);
  await openLifeMoment(tx, life, { name: reminderMomentName, dueAt: remindAt, subjectId: id });
  await openLifeMoment(tx, life, { name: windowMoment, dueAt: endsAt, subjectId: id });
  return endsAt;
}

/** Points the end of the window out to who has not appealed yet. */
export const remind: LifeStep = async (tx, { moment, realNow }) => {
  const open = await caseById(tx, moment.subjectId);
  const life = await lockLife(tx, open.distributorId, { realNow, actor: 'system:life' });
  if (open.outcome !== null || open.endsAt === null || life.at >= open.endsAt) return;
  if (await isAppealed(tx, open.id)) return;
  await tell(tx, life, {
    ...{ notice: 'appeal_reminder', subjectId: open.id },
    params: { until: open.endsAt.toISOString() },
  });
};

/** The window has ended and nobody appealed: the eviction takes effect. */
export const closeWindow: LifeStep = async (tx, { moment, realNow }) => {
  const before = await caseById(tx, moment.subjectId);
  const life = await lockLife(tx, before.distributorId, { realNow, actor: 'system:life' });
  const open = await caseById(tx, moment.subjectId);
  if (open.outcome !== null || (await isAppealed(tx, open.id))) return;
  const at = countedFrom(moment.dueAt, life.at);
  const decisions = open.reviewId === null ? [] : await decisionsOf(tx, open.reviewId);
  const reason = decisions.at(-1)?.reason ?? null;
  await takeWhatCameSince(tx, { ...life, at }, { cause: open, realNow });
  await leave(tx, { ...life, at }, { move: 'window_closed', cause: open, reason });
};

/** Whether somebody has appealed against a case; the appeal decides then, not the window. */
export async function isAppealed(read: Tx, caseId: string): Promise<boolean> {
  const appeal = await read.first(
    `SELECT 1 FROM life_case WHERE against_id = $1 AND kind = 'appeal'`,
    [caseId],
  );
  return appeal !== undefined;
}
