import { advanceTransfer, type TransferProgress } from '../src/db/binding-transfer-step';
import type { ActivityDeps } from './deps';

/** What the transfer of a customer asks of the outside. */
export function createBindingTransferActivities({ db, clock }: Pick<ActivityDeps, 'db' | 'clock'>) {
  return {
    /**
     * Does what has fallen due: the transfer takes effect, or the review of an objection is
     * escalated. Answers for what it waits; safe to repeat.
     */
    advanceTransfer(transferId: string): Promise<TransferProgress> {
      return db.transaction((tx) => advanceTransfer(tx, transferId, clock.now()));
    },
  };
}

export type BindingTransferActivities = ReturnType<typeof createBindingTransferActivities>;
