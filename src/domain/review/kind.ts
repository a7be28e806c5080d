import type { Role } from '../kernel/access';

/** Everything that an admin decides. The texts are public. */
export const reviewKinds = [
  'application',
  'promotion',
  'eviction',
  'appeal',
  'suspension',
  'assessment',
  'plan',
  'waiver',
  'settlement',
  'payout',
  'bindingTransfer',
  'dispute',
  'material',
  'compliance',
  'reconciliation',
] as const;

export type ReviewKind = (typeof reviewKinds)[number];
export type Decision = 'approve' | 'reject';

export interface ReviewRules {
  /** who may decide */
  readonly roles: readonly Role[];
  /** the decisions that hurt somebody and so need words that the person can read */
  readonly reasonFor: readonly Decision[];
}

const people: readonly Role[] = ['owner', 'operations'];
const money: readonly Role[] = ['owner', 'finance'];
const either: readonly Decision[] = ['approve', 'reject'];

/** Who decides what, and which decision needs a reason. An auditor decides nothing. */
export const reviewRules: Readonly<Record<ReviewKind, ReviewRules>> = {
  application: { roles: people, reasonFor: ['reject'] },
  promotion: { roles: people, reasonFor: ['reject'] },
  // To approve an eviction or a suspension is what hurts here.
  eviction: { roles: people, reasonFor: ['approve'] },
  suspension: { roles: people, reasonFor: ['approve'] },
  appeal: { roles: people, reasonFor: ['reject'] },
  assessment: { roles: people, reasonFor: ['reject'] },
  plan: { roles: people, reasonFor: ['reject'] },
  waiver: { roles: people, reasonFor: either },
  settlement: { roles: money, reasonFor: ['reject'] },
  payout: { roles: money, reasonFor: ['reject'] },
  bindingTransfer: { roles: people, reasonFor: ['reject'] },
  dispute: { roles: people, reasonFor: either },
  material: { roles: people, reasonFor: ['reject'] },
  compliance: { roles: ['owner'], reasonFor: either },
  reconciliation: { roles: money, reasonFor: either },
};
