import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseRows, readText, type SourceRow } from './source';
import { kindOfRow } from './rules';

/**
 * Makes demo/online-retail-sample.csv.gz from the full file:
 *   node --import tsx demo/make-sample.ts <online-retail.csv or .csv.gz>
 * Takes whole customers, so that cancellations keep their purchases: every tenth of those with
 * at most 60 lines (by a hash, not by chance), and the ten with the largest sales among those with
 * at most 120. Of customers that the shop did not know: every 25th invoice of at most 40 lines.
 * And the two shortest invoices of each kind of line that is no sale, and the customers with
 * a price of more than two decimals, so that no kind of dirt is lost.
 * Lines are copied as they are, in their order.
 */
const smallCustomerLines = 60;
const oneCustomerIn = 10;
const largeCustomers = 10;
const largeCustomerLines = 120;
const smallInvoiceLines = 40;
const oneGuestInvoiceIn = 25;
const invoicesPerOddKind = 2;

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node --import tsx demo/make-sample.ts <full file, .csv or .csv.gz>');
  process.exit(1);
}
const text = readText(path);
const lines = text.split(/\r?\n/).filter((line) => line !== '');
const rows = parseRows(text);
if (rows.length !== lines.length - 1) throw new Error('a line break inside a field');

const oddPrices = rows.filter((row) => row.priceRounded).flatMap((row) => row.customer ?? []);
const customers = new Set([...smallCustomers(rows), ...largest(rows), ...oddPrices]);
const invoices = new Set([...guestInvoices(rows), ...oddInvoices(rows)]);
const taken = rows.filter((row) =>
  row.customer === undefined ? invoices.has(row.invoice) : customers.has(row.customer),
);
const sample = [lines[0], ...taken.map((row) => lines[row.row])].join('\n') + '\n';
const target = join(__dirname, 'online-retail-sample.csv.gz');
writeFileSync(target, gzipSync(sample, { level: 9 }));
console.log(`${taken.length} of ${rows.length} lines, ${customers.size} customers -> ${target}`);

function smallCustomers(all: readonly SourceRow[]): string[] {
  return [...groups(all, (row) => row.customer)]
    .filter(([id, own]) => own.length <= smallCustomerLines && oneOf(oneCustomerIn, id))
    .map(([id]) => id);
}

function largest(all: readonly SourceRow[]): string[] {
  const sales = (own: readonly SourceRow[]) =>
    own
      .filter((row) => row.quantity > 0)
      .reduce((sum, row) => sum + BigInt(row.quantity) * row.unitPriceAmount, 0n);
  return [...groups(all, (row) => row.customer)]
    .filter(([, own]) => own.length <= largeCustomerLines)
    .map(([id, own]) => ({ id, total: sales(own) }))
    .sort((one, other) => Number(other.total - one.total))
    .slice(0, largeCustomers)
    .map(({ id }) => id);
}

function guestInvoices(all: readonly SourceRow[]): string[] {
  const guests = all.filter((row) => row.customer === undefined);
  return [...groups(guests, (row) => row.invoice)]
    .filter(([id, own]) => own.length <= smallInvoiceLines && oneOf(oneGuestInvoiceIn, id))
    .map(([id]) => id);
}

function oddInvoices(all: readonly SourceRow[]): string[] {
  const guests = all.filter((row) => row.customer === undefined);
  const sizes = groups(guests, (row) => row.invoice);
  const sizeOf = (invoice: string) => sizes.get(invoice)?.length ?? 0;
  const kinds = groups(guests, (row) => {
    const kind = kindOfRow(row);
    if (kind === 'goods') return undefined;
    return kind === 'carriage' || kind === 'adjustment' ? `${kind} ${row.sku}` : kind;
  });
  return [...kinds.values()].flatMap((own) =>
    [...new Set(own.map((row) => row.invoice))]
      .sort((one, other) => sizeOf(one) - sizeOf(other))
      .slice(0, invoicesPerOddKind),
  );
}

function groups(
  all: readonly SourceRow[],
  keyOf: (row: SourceRow) => string | undefined,
): Map<string, SourceRow[]> {
  const found = new Map<string, SourceRow[]>();
  for (const row of all) {
    const key = keyOf(row);
    if (key === undefined) continue;
    const list = found.get(key);
    if (list === undefined) found.set(key, [row]);
    else list.push(row);
  }
  return found;
}

/** The same answer for the same id on every machine. */
function oneOf(n: number, id: string): boolean {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % n === 0;
}
