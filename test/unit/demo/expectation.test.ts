import { matchCancellations } from '../../../demo/cancellations';
import { expectationOf, soldInFile } from '../../../demo/expectation';
import { bookOf } from '../../../demo/invoices';
import type { People, Person } from '../../../demo/people';
import { rowOf } from './row';

const person = (more: Partial<Person>): Person => ({
  index: 9,
  externalId: 'x',
  name: '王安清',
  phone: '19910000000',
  tier: 'bronze',
  sponsor: 1,
  idNumber: undefined,
  account: undefined,
  ...more,
});

function expected(who: Person | undefined, rows: Parameters<typeof rowOf>[0][]) {
  const people: People = { tag: 't', list: [], distributorOf: () => who };
  const book = bookOf(rows.map(rowOf));
  return expectationOf(book, matchCancellations(book.sales, book.cancelled), people);
}

/** 3 x 3.33: a base of 999 fen. */
const cups = { sku: 'CUP', quantity: 3, unitPriceAmount: 333n };

describe('what a line earns, worked out by hand', () => {
  test.each([
    ['direct 10 % and upline 3 %, each rounded down', person({}), cups, 99n + 29n],
    ['nobody above', person({ sponsor: undefined }), cups, 99n],
    ['gold 12 % and upline 3 % pass the cap of 14 %', person({ tier: 'gold' }), cups, 139n],
    ['bulk 6 %, even for gold', person({ tier: 'gold' }), { ...cups, quantity: 100 }, 1998n + 999n],
    ['best seller 20 fen a unit', person({}), { quantity: 6, unitPriceAmount: 255n }, 120n + 45n],
    ['nobody brought it', undefined, cups, 0n],
  ])('%s', (_, who, row, amount) => {
    expect(expected(who, [row]).commissionAmount).toBe(amount);
  });
});

test('a refund counts on what is kept, by the rate of the line as it was sold', () => {
  const sold = { ...cups, quantity: 100 };
  const back = { ...cups, invoice: 'C1', quantity: -99, soldAt: '2010-12-02T08:26:00Z' };
  expect(expected(person({}), [sold, back])).toEqual({
    orders: 1,
    refunds: 1,
    soldAmount: 33_300n,
    refundedAmount: 32_967n,
    commissionAmount: 1998n + 999n,
    remainingAmount: 19n + 9n,
  });
});

test('all back: nothing is left', () => {
  const back = { ...cups, invoice: 'C1', quantity: -3, soldAt: '2010-12-02T08:26:00Z' };
  expect(expected(person({ tier: 'gold' }), [cups, back]).remainingAmount).toBe(0n);
});

test('what was sold is the plain sum over the lines of the file', () => {
  const rows = [cups, { sku: 'POST' }, { invoice: 'C1', ...cups, quantity: -1 }].map(rowOf);
  expect(soldInFile(rows)).toBe(999n);
});
