import { amountText } from '../domain/kernel/format';
import { closeDueMoments } from './clock';
import type { Tx } from './database';
import { newId } from './id';
import { type CaseRow, type Life, lockLife, openLifeMoment, tell } from './life-case';
import type { LifeStep } from './life-steps';
import { giveBackSome, takeSome } from './reversal';
import { hasUnpaid, orderIdsOf, type ReversalOrder } from './reversal-read';

/** The steps that are left of a task; the subject is the task. */
export const reversalMoment = 'reversal.step';

/** What a decision wants done with commissions, as it is stored. Amounts are fen. */
export interface ReversalTaskRow {
  id: string;
  programId: string;
  distributorId: string;
  /** the suspension */
  caseId: string;
  direction: 'take' | 'give_back';
  /** of the decision that takes */
  reviewId: string | null;
  reason: string | null;
  actor: string;
  at: Date;
  orderIds: string[];
  /** everything that no statement has taken, until the suspension is final */
  isWhole: boolean;
  /** so far */
  commissions: number;
  amount: bigint;
  createdAt: Date;
  /** null: there are steps to do */
  finishedAt: Date | null;
}

/**
 * Takes commissions of somebody who is suspended back: the first step in the decision's own
 * transaction, what is left in steps of the life, each a transaction of its own. Until the last one
 * no settlement and no withdrawal takes anything of this person.
 * @param realNow real time
 * @throws Refusal nothing_to_reverse, with every named order that has nothing unpaid
 */
export async function takeCommissions(
  tx: Tx,
  life: Life,
  input: { cause: CaseRow; reviewId: string; reason: string; realNow: Date } & ReversalOrder,
): Promise<void> {
  const { cause, orders, ...decided } = input;
  const orderIds = orders === undefined ? [] : await orderIdsOf(tx, life.distributor, orders);
  const isWhole = orders === undefined;
  const wanted = { ...decided, caseId: cause.id, orderIds, isWhole, actor: life.actor };
  await begin(tx, life, { direction: 'take', ...wanted });
}

/**
 * When a suspension becomes final, takes back what came since everything was taken back: it is
 * of the same cause. Without such a decision it does nothing.
 */
export async function takeWhatCameSince(
  tx: Tx,
  life: Life,
  { cause, realNow }: { cause: CaseRow; realNow: Date },
): Promise<void> {
  if (cause.kind !== 'suspension') return;
  const standing = await tx.first<ReversalTaskRow>(
    `SELECT * FROM reversal_task WHERE case_id = $1 AND is_whole ORDER BY id DESC LIMIT 1`,
    [cause.id],
  );
  // One that still has steps to do ends only when nothing is left.
  if (standing === undefined || standing.finishedAt === null) return;
  if (!(await hasUnpaid(tx, life.distributor.id))) return;
  const { caseId, reviewId, reason } = standing;
  await begin(tx, life, {
    ...{ direction: 'take', caseId, reviewId, reason, orderIds: [], isWhole: true },
    ...{ actor: 'system:life', realNow },
  });
}

/**
 * Gives back what was taken under a suspension, in steps like the taking, which ends: what the
 * calculation gives by now, so a refund in between is not given back.
 * @returns the sum that comes back as it stands now, fen
 */
export async function restoreCommissions(
  tx: Tx,
  life: Life,
  { caseId, reason, realNow }: { caseId: string; reason: string | null; realNow: Date },
): Promise<bigint> {
  const open = await tx.rows<Pick<ReversalTaskRow, 'id'>>(
    `UPDATE reversal_task SET finished_at = $2 WHERE case_id = $1 AND finished_at IS NULL
     RETURNING id`,
    [caseId, life.at],
  );
  for (const { id } of open) await closeDueMoments(tx, id, 'canceled');
  const kept = await tx.first<{ reversals: number; amount: bigint }>(
    `SELECT count(*)::int AS reversals, coalesce(sum(c.amount), 0)::bigint AS amount
     FROM reversal r JOIN reversed_commission c ON c.reversal_id = r.id
     WHERE r.case_id = $1 AND r.restored_at IS NULL`,
    [caseId],
  );
  if (kept === undefined || kept.reversals === 0) return 0n;
  await begin(tx, life, {
    ...{ direction: 'give_back', caseId, reviewId: null, reason, orderIds: [], isWhole: false },
    ...{ actor: life.actor, realNow },
  });
  return kept.amount;
}

async function begin(
  tx: Tx,
  life: Life,
  {
    realNow,
    ...wanted
  }: Pick<
    ReversalTaskRow,
    'direction' | 'caseId' | 'reviewId' | 'reason' | 'actor' | 'orderIds' | 'isWhole'
  > & { realNow: Date },
): Promise<void> {
  const { distributor, program, at } = life;
  const task: ReversalTaskRow = {
    ...{ id: newId('reversalTask'), programId: program.id, distributorId: distributor.id },
    ...wanted,
    ...{ at, commissions: 0, amount: 0n, createdAt: realNow, finishedAt: null },
  };
  await tx.insert('reversal_task', { ...task });
  const hasMore = await doStep(tx, life, { task, realNow });
  if (!hasMore) return;
  await openLifeMoment(tx, life, { name: reversalMoment, dueAt: at, subjectId: task.id });
}

/** The next step of a task; the moment waits on until there is none. */
export const takeReversalStep: LifeStep = async (tx, { moment, realNow }) => {
  const read = 'SELECT * FROM reversal_task WHERE id = $1';
  const found = await tx.first<ReversalTaskRow>(read, [moment.subjectId]);
  if (found === undefined) throw new Error(`the task ${moment.subjectId} does not exist`);
  const { distributorId, actor } = found;
  const life = await lockLife(tx, distributorId, { realNow, actor });
  const task = (await tx.first<ReversalTaskRow>(read, [moment.subjectId])) ?? found;
  if (task.finishedAt !== null) return;
  return (await doStep(tx, life, { task, realNow })) ? 'more' : undefined;
};

/** @returns whether there are more steps to do */
async function doStep(
  tx: Tx,
  life: Life,
  { task, realNow }: { task: ReversalTaskRow; realNow: Date },
): Promise<boolean> {
  const act = task.direction === 'take' ? takeSome : giveBackSome;
  const done = await act(tx, { ...life, actor: task.actor }, { task, realNow });
  const commissions = task.commissions + done.commissions;
  const amount = task.amount + done.amount;
  await tx.run(
    'UPDATE reversal_task SET commissions = $2, amount = $3, finished_at = $4 WHERE id = $1',
    [task.id, commissions, amount, done.hasMore ? null : life.at],
  );
  if (!done.hasMore && commissions > 0) {
    await tell(tx, life, {
      notice: task.direction === 'take' ? 'commissions_reversed' : 'commissions_restored',
      subjectId: task.id,
      params: {
        ...{ commissions, amount: String(amount), reason: task.reason },
        sum: amountText(amount, life.program.currency),
      },
    });
  }
  return done.hasMore;
}
