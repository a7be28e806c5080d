import type { PayoutStatus } from '../domain/payout/state';

/** What a payout is and what its workflow does next. JSON-safe. */
export interface PayoutStep {
  status: PayoutStatus;
  /** `wait`: go on after `waitMs`, or when there is news. `call`: a person has to look. `end`: nothing is left to do. */
  next: 'wait' | 'call' | 'end';
  /** real time */
  waitMs: number;
  /** an open task of the review queue about this payout */
  openReviewId: string | null;
}
