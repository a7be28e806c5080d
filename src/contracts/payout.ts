import type { PayoutStatus } from '../domain/payout/state';

/** What a payout is and what its workflow does next. JSON-safe. */
export interface PayoutStep {
  status: PayoutStatus;
  /**
   * `submit`: hand the order to the provider (or again, under the same number). `ask`: ask what
   * became of it. `pause`: it may not be submitted now. `call`: a person has to look. `watch`: it
   * is paid; ask whether the money came back. `end`: nothing is left to do.
   */
  next: 'submit' | 'ask' | 'pause' | 'call' | 'watch' | 'end';
  /** real time to wait before it, unless the provider speaks first */
  waitMs: number;
  /** an open task of the review queue about this payout */
  openReviewId: string | null;
}
