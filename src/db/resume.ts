import type { WorkflowInputs, WorkflowType } from '../contracts/workflow';
import type { Tx } from './database';
import { enqueueStart } from './outbox';

/** What waits in PostgreSQL for one type of workflow. `id` is that of the row, for the input. */
interface OpenWork {
  type: WorkflowType;
  /** answers `id` and `workflow_id` of every open row */
  sql: string;
  input: (id: string) => WorkflowInputs[WorkflowType];
}

/** Rows of one table whose workflow is named after their id. */
function openRows<T extends WorkflowType>(
  type: T,
  rows: string,
  input: (id: string) => WorkflowInputs[T],
): OpenWork {
  return { type, sql: `SELECT id, '${type}:' || id AS workflow_id FROM ${rows}`, input };
}

const openWork: readonly OpenWork[] = [
  {
    type: 'settlement',
    // Also a rejected one that is not unlocked to the end.
    sql: `SELECT s.id, 'settlement:' || s.program_id || ':' || s.period || ':' || s.run AS workflow_id
      FROM settlement s
      WHERE s.status NOT IN ('closed', 'rejected') OR (s.status = 'rejected' AND EXISTS (
        SELECT 1 FROM statement t
        WHERE t.settlement_id = s.id AND t.status IN ('locked', 'computed')))`,
    input: (settlementId) => ({ settlementId }),
  },
  openRows(
    'payout',
    // Also one at its end with unread news.
    `payout p WHERE p.status NOT IN ('paid', 'returned', 'failed', 'canceled')
       OR EXISTS (SELECT 1 FROM channel_inbox i WHERE i.channel_id = p.channel_id
         AND i.channel_number = p.channel_number AND i.handled_at IS NULL)`,
    (payoutId) => ({ payoutId }),
  ),
  {
    type: 'distributor',
    // Who sleeps and waits for nothing is started when something concerns them.
    sql: `SELECT DISTINCT substr(workflow_id, 13) AS id, workflow_id FROM due_moment
      WHERE status = 'waiting' AND workflow_type = 'distributor'
      UNION SELECT subject_id, workflow_id FROM review_task
      WHERE status = 'open' AND workflow_id = 'distributor:' || subject_id`,
    input: (distributorId) => ({ distributorId }),
  },
  openRows(
    'review',
    `review_task WHERE status = 'open' AND workflow_id = 'review:' || id`,
    (id) => ({
      reviewId: id,
    }),
  ),
  openRows('verification', `verification WHERE status = 'running'`, (verificationId) => ({
    verificationId,
  })),
  {
    type: 'bindingTransfer',
    sql: `SELECT id, 'binding-transfer:' || id AS workflow_id FROM binding_transfer
      WHERE status IN ('open', 'objected')`,
    input: (transferId) => ({ transferId }),
  },
  openRows('campaign', `campaign WHERE status <> 'ended'`, (campaignId) => ({ campaignId })),
  openRows('simulation', `simulation WHERE status IN ('queued', 'running')`, (simulationId) => ({
    simulationId,
  })),
];

/**
 * Starts again what waits in PostgreSQL, for the day on which Temporal's data are lost. Workflows
 * that run are left alone, and what is asked for already is not asked again, so it is safe to
 * repeat; of several workers that do it at once one does.
 * @returns how many workflows were asked for
 */
export async function resumeOpenWork(tx: Tx): Promise<number> {
  const alone = await tx.first<{ locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('resume', 0)) AS locked`,
  );
  if (alone?.locked !== true) return 0;
  let count = 0;
  for (const { type, sql, input } of openWork) {
    const rows = await tx.rows<{ id: string; workflowId: string }>(
      `SELECT w.id, w.workflow_id FROM (${sql}) AS w
       WHERE NOT EXISTS (SELECT 1 FROM outbox o
         WHERE o.done_at IS NULL AND o.workflow_id = w.workflow_id)`,
    );
    await enqueueStart(
      tx,
      ...rows.map(({ id, workflowId }) => ({ workflowType: type, workflowId, input: input(id) })),
    );
    count += rows.length;
  }
  return count;
}
