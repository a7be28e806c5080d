import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import type { simulation } from '../../workflows/simulation';
import { type WorkflowServer, workflowServer } from '../support/time-skipping';

describe('a simulation', () => {
  let server: TestWorkflowEnvironment;
  let workerFor: WorkflowServer['workerFor'];

  beforeAll(async () => {
    ({ server, workerFor } = await workflowServer());
  }, 120_000);
  afterAll(() => server.teardown());

  test('goes on from its row however often its worker dies', async () => {
    const orders = 5;
    let done = 0;
    let deaths = 0;
    const activities: Pick<Activities, 'simulate'> = {
      // Each call commits one chunk and dies, as long as there is more.
      simulate: () => {
        if (done === orders) return Promise.resolve();
        done += 1;
        deaths += 1;
        return Promise.reject(new Error('killed between two chunks'));
      },
    };
    const id = 'simulation:sim_1';
    const worker = await workerFor(id, activities);
    await worker.runUntil(
      server.client.workflow.execute<typeof simulation>('simulation', {
        workflowId: id,
        taskQueue: id,
        args: [{ simulationId: 'sim_1' }],
      }),
    );
    expect({ done, deaths }).toEqual({ done: orders, deaths: orders });
  });
});
