import { proxyActivities } from '@temporalio/workflow';
import type { SettlementCycleActivities } from '../activities/settlement-cycle';
import type { SettlementCycleInput } from '../src/contracts/workflow';

const { openSettlementCycles } = proxyActivities<SettlementCycleActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * The end of a period of all live programs of one calendar in one zone: opens their settlements.
 * PostgreSQL says what is opened already. Id: settlement-cycle:<calendar>:<zone>.
 */
export async function settlementCycle(input: SettlementCycleInput): Promise<void> {
  await openSettlementCycles(input);
}
