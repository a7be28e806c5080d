import { csvText } from '../../domain/kernel/csv';
import { yuanText } from '../../domain/kernel/yuan';
import type { BankFileSettings } from './settings';
import { painText } from './pain';

/** One order in a file. The amount is fen. */
export interface BankOrder {
  channelNumber: string;
  account: string;
  holderName: string;
  amount: bigint;
}

export interface BankFile {
  /** unique for the bank, at most 35 letters and digits */
  messageId: string;
  currency: string;
  createdAt: Date;
  orders: readonly BankOrder[];
}

export interface WrittenFile {
  name: string;
  contentType: string;
  text: string;
}

/** The file as the bank takes it. The same orders always make the same text. */
export function writeBankFile(file: BankFile, settings: BankFileSettings): WrittenFile {
  if (settings.format === 'csv') {
    const text = csvText([header, ...file.orders.map((order) => row(order, file, settings))]);
    return { name: `${file.messageId}.csv`, contentType: 'text/csv', text };
  }
  const text = painText(file, settings);
  return { name: `${file.messageId}.xml`, contentType: 'application/xml', text };
}

const header = ['序号', '收款账号', '收款户名', '金额', '币种', '用途'];

function row(order: BankOrder, { currency }: BankFile, { remittance }: BankFileSettings): string[] {
  const { channelNumber, account, holderName, amount } = order;
  return [channelNumber, account, holderName, yuanText(amount), currency, remittance];
}
