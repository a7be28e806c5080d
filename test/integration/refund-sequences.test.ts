import fc from 'fast-check';
import { closeAfterSale, openAfterSale } from '../../src/db/after-sale';
import { newId } from '../../src/db/id';
import { releaseDue } from '../../src/db/release';
import { addDays } from '../../src/domain/kernel/clock';
import type { RefundInput } from '../../src/domain/order/refund';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenRegionAgent } from '../support/given';
import { givenChannel, testVault } from '../support/payout';
import {
  decideAndBook,
  givenAccount,
  givenOpenSettlement,
  givenProfile,
  lockAndCompute,
  settledAt,
} from '../support/settlement';
import {
  acceptOne,
  acceptRefund,
  balancesOf,
  givenLine,
  givenOrder,
  givenRefund,
  givenShop,
  readOrder,
  type Shop,
  wrongBooks,
} from '../support/shop';

const vault = testVault();
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

/** A shop whose seller and upline can be paid. */
async function payableShop(options: Parameters<typeof givenShop>[1] = {}): Promise<Shop> {
  const shop = await givenShop(db, options);
  const channelId = await givenChannel(db, vault, shop.storeId);
  for (const id of [shop.seller, shop.middle]) {
    await givenAccount(db, vault, id, channelId);
    await givenProfile(db, vault, id, {});
  }
  return shop;
}

const read = (orderId: string) => readOrder(db, orderId);

const context = (shop: Shop, now = settledAt) => ({ caller: shop.caller, now });

const refund = (shop: Shop, orderId: string, lines: RefundInput['lines']) =>
  acceptRefund(db, shop, orderId, givenRefund(lines, { refundedAt: settledAt }), settledAt);

const release = (shop: Shop, until = settledAt) =>
  releaseDue(db, { programId: shop.programId, until });

/** What remains of every line of an order, as the lines of a refund. */
async function restOf(orderId: string) {
  return (await read(orderId)).lines.map((line) => ({
    externalId: line.externalId,
    quantity: line.quantity - line.refundedQuantity,
    amount: line.baseAmount - line.refundedAmount,
  }));
}

/** Every disagreement between commissions, earnings, ledger and balances of a program. */
async function disagreements(shop: Shop): Promise<object[]> {
  const others = await db.read.rows(
    `SELECT 'commission is not its earnings' AS wrong, c.id FROM commission c
     JOIN earning e ON e.commission_id = c.id
     WHERE c.program_id = $1 AND e.kind IN ('commission', 'adjustment')
     GROUP BY c.id HAVING sum(e.amount) <> c.amount
     UNION ALL
     SELECT 'a transaction does not sum to 0', t.reference FROM ledger_transaction t
     JOIN ledger_entry e ON e.transaction_id = t.id
     WHERE t.program_id = $1 GROUP BY t.id HAVING sum(e.amount) <> 0
     UNION ALL
     SELECT 'somebody has money and owes money', a.distributor_id FROM ledger_account a
     WHERE a.program_id = $1 AND a.role IN ('available', 'receivable')
     GROUP BY a.distributor_id HAVING bool_and(a.balance <> 0) AND count(*) = 2
     UNION ALL
     SELECT 'a commission is below 0', c.id FROM commission c
     WHERE c.program_id = $1 AND c.amount < 0`,
    [shop.programId],
  );
  return [...others, ...(await wrongBooks(db, shop.programId))];
}

type Step =
  | { do: 'order'; price: number; quantity: number }
  | { do: 'refund'; order: number; line: number; quantityBps: number; amountBps: number }
  | { do: 'open' | 'close'; order: number }
  | { do: 'release'; days: number }
  | { do: 'lock' }
  | { do: 'decide'; outcome: 'approve' | 'reject' };

const steps = fc.array(
  fc.oneof(
    {
      arbitrary: stepOf({ do: fc.constant('order'), price: price(), quantity: price(4) }),
      weight: 3,
    },
    {
      arbitrary: stepOf({
        do: fc.constant('refund'),
        order: fc.nat(9),
        line: fc.nat(1),
        quantityBps: fc.nat(10_000),
        amountBps: fc.nat(10_000),
      }),
      weight: 6,
    },
    { arbitrary: stepOf({ do: fc.constantFrom('open', 'close'), order: fc.nat(9) }), weight: 2 },
    { arbitrary: stepOf({ do: fc.constant('release'), days: fc.nat(40) }), weight: 3 },
    { arbitrary: stepOf({ do: fc.constant('lock') }), weight: 2 },
    {
      arbitrary: stepOf({
        do: fc.constant('decide'),
        outcome: fc.constantFrom('approve', 'reject'),
      }),
      weight: 2,
    },
  ),
  { minLength: 6, maxLength: 24 },
);

