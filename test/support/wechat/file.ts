import { beijingDay, beijingTime, type Flow } from './books';

const header =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const summaryHeader = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

/**
 * The fund flow file of one day (资金账单): a byte order mark, a header, a line for each movement with
 * a back quote before every cell, and a summary.
 */
export function billFile(flows: readonly Flow[], day: string): string {
  const ofDay = flows.filter(({ at }) => beijingDay(at) === day);
  const lines = ofDay.map(({ at, bill, direction, balance }, index) =>
    cells([
      beijingTime(at).slice(0, 19).replace('T', ' '),
      bill.transfer_bill_no,
      `1900001109${day.replaceAll('-', '')}${String(index).padStart(10, '0')}`,
      '商家转账',
      '商家转账',
      direction,
      yuan(BigInt(bill.transfer_amount)),
      yuan(balance),
      `${bill.appid}API`,
      bill.transfer_remark,
      bill.out_bill_no,
    ]),
  );
  const total = (wanted: Flow['direction']) => {
    const some = ofDay.filter(({ direction }) => direction === wanted);
    const sum = some.reduce((all, { bill }) => all + BigInt(bill.transfer_amount), 0n);
    return [`${some.length}.0`, yuan(sum)];
  };
  const summary = cells([`${ofDay.length}.0`, ...total('收入'), ...total('支出')]);
  return `\ufeff${[header, ...lines, summaryHeader, summary].join('\r\n')}\r\n`;
}

const cells = (values: readonly string[]) => values.map((value) => `\`${value}`).join(',');

function yuan(fen: bigint): string {
  const text = fen.toString().padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
}
