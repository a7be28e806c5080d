import { yuanText } from '../../domain/kernel/yuan';
import type { BankFile, BankOrder } from './file';
import type { BankFileSettings } from './settings';

/**
 * A customer credit transfer initiation, ISO 20022 `pain.001.001.09`, with one block of payments.
 * `EndToEndId` is our number of the transfer; the bank gives it back in its results.
 */
export function painText(file: BankFile, settings: BankFileSettings): string {
  const { messageId, createdAt, orders } = file;
  const count = String(orders.length);
  const total = yuanText(orders.reduce((sum, { amount }) => sum + amount, 0n));
  const group = [
    text('MsgId', messageId),
    text('CreDtTm', createdAt.toISOString().slice(0, 19)),
    text('NbOfTxs', count),
    text('CtrlSum', total),
    node('InitgPty', [text('Nm', settings.debtorName)]),
  ];
  const payments = [
    text('PmtInfId', messageId),
    text('PmtMtd', 'TRF'),
    text('NbOfTxs', count),
    text('CtrlSum', total),
    node('ReqdExctnDt', [text('Dt', createdAt.toISOString().slice(0, 10))]),
    node('Dbtr', [text('Nm', settings.debtorName)]),
    node('DbtrAcct', [accountId(settings.debtorAccount)]),
    node('DbtrAgt', [node('FinInstnId', [agent(settings)])]),
    ...orders.map((order) => transfer(order, file, settings)),
  ];
  const document = node('CstmrCdtTrfInitn', [node('GrpHdr', group), node('PmtInf', payments)]);
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">${document}</Document>\n`
  );
}

function transfer(
  { channelNumber, account, holderName, amount }: BankOrder,
  { currency }: BankFile,
  { remittance }: BankFileSettings,
): string {
  return node('CdtTrfTxInf', [
    node('PmtId', [text('InstrId', channelNumber), text('EndToEndId', channelNumber)]),
    node('Amt', [`<InstdAmt Ccy="${escaped(currency)}">${yuanText(amount)}</InstdAmt>`]),
    node('Cdtr', [text('Nm', holderName)]),
    node('CdtrAcct', [accountId(account)]),
    node('RmtInf', [text('Ustrd', remittance)]),
  ]);
}

const iban = /^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/;

function accountId(account: string): string {
  const id = iban.test(account)
    ? text('IBAN', account)
    : node('Othr', [text('Id', account.slice(0, 34))]);
  return node('Id', [id]);
}

function agent({ debtorBic, debtorClearingCode }: BankFileSettings): string {
  if (debtorBic !== undefined) return text('BICFI', debtorBic);
  const system = node('ClrSysId', [text('Cd', 'CNAPS')]);
  return node('ClrSysMmbId', [system, text('MmbId', debtorClearingCode ?? '')]);
}

const node = (name: string, parts: readonly string[]) => `<${name}>${parts.join('')}</${name}>`;
const text = (name: string, value: string) => node(name, [escaped(value)]);

/** Characters that XML cannot hold, and what markup is made of. */
function escaped(value: string): string {
  return value
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
