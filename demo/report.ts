import {
  type Check,
  accountGroups,
  checksOf,
  describeCheck,
  settledTotals,
  type Findings,
  total,
} from './checks';
import { countBy, type Payout } from './settle';
import { readable } from './pence';
import type { Commission } from './outcome';
import type { Matching } from './cancellations';

const labelWidth = 54;
const amountWidth = 18;

export interface ReportContext extends Findings {
  readonly matching: Matching;
  readonly baseUrl: string;
  readonly programId: string;
  readonly unmatchedFile: string;
}

/** The tables at the end, as lines of text, and whether everything agrees. */
export function reportOf(found: ReportContext): { lines: string[]; agrees: boolean } {
  const checks = checksOf(found);
  const agrees = checks.every(({ left, right }) => left === right);
  return {
    agrees,
    lines: [
      ...sourceTable(found),
      ...commissionTable(found),
      ...settlementTable(found),
      ...trialBalanceTable(found),
      ...checkTable(checks, agrees),
      ...whereNext(found),
    ],
  };
}

function sourceTable({ lines, book, expected, matching, unmatchedFile }: ReportContext): string[] {
  const why = countBy(matching.unmatched, (entry) => entry.why);
  const lost = matching.unmatched.reduce(
    (sum, { line, quantity }) => sum + BigInt(quantity) * line.unitPriceAmount,
    0n,
  );
  return [
    '\nThe file',
    ...[...book.fates].map(([fate, count]) => tally(`  ${fate}`, count)),
    tally('  = lines', lines),
    row('  goods sold (orders)', expected.soldAmount, expected.orders),
    row('  taken back (refunds)', -expected.refundedAmount, expected.refunds),
    row('  cancelled without a purchase in the file', -lost, matching.unmatched.length),
    ...[...why].map(([reason, count]) => tally(`    ${reason}`, count)),
    `    listed in ${unmatchedFile}`,
  ];
}

function commissionTable({ expected, outcome }: ReportContext): string[] {
  const { commissions } = outcome;
  const remaining = total(commissions, ({ amount }) => amount);
  const original = total(commissions, ({ originalAmount }) => originalAmount);
  const levels = [1, 2].map((level) => {
    const own = commissions.filter((commission) => commission.level === level);
    return row(
      `  level ${level}`,
      total(own, ({ originalAmount }) => originalAmount),
      own.length,
    );
  });
  return [
    '\nCommissions',
    ...levels,
    row('  = as earned', original, commissions.length),
    row('  refunds', remaining - original),
    row('  = left', remaining),
    ...byStatus(commissions),
    row('  by the file, without the server', expected.remainingAmount),
  ];
}

function byStatus(commissions: readonly Commission[]): string[] {
  return [...countBy(commissions, ({ status }) => status)].sort().map(([status, count]) => {
    const own = commissions.filter((commission) => commission.status === status);
    return row(
      `    ${status}`,
      total(own, ({ amount }) => amount),
      count,
    );
  });
}

function settlementTable({ outcome }: ReportContext): string[] {
  const { grossAmount, taxAmount, feeAmount, netAmount, distributors } = settledTotals(outcome);
  const { settlements } = outcome;
  const over = outcome.balances;
  return [
    `\nSettlement ${settlements.map(({ period, status }) => `${period} (${status})`).join(', ')}`,
    row('  gross', BigInt(grossAmount), distributors),
    row('  tax withheld', -BigInt(taxAmount)),
    row('  fee', -BigInt(feeAmount)),
    row('  = net, paid out in', BigInt(netAmount), outcome.payouts.length),
    ...payoutRows(outcome.payouts),
    ...(settlements.at(-1)?.skipped ?? []).map(({ reason, count }) =>
      tally(`  not settled: ${reason}`, count),
    ),
    row(
      '  with the distributors for the next settlement',
      total(over, (b) => b.availableAmount),
    ),
    row('  owed by distributors after refunds', -total(over, (b) => b.receivableAmount)),
  ];
}

function payoutRows(payouts: readonly Payout[]): string[] {
  return [...countBy(payouts, ({ status }) => status)].sort().map(([status, count]) => {
    const own = payouts.filter((payout) => payout.status === status);
    return row(
      `    ${status}`,
      total(own, ({ amount }) => amount),
      count,
    );
  });
}

function trialBalanceTable({ outcome }: ReportContext): string[] {
  const groups = accountGroups(outcome);
  const sum = groups.reduce((all, { amount }) => all + amount, 0n);
  return [
    '\nTrial balance (accounts of one kind together)',
    ...groups.map(({ name, amount, count }) => row(`  ${name}`, amount, count)),
    row('  = 0', sum, outcome.trialBalance.accounts.length),
  ];
}

function checkTable(checks: readonly Check[], agrees: boolean): string[] {
  const counts = new Set(checks.slice(0, 5));
  return [
    '\nDoes it add up?',
    ...checks.map((check) => describeCheck(check, counts.has(check))),
    agrees ? '  every fen is accounted for' : '  SOMETHING IS WRONG: see the lines above',
  ];
}

function whereNext({ baseUrl, programId, outcome }: ReportContext): string[] {
  const some = outcome.commissions.find((c) => c.amount > 0 && c.amount < c.originalAmount);
  const commission = some ?? outcome.commissions[0];
  const odd = outcome.payouts.find(({ status }) => status === 'returned' || status === 'failed');
  const curl = (path: string) => `  curl -s -H "Authorization: Bearer $KEY" '${baseUrl}${path}'`;
  return [
    '\nWhere to look next',
    `  KEY=$(node -p "require('./.local/credentials.json').apiKey")`,
    ...(commission === undefined ? [] : [curl(`/v1/commissions/${commission.id}/explanation`)]),
    ...outcome.settlements.map(({ id }) => curl(`/v1/settlements/${id}`)),
    ...(odd === undefined ? [] : [curl(`/v1/payouts/${odd.id}`)]),
    curl(`/v1/ledger/trial-balance?programId=${programId}`),
    `  ${baseUrl}/docs has every route`,
  ];
}

function row(label: string, amount: bigint, count?: number): string {
  const money = readable(amount).padStart(amountWidth);
  return `${label.padEnd(labelWidth)}${money}${count === undefined ? '' : `${count}`.padStart(9)}`;
}

function tally(label: string, count: number): string {
  return `${label.padEnd(labelWidth)}${''.padStart(amountWidth)}${`${count}`.padStart(9)}`;
}
