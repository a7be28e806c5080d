import {
  type ChannelTerms,
  type FeeTerms,
  type Figures,
  figuresOf,
  reasonNotToPay,
  type SkipReason,
} from '../settlement/assess';
import type { TaxProfileKind } from './id-number';
import { isAboveVatExemption } from './stop';
import {
  type GapPolicy,
  incomeOf,
  type MonthTotal,
  type TaxMethod,
  type TaxRecord,
  withhold,
} from './withhold';

/** What is settled of one distributor, with where it would be paid to. */
export interface Payment extends ChannelTerms {
  /** fen, more than 0 */
  grossAmount: bigint;
  /** null: nobody had to know */
  taxpayerKind: TaxProfileKind | null;
}

export interface PaymentTerms {
  method: TaxMethod;
  gapPolicy: GapPolicy;
  /** the month of the payment, in the program's zone */
  month: string;
  fee: FeeTerms;
}

/** What is known of the taxpayer before the payment. */
export interface TaxpayerPast {
  history: readonly MonthTotal[];
  /** a review lets the person be paid above the VAT exemption of the month */
  vatApproved: boolean;
}

/** What a payment comes to, and why. */
export interface Computed {
  figures: Figures;
  record: TaxRecord;
  taxMonth: string;
  taxMethod: TaxMethod;
  /** why it cannot be paid after all */
  reason: SkipReason | undefined;
}

/** Whether somebody is paid against invoices. */
export function isBusiness(
  kind: TaxProfileKind | null,
): kind is Exclude<TaxProfileKind, 'individual'> {
  return kind === 'individualBusiness' || kind === 'company';
}

/**
 * Tax, fee and net of one payment. Companies and individual businesses are paid against their
 * invoices: nothing is withheld.
 */
export function compute(payment: Payment, terms: PaymentTerms, past: TaxpayerPast): Computed {
  const { grossAmount: incomeAmount, taxpayerKind } = payment;
  const { month, gapPolicy, fee } = terms;
  const { history } = past;
  const business = isBusiness(taxpayerKind) ? taxpayerKind : undefined;
  const taxMethod = business === undefined ? terms.method : 'none';
  const { taxAmount, record } = withhold({
    method: taxMethod,
    gapPolicy,
    month,
    incomeAmount,
    history,
  });
  const figures = figuresOf(incomeAmount, taxAmount, fee);
  const isAbove =
    taxMethod !== 'none' &&
    !past.vatApproved &&
    isAboveVatExemption(month, incomeOf(history, month) + incomeAmount);
  return {
    figures,
    record: business === undefined ? record : { ...record, paidAgainstInvoice: business },
    taxMonth: month,
    taxMethod,
    reason: isAbove ? 'vat_exemption' : reasonNotToPay(figures.netAmount, payment),
  };
}