function price(max = 99_999): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max });
}

function stepOf(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Step> {
  return fc.record(model) as unknown as fc.Arbitrary<Step>;
}

/** Plays steps on a shop; a step that makes no sense there is left out. */
class Play {
  readonly orders: string[] = [];
  private readonly cases = new Map<string, string>();
  private settlementId: string | undefined;

  constructor(readonly shop: Shop) {}

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'order':
        return this.order(step);
      case 'refund':
        return this.refund(step);
      case 'open':
      case 'close':
        return this.afterSale(step);
      case 'release':
        await release(this.shop, addDays(new Date('2026-02-01T10:00:00Z'), step.days));
        return;
      case 'lock':
        if (this.settlementId !== undefined) return;
        this.settlementId = await givenOpenSettlement(db, this.shop.programId);
        return lockAndCompute(db, vault, this.settlementId);
      case 'decide':
        return this.decide(step.outcome);
    }
  }

  async decide(outcome: 'approve' | 'reject'): Promise<void> {
    const id = this.settlementId;
    this.settlementId = undefined;
    if (id === undefined) return;
    const open = await db.read.first(
      `SELECT 1 FROM settlement WHERE id = $1 AND status = 'review'`,
      [id],
    );
    if (open !== undefined) await decideAndBook(db, vault, id, outcome);
  }

  private async order({ price, quantity }: { price: number; quantity: number }): Promise<void> {
    const lines = ['0', '1'].map((externalId) =>
      givenLine({
        externalId,
        quantity,
        unitPriceAmount: BigInt(price),
        unitCostAmount: BigInt(Math.floor(price / 2)),
      }),
    );
    const order = givenOrder(this.shop, { lines, region: 'CN-33' });
    this.orders.push((await acceptOne(db, this.shop, order)).id);
  }

  private async refund(step: Step & { do: 'refund' }): Promise<void> {
    const orderId = this.orders[step.order % this.orders.length];
    if (orderId === undefined) return;
    const { externalId, quantity, amount } = (await restOf(orderId))[step.line]!;
    const part = {
      externalId,
      quantity: Math.floor((quantity * step.quantityBps) / 10_000),
      amount: (amount * BigInt(step.amountBps)) / 10_000n,
    };
    await refund(this.shop, orderId, [part]);
  }

  private async afterSale(step: Step & { do: 'open' | 'close' }): Promise<void> {
    const orderId = this.orders[step.order % this.orders.length];
    if (orderId === undefined) return;
    const caseId = this.cases.get(orderId);
    await db.transaction(async (tx) => {
      if (step.do === 'open' && caseId === undefined) {
        const input = { externalId: newId('afterSale'), openedAt: new Date('2026-02-03Z') };
        const { afterSale } = await openAfterSale(tx, context(this.shop), orderId, input);
        this.cases.set(orderId, afterSale.id);
      } else if (step.do === 'close' && caseId !== undefined) {
        const closedAt = new Date('2026-02-08Z');
        await closeAfterSale(tx, context(this.shop), { id: caseId }, closedAt);
      }
    });
  }

  /** Closes what is open, takes everything back and releases what is left. */
  async end(): Promise<void> {
    await this.decide('approve');
    for (const [orderId, id] of this.cases) {
      await db.transaction((tx) =>
        closeAfterSale(tx, context(this.shop), { id }, new Date('2026-02-08Z')),
      );
      await read(orderId);
    }
    for (const orderId of this.orders) {
      const rest = (await restOf(orderId)).filter(({ quantity, amount }) => quantity || amount);
      if (rest.length > 0) await refund(this.shop, orderId, rest);
    }
    await release(this.shop);
  }
}

