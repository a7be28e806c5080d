import type { Expectation } from './expectation';
import type { Book } from './invoices';
import type { Loaded, Refunded } from './load';
import type { Outcome } from './outcome';
import { readable } from './pence';
import type { Amounts } from './settle';

/** Two numbers that must be the same, from different places. */
export interface Check {
  readonly what: string;
  readonly left: bigint;
  readonly right: bigint;
}

export interface Findings {
  readonly lines: number;
  readonly book: Book;
  readonly soldInFile: bigint;
  readonly expected: Expectation;
  readonly loaded: Loaded;
  readonly refunded: Refunded;
  readonly outcome: Outcome;
}

export function total<T>(items: readonly T[], amountOf: (item: T) => number): bigint {
  return items.reduce((sum, item) => sum + BigInt(amountOf(item)), 0n);
}

/** What all settlements of the program come to. */
export function settledTotals({ settlements }: Outcome): Amounts & { distributors: number } {
  const sum = (of: (totals: Amounts & { distributors: number }) => number) =>
    settlements.reduce((all, { totals }) => all + of(totals), 0);
  return {
    distributors: sum((totals) => totals.distributors),
    grossAmount: sum((totals) => totals.grossAmount),
    taxAmount: sum((totals) => totals.taxAmount),
    feeAmount: sum((totals) => totals.feeAmount),
    netAmount: sum((totals) => totals.netAmount),
  };
}

/** Everything that has to agree; each line is worked out in two ways. */
export function checksOf(found: Findings): Check[] {
  return [...intakeChecks(found), ...commissionChecks(found), ...payoutChecks(found)];
}

function intakeChecks(found: Findings): Check[] {
  const { lines, book, soldInFile, expected, loaded, refunded, outcome } = found;
  const fates = [...book.fates.values()].reduce((sum, count) => sum + count, 0);
  return [
    { what: 'lines of the file = lines with a fate', left: BigInt(lines), right: BigInt(fates) },
    {
      what: 'invoices that sell = orders stored',
      left: BigInt(expected.orders),
      right: BigInt(loaded.orders.size),
    },
    {
      what: 'matched cancellations = refunds stored',
      left: BigInt(expected.refunds),
      right: BigInt(refunded.sent),
    },
    {
      what: 'commissions computed again by the server = commissions',
      left: BigInt(outcome.verification.commissions),
      right: BigInt(outcome.commissions.length),
    },
    {
      what: 'differences found by that = 0',
      left: BigInt(outcome.verification.differenceCount),
      right: 0n,
    },
    {
      what: 'goods in the file = goods in the orders',
      left: soldInFile,
      right: expected.soldAmount,
    },
  ];
}

function commissionChecks({ expected, outcome }: Findings): Check[] {
  const { commissions, trialBalance } = outcome;
  const remaining = total(commissions, ({ amount }) => amount);
  const owned = outcome.balances.reduce(
    (sum, b) =>
      sum + BigInt(b.heldAmount + b.availableAmount + b.settlingAmount - b.receivableAmount),
    0n,
  );
  const people = accountsLike(outcome, /^distributor:/);
  return [
    {
      what: 'commissions by the file = commissions left after refunds',
      left: expected.remainingAmount,
      right: remaining,
    },
    {
      what: 'commissions left = commission expense in the ledger',
      left: remaining,
      right: -accountsLike(outcome, /^commission-expense$/),
    },
    { what: "balances of people = people's accounts in the ledger", left: owned, right: people },
    {
      what: 'all accounts = 0',
      left: total(trialBalance.accounts, ({ balanceAmount }) => balanceAmount),
      right: 0n,
    },
  ];
}

function payoutChecks({ outcome }: Findings): Check[] {
  const { grossAmount, taxAmount, feeAmount, netAmount } = settledTotals(outcome);
  const { statements, payouts, books } = outcome;
  const paid = payouts.filter(({ status }) => status === 'paid');
  const kept = books.filter(({ paidAt, returnedAt }) => paidAt !== null && returnedAt === null);
  const cash = accountsLike(outcome, /:cash$/);
  const over = ['failed', 'canceled', 'returned'];
  const gone = payouts.filter(({ status }) => !over.includes(status));
  const left = total(outcome.commissions, ({ amount }) => amount);
  return [
    {
      what: 'gross = tax + fee + net',
      left: BigInt(grossAmount),
      right: BigInt(taxAmount + feeAmount + netAmount),
    },
    {
      what: 'gross = sum of the statements',
      left: BigInt(grossAmount),
      right: total(statements, (statement) => statement.grossAmount),
    },
    {
      what: 'net = sum of the payouts',
      left: BigInt(netAmount),
      right: total(payouts, ({ amount }) => amount),
    },
    {
      what: "payouts paid = money that left by the provider's books",
      left: total(paid, ({ amount }) => amount),
      right: total(kept, ({ amount }) => amount),
    },
    {
      what: 'with the people = commissions left - gross of what was paid out',
      left: total(outcome.balances, (b) => b.heldAmount + b.availableAmount - b.receivableAmount),
      right: left - total(gone, (payout) => payout.grossAmount),
    },
    {
      what: 'payouts paid = cash account in the ledger',
      left: total(paid, ({ amount }) => amount),
      right: cash,
    },
    {
      what: 'paid to people = payouts paid',
      left: total(outcome.balances, ({ paidAmount }) => paidAmount),
      right: total(paid, ({ amount }) => amount),
    },
  ];
}

function accountsLike({ trialBalance }: Outcome, pattern: RegExp): bigint {
  const accounts = trialBalance.accounts.filter(({ account }) => pattern.test(account));
  return total(accounts, ({ balanceAmount }) => balanceAmount);
}

/** What the accounts of a kind sum to, for the table of the trial balance. */
export function accountGroups(outcome: Outcome): { name: string; amount: bigint; count: number }[] {
  const groups = new Map<string, { amount: bigint; count: number }>();
  for (const { account, balanceAmount } of outcome.trialBalance.accounts) {
    const name = account.replace(/^(distributor|channel):[^:]+:/, '$1s: ');
    const group = groups.get(name) ?? { amount: 0n, count: 0 };
    groups.set(name, { amount: group.amount + BigInt(balanceAmount), count: group.count + 1 });
  }
  return [...groups].map(([name, group]) => ({ name, ...group }));
}

export function describeCheck({ what, left, right }: Check, counts: boolean): string {
  const show = counts ? String : readable;
  if (left === right) return `  ok     ${what}: ${show(left)}`;
  return `  WRONG  ${what}: ${show(left)} against ${show(right)}`;
}
