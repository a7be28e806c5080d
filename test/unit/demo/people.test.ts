import { generationsOf } from '../../../demo/load';
import { batchesOf, ordersOf } from '../../../demo/orders';
import { peopleCount, peopleOf } from '../../../demo/people';
import type { Sale } from '../../../demo/invoices';
import { normalCreditCode, normalIdNumber } from '../../../src/domain/tax/id-number';
import { programBody } from '../../../demo/setup';

const people = peopleOf('5a47f036aa');

test('the same file has the same people, another file others', () => {
  expect(peopleOf('5a47f036aa').list).toEqual(people.list);
  const others = peopleOf('0000000000');
  expect(others.tag).not.toBe(people.tag);
  expect(others.list[0]?.idNumber).not.toBe(people.list[0]?.idNumber);
});

test('every ID number is valid and belongs to one person', () => {
  const numbers = people.list.flatMap(({ idNumber }) => idNumber ?? []);
  expect(numbers.length).toBe(195);
  expect(numbers.filter((n) => normalIdNumber('individual', n) !== n)).toEqual([]);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('the payer has a valid tax number', () => {
  const { taxNumber } = programBody(people, '2010-12-01T00:00:00Z').payer;
  expect(normalCreditCode(taxNumber)).toBe(taxNumber);
});

test('uplines are made before their downlines, in trees four deep', () => {
  const generations = generationsOf(people.list);
  expect(generations.length).toBe(4);
  expect(generations.flat().length).toBe(peopleCount);
  const seen = new Set<number>();
  for (const generation of generations) {
    for (const { sponsor } of generation) {
      if (sponsor !== undefined) expect(seen.has(sponsor)).toBe(true);
    }
    for (const { index } of generation) seen.add(index);
  }
});

test('every behaviour of the sandbox that ends by itself is among the payees', () => {
  const accounts = new Set(people.list.map(({ account }) => account));
  expect(accounts).toEqual(
    new Set([
      ...['ok', 'slow', 'fail:ACCOUNT_CLOSED', 'dup-callback', 'late-callback', 'return'],
      ...['unknown-then-ok', 'unknown-then-none', 'confirm-expire', undefined],
    ]),
  );
});

test('some customers come alone, a few distributors bring many', () => {
  const found = Array.from({ length: 2000 }, (_, n) => people.distributorOf(String(12_000 + n)));
  const alone = found.filter((person) => person === undefined).length;
  expect(alone).toBeGreaterThan(200);
  expect(alone).toBeLessThan(400);
  const first = found.filter((person) => person?.index === 0).length;
  expect(first).toBeGreaterThan(100);
});

const sale = (invoice: string, customer: string | undefined): Sale => ({
  invoice,
  customer,
  paidAt: '2010-12-01T08:26:00Z',
  lines: [{ line: 3, sku: 'CUP', quantity: 100, unitPriceAmount: 255n }],
  shippingAmount: 0n,
});

test('only the first order of a customer carries the code, and a guest none', () => {
  const bound = Array.from({ length: 50 }, (_, n) => String(n)).find(
    (customer) => people.distributorOf(customer) !== undefined,
  );
  const sales = [sale('1', bound), sale('2', bound), sale('3', undefined)];
  const orders = ordersOf(sales, {
    people,
    programId: 'prg_x',
    codeOf: (index) => `code-${index}`,
  });
  const code = `code-${people.distributorOf(bound ?? '')?.index}`;
  expect(orders.map((order) => order.attribution?.distributorCode)).toEqual([
    code,
    undefined,
    undefined,
  ]);
  expect(orders[2]?.customer.externalId).toBe(`${people.tag}-guest-3`);
  expect(orders[0]?.lines).toEqual([
    { externalId: '3', sku: 'CUP', tags: ['bulk'], quantity: 100, unitPriceAmount: 255n },
  ]);
});

test('batches keep the order, and none is larger than a request may be', () => {
  const orders = Array.from({ length: 1300 }, (_, n) => ({ n, lines: Array(n % 13).fill(0) }));
  const batches = batchesOf(orders);
  expect(batches.flat()).toEqual(orders);
  expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(500);
  const lines = batches.map((batch) => batch.reduce((sum, order) => sum + order.lines.length, 0));
  expect(Math.max(...lines)).toBeLessThanOrEqual(4000);
});
