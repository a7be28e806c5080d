import type { SettlementCycleInput } from '../src/contracts/workflow';
import { openCycles } from '../src/db/settlement-cycle';
import { alive } from './alive';
import type { ActivityDeps } from './deps';

export function createSettlementCycleActivities({ db, clock }: Pick<ActivityDeps, 'db' | 'clock'>) {
  return {
    /** Opens the settlements of every period that has ended in these programs, once each. */
    openSettlementCycles(input: SettlementCycleInput): Promise<void> {
      return alive(() => openCycles(db, input, clock.now()));
    },
  };
}

export type SettlementCycleActivities = ReturnType<typeof createSettlementCycleActivities>;
