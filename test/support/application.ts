import type { Activities } from '../../activities';
import type { DecideInput } from '../../src/contracts/workflow';

export const dayMs = 86_400_000;

/** One application in memory, on a clock that the test moves: what the activities see. */
export class Application {
  readonly reviewId = 'rev_1';
  outcome: 'approve' | 'reject' | null = null;
  escalatedAt: number | null = null;
  waiting = true;
  offsetMs = 0;
  /** calls of decideReview that got through */
  effects = 0;
  dueAt = 0;
  /** how often the workflow asked how much time is left */
  asked = 0;

  constructor(private readonly realNow: () => Promise<number>) {}

  async begin(): Promise<this> {
    this.dueAt = (await this.realNow()) + 7 * dayMs;
    return this;
  }

  get activities(): Partial<Activities> {
    return {
      readApplication: () =>
        Promise.resolve({ openReviewId: this.outcome === null ? this.reviewId : null }),
      advanceLife: async () => {
        if (this.outcome !== null) return { over: true, leftMs: null };
        this.asked += 1;
        const now = await this.realNow();
        const leftMs = this.dueAt - now - this.offsetMs;
        // Decided while the clock was asked: nothing is escalated any more.
        if (this.outcome !== null) return { over: true, leftMs: null };
        if (this.waiting && leftMs > 0) return { over: false, leftMs };
        this.escalatedAt ??= now;
        this.waiting = false;
        return { over: false, leftMs: null };
      },
      readReview: () => Promise.resolve({ outcome: this.outcome }),
      escalateWhenDue: async () => {
        this.asked += 1;
        if (!this.waiting) return null;
        const now = await this.realNow();
        const leftMs = this.dueAt - now - this.offsetMs;
        if (leftMs > 0) return leftMs;
        this.escalatedAt = now;
        this.waiting = false;
        return null;
      },
      decideReview: ({ decision }: DecideInput) => {
        if (this.outcome !== null) {
          const code = 'review_already_decided';
          return Promise.resolve({ outcome: 'refused' as const, code, detail: 'decided' });
        }
        this.outcome = decision;
        this.waiting = false;
        this.effects += 1;
        const status = decision === 'approve' ? 'active' : 'rejected';
        return Promise.resolve({ outcome: 'decided' as const, subject: { id: 'dst_1', status } });
      },
    };
  }
}
