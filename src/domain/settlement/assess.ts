import type { DistributorStatus } from '../distributor/state';
import { applyBps } from '../kernel/money';

/** Why somebody is not settled this time; what is owed is carried over. The codes are public. */
export const skipReasons = [
  'suspended',
  'no_payout_account',
  'no_tax_profile',
  'needs_invoice',
  'minor',
  'non_resident',
  'vat_exemption',
  'below_minimum',
  'net_zero',
  'below_channel_minimum',
  'on_hold',
  'excluded',
  'above_channel_maximum',
] as const;

export type SkipReason = (typeof skipReasons)[number];

/** What must be known of a distributor before anything is locked. */
export interface Candidate {
  /** what would be locked, fen, more than 0 */
  grossAmount: bigint;
  status: DistributorStatus;
  hasPayoutAccount: boolean;
  /** a person said: not until I lift it */
  isOnHold?: boolean;
  /** null: none was given */
  taxProfile: TaxProfile | null;
}

export interface TaxProfile {
  kind: 'individual' | 'individualBusiness' | 'company';
  /** why the tax is not computed here */
  stop?: 'minor' | 'non_resident' | undefined;
  /** what is left of recorded invoices, fen; individuals have none */
  invoicedAmount: bigint;
}

export interface PayoutTerms {
  /** nothing below this gross is settled, while the distributor is in the program */
  minimumPayoutAmount: bigint;
  /** false: the payer withholds nothing, so it need not know who the taxpayer is */
  withholds: boolean;
}

/**
 * Why a distributor cannot be settled, judged by what is known before tax; undefined: it can. The
 * minimum does not apply to those who are out: their money must not stay behind.
 */
export function reasonToSkip(candidate: Candidate, terms: PayoutTerms): SkipReason | undefined {
  const { status, taxProfile } = candidate;
  if (status === 'suspended') return 'suspended';
  if (candidate.isOnHold === true) return 'on_hold';
  if (!candidate.hasPayoutAccount) return 'no_payout_account';
  if (taxProfile === null && terms.withholds) return 'no_tax_profile';
  if (taxProfile?.stop !== undefined) return taxProfile.stop;
  const isOut = status === 'evicted' || status === 'left';
  if (!isOut && candidate.grossAmount < terms.minimumPayoutAmount) return 'below_minimum';
  return missingInvoiceAmount(candidate) > 0n ? 'needs_invoice' : undefined;
}

/** What recorded invoices lack to cover the gross, fen; 0 for who is not paid against invoices. */
export function missingInvoiceAmount({
  grossAmount,
  taxProfile,
}: Pick<Candidate, 'grossAmount' | 'taxProfile'>): bigint {
  if (taxProfile === null || taxProfile.kind === 'individual') return 0n;
  const missing = grossAmount - taxProfile.invoicedAmount;
  return missing > 0n ? missing : 0n;
}

export interface FeeTerms {
  fixedAmount: bigint;
  bps: number;
}

/** What a statement comes to. `net + tax + fee = gross`, each 0 or more but the net. */
export interface Figures {
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  /** below 0 when the tax of the running total is more than this payment */
  netAmount: bigint;
}

/** The payer's fee is fixed plus a share of the gross, rounded down, never more than tax leaves. */
export function figuresOf(grossAmount: bigint, taxAmount: bigint, fee: FeeTerms): Figures {
  const wanted = fee.fixedAmount + applyBps(grossAmount, fee.bps, 'floor');
  const left = grossAmount > taxAmount ? grossAmount - taxAmount : 0n;
  const feeAmount = wanted < left ? wanted : left;
  return { grossAmount, taxAmount, feeAmount, netAmount: grossAmount - taxAmount - feeAmount };
}

/** The smallest transfer of a kind of channel in fen, as of 2026-11 by the providers' own pages. */
const channelMinimums: Readonly<Record<string, bigint>> = { wechat: 10n, alipay: 10n };

/** What a channel takes as one payment. */
export interface ChannelTerms {
  /** null: nobody knows yet where it is paid to */
  channelKind: string | null;
  /** the largest net that is not split; null: any */
  wholeAtMostAmount: bigint | null;
}

/** Why a statement cannot be paid once its tax is known; undefined: it can. */
export function reasonNotToPay(
  netAmount: bigint,
  { channelKind, wholeAtMostAmount }: ChannelTerms,
): SkipReason | undefined {
  if (netAmount <= 0n) return 'net_zero';
  if (netAmount < (channelMinimums[channelKind ?? ''] ?? 1n)) return 'below_channel_minimum';
  const isTooLarge = wholeAtMostAmount !== null && netAmount > wholeAtMostAmount;
  return isTooLarge ? 'above_channel_maximum' : undefined;
}
