import { createHash } from 'node:crypto';
import { chinaMoment, parseJson } from '../answer';
import type { BillOutcome, BillRow, Unknown } from '../channel';
import { type Gateway, unknownStatus } from './gateway';
import { BillAddress, errorCode } from './wire';

/** A file of a day is made from 9:00 of the next day on (Beijing), and is there by 10:00. */
const readyAfterMs = (24 + 10) * 3600 * 1000;

/**
 * The fund flow bill (资金账单) of one day: the only file that WeChat Pay gives for transfers
 * (doc merchant/4013748430). Its address is signed, the file itself is known by its SHA-1.
 */
export async function fundFlowBill(
  gateway: Gateway,
  account: string,
  day: string,
  now: Date,
): Promise<BillOutcome> {
  const query = new URLSearchParams({ bill_date: day, account_type: account });
  const answer = await gateway.ask({
    method: 'GET',
    target: `/v3/bill/fundflowbill?${query.toString()}`,
  });
  if (answer.kind === 'unknown') return answer;
  if (answer.signature !== 'right') return unknown('the answer is not signed by WeChat Pay');
  if (answer.status !== 200) {
    const code = errorCode(answer.text);
    if (code === 'STATEMENT_CREATING') return { kind: 'not_ready' };
    if (code !== 'NO_STATEMENT_EXIST') return unknownStatus(answer.status);
    // No file: nothing moved on that day, or it is too early to know.
    const isOver = now.getTime() > Date.parse(`${day}T00:00:00+08:00`) + readyAfterMs;
    return isOver ? { kind: 'bill', rows: [] } : { kind: 'not_ready' };
  }
  const address = BillAddress.safeParse(parseJson(answer.text));
  if (!address.success) return unknown('the answer could not be read');
  const file = await gateway.load(address.data.download_url);
  if (file.kind === 'unknown') return file;
  const hash = createHash('sha1').update(file.content).digest('hex');
  if (hash !== address.data.hash_value.toLowerCase()) return unknown('the file is not whole');
  const rows = readFundFlow(file.content.toString('utf8'));
  return rows === undefined ? unknown('the file could not be read') : { kind: 'bill', rows };
}

const unknown = (detail: string): Unknown => ({ kind: 'unknown', detail });

const columns = {
  at: '记账时间',
  providerNumber: '微信支付业务单号',
  business: '业务名称',
  type: '业务类型',
  direction: '收支类型',
  amount: '收支金额(元)',
  ourNumber: '业务凭证号',
} as const;

const summaryBegins = '资金流水总笔数';

type Line = Record<keyof typeof columns, string>;

/**
 * The transfers of a fund flow file; other movements of the account are left out. Undefined: the file
 * is not what WeChat documents, or its own count does not fit.
 */
export function readFundFlow(text: string): BillRow[] | undefined {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const end = lines.findIndex((line) => line.startsWith(summaryBegins));
  const header = lines[0]?.split(',') ?? [];
  const places = Object.entries(columns).map(
    ([key, title]) => [key, header.indexOf(title)] as const,
  );
  if (end < 1 || places.some(([, place]) => place < 0)) return undefined;
  const body = lines.slice(1, end).map(cellsOf);
  const summary = cellsOf(lines[end + 1] ?? '');
  if (Number(summary[0]) !== body.length || summary[0] === '') return undefined;
  const rows: BillRow[] = [];
  for (const cells of body) {
    const line = Object.fromEntries(
      places.map(([key, place]) => [key, cells[place] ?? '']),
    ) as Line;
    if (!`${line.business}${line.type}`.includes('转账')) continue;
    const row = rowOf(line);
    if (row === undefined) return undefined;
    rows.push(row);
  }
  return withoutUndone(rows);
}

/** Every cell begins with a back quote, so that a spreadsheet takes it as text. */
function cellsOf(line: string): string[] {
  return line
    .replace(/^`/, '')
    .split(',`')
    .map((cell) => cell.trim());
}

function rowOf(line: Line): BillRow | undefined {
  const at = chinaMoment(line.at);
  const amount = fenOf(line.amount);
  const kind = { 支出: 'paid', 收入: 'returned' }[line.direction] as BillRow['kind'] | undefined;
  if (at === null || amount === undefined || kind === undefined) return undefined;
  const providerNumber = line.providerNumber === '' ? null : line.providerNumber;
  return { channelNumber: line.ourNumber, amount, kind, providerNumber, at };
}

/** `8.88` yuan in fen, exactly. */
function fenOf(yuan: string): bigint | undefined {
  const match = /^(\d{1,13})\.(\d{2})$/.exec(yuan);
  return match === null ? undefined : BigInt(`${match[1]}${match[2]}`);
}

/** A transfer that went out and came back on the same day (not confirmed, canceled) moved nothing. */
function withoutUndone(rows: readonly BillRow[]): BillRow[] {
  const left = [...rows];
  for (const back of rows.filter(({ kind }) => kind === 'returned')) {
    const out = left.findIndex(
      (row) =>
        row.kind === 'paid' &&
        row.channelNumber === back.channelNumber &&
        row.amount === back.amount,
    );
    if (out < 0) continue;
    left.splice(out, 1);
    left.splice(left.indexOf(back), 1);
  }
  return left;
}
