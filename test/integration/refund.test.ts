import fc from 'fast-check';
import { recordReceipt } from '../../src/db/receipt';
import { releaseAllDue, releaseDue } from '../../src/db/release';
import { newId } from '../../src/db/id';
import { postTransactions } from '../../src/db/ledger';
import type { RefundInput } from '../../src/domain/order/refund';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor } from '../support/given';
import {
  accept,
  acceptOne,
  acceptRefund,
  balancesOf,
  codeOf,
  givenLine,
  givenOrder,
  givenRefund,
  givenShop,
  readOrder,
  type Shop,
  testNow,
  wrongBooks,
} from '../support/shop';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase({ maxConnections: 20 });
});
afterAll(() => db.drop());

const refund = (shop: Shop, orderId: string, input: RefundInput) =>
  acceptRefund(db, shop, orderId, input);

const release = (shop: Shop, until = testNow) =>
  releaseDue(db, { programId: shop.programId, until });

const read = (orderId: string) => readOrder(db, orderId);

/** As if a settlement had locked and paid all that is available. */
async function payOut(shop: Shop, distributorId: string): Promise<void> {
  const { available } = await balancesOf(db, distributorId);
  await db.transaction(async (tx) => {
    await postTransactions(tx, shop.programId, [
      {
        reference: `test:${newId('event')}`,
        kind: 'settlement_locked',
        occurredAt: testNow,
        postings: [
          {
            from: `distributor:${distributorId}:available`,
            to: `distributor:${distributorId}:settling`,
            amount: available,
          },
        ],
      },
    ]);
  });
}

const one = (quantity: number, amount: bigint) => [{ externalId: '1', quantity, amount }];

