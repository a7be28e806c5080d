import type { Activities } from '../../activities';
import type { DecideInput, DecideResult } from '../../src/contracts/workflow';
import {
  type DistributorMove,
  type DistributorStatus,
  transition,
} from '../../src/domain/distributor/state';
import { proposalMoment } from '../../src/domain/distributor/inactivity';
import { dayMs } from './application';

interface Moment {
  name: string;
  dueAt: number;
}

const terms = { warnAfterDays: 60, evictAfterDays: 90, appealWindowDays: 14 };

/**
 * One life in memory, by the product's own table of moves: what the activities of its workflow see.
 * Due moments and reviews are as in the database; the test's server skips the days between them.
 */
export class Life {
  status: DistributorStatus = 'under_review';
  readonly path: string[] = ['under_review'];
  /** when each move was made */
  readonly movedAt = new Map<DistributorMove, number>();
  openReview: string | undefined = 'application';
  readonly escalated: string[] = [];
  /** as many calls of `advanceLife` and `decideReview` fail after they have done their work */
  loseAnswers = 0;
  /** so many parts of what a decision began are left to do, each by a call of its own */
  partsLeft = 0;
  private moments: Moment[] = [];
  private decisions = new Map<string, DecideResult>();

  constructor(readonly now: () => Promise<number>) {}

  async begin(): Promise<this> {
    this.moments = [{ name: 'escalation', dueAt: (await this.now()) + 7 * dayMs }];
    return this;
  }

  async move(move: DistributorMove): Promise<void> {
    const next = transition(this.status, move);
    if (next === undefined) throw new Error(`${this.status}: no ${move}`);
    this.status = next;
    this.path.push(next);
    this.movedAt.set(move, await this.now());
  }

  open(name: string, dueAt: number): void {
    this.moments.push({ name, dueAt });
  }

  /** Somebody changes his mind before the moment has come. */
  withdraw(name: string): void {
    this.moments = this.moments.filter((moment) => moment.name !== name);
  }

  /** Who was out is back, and is watched as in the beginning. */
  async comeBack(move: 'applied_again' | 'reinstated' | 'returned'): Promise<void> {
    await this.move(move);
    if (this.status === 'active')
      this.open('warn', (await this.now()) + terms.warnAfterDays * dayMs);
  }

  /** A sale: what is under way ends, in the order's own transaction. */
  async sell(): Promise<void> {
    this.moments = [];
    this.openReview = undefined;
    await this.move('sold');
    this.open('warn', (await this.now()) + terms.warnAfterDays * dayMs);
  }

  /** An appeal stops the window and opens a review. */
  async appeal(): Promise<void> {
    await this.move('appealed');
    this.moments = [{ name: 'escalation', dueAt: (await this.now()) + 7 * dayMs }];
    this.openReview = 'appeal';
  }

  get activities(): Partial<Activities> {
    return {
      readApplication: () => Promise.resolve({ openReviewId: this.openReview ?? null }),
      readReview: (id: string) => {
        const outcome = this.decisions.has(id) ? ('approve' as const) : null;
        return Promise.resolve({ outcome });
      },
      escalateWhenDue: async () => {
        const [next] = this.moments;
        return next === undefined ? null : Math.max(1, next.dueAt - (await this.now()));
      },
      advanceLife: async () => {
        const progress = await this.advance();
        this.mayLoseTheAnswer();
        return progress;
      },
      decideReview: async (input: DecideInput) => {
        const result = await this.decide(input);
        this.mayLoseTheAnswer();
        return result;
      },
    };
  }

  private mayLoseTheAnswer(): void {
    if (this.loseAnswers === 0) return;
    this.loseAnswers -= 1;
    throw new Error('the worker died after it had committed');
  }

  private async advance(): Promise<{ over: boolean; leftMs: number | null }> {
    if (this.partsLeft > 0) {
      this.partsLeft -= 1;
      return { over: false, leftMs: 0 };
    }
    for (;;) {
      const now = await this.now();
      const [next] = this.moments.sort((a, b) => a.dueAt - b.dueAt);
      if (next === undefined) {
        const out = ['rejected', 'evicted', 'left'].includes(this.status);
        return { over: out && this.openReview === undefined, leftMs: null };
      }
      if (next.dueAt > now) return { over: false, leftMs: next.dueAt - now };
      this.moments.shift();
      await this.fall(next);
    }
  }

  private async fall({ name, dueAt }: Moment): Promise<void> {
    switch (name) {
      case 'escalation':
        this.escalated.push(this.openReview ?? 'nothing');
        return;
      case 'warn':
        await this.move('inactivity_seen');
        this.open('propose', proposalMoment(new Date(dueAt), terms).getTime());
        return;
      case 'propose':
        await this.move('eviction_proposed');
        this.openReview = 'eviction';
        this.open('escalation', dueAt + 7 * dayMs);
        return;
      case 'window':
        await this.move('window_closed');
        return;
      case 'depart':
        await this.move('departed');
        return;
      case 'policy':
        this.openReview = undefined;
        this.moments = [];
        await this.move('application_rejected');
        return;
      default:
        throw new Error(`nobody knows ${name}`);
    }
  }

  private async decide({ reviewId, decision }: DecideInput): Promise<DecideResult> {
    const before = this.decisions.get(reviewId);
    if (before !== undefined) return before;
    if (reviewId !== this.openReview) {
      return { outcome: 'refused', code: 'review_already_decided', detail: 'decided' };
    }
    this.openReview = undefined;
    this.moments = this.moments.filter(({ name }) => name !== 'escalation');
    await this.effect(reviewId, decision === 'approve');
    const result = { outcome: 'decided' as const, subject: { status: this.status } };
    this.decisions.set(reviewId, result);
    return result;
  }

  private async effect(reviewId: string, approved: boolean): Promise<void> {
    const now = await this.now();
    switch (reviewId) {
      case 'application':
        await this.move(approved ? 'application_approved' : 'application_rejected');
        if (approved) this.open('warn', now + terms.warnAfterDays * dayMs);
        return;
      case 'eviction':
        await this.move(approved ? 'eviction_approved' : 'eviction_refused');
        if (approved) this.open('window', now + terms.appealWindowDays * dayMs);
        return;
      case 'appeal':
        await this.move(approved ? 'appeal_approved' : 'appeal_rejected');
        return;
      case 'suspension':
        await this.move('suspension_lifted');
        return;
      default:
        throw new Error(`nobody knows the review ${reviewId}`);
    }
  }
}
