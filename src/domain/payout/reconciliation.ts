import { isFinal, type PayoutStatus } from './state';

/** One row of a provider's bill: what it says it moved. The amount is fen. */
export interface BilledRow {
  channelNumber: string;
  amount: bigint;
  kind: 'paid' | 'returned';
}

/** One of our payouts whose number a bill names, or that a bill should name. */
export interface OurPayout {
  id: string;
  channelNumber: string;
  amount: bigint;
  status: PayoutStatus;
}

/**
 * `missing`: ours, not in the bill. `extra`: in the bill, never ours. `amount`: another amount.
 * `status`: the bill says that it was paid or came back, and our books do not. `duplicate`: twice.
 */
export type DifferenceWhy = 'missing' | 'extra' | 'amount' | 'status' | 'duplicate';

export interface Difference {
  why: DifferenceWhy;
  kind: BilledRow['kind'];
  channelNumber: string;
  payoutId: string | null;
  ourAmount: bigint | null;
  theirAmount: bigint | null;
}

export interface Comparison {
  rows: number;
  matched: number;
  differences: Difference[];
  /** payouts that the bill names, by what it says of them */
  named: { paid: string[]; returned: string[] };
}

/**
 * Compares one day's bill with our books, by number and amount. Order does not matter, and the same
 * input gives the same differences.
 * @param ours by number: every payout of the channel that the bill names
 * @param due what our books say was paid or came back on that day and no bill has named so far
 */
export function compareBill(
  bill: readonly BilledRow[],
  ours: ReadonlyMap<string, OurPayout>,
  due: { paid: readonly OurPayout[]; returned: readonly OurPayout[] },
): Comparison {
  const seen = new Set<string>();
  const differences: Difference[] = [];
  const named = { paid: [] as string[], returned: [] as string[] };
  let matched = 0;
  for (const row of bill) {
    const payout = ours.get(row.channelNumber);
    const why = differs(row, payout, seen);
    seen.add(keyOf(row));
    if (payout !== undefined && why !== 'duplicate') named[row.kind].push(payout.id);
    if (why === null) matched += 1;
    else differences.push(difference(why, row, payout));
  }
  for (const kind of ['paid', 'returned'] as const) {
    const missing = due[kind].filter((payout) => !seen.has(keyOf({ ...payout, kind })));
    for (const payout of missing) {
      differences.push({
        ...difference('missing', { ...payout, kind }, payout),
        theirAmount: null,
      });
    }
  }
  return { rows: bill.length, matched, differences: once(differences), named };
}

const keyOf = ({ channelNumber, kind }: Pick<BilledRow, 'channelNumber' | 'kind'>) =>
  `${kind} ${channelNumber}`;

function differs(
  row: BilledRow,
  payout: OurPayout | undefined,
  seen: ReadonlySet<string>,
): DifferenceWhy | null {
  if (seen.has(keyOf(row))) return 'duplicate';
  if (payout === undefined) return 'extra';
  if (payout.amount !== row.amount) return 'amount';
  const isBooked =
    row.kind === 'returned' ? payout.status === 'returned' : hasBeenPaid(payout.status);
  return isBooked ? null : 'status';
}

const hasBeenPaid = (status: PayoutStatus) => status === 'paid' || status === 'returned';

function difference(why: DifferenceWhy, row: BilledRow, payout: OurPayout | undefined): Difference {
  return {
    why,
    kind: row.kind,
    channelNumber: row.channelNumber,
    payoutId: payout?.id ?? null,
    ourAmount: payout?.amount ?? null,
    theirAmount: row.amount,
  };
}

/** A number that stands there three times is one difference. */
function once(differences: readonly Difference[]): Difference[] {
  const byKey = new Map<string, Difference>();
  for (const each of differences) {
    const key = `${each.why} ${keyOf(each)}`;
    if (!byKey.has(key)) byKey.set(key, each);
  }
  return [...byKey.values()];
}

/** A bill says that it was paid and we do not know yet how it ended: its channel is asked again. */
export function isToBeAsked({ status }: OurPayout): boolean {
  return !isFinal(status);
}