describe('a refund', () => {
  test('before the release leaves held', async () => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await refund(shop, id, givenRefund(one(1, 6000n)));
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 600n, available: 0n });
    expect(await read(id)).toMatchObject({
      status: 'partially_refunded',
      commissions: [
        { amount: 600n, originalAmount: 1200n, status: 'held' },
        { amount: 300n, originalAmount: 600n, status: 'held' },
      ],
    });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
    await release(shop);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 0n, available: 600n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('after the release leaves available', async () => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await release(shop);
    await refund(shop, id, givenRefund(one(2, 12_000n)));
    expect(await balancesOf(db, shop.seller)).toEqual({
      held: 0n,
      available: 0n,
      settling: 0n,
      receivable: 0n,
    });
    expect(await read(id)).toMatchObject({
      status: 'refunded',
      commissions: [{ amount: 0n, status: 'reversed' }, { status: 'reversed' }],
    });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('after the payout becomes a debt, which the next release pays first', async () => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await release(shop);
    await payOut(shop, shop.seller);
    await refund(shop, id, givenRefund(one(2, 12_000n)));
    expect(await balancesOf(db, shop.seller)).toMatchObject({ available: 0n, receivable: -1200n });
    await acceptOne(db, shop, givenOrder(shop, { lines: [givenLine({ quantity: 3 })] }));
    await release(shop);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ available: 600n, receivable: 0n });
  });

  test('of the price alone keeps the quantity', async () => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await refund(shop, id, givenRefund(one(0, 2000n)));
    expect(await read(id)).toMatchObject({
      lines: [{ refundedQuantity: 0, refundedAmount: 2000n }],
      commissions: [{ amount: 1000n }, { amount: 500n }],
    });
  });

  test('can raise a level under a cap, and create a commission that did not exist', async () => {
    // Two pieces cost what they were sold for: no margin, no commission. When one comes back and its
    // price stays paid, the margin of the other allows all of it.
    const shop = await givenShop(db, { plan: { caps: { marginBps: 10_000 } } });
    const lines = [givenLine({ quantity: 2, unitPriceAmount: 20n, unitCostAmount: 20n })];
    const { id, commissions } = await acceptOne(db, shop, givenOrder(shop, { lines }));
    expect(commissions).toEqual([]);
    await refund(shop, id, givenRefund(one(1, 0n)));
    expect(await read(id)).toMatchObject({
      commissions: [
        { level: 1, amount: 4n, originalAmount: 0n, status: 'held' },
        { level: 2, amount: 2n, originalAmount: 0n, status: 'held' },
      ],
    });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
    await release(shop);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 0n, available: 4n });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('repeated is the first one; with other content it is refused', async () => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    const other = await acceptOne(db, shop, givenOrder(shop));
    const input = givenRefund(one(1, 6000n));
    const results = await Promise.all(Array.from({ length: 10 }, () => refund(shop, id, input)));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ refundId }) => refundId)).size).toBe(1);
    const changed = { ...input, lines: one(1, 5999n) };
    await expect(refund(shop, id, changed)).rejects.toMatchObject({ code: 'external_id_conflict' });
    await expect(refund(shop, other.id, input)).rejects.toMatchObject({
      code: 'external_id_conflict',
    });
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 1800n });
  });

  test('of ten at once that are too much together takes no more than there is', async () => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => refund(shop, id, givenRefund(one(0, 5000n)))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await read(id)).toMatchObject({ lines: [{ refundedAmount: 10_000n }] });
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test.each<[string, Partial<RefundInput>, string, string]>([
    ['more pieces than remain', { lines: one(3, 0n) }, 'refund_exceeds_line', '/lines/0/quantity'],
    [
      'one fen more than remains',
      { lines: one(2, 12_001n) },
      'refund_exceeds_line',
      '/lines/0/amount',
    ],
    [
      'a line that is not there',
      { lines: [{ externalId: 'x', quantity: 1, amount: 0n }] },
      'unknown_order_line',
      '/lines/0/externalId',
    ],
    [
      'before the payment',
      { refundedAt: new Date('2026-02-01T09:59:59Z') },
      'refund_before_payment',
      '/refundedAt',
    ],
    [
      'in the future',
      { refundedAt: new Date(testNow.getTime() + 600_001) },
      'in_the_future',
      '/refundedAt',
    ],
  ])('is refused with nothing changed: %s', async (_, change, code, pointer) => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await expect(refund(shop, id, givenRefund(one(1, 6000n), change))).rejects.toMatchObject({
      code,
      errors: [{ pointer }],
    });
    expect(await read(id)).toMatchObject({ status: 'paid' });
  });

  test('of everything in random pieces, before and after the release, ends at exactly zero', async () => {
    const shop = await givenShop(db, {
      plan: { rounding: 'halfUp', caps: { totalBps: 1333, marginBps: 4000 } },
    });
    const piece = fc.record({
      line: fc.nat(2),
      quantityBps: fc.nat(10_000),
      amountBps: fc.nat(10_000),
      releaseBefore: fc.boolean(),
    });
    const law = fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 997 }), { minLength: 3, maxLength: 3 }),
      fc.array(piece, { maxLength: 5 }),
      async (prices, pieces) => {
        const lines = prices.map((price, i) =>
          givenLine({
            externalId: String(i),
            quantity: i + 1,
            unitPriceAmount: BigInt(price),
            unitCostAmount: BigInt(Math.floor(price / 3)),
          }),
        );
        const { id } = await acceptOne(db, shop, givenOrder(shop, { lines }));
        for (const { line, quantityBps, amountBps, releaseBefore } of pieces) {
          if (releaseBefore) await release(shop);
          const left = (await read(id)).lines[line]!;
          const quantity = Math.floor(
            ((left.quantity - left.refundedQuantity) * quantityBps) / 10_000,
          );
          const amount = ((left.baseAmount - left.refundedAmount) * BigInt(amountBps)) / 10_000n;
          await refund(shop, id, givenRefund([{ externalId: String(line), quantity, amount }]));
        }
        const rest = (await read(id)).lines.map((line) => ({
          externalId: line.externalId,
          quantity: line.quantity - line.refundedQuantity,
          amount: line.baseAmount - line.refundedAmount,
        }));
        await refund(shop, id, givenRefund(rest));
        await release(shop);
        const zero = { held: 0n, available: 0n, settling: 0n, receivable: 0n };
        expect(await balancesOf(db, shop.seller)).toEqual(zero);
        expect(await balancesOf(db, shop.middle)).toEqual(zero);
        expect((await read(id)).commissions.every(({ amount }) => amount === 0n)).toBe(true);
        expect(await wrongBooks(db, shop.programId)).toEqual([]);
      },
    );
    await fc.assert(law, { numRuns: 15 });
  });
});

