import { amountText } from '../kernel/format';
import { monthParts } from '../kernel/period';
import { explainTax, type TaxStep } from './explain';
import type { TaxProfileKind } from './id-number';
import type { TaxRecord } from './withhold';
import { taxMethodWords, taxStepWords } from './words';

/** Everything that a statement of income and withholding says. Amounts are fen. */
export interface StatementFacts {
  id: string;
  payerName: string;
  payerTaxNumber: string;
  payeeName: string;
  /** masked; null: nobody had to know who the taxpayer is */
  payeeIdNumber: string | null;
  payeeKind: TaxProfileKind | null;
  currency: string;
  /** YYYY-MM of the payment */
  taxMonth: string;
  /** wall-clock time of the approval in the program's zone */
  approvedAt: string;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  netAmount: bigint;
  record: TaxRecord;
  /** of the declaration of the month; null: not declared yet, or without a reference */
  declarationReference: string | null;
  payouts: readonly {
    id: string;
    amount: bigint;
    status: string;
    account: string;
    /** gross, tax and fee that came back with it; null: it did not come back */
    givenBack: { grossAmount: bigint; taxAmount: bigint } | null;
  }[];
  lines: readonly { id: string; kind: string; order: string | null; amount: bigint }[];
  lineCount: number;
}

/** A word or sentence in both languages. */
export interface Both {
  zh: string;
  en: string;
}

/** A labelled value. */
export interface Item extends Both {
  value: string;
}

export interface DocumentPart {
  title: Both;
  items: Item[];
}

/** What the document shows, from top to bottom. */
export interface StatementDocument {
  title: Both;
  notices: Both[];
  parts: DocumentPart[];
  footer: string;
}

const title: Both = { zh: '收入及扣缴明细', en: 'Statement of income and withholding' };

/** Only the bureau issues the official record; this page must neither be nor look like it. */
const notices: readonly Both[] = [
  {
    zh: '本明细由付款方自行出具，不是税务机关的官方记录；官方记录由税务机关向纳税人出具。',
    en: "This is the payer's own statement. It is not the official record of the tax bureau, which the bureau issues to the taxpayer.",
  },
];

const givenBackNotice: Both = {
  zh: '本次付款有退回或未成功的部分，对应税款已冲回，由付款方更正申报。',
  en: 'A part of this payment failed or came back; its tax was taken back and is corrected in the declaration.',
};

const kindWords: Readonly<Record<TaxProfileKind, Both>> = {
  individual: { zh: '个人', en: 'individual' },
  individualBusiness: { zh: '个体工商户', en: 'individual business' },
  company: { zh: '企业', en: 'company' },
};

const lineWords: Readonly<Record<string, Both>> = {
  commission: { zh: '佣金', en: 'commission' },
  adjustment: { zh: '调整', en: 'adjustment' },
  part: { zh: '部分', en: 'part' },
  giveBack: { zh: '退回重付', en: 'paid again' },
};

const payoutWords: Readonly<Record<string, Both>> = {
  queued: { zh: '待提交', en: 'queued' },
  submitting: { zh: '提交中', en: 'being submitted' },
  unknown: { zh: '结果待查', en: 'outcome unknown' },
  awaiting_confirmation: { zh: '待收款人确认', en: 'awaiting confirmation' },
  processing: { zh: '处理中', en: 'processing' },
  paid: { zh: '已付款', en: 'paid' },
  returned: { zh: '已退回', en: 'returned' },
  failed: { zh: '失败', en: 'failed' },
  canceled: { zh: '已取消', en: 'canceled' },
};

/** Puts a statement in the words of its document, Chinese and English side by side. */
export function statementDocument(facts: StatementFacts): StatementDocument {
  const isBack = facts.payouts.some(({ givenBack }) => givenBack !== null);
  return {
    title,
    notices: isBack ? [...notices, givenBackNotice] : [...notices],
    parts: [
      { title: { zh: '双方', en: 'Parties' }, items: partyItems(facts) },
      { title: { zh: '本次付款', en: 'This payment' }, items: paymentItems(facts) },
      { title: { zh: '税款计算', en: 'How the tax was computed' }, items: taxItems(facts) },
      { title: { zh: '付款记录', en: 'Payouts' }, items: payoutItems(facts) },
      { title: { zh: '收入明细', en: 'What was earned' }, items: lineItems(facts) },
    ].filter(({ items }) => items.length > 0),
    footer: facts.id,
  };
}

