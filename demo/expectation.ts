import type { Matching } from './cancellations';
import type { Book, Sale, SoldLine } from './invoices';
import type { People, Person } from './people';
import { kindOfRow } from './rules';
import { terms } from './setup';
import type { SourceRow } from './source';

/** What must come out, worked out here from the file, without asking the server. */
export interface Expectation {
  readonly orders: number;
  readonly refunds: number;
  readonly soldAmount: bigint;
  readonly refundedAmount: bigint;
  /** all levels, before any refund */
  readonly commissionAmount: bigint;
  /** all levels, on what was not taken back */
  readonly remainingAmount: bigint;
}

export function expectationOf(book: Book, matching: Matching, people: People): Expectation {
  const back = new Map<string, { quantity: number; amount: bigint }>();
  let refundedAmount = 0n;
  for (const { invoice, lines } of matching.refunds) {
    for (const { line, quantity, amount } of lines) {
      const key = `${invoice} ${line}`;
      const before = back.get(key) ?? { quantity: 0, amount: 0n };
      back.set(key, { quantity: before.quantity + quantity, amount: before.amount + amount });
      refundedAmount += amount;
    }
  }
  let commissionAmount = 0n;
  let remainingAmount = 0n;
  for (const sale of book.sales) {
    const person = sale.customer === undefined ? undefined : people.distributorOf(sale.customer);
    if (person === undefined) continue;
    for (const line of sale.lines) {
      const base = BigInt(line.quantity) * line.unitPriceAmount;
      const gone = back.get(`${sale.invoice} ${line.line}`) ?? { quantity: 0, amount: 0n };
      const kept = { base: base - gone.amount, quantity: line.quantity - gone.quantity };
      commissionAmount += earned(person, line, { base, quantity: line.quantity });
      remainingAmount += earned(person, line, kept);
    }
  }
  const soldAmount = book.sales.reduce((sum, sale) => sum + saleAmount(sale), 0n);
  return {
    orders: book.sales.length,
    refunds: matching.refunds.length,
    soldAmount,
    refundedAmount,
    commissionAmount,
    remainingAmount,
  };
}

/** The goods sold, straight from the lines of the file: the sum of quantity x price. */
export function soldInFile(rows: readonly SourceRow[]): bigint {
  return rows
    .filter((row) => /^\d+$/.test(row.invoice) && kindOfRow(row) === 'goods')
    .reduce((sum, row) => sum + BigInt(row.quantity) * row.unitPriceAmount, 0n);
}

function saleAmount(sale: Sale): bigint {
  return sale.lines.reduce((sum, line) => sum + BigInt(line.quantity) * line.unitPriceAmount, 0n);
}

/**
 * What both levels of a line take together. The rate is that of the line as it was sold: a bulk
 * line of which most came back keeps the bulk rate.
 */
function earned(person: Person, sold: SoldLine, kept: { base: bigint; quantity: number }): bigint {
  const direct = directOf(person, sold, kept);
  const upline = person.sponsor === undefined ? 0n : share(kept.base, terms.uplineBps);
  const cap = share(kept.base, terms.capBps);
  const both = direct + upline;
  return both > cap ? cap : both;
}

function directOf(
  person: Person,
  sold: SoldLine,
  kept: { base: bigint; quantity: number },
): bigint {
  if (sold.sku === terms.perUnit.sku) return BigInt(kept.quantity * terms.perUnit.amount);
  if (sold.quantity >= terms.bulkQuantity) return share(kept.base, terms.bulkBps);
  return share(kept.base, person.tier === 'gold' ? terms.goldBps : terms.directBps);
}

function share(base: bigint, bps: number): bigint {
  return (base * BigInt(bps)) / 10_000n;
}
