import {
  Client,
  Connection,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure, type PayloadCodec, type Workflow } from '@temporalio/common';
import { taskQueue } from '../contracts/workflow';
import { Refusal } from '../domain/kernel/refusal';
import type { TemporalGateway, UpdateCall } from './deps';
import { refusalOf } from './register';

const updateWithinMs = 10_000;
const pingWithinMs = 1_000;

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
  readonly codec: PayloadCodec;
}

/** Speaks to Temporal over a connection that is made on first use and mends itself. */
export function connectTemporal(to: TemporalAddress): TemporalGateway {
  const connection = Connection.lazy({ address: to.address });
  const client = new Client({
    connection,
    namespace: to.namespace,
    dataConverter: { payloadCodecs: [to.codec] },
  });
  return {
    updateWithStart: <R>(call: UpdateCall) => update<R>(client, call),
    signal: async (workflowId, signalName, args = []) => {
      try {
        await client.withDeadline(Date.now() + updateWithinMs, () =>
          client.workflow.getHandle(workflowId).signal(signalName, ...args),
        );
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw unavailable();
      }
    },
    reachable: async () => {
      try {
        await client.withDeadline(Date.now() + pingWithinMs, () =>
          connection.workflowService.getSystemInfo({}),
        );
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.close(),
  };
}

async function update<R>(client: Client, call: UpdateCall): Promise<R> {
  const start = new WithStartWorkflowOperation(call.workflowType, {
    workflowId: call.workflowId,
    taskQueue,
    args: [call.input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  // Not awaited by us: it fails together with the update.
  start.workflowHandle().catch(() => undefined);
  try {
    return await client.withDeadline(Date.now() + updateWithinMs, () =>
      client.workflow.executeUpdateWithStart<Workflow, R, unknown[]>(call.updateName, {
        startWorkflowOperation: start,
        updateId: call.updateId,
        args: [...call.args],
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
      throw refusalOf(error.cause.type ?? '', error.cause.message);
    }
    throw unavailable();
  }
}

function unavailable(): Refusal {
  return new Refusal('temporal_unavailable', 'no answer within 10 seconds; safe to repeat');
}
