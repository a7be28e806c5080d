import {
  type CalendarSpec,
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import {
  type SettlementCycleInput,
  taskQueue,
  workflowIds,
  type WorkflowType,
} from '../contracts/workflow';

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

/**
 * Makes the schedules that the house needs; one that exists is left alone.
 * @param calendars those of the live programs, each with its zone
 */
export async function ensureSchedules(
  client: Client,
  calendars: readonly SettlementCycleInput[] = [],
): Promise<void> {
  for (const rhythm of rhythms) await ensure(client, rhythmSchedule(rhythm));
  for (const calendar of calendars) await ensure(client, cycleSchedule(calendar));
}

async function ensure(client: Client, options: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

function rhythmSchedule({ workflowType, workflowId, every }: Rhythm): ScheduleOptions {
  return {
    scheduleId: workflowId,
    spec: { intervals: [{ every }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
    action: { type: 'startWorkflow', workflowType, workflowId, taskQueue, args: [] },
  };
}

/**
 * Fires where a period ends on the wall clock of the zone. What it starts opens every period that is
 * due, so an end that was missed is caught up with by the next firing at the latest, and two firings
 * open nothing twice.
 */
export function cycleSchedule(input: SettlementCycleInput): ScheduleOptions {
  return {
    scheduleId: workflowIds.settlementCycle(input),
    spec: { calendars: [periodEnds(input.calendar)], timezone: input.timeZone },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: '31 days' },
    action: {
      type: 'startWorkflow',
      workflowType: 'settlementCycle',
      workflowId: workflowIds.settlementCycle(input),
      taskQueue,
      args: [input],
    },
  };
}

function periodEnds(calendar: SettlementCycleInput['calendar']): CalendarSpec {
  // A zone may skip midnight on the day on which its clocks change; one o'clock comes after it.
  const time = { hour: { start: 0, end: 1 }, minute: 0, second: 0 };
  switch (calendar) {
    case 'weekly':
      return { ...time, dayOfWeek: 'MONDAY' };
    case 'halfMonthly':
      return { ...time, dayOfMonth: [1, 16] };
    case 'monthly':
      return { ...time, dayOfMonth: 1 };
  }
}
