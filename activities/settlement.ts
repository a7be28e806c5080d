import { Context } from '@temporalio/activity';
import { releaseDue } from '../src/db/release';
import { programById } from '../src/db/program';
import { settlementById } from '../src/db/settlement';
import { approveChunk } from '../src/db/settlement-approve';
import { closeWhenPaid } from '../src/db/settlement-close';
import { countCandidates, lockChunk, unlockChunk } from '../src/db/settlement-lock';
import { finishApproval } from '../src/db/settlement-result';
import { finishComputing, settlementStep } from '../src/db/settlement-review';
import { computeChunk } from '../src/db/statement';
import { programNow } from '../src/domain/kernel/clock';
import type { SettlementStatus } from '../src/domain/settlement/state';
import type { ActivityDeps } from './deps';

const heartbeatMs = 2000;

/**
 * What a settlement asks of the outside. Each activity works through chunks of one transaction
 * each and finds out by itself what is left, so it may be killed and called again at any point.
 */
export function createSettlementActivities(deps: ActivityDeps) {
  const { db, vault, clock, crashPoint } = deps;

  /** Runs chunks until one says that nothing is left. */
  const inChunks = (name: string, chunk: () => Promise<boolean>) =>
    alive(async () => {
      while (await chunk()) crashPoint(`settlement.${name}.betweenChunks`);
    });

  const nowOf = async (settlementId: string): Promise<Date> => {
    const { programId } = await settlementById(db.read, settlementId);
    return programNow(await programById(db.read, programId), clock.now());
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
      await db.transaction((tx) => countCandidates(tx, settlementId));
      let after: string | null = '';
      await inChunks('lock', async () => {
        const from: string = after ?? '';
        after = await db.transaction((tx) => lockChunk(tx, vault, settlementId, from));
        return after !== null;
      });
    },

    /** Computes every statement and opens the review. */
    async computeSettlement(settlementId: string): Promise<void> {
      const chunk = () => db.transaction((tx) => computeChunk(tx, settlementId));
      await inChunks('compute', chunk);
      const at = await nowOf(settlementId);
      await db.transaction((tx) => finishComputing(tx, settlementId, at));
    },

    /** Books an approval: postings, withholding, payouts, and at last the result hash. */
    async approveSettlement(settlementId: string): Promise<void> {
      const chunk = () =>
        db.transaction((tx) => approveChunk(tx, vault, settlementId, clock.now()));
      await inChunks('approve', chunk);
      await db.transaction((tx) => finishApproval(tx, settlementId));
    },

    /** Gives everything of a rejected settlement back. */
    async unlockSettlement(settlementId: string): Promise<void> {
      await inChunks('unlock', () => db.transaction((tx) => unlockChunk(tx, settlementId)));
    },

    /** True when every payout has reached its end; then the settlement is closed. */
    async closeSettlement(settlementId: string): Promise<boolean> {
      const at = await nowOf(settlementId);
      return db.transaction((tx) => closeWhenPaid(tx, settlementId, at));
    },
  };
}

export type SettlementActivities = ReturnType<typeof createSettlementActivities>;

/** Tells Temporal that the work goes on, however long a single transaction takes. */
async function alive<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
