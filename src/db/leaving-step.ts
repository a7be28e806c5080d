import type { DistributorMove } from '../domain/distributor/state';
import type { Tx } from './database';
import { type CaseRow, closeCase, closeCases, type Life, moveLife, tell } from './life-case';
import { giveUpTeam } from './leaving';

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
  await giveUpTeam(tx, after, cause);
  await tell(tx, after, {
    event: `distributor.${outcome}`,
    notice: outcome,
    subjectId: cause.id,
    params: { reason },
  });
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
