import { releaseDue } from '../src/db/release';
import type { Tx } from '../src/db/database';
import { programById } from '../src/db/program';
import { settlementById } from '../src/db/settlement';
import { approveChunk } from '../src/db/settlement-approve';
import { closeWhenPaid } from '../src/db/settlement-close';
import { computeEverybody, lockEverybody } from '../src/db/settlement-lanes';
import { finishApproval } from '../src/db/settlement-result';
import { openDueSettlements } from '../src/db/settlement-cycle';
import { finishComputing, settlementStep } from '../src/db/settlement-review';
import { unlockChunk } from '../src/db/settlement-unlock';
import { programNow } from '../src/domain/kernel/clock';
import type { SettlementStatus } from '../src/domain/settlement/state';
import { alive } from './alive';
import type { ActivityDeps } from './deps';

/**
 * What a settlement asks of the outside. Each activity works through chunks of one transaction
 * each and finds out by itself what is left, so it may be killed and called again at any point.
 */
export function createSettlementActivities(deps: ActivityDeps) {
  const { db, vault, clock, crashPoint } = deps;

  /** Runs chunks, each from where the one before ended, until nothing is left. */
  const inChunks = (name: string, chunk: (tx: Tx, after: string) => Promise<string | null>) =>
    alive(async () => {
      for (let after: string | null = ''; after !== null;) {
        const from: string = after;
        after = await db.transaction((tx) => chunk(tx, from));
        crashPoint(`settlement.${name}.afterChunk`);
      }
    });

  const nowOf = async (settlementId: string): Promise<Date> => {
    const { programId } = await settlementById(db.read, settlementId);
    return programNow(await programById(db.read, programId), clock.now());
  };

  /** A period that ended while this one was not decided is opened now. */
  const openNext = async (settlementId: string): Promise<void> => {
    const { programId, kind } = await settlementById(db.read, settlementId);
    if (kind !== 'cycle') return;
    const realNow = clock.now();
    const until = programNow(await programById(db.read, programId), realNow);
    await openDueSettlements(db, { programId, until, realNow });
  };

  return {
    /** Where the settlement stands, and the review it waits for, if any. */
    readSettlement(
      settlementId: string,
    ): Promise<{ status: SettlementStatus; reviewId: string | null }> {
      return settlementStep(db.read, settlementId);
    },

    /** Releases what is due by the cutoff, then locks everybody who can be settled. */
    async lockSettlement(settlementId: string): Promise<void> {
      const { status, programId, cutoffAt } = await settlementById(db.read, settlementId);
      if (status !== 'locking') return;
      await alive(() => releaseDue(db, { programId, until: cutoffAt }));
      const afterChunk = (): void => crashPoint('settlement.lock.afterChunk');
      await alive(() => lockEverybody(db, vault, settlementId, { afterChunk }));
    },

    /** Computes every statement and opens the review. */
    async computeSettlement(settlementId: string): Promise<void> {
      const afterChunk = (): void => crashPoint('settlement.compute.afterChunk');
      await alive(() => computeEverybody(db, settlementId, { afterChunk }));
      const at = await nowOf(settlementId);
      await db.transaction((tx) => finishComputing(tx, settlementId, at));
    },

    /** Books an approval: postings, withholding, payouts, and at last the result hash. */
    async approveSettlement(settlementId: string): Promise<void> {
      await inChunks('approve', (tx, after) =>
        approveChunk(tx, vault, settlementId, { after, realNow: clock.now() }),
      );
      await db.transaction((tx) => finishApproval(tx, settlementId));
      await openNext(settlementId);
    },

    /** Gives everything of a rejected settlement back. */
    async unlockSettlement(settlementId: string): Promise<void> {
      await inChunks('unlock', (tx, after) => unlockChunk(tx, settlementId, after));
      await openNext(settlementId);
    },

    /** True when every payout has reached its end; then the settlement is closed. */
    async closeSettlement(settlementId: string): Promise<boolean> {
      const at = await nowOf(settlementId);
      return db.transaction((tx) => closeWhenPaid(tx, settlementId, at));
    },
  };
}

export type SettlementActivities = ReturnType<typeof createSettlementActivities>;
