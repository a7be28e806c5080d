import type { DistributorMove } from '../domain/distributor/state';
import type { Tx } from './database';
import { type CaseRow, closeCase, closeCases, type Life, moveLife, tell } from './life-case';
import { giveUpTeam } from './leaving';
import { endWithoutDecider } from './review';

/**
 * Ends a distributor's time in the program: status, what waits, downlines, customers, notice and
 * event in one transaction. What was earned stays payable. The caller holds the program alone.
 */
export async function leave(
  tx: Tx,
  life: Life,
  ending: {
    move: Extract<DistributorMove, 'window_closed' | 'appeal_rejected' | 'departed'>;
    /** the eviction, suspension or departure that is done now */
    cause: CaseRow;
    reason: string | null;
  },
): Promise<void> {
  const { move, cause, reason } = ending;
  const after = await afterOrders(tx, life);
  const outcome = move === 'departed' ? ('left' as const) : ('evicted' as const);
  await moveLife(tx, after, move, reason);
  await closeCase(tx, after, cause, outcome);
  await closeCases(tx, after, ['eviction', 'suspension', 'appeal', 'departure'], 'moot');
  await endPromotions(tx, after);
  await giveUpTeam(tx, after, cause);
  await tell(tx, after, {
    event: `distributor.${outcome}`,
    notice: outcome,
    subjectId: cause.id,
    params: { reason },
  });
}

/** Whoever is out goes up no more: what waits for a person about it ends. */
async function endPromotions(tx: Tx, { distributor, at }: Life): Promise<void> {
  const open = await tx.rows<{ id: string }>(
    `SELECT id FROM review_task WHERE kind = 'promotion' AND subject_id = $1 AND status = 'open'`,
    [distributor.id],
  );
  for (const { id: reviewId } of open) {
    await endWithoutDecider(tx, {
      ...{ reviewId, outcome: 'reject', at, actor: 'system:life' },
      why: 'The distributor is not in the program any more.',
    });
  }
}

/**
 * A path of sponsors never changes before the payment of an accepted order, which may lie some
 * minutes ahead of the clock.
 */
async function afterOrders(tx: Tx, life: Life): Promise<Life> {
  const { lastPaidAt } = (await tx.first<{ lastPaidAt: Date | null }>(
    'SELECT max(paid_at) AS last_paid_at FROM orders WHERE program_id = $1',
    [life.program.id],
  )) ?? { lastPaidAt: null };
  if (lastPaidAt === null || lastPaidAt < life.at) return life;
  return { ...life, at: new Date(lastPaidAt.getTime() + 1) };
}
