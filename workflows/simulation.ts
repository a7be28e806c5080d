import { proxyActivities } from '@temporalio/workflow';
import type { SimulationActivities } from '../activities/simulation';
import type { SimulationInput } from '../src/contracts/workflow';

const { simulate } = proxyActivities<SimulationActivities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * Computes what a past period would have cost under a plan; each order counts exactly once, whoever
 * dies meanwhile. Whether somebody canceled it is in its row. Id: simulation:<simulationId>.
 */
export async function simulation({ simulationId }: SimulationInput): Promise<void> {
  await simulate(simulationId);
}
