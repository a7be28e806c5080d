import { workflowIds, type WorkflowStart } from '../contracts/workflow';
import type { Tx } from './database';
import { enqueueSignal } from './outbox';

/** The workflow that sees this distributor's life. */
export function lifeWorkflow(distributorId: string): WorkflowStart {
  return {
    workflowType: 'distributor',
    workflowId: workflowIds.distributor(distributorId),
    input: { distributorId },
  };
}

/** Something concerns these distributors: their workflows, started where they do not run, look again. */
export async function wakeLife(tx: Tx, ...distributorIds: readonly string[]): Promise<void> {
  await enqueueSignal(
    tx,
    ...distributorIds.map((distributorId) => ({
      workflowType: 'distributor' as const,
      workflowId: workflowIds.distributor(distributorId),
      input: { distributorId },
      signalName: 'clockMoved' as const,
    })),
  );
}
