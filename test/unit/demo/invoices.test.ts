import { bookOf, type Fate } from '../../../demo/invoices';
import { kindOfRow } from '../../../demo/rules';
import { rowOf } from './row';

describe('what a line is', () => {
  test.each([
    ['goods', {}, 'goods'],
    ['goods of a cancellation', { invoice: 'C536379', quantity: -1 }, 'goods'],
    ['postage', { sku: 'POST' }, 'carriage'],
    ['carriage', { sku: 'C2' }, 'carriage'],
    ['a fee', { sku: 'AMAZONFEE', quantity: -1 }, 'adjustment'],
    ['a manual correction', { sku: 'M' }, 'adjustment'],
    ['a discount', { invoice: 'C536379', sku: 'D', quantity: -1 }, 'adjustment'],
    ['bad debt', { invoice: 'A563185', sku: 'B', unitPriceAmount: -1_106_206n }, 'adjustment'],
    ['a price below 0', { unitPriceAmount: -1n }, 'adjustment'],
    ['a voucher', { sku: 'GIFT_0001_20', unitPriceAmount: 2000n }, 'voucher'],
    ['a free thing', { unitPriceAmount: 0n }, 'free'],
    ['a write-off', { quantity: -10, unitPriceAmount: 0n }, 'stock'],
    ['pads for cushions: a product, whatever its code', { sku: 'PADS' }, 'goods'],
  ])('%s', (_, row, kind) => {
    expect(kindOfRow(rowOf(row))).toBe(kind);
  });
});

describe('the book of a file', () => {
  const rows = [
    rowOf({ row: 1 }),
    rowOf({ row: 2, sku: '21730', unitPriceAmount: 0n, quantity: 1 }),
    rowOf({ row: 3, sku: 'POST', unitPriceAmount: 1800n, quantity: 2 }),
    rowOf({ row: 4, sku: 'M', unitPriceAmount: 100n }),
    rowOf({ row: 5, invoice: 'C536400', quantity: -2, soldAt: '2010-12-02T10:00:00Z' }),
    rowOf({ row: 6, invoice: '536414', sku: '22139', unitPriceAmount: 0n, quantity: 56 }),
    rowOf({ row: 7, invoice: '536366', sku: 'POST', unitPriceAmount: 1800n }),
    rowOf({ row: 8, invoice: '536300', sku: '21730', soldAt: '2010-12-01T08:00:00Z' }),
  ];
  const book = bookOf(rows);

  test('puts sales in the order of time', () => {
    expect(book.sales.map(({ invoice }) => invoice)).toEqual(['536300', '536365']);
  });

  test('keeps the line numbers of the source, the presents, and postage as shipping', () => {
    expect(book.sales[1]).toMatchObject({
      shippingAmount: 3600n,
      lines: [
        { line: 1, sku: '85123A', quantity: 6, unitPriceAmount: 255n },
        { line: 2, sku: '21730', quantity: 1, unitPriceAmount: 0n },
      ],
    });
  });

  test('has the quantity that came back as more than 0', () => {
    expect(book.cancelled).toMatchObject([{ invoice: 'C536400', quantity: 2, row: 5 }]);
  });

  test('gives every line exactly one fate', () => {
    const fates = Object.fromEntries(book.fates) as Record<Fate, number>;
    expect(fates).toEqual({
      sold: 2,
      'present in a sale': 1,
      'shipping of a sale': 1,
      'left out: adjustment': 1,
      'cancellation of goods': 1,
      'left out: stock correction or nothing but free lines': 1,
      'left out: carriage without goods or taken back': 1,
    });
    expect(Object.values(fates).reduce((sum, n) => sum + n)).toBe(rows.length);
  });

  test('counts invoices that sell nothing', () => {
    expect(book.invoices).toEqual({ sale: 2, cancellation: 1, withoutSale: 2 });
  });
});
