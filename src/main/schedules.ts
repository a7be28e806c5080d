import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { taskQueue, workflowIds, type WorkflowType } from '../contracts/workflow';

interface Rhythm {
  workflowType: WorkflowType;
  workflowId: string;
  every: '30 seconds' | '1 minute' | '1 hour';
}

/** What the house does again and again, whatever the programs do. */
const rhythms: readonly Rhythm[] = [
  { workflowType: 'release', workflowId: workflowIds.release(), every: '1 minute' },
  { workflowType: 'payoutWatch', workflowId: workflowIds.payoutWatch(), every: '30 seconds' },
  // Once a day a file is due; the hours between are for files that come late.
  { workflowType: 'reconciliation', workflowId: workflowIds.reconciliation(), every: '1 hour' },
];

/** Makes the schedules that the house needs; one that exists is left alone. */
export async function ensureSchedules(client: Client): Promise<void> {
  for (const rhythm of rhythms) await ensureSchedule(client, rhythm);
}

async function ensureSchedule(client: Client, rhythm: Rhythm): Promise<void> {
  const { workflowType, workflowId, every } = rhythm;
  try {
    await client.schedule.create({
      scheduleId: workflowId,
      spec: { intervals: [{ every }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      action: { type: 'startWorkflow', workflowType, workflowId, taskQueue, args: [] },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
