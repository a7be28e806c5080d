import fc from 'fast-check';
import { matchCancellations } from '../../../demo/cancellations';
import type { CancelledLine, Sale } from '../../../demo/invoices';

const day = (n: number) => `2011-01-${String(n).padStart(2, '0')}T10:00:00Z`;

function sale(invoice: string, on: number, quantity: number, more: Partial<Sale> = {}): Sale {
  const lines = [{ line: 1, sku: 'CUP', quantity, unitPriceAmount: 100n }];
  return { invoice, paidAt: day(on), customer: 'u', lines, shippingAmount: 0n, ...more };
}

function back(on: number, quantity: number, more: Partial<CancelledLine> = {}): CancelledLine {
  return {
    row: on,
    invoice: `C${on}`,
    cancelledAt: day(on),
    customer: 'u',
    sku: 'CUP',
    quantity,
    unitPriceAmount: 100n,
    ...more,
  };
}

/** invoice: quantity, for each refund */
const taken = (result: ReturnType<typeof matchCancellations>) =>
  result.refunds.map(({ cancellation, invoice, lines }) => [
    cancellation,
    invoice,
    lines.map(({ quantity }) => quantity),
  ]);

test('the latest earlier purchase is taken back first', () => {
  const result = matchCancellations(
    [sale('1', 1, 5), sale('2', 2, 5), sale('3', 9, 5)],
    [back(4, 3)],
  );
  expect(taken(result)).toEqual([['C4', '2', [3]]]);
  expect(result.unmatched).toEqual([]);
});

test('one cancellation may span several purchases, and what is left is listed', () => {
  const result = matchCancellations([sale('1', 1, 5), sale('2', 2, 5)], [back(4, 12)]);
  expect(taken(result)).toEqual([
    ['C4', '2', [5]],
    ['C4', '1', [5]],
  ]);
  expect(result.unmatched).toMatchObject([{ quantity: 2, why: 'bought fewer' }]);
});

test('what came back once cannot come back again', () => {
  const result = matchCancellations([sale('1', 1, 5)], [back(2, 4), back(3, 4)]);
  expect(taken(result)).toEqual([
    ['C2', '1', [4]],
    ['C3', '1', [1]],
  ]);
  expect(result.unmatched).toMatchObject([{ quantity: 3 }]);
});

test('two lines of one cancellation on one line of an order are one refund line', () => {
  const result = matchCancellations([sale('1', 1, 5)], [back(2, 2), back(2, 1)]);
  expect(result.refunds).toMatchObject([{ lines: [{ line: 1, quantity: 3, amount: 300n }] }]);
});

test.each([
  ['another price', { unitPriceAmount: 99n }, 'no earlier purchase of this at this price'],
  ['another product', { sku: 'POT' }, 'no earlier purchase of this at this price'],
  ['another customer', { customer: 'v' }, 'no earlier purchase of this at this price'],
  ['a customer nobody knows', { customer: undefined }, 'unknown customer'],
  [
    'a time before the purchase',
    { cancelledAt: day(1) },
    'no earlier purchase of this at this price',
  ],
])('%s does not match', (_, more, why) => {
  const result = matchCancellations([sale('1', 2, 5)], [back(4, 1, more)]);
  expect(result.refunds).toEqual([]);
  expect(result.unmatched).toMatchObject([{ quantity: 1, why }]);
});

test('an unknown customer buys nothing that could be matched', () => {
  const guest = sale('1', 1, 5, { customer: undefined });
  expect(matchCancellations([guest], [back(2, 1)]).refunds).toEqual([]);
});

test('whatever is cancelled: refunds and the list make up the whole, and no purchase gives too much', () => {
  const quantities = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 9 });
  fc.assert(
    fc.property(quantities, quantities, (bought, returned) => {
      const sales = bought.map((quantity, i) => sale(String(i), i + 1, quantity));
      const lines = returned.map((quantity, i) => back(i + 4, quantity));
      const { refunds, unmatched } = matchCancellations(sales, lines);
      const refunded = new Map<string, number>();
      for (const {
        invoice,
        lines: [line],
      } of refunds) {
        refunded.set(invoice, (refunded.get(invoice) ?? 0) + (line?.quantity ?? 0));
      }
      for (const [invoice, quantity] of refunded) {
        expect(quantity).toBeLessThanOrEqual(bought[Number(invoice)] ?? 0);
      }
      const sum = (list: readonly number[]) => list.reduce((all, n) => all + n, 0);
      const listed = sum(unmatched.map(({ quantity }) => quantity));
      expect(sum([...refunded.values()]) + listed).toBe(sum(returned));
    }),
  );
});