describe('the release', () => {
  test('releases what is due, once, however many run at the same time', async () => {
    const shop = await givenShop(db);
    const orders = Array.from({ length: 50 }, (_, i) =>
      givenOrder(shop, { paidAt: new Date(Date.UTC(2026, 1, 1, 0, i)) }),
    );
    await accept(db, shop, orders);
    const until = new Date(Date.UTC(2026, 1, 8, 0, 24)); // the first 25
    const counts = await Promise.all([1, 2, 3, 4].map(() => release(shop, until)));
    expect(counts.reduce((a, b) => a + b)).toBe(50); // two levels each
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 30_000n, available: 30_000n });
    const first = await db.read.first<{ availableAt: Date; releaseAt: Date }>(
      `SELECT available_at, release_at FROM earning
       WHERE program_id = $1 AND available_at IS NOT NULL ORDER BY release_at LIMIT 1`,
      [shop.programId],
    );
    expect(first?.availableAt).toEqual(new Date('2026-02-08T00:00:00Z'));
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('killed between two chunks goes on where it stopped, and releases nothing twice', async () => {
    const shop = await givenShop(db);
    const owner = { storeId: shop.storeId, programId: shop.programId };
    const sellers = await Promise.all(Array.from({ length: 6 }, () => givenDistributor(db, owner)));
    await accept(
      db,
      shop,
      sellers.flatMap((seller) =>
        Array.from({ length: 3 }, () =>
          givenOrder(shop, {
            customerExternalId: seller,
            attribution: { distributorCode: codeOf(seller) },
          }),
        ),
      ),
    );
    const all = { programId: shop.programId, until: testNow, commissionsAtOnce: 7 };
    const chunks: number[] = [];
    const killed = releaseDue(db, {
      ...all,
      onProgress: (count) => {
        chunks.push(count);
        if (chunks.length === 2) throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    expect(chunks).toEqual([6, 6]); // whole people only
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
    expect(await releaseDue(db, all)).toBe(6);
    expect(await releaseDue(db, all)).toBe(0);
    for (const seller of sellers) {
      expect(await balancesOf(db, seller)).toMatchObject({ held: 0n, available: 3600n });
    }
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
  });

  test('leaves out who was suspended after it had looked whose money is due', async () => {
    const shop = await givenShop(db);
    await acceptOne(db, shop, givenOrder(shop));
    const [first, second] = [shop.middle, shop.seller].sort();
    const until = { programId: shop.programId, until: testNow, commissionsAtOnce: 1 };
    // Both are due; when the first is done, the second is suspended.
    const done = releaseDue(
      {
        ...db,
        transaction: async (work) => {
          const result = await db.transaction(work);
          await db.read.run(`UPDATE distributor SET status = 'suspended' WHERE id = $1`, [second]);
          return result;
        },
      },
      until,
    );
    expect(await done).toBe(1);
    expect((await balancesOf(db, first!)).held).toBe(0n);
    expect((await balancesOf(db, second!)).held).toBeGreaterThan(0n);
  });

  test('goes by the clock of each program', async () => {
    const ahead = await givenShop(db, { program: { clockOffsetMs: 8n * 86_400_000n } });
    const real = await givenShop(db);
    const paidAt = testNow;
    await acceptOne(db, ahead, givenOrder(ahead, { paidAt }));
    await acceptOne(db, real, givenOrder(real, { paidAt }));
    await releaseAllDue(db, testNow);
    expect(await balancesOf(db, ahead.seller)).toMatchObject({ held: 0n, available: 1200n });
    expect(await balancesOf(db, real.seller)).toMatchObject({ held: 1200n, available: 0n });
  });

  test('leaves the money of a suspended distributor held', async () => {
    const shop = await givenShop(db);
    await acceptOne(db, shop, givenOrder(shop));
    await db.read.run(`UPDATE distributor SET status = 'suspended' WHERE id = $1`, [shop.seller]);
    await release(shop);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 1200n, available: 0n });
    expect(await balancesOf(db, shop.middle)).toMatchObject({ held: 0n, available: 600n });
  });

  test('and refunds and orders of the same people at the same time keep the books right', async () => {
    const shop = await givenShop(db);
    const placed = await Promise.all(
      Array.from({ length: 12 }, () => acceptOne(db, shop, givenOrder(shop))),
    );
    await Promise.all([
      ...placed.map(({ id }) => refund(shop, id, givenRefund(one(1, 7000n)))),
      ...Array.from({ length: 6 }, () => release(shop)),
      ...Array.from({ length: 6 }, () => acceptOne(db, shop, givenOrder(shop))),
    ]);
    await release(shop);
    expect(await wrongBooks(db, shop.programId)).toEqual([]);
    expect(await balancesOf(db, shop.seller)).toEqual({
      held: 0n,
      available: 12n * 500n + 6n * 1200n,
      settling: 0n,
      receivable: 0n,
    });
  });
});

describe('a receipt', () => {
  const receive = (shop: Shop, orderId: string, receivedAt: Date) =>
    db.transaction((tx) =>
      recordReceipt(tx, { caller: shop.caller, now: testNow }, orderId, receivedAt),
    );

  test('moves the release of what is held, adjustments too', async () => {
    const shop = await givenShop(db, { program: { holdStartsAt: 'received' } });
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await refund(shop, id, givenRefund(one(1, 6000n)));
    const receivedAt = new Date('2026-02-05T00:00:00Z');
    expect(await receive(shop, id, receivedAt)).toMatchObject({ recorded: true });
    expect(await receive(shop, id, receivedAt)).toMatchObject({ recorded: false });
    await expect(receive(shop, id, new Date('2026-02-06Z'))).rejects.toMatchObject({
      code: 'receipt_conflict',
    });
    await release(shop, new Date('2026-02-11T23:59:59Z'));
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 600n, available: 0n });
    await release(shop, new Date('2026-02-12T00:00:00Z'));
    expect(await balancesOf(db, shop.seller)).toMatchObject({ held: 0n, available: 600n });
    expect(await read(id)).toMatchObject({ receivedAt });
  });

  test('goes by the hold as it was when the order was accepted', async () => {
    const shop = await givenShop(db, { program: { holdStartsAt: 'received' } });
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await db.read.run('UPDATE program SET hold_days = 30 WHERE id = $1', [shop.programId]);
    await receive(shop, id, new Date('2026-02-05T00:00:00Z'));
    expect((await read(id)).commissions[0]?.releaseAt).toEqual(new Date('2026-02-12T00:00:00Z'));
  });

  test.each([
    ['before the payment', new Date('2026-02-01T09:59:59Z'), 'receipt_before_payment'],
    ['in the future', new Date(testNow.getTime() + 600_001), 'in_the_future'],
  ])('is refused %s', async (_, receivedAt, code) => {
    const shop = await givenShop(db);
    const { id } = await acceptOne(db, shop, givenOrder(shop));
    await expect(receive(shop, id, receivedAt)).rejects.toMatchObject({ code });
  });
});
