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

/** Something concerns this distributor: its workflow, started where it does not run, looks again. */
export async function wakeLife(tx: Tx, ...distributorIds: readonly string[]): Promise<void> {
  for (const id of distributorIds) {
    await enqueueSignal(tx, { ...lifeWorkflow(id), signalName: 'clockMoved' });
  }
}
