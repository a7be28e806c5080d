import { Context } from '@temporalio/activity';
import { beginSimulation, simulateChunk, untilWritersEnded } from '../src/db/simulation-run';
import { alive } from './alive';
import type { ActivityDeps } from './deps';

export function createSimulationActivities({ db, clock, crashPoint }: ActivityDeps) {
  return {
    /**
     * Computes a plan over its orders to the end, or until somebody canceled it, one committed chunk
     * after the other; goes on where a killed one stopped.
     */
    simulate(simulationId: string): Promise<void> {
      return alive(async () => {
        await untilWritersEnded(db);
        await db.transaction((tx) => beginSimulation(tx, simulationId));
        const next = () =>
          db.transaction((tx) => simulateChunk(tx, simulationId, { realNow: clock.now() }));
        while (await next()) {
          crashPoint('simulation.afterChunk');
          // A worker that is told to stop leaves the rest to another one.
          Context.current().cancellationSignal.throwIfAborted();
        }
      });
    },
  };
}

export type SimulationActivities = ReturnType<typeof createSimulationActivities>;
