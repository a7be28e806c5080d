import { defineSignal, defineUpdate } from '@temporalio/workflow';

/** The task queue that every worker polls. */
export const taskQueue = 'tributary';

/** Inputs carry ids only: what a workflow needs to know it reads from PostgreSQL. */
export interface DistributorInput {
  distributorId: string;
}
export interface SettlementInput {
  settlementId: string;
}
export interface PayoutInput {
  payoutId: string;
}

export interface ReviewInput {
  reviewId: string;
}
export interface VerificationInput {
  verificationId: string;
}
export interface SimulationInput {
  simulationId: string;
}

export interface BindingTransferInput {
  transferId: string;
}

/** All live programs of one calendar in one zone end their periods together. */
export interface SettlementCycleInput {
  calendar: 'weekly' | 'halfMonthly' | 'monthly';
  timeZone: string;
}

export interface CampaignInput {
  campaignId: string;
}

/** Every workflow type, with the input it starts from. */
export interface WorkflowInputs {
  distributor: DistributorInput;
  settlement: SettlementInput;
  payout: PayoutInput;
  review: ReviewInput;
  verification: VerificationInput;
  simulation: SimulationInput;
  campaign: CampaignInput;
  bindingTransfer: BindingTransferInput;
  release: Record<string, never>;
  payoutWatch: Record<string, never>;
  reconciliation: Record<string, never>;
  settlementCycle: SettlementCycleInput;
}
export type WorkflowType = keyof WorkflowInputs;

/** A workflow and what it starts from; as in the outbox. */
export type WorkflowStart = {
  [T in WorkflowType]: { workflowType: T; workflowId: string; input: WorkflowInputs[T] };
}[WorkflowType];

export const workflowIds = {
  distributor: (distributorId: string) => `distributor:${distributorId}`,
  settlement: (programId: string, period: string, run: number) =>
    `settlement:${programId}:${period}:${run}`,
  payout: (payoutId: string) => `payout:${payoutId}`,
  /** For a review that no other workflow waits for. */
  review: (reviewId: string) => `review:${reviewId}`,
  verification: (verificationId: string) => `verification:${verificationId}`,
  simulation: (simulationId: string) => `simulation:${simulationId}`,
  bindingTransfer: (transferId: string) => `binding-transfer:${transferId}`,
  campaign: (campaignId: string) => `campaign:${campaignId}`,
  settlementCycle: ({ calendar, timeZone }: SettlementCycleInput) =>
    `settlement-cycle:${calendar}:${timeZone}`,
  /** One at a time in the whole house. */
  release: () => 'release',
  payoutWatch: () => 'payout-watch',
  reconciliation: () => 'reconciliation',
} as const;

/** The clock of a test program was moved, or a due moment has passed: look again. */
export const clockMoved = defineSignal('clockMoved');
/** The inbox of this payout's channel has something new. */
export const providerNews = defineSignal('providerNews');
/** One payout of this settlement reached its end. */
export const payoutFinal = defineSignal('payoutFinal');
/** The task this workflow waits for was closed without a decision: its subject was replaced. */
export const reviewClosed = defineSignal('reviewClosed');
/** Most of this campaign's budget is used. */
export const budgetUsed = defineSignal('budgetUsed');

export type SignalName =
  'clockMoved' | 'providerNews' | 'payoutFinal' | 'reviewClosed' | 'budgetUsed';

/** An admin's decision on a review task. */
export interface DecideInput {
  reviewId: string;
  deciderId: string;
  decision: 'approve' | 'reject';
  reason: string | null;
  /** commissions that the decision takes back; `orders` by id or `ext:<externalId>`, left out: all */
  reverse?: { orders?: string[] };
}

/** What the decision came to, JSON-safe; `refused` carries the code of a Refusal. */
export type DecideResult =
  | { outcome: 'decided'; subject: Record<string, unknown> }
  | { outcome: 'needs_second_person' }
  | {
      outcome: 'refused';
      code: string;
      detail: string;
      errors?: { pointer: string; code: string; message: string }[];
    };

export const decide = defineUpdate<DecideResult, [DecideInput]>('decide');
