import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { shopMoment } from './london';
import { fenOf } from './pence';

/** One line of the source, as typed as it can be without judging it. */
export interface SourceRow {
  /** 1 for the first line under the heading */
  readonly row: number;
  readonly invoice: string;
  /** upper case: the shop's staff typed 85123A and 85123a for the same thing */
  readonly sku: string;
  readonly description: string;
  /** negative for what came back or was written off */
  readonly quantity: number;
  /** RFC 3339 */
  readonly soldAt: string;
  readonly unitPriceAmount: bigint;
  readonly priceRounded: boolean;
  /** undefined: the shop did not know the customer */
  readonly customer: string | undefined;
  readonly country: string;
}

const columns = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

type Cells = Record<(typeof columns)[number], string>;

/** The bytes of a `.csv` or `.csv.gz` as text; UTF-8, or Latin-1 as in some copies. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = gzip ? gunzipSync(bytes) : bytes;
  const text = plain.toString('utf8');
  return text.includes('\ufffd') ? plain.toString('latin1') : text;
}

/** The rows of an Online Retail file. Throws with the line when one cannot be read. */
export function parseRows(text: string): SourceRow[] {
  const records = parse<Cells>(text, { columns: true, bom: true, skip_empty_lines: true });
  const heading = Object.keys(records[0] ?? {});
  const missing = columns.filter((column) => !heading.includes(column));
  if (missing.length > 0) throw new Error(`not an Online Retail file: no ${missing.join(', ')}`);
  // The lines of an invoice share their minute; reading a zoned time is the slow part.
  const moments = new Map<string, string | undefined>();
  return records.map((cells, index) => {
    const written = cells.InvoiceDate;
    if (!moments.has(written)) moments.set(written, shopMoment(written));
    return rowOf(cells, index + 1, moments.get(written));
  });
}

function rowOf(cells: Cells, row: number, soldAt: string | undefined): SourceRow {
  const price = fenOf(cells.UnitPrice);
  const quantity = Number(cells.Quantity);
  if (price === undefined || soldAt === undefined || !Number.isSafeInteger(quantity)) {
    throw new Error(`line ${row + 1} cannot be read: ${Object.values(cells).join(',')}`);
  }
  const customer = cells.CustomerID.trim().replace(/\.0$/, '');
  return {
    row,
    invoice: cells.InvoiceNo.trim(),
    sku: cells.StockCode.trim().toUpperCase(),
    description: cells.Description.trim(),
    quantity,
    soldAt,
    unitPriceAmount: price.amount,
    priceRounded: price.rounded,
    customer: customer === '' ? undefined : customer,
    country: cells.Country.trim(),
  };
}
