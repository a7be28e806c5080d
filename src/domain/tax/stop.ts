import type { Month } from '../kernel/period';
import { isMinorIn, isTooYoungToWorkIn, type Residency, type TaxProfileKind } from './id-number';
import { tableOf, vatExemptions } from './table';

/** Why the tax of a payment is not computed here: a person has to look first. Codes are public. */
export const taxStopReasons = ['minor', 'non_resident', 'vat_exemption'] as const;

export type TaxStopReason = (typeof taxStopReasons)[number];

/** What is known of somebody who would be paid. */
export interface Taxpayer {
  kind: TaxProfileKind;
  residency: Residency;
  /** checked, in its normal form */
  idNumber: string;
}

/**
 * Why somebody cannot be taxed by the tables, whatever is paid; undefined: nothing speaks against it.
 * An approved minor is paid from 16 on; a non-resident never is: no table here is theirs.
 * @param approved the reasons that a review has approved for this person
 */
export function personalStop(
  { kind, residency, idNumber }: Taxpayer,
  month: Month,
  approved: ReadonlySet<TaxStopReason>,
): TaxStopReason | undefined {
  if (kind !== 'individual') return undefined;
  if (residency === 'nonResident') return 'non_resident';
  if (!isMinorIn(month, idNumber)) return undefined;
  const mayBePaid = approved.has('minor') && !isTooYoungToWorkIn(month, idNumber);
  return mayBePaid ? undefined : 'minor';
}

/**
 * Whether a person's income of a month is above the VAT exemption. VAT is then due on all of it, and
 * the income of the income tax is without it: neither is computed here.
 * @param incomeAmount of the whole month with the payment in question, fen
 */
export function isAboveVatExemption(month: Month, incomeAmount: bigint): boolean {
  return incomeAmount > BigInt(tableOf(vatExemptions, month).monthlyIncomeFen);
}

/** For how long a decision about a reason counts: a month, or (empty) for good. */
export function stopMonth(reason: TaxStopReason, month: Month): string {
  return reason === 'vat_exemption' ? month : '';
}

/** What approving means, in words for the one who decides. */
export const stopWords: Readonly<Record<TaxStopReason, { zh: string; en: string }>> = {
  minor: {
    zh: '未成年人：批准后，年满 16 周岁者按一般规则扣税付款；未满 16 周岁者不付款。',
    en: 'A minor: once approved, somebody of 16 or older is taxed and paid; a younger one is not.',
  },
  non_resident: {
    zh: '非居民个人：本系统不计算其税款，批准仅作记录，款项不从本系统支付。',
    en: 'A non-resident: the tax is not computed here; approving records it, nothing is paid here.',
  },
  vat_exemption: {
    zh: '当月收入超过增值税免税额：批准后按全额计算个人所得税并付款，增值税须另行处理。',
    en: 'Income of the month above the VAT exemption: once approved, income tax is computed on all of it and it is paid; VAT is dealt with elsewhere.',
  },
};