describe('orders, refunds, after-sale cases, releases and settlements in any order', () => {
  test('keep every book right at every step, and a full refund ends at exactly zero', async () => {
    const law = fc.asyncProperty(
      steps,
      fc.constantFrom('floor' as const, 'halfUp' as const),
      fc.constantFrom({ totalBps: 1111, marginBps: 2345 }, { totalBps: 1666 }, {}),
      async (sequence, rounding, caps) => {
        const shop = await payableShop({ plan: { rounding, caps } });
        await givenRegionAgent(db, {
          programId: shop.programId,
          distributorId: shop.top,
          bps: 1700,
        });
        const play = new Play(shop);
        for (const step of sequence) {
          await play.step(step);
          expect(await disagreements(shop)).toEqual([]);
        }
        await play.end();
        expect(await disagreements(shop)).toEqual([]);
        for (const orderId of play.orders) {
          const { commissions } = await read(orderId);
          expect(commissions.map(({ amount }) => amount)).toEqual(commissions.map(() => 0n));
        }
        for (const id of [shop.seller, shop.middle, shop.top]) {
          expect((await balancesOf(db, id)).held).toBe(0n);
        }
      },
    );
    await fc.assert(law, { numRuns: 20 });
  }, 120_000);
});

describe("the buyer's refund is never blocked", () => {
  async function settled(shop: Shop): Promise<{ orderId: string; settlementId: string }> {
    const { id: orderId } = await acceptOne(db, shop, givenOrder(shop));
    await release(shop);
    const settlementId = await givenOpenSettlement(db, shop.programId);
    await lockAndCompute(db, vault, settlementId);
    return { orderId, settlementId };
  }
  const all = [{ externalId: '1', quantity: 2, amount: 12_000n }];
  const statements = (settlementId: string) =>
    db.read.rows<{ distributorId: string; grossAmount: bigint; status: string }>(
      `SELECT distributor_id, gross_amount, status FROM statement WHERE settlement_id = $1
       ORDER BY gross_amount DESC`,
      [settlementId],
    );

  test('while a settlement has locked the money: the statement stays, the debt is new', async () => {
    const shop = await payableShop();
    const { orderId, settlementId } = await settled(shop);
    await refund(shop, orderId, all);
    expect(await balancesOf(db, shop.seller)).toEqual({
      held: 0n,
      available: 0n,
      settling: 1200n,
      receivable: -1200n,
    });
    expect(await statements(settlementId)).toMatchObject([
      { distributorId: shop.seller, grossAmount: 1200n },
      { distributorId: shop.middle, grossAmount: 600n },
    ]);
    expect(await read(orderId)).toMatchObject({
      status: 'refunded',
      commissions: [{ amount: 0n }, {}],
    });
    expect(await disagreements(shop)).toEqual([]);
    // The money comes back from a rejected settlement and pays the debt at once.
    await decideAndBook(db, vault, settlementId, 'reject');
    expect(await balancesOf(db, shop.seller)).toEqual({
      held: 0n,
      available: 0n,
      settling: 0n,
      receivable: 0n,
    });
    expect(await disagreements(shop)).toEqual([]);
  });

  test('when the settlement is approved: the next release pays the debt first', async () => {
    const shop = await payableShop();
    const { orderId, settlementId } = await settled(shop);
    await decideAndBook(db, vault, settlementId, 'approve');
    await refund(shop, orderId, all);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ available: 0n, receivable: -1200n });
    await acceptOne(db, shop, givenOrder(shop, { lines: [givenLine({ quantity: 5 })] }));
    await release(shop);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ available: 1800n, receivable: 0n });
    const next = await givenOpenSettlement(db, shop.programId);
    await lockAndCompute(db, vault, next);
    expect(await statements(next)).toMatchObject([
      { distributorId: shop.seller, grossAmount: 1800n },
      { distributorId: shop.middle, grossAmount: 900n },
    ]);
    expect(await disagreements(shop)).toEqual([]);
  });

  test('a debt that one release does not cover is paid by the ones after it', async () => {
    const shop = await payableShop();
    const { orderId, settlementId } = await settled(shop);
    await decideAndBook(db, vault, settlementId, 'approve');
    await refund(shop, orderId, all);
    const order = (days: number) =>
      givenOrder(shop, {
        paidAt: addDays(new Date('2026-02-01T10:00:00Z'), days),
        lines: [givenLine({ quantity: 1, unitPriceAmount: 7000n })],
      });
    const owed: bigint[] = [];
    for (const days of [1, 2]) {
      await acceptOne(db, shop, order(days));
      await release(shop);
      owed.push((await balancesOf(db, shop.seller)).receivable);
    }
    expect(owed).toEqual([-500n, 0n]);
    expect(await balancesOf(db, shop.seller)).toMatchObject({ available: 200n });
    expect(await disagreements(shop)).toEqual([]);
  });
});
