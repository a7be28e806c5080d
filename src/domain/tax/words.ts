import type { TaxStepCode } from './explain';
import type { TaxMethod } from './withhold';

interface Words {
  readonly zh: string;
  readonly en: string;
}

/** The steps of a tax trace in words, for statements and explanations. */
export const taxStepWords: Readonly<Record<TaxStepCode, Words>> = {
  no_withholding: { zh: '不代扣税款', en: 'No tax is withheld' },
  paid_against_invoice: {
    zh: '凭发票付款，不代扣税款',
    en: 'Paid against an invoice, no tax is withheld',
  },
  income_before: { zh: '此前累计收入', en: 'Income before this payment' },
  income_of_payment: { zh: '本次收入', en: 'Income of this payment' },
  running_income: { zh: '累计收入', en: 'Running income' },
  fixed_deduction: { zh: '减除费用（定额）', en: 'Deduction (fixed)' },
  share_deduction: { zh: '减除费用（按比例）', en: 'Deduction (share of income)' },
  month_deduction: { zh: '累计减除费用（按连续月份数）', en: 'Deduction per consecutive month' },
  taxable: { zh: '应纳税所得额', en: 'Taxable amount' },
  running_tax: { zh: '累计应预扣税额', en: 'Tax of the running total' },
  withheld_before: { zh: '已预扣税额', en: 'Withheld before' },
  offset_later: { zh: '多扣税额，结转抵减后续付款', en: 'Withheld too much, offset later' },
  tax_of_payment: { zh: '本次应扣税额', en: 'Tax of this payment' },
};

export const taxMethodWords: Readonly<Record<TaxMethod, Words>> = {
  none: { zh: '不代扣', en: 'No withholding' },
  general: { zh: '劳务报酬按月预扣', en: 'Labour remuneration, monthly total' },
  platformCumulative: { zh: '平台从业人员累计预扣', en: 'Platform workers, cumulative' },
};
