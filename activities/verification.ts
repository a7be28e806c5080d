import { verifyNext } from '../src/db/verification';
import { alive } from './alive';
import type { ActivityDeps } from './deps';

export function createVerificationActivities({ db, clock, crashPoint }: ActivityDeps) {
  return {
    /** Verifies to the end, one committed chunk after the other; goes on where a killed one stopped. */
    verify(verificationId: string): Promise<void> {
      return alive(async () => {
        while (await verifyNext(db, verificationId, clock.now())) {
          crashPoint('verification.afterChunk');
        }
      });
    },
  };
}

export type VerificationActivities = ReturnType<typeof createVerificationActivities>;
