import type { Book } from './sandbox-process';

/** What became of the payouts, with the provider's books as judge. */
export interface Verdict {
  paid: number;
  returned: number;
  failed: number;
  /** money left for something that our books do not hold as paid, or under a number that is not ours */
  paidTwice: number;
  /** our books say paid, and the provider never moved it; or it came back and we do not know */
  lost: number;
  /** not at their end in time */
  stuck: number;
}

interface Row {
  channelNumber: string;
  amount: bigint;
  status: string;
}

/** Compares every payout with the provider's books, and the books with the payouts. */
export function judge(
  rows: readonly Row[],
  books: ReadonlyMap<string, Book>,
  stuck: number,
): Verdict {
  const of = (status: string) => rows.filter((row) => row.status === status);
  const ours = new Set(rows.map(({ channelNumber }) => channelNumber));
  const moved = (row: Row) => (books.get(row.channelNumber)?.paidAt ?? null) !== null;
  const cameBack = (row: Row) => (books.get(row.channelNumber)?.returnedAt ?? null) !== null;
  const sameAmount = (row: Row) =>
    BigInt(books.get(row.channelNumber)?.amount ?? -1) === row.amount;
  const givenBack = [...of('failed'), ...of('canceled')];
  const strange = [...books.values()].filter(
    ({ channelNumber, paidAt }) => paidAt !== null && !ours.has(channelNumber),
  );
  const lost = [
    ...of('paid').filter((row) => !moved(row) || !sameAmount(row) || cameBack(row)),
    ...of('returned').filter((row) => !cameBack(row)),
  ];
  return {
    paid: of('paid').length,
    returned: of('returned').length,
    failed: givenBack.length,
    paidTwice: givenBack.filter(moved).length + strange.length,
    lost: lost.length,
    stuck,
  };
}