const item = (zh: string, en: string, value: string): Item => ({ zh, en, value });
const inBoth = ({ zh, en }: Both) => `${zh} ${en}`;

function partyItems(facts: StatementFacts): Item[] {
  const { payeeKind } = facts;
  return [
    item('付款方（扣缴义务人）', 'Payer (withholding agent)', facts.payerName),
    item('统一社会信用代码', 'Tax number', facts.payerTaxNumber),
    item('收款方', 'Payee', facts.payeeName),
    item('证件号码', 'ID number', facts.payeeIdNumber ?? '—'),
    item('主体类型', 'Kind', payeeKind === null ? '—' : inBoth(kindWords[payeeKind])),
  ];
}

function paymentItems(facts: StatementFacts): Item[] {
  const money = (amount: bigint) => amountText(amount, facts.currency);
  const { method } = facts.record;
  return [
    item('税款所属期', 'Tax period', periodText(facts.taxMonth)),
    item('批准时间', 'Approved at', facts.approvedAt),
    item('所得项目', 'Item of income', '劳务报酬所得 remuneration for services'),
    item('计税方式', 'Method', inBoth(taxMethodWords[method])),
    item('收入（税前）', 'Gross income', money(facts.grossAmount)),
    item('扣缴税款', 'Tax withheld', money(facts.taxAmount)),
    item('手续费', 'Fee', money(facts.feeAmount)),
    item('实付金额', 'Net paid', money(facts.netAmount)),
    item('申报凭证', 'Declaration', facts.declarationReference ?? '—'),
  ].filter(({ en }) => method !== 'none' || en !== 'Item of income');
}

function periodText(month: string): string {
  const { year, number } = monthParts(month);
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return `${month}-01 – ${month}-${String(last).padStart(2, '0')}`;
}

function taxItems({ record, currency }: StatementFacts): Item[] {
  const trace = explainTax(record);
  const steps = trace.steps.map((step) => {
    const { zh, en } = taxStepWords[step.code];
    return item(zh, en, `${stepText(step, currency)}`);
  });
  const { source } = trace;
  return source === null ? steps : [...steps, item('依据', 'Source', source)];
}

function stepText({ fen, rateBps, quickDeductionAmount, months }: TaxStep, currency: string) {
  const [whole = '0', fraction] = fen.split('.');
  const exact = fraction === undefined ? '' : fraction;
  const details = [
    rateBps === undefined ? undefined : `${rateBps / 100}%`,
    quickDeductionAmount === undefined
      ? undefined
      : `速算扣除数 quick deduction ${amountText(BigInt(quickDeductionAmount), currency)}`,
    months === undefined ? undefined : `${months} 个月 months`,
  ].filter((detail) => detail !== undefined);
  const amount = `${amountText(BigInt(whole), currency)}${exact}`;
  return details.length === 0 ? amount : `${amount} (${details.join(', ')})`;
}

function payoutItems({ payouts, currency }: StatementFacts): Item[] {
  const money = (amount: bigint) => amountText(amount, currency);
  return payouts.map(({ id, amount, status, account, givenBack }) => {
    const { zh, en } = payoutWords[status] ?? { zh: status, en: status };
    const back =
      givenBack === null
        ? ''
        : `；冲回 taken back ${money(givenBack.grossAmount)}，税 tax ${money(givenBack.taxAmount)}`;
    return item(`${account}`, id, `${money(amount)} ${zh} ${en}${back}`);
  });
}

function lineItems({ lines, lineCount, currency }: StatementFacts): Item[] {
  const items = lines.map(({ id, kind, order, amount }) => {
    const { zh, en } = lineWords[kind] ?? { zh: kind, en: kind };
    return item(`${zh} ${en}`, order ?? id, amountText(amount, currency));
  });
  const more = lineCount - lines.length;
  return more > 0 ? [...items, item('其余', 'More lines', String(more))] : items;
}
