import type { HoldTerms, Pause } from '../order/hold';
import type { PassedOverWhy, UplineMember } from './calculation';
import type { Overlay } from './overlay';
import type { PlanBody } from './plan';
import type { LineRefund, StoredLine } from './recompute';
import type { ExplainedReversal } from './reversal';

export interface ExplainedEarning {
  id: string;
  kind: 'commission' | 'adjustment' | 'part' | 'giveBack';
  refundId: string | null;
  amount: bigint;
  /** null while an after-sale case stops the hold */
  releaseAt: Date | null;
  availableAt: Date | null;
  statementId: string | null;
}

export interface ExplainedStatement {
  id: string;
  settlementId: string;
  period: string;
  settlementStatus: string;
  cutoffAt: Date;
  status: string;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  netAmount: bigint;
  taxMethod: string | null;
  taxMonth: string | null;
  taxTrace: unknown;
}

export interface ExplainedPayout {
  id: string;
  statementId: string;
  status: string;
  amount: bigint;
  channelId: string;
  channelNumber: string;
  failureCode: string | null;
}

/** A campaign of the time of an order. */
export interface ExplainedCampaign extends Pick<
  Overlay,
  'id' | 'match' | 'levels' | 'effect' | 'stacks'
> {
  name: string;
  /** whether it has a budget */
  limited: boolean;
  /** whether it was made after the order was booked */
  isLater: boolean;
}

/** Everything stored about one commission on a sale. Amounts are in the minor unit. */
export interface CommissionFacts {
  commission: {
    id: string;
    kind: 'sale' | 'region';
    /** null: the regional agent's */
    level: number | null;
    distributorId: string;
    baseAmount: bigint;
    rateBps: number | null;
    ruleId: string | null;
    amount: bigint;
    originalAmount: bigint;
  };
  plan: { id: string; version: number; body: PlanBody };
  order: {
    id: string;
    externalId: string;
    paidAt: Date;
    receivedAt: Date | null;
    /** Frozen when the order was accepted. */
    hold: HoldTerms;
    currency: string;
    orderDiscountAmount: bigint;
    shippingAmount: bigint;
    taxAmount: bigint;
    upline: readonly UplineMember[];
    lines: readonly StoredLine[];
  };
  lineId: string;
  /** The campaigns whose window held the payment, by id. */
  campaigns: readonly ExplainedCampaign[];
  /** The after-sale cases of this line, each of which stops the hold while it is open. */
  pauses: readonly Pause[];
  /** Refunds of this line in the order in which they were booked. */
  refunds: readonly LineRefund[];
  /** What decisions took back of it, the first one first. */
  reversals: readonly ExplainedReversal[];
  earnings: readonly ExplainedEarning[];
  /** What the ledger says the order earned this distributor, and what the earnings say. */
  posted: { ledgerAmount: bigint; earningsAmount: bigint };
  statements: readonly ExplainedStatement[];
  payouts: readonly ExplainedPayout[];
  timeZone: string;
}

/** One comparison of what is stored with what the calculation gives again. */
export interface Check {
  name:
    | 'base'
    | 'terms'
    | 'commission'
    | 'original'
    | 'remaining'
    | 'refunds'
    | 'hold'
    | 'earnings'
    | 'ledger';
  ok: boolean;
}

export type UplineDecision = 'earns' | PassedOverWhy | 'not_reached';
