import type { HoldTerms } from '../order/hold';
import type { PassedOverWhy, UplineMember } from './calculation';
import type { PlanBody } from './plan';
import type { LineRefund, StoredLine } from './recompute';

export interface ExplainedEarning {
  id: string;
  kind: 'commission' | 'adjustment' | 'part' | 'giveBack';
  refundId: string | null;
  amount: bigint;
  releaseAt: Date;
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

/** Everything stored about one commission on a sale. Amounts are in the minor unit. */
export interface CommissionFacts {
  commission: {
    id: string;
    level: number;
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
  /** Refunds of this line in the order in which they were booked. */
  refunds: readonly LineRefund[];
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
