import { releaseDue } from '../../../src/db/release';
import type { TestApp } from '../../support/app';
import { givenDistributor } from '../../support/given';
import type { Answer } from '../../support/http';
import { givenChannel } from '../../support/payout';
import { unique } from '../../support/program';
import {
  decideAndBook,
  givenAccount,
  givenOpenSettlement,
  givenProfile,
  lockAndCompute,
} from '../../support/settlement';
import { codeOf, givenShop, type Shop, wrongBooks } from '../../support/shop';

/** What an answer says of a commission, as far as these tests look. */
export interface Earned {
  id: string;
  kind: string;
  level: number | null;
  distributorId: string;
  baseAmount: number;
  rateBps: number | null;
  ruleId: string | null;
  amount: number;
  status: string;
}

export interface Placed {
  id: string;
  attribution: { distributorId: string | null; by: string };
  lines: { externalId: string; baseAmount: number }[];
  commissions: Earned[];
}

export interface Balance {
  heldAmount: number;
  availableAmount: number;
  settlingAmount: number;
  receivableAmount: number;
}

/** A shop that speaks with Tributary over HTTP as shops do: top <- middle <- seller. */
export interface PeerShop extends Shop {
  /** an order of 120.00 by the seller's code, which must be accepted */
  order(change?: Record<string, unknown>): Promise<Placed>;
  read(orderId: string): Promise<Placed>;
  refund(orderId: string, lines: readonly RefundedLine[]): Promise<Answer>;
  balance(distributorId: string): Promise<Balance>;
  /** as the minute's round does when all holds are over */
  release(): Promise<void>;
  /** a settlement up to its review; answers its id */
  lock(): Promise<string>;
  /** a settlement from its opening to the approved payouts */
  payOut(): Promise<void>;
  /** another distributor of the program */
  distributor(of?: Partial<Parameters<typeof givenDistributor>[1]>): Promise<string>;
  /** every disagreement of the books */
  wrongBooks(): Promise<object[]>;
}

export interface RefundedLine {
  externalId: string;
  quantity: number;
  amount: number;
}

/** When orders of these tests are paid; their holds are long over. */
export const paidAt = '2026-02-01T10:00:00Z';

export const line = (change: Record<string, unknown> = {}) => ({
  externalId: '1',
  sku: 'TEA-1',
  quantity: 2,
  unitPriceAmount: 6000,
  ...change,
});

export async function peerShop(
  app: TestApp,
  options: Parameters<typeof givenShop>[1] = {},
): Promise<PeerShop> {
  const { db, vault } = app;
  const shop = await givenShop(db, { storeId: app.store.id, ...options });
  const channelId = await givenChannel(db, vault, shop.storeId);
  for (const id of [shop.seller, shop.middle, shop.top]) {
    await givenAccount(db, vault, id, channelId);
    await givenProfile(db, vault, id, {});
  }
  const lock = async (): Promise<string> => {
    const id = await givenOpenSettlement(db, shop.programId, new Date());
    await lockAndCompute(db, vault, id);
    return id;
  };
  return {
    ...shop,
    order: async (change = {}) => {
      const made = await app.shop.post('/v1/orders', {
        programId: shop.programId,
        externalId: unique('SO'),
        paidAt,
        currency: 'CNY',
        customer: { externalId: unique('u') },
        attribution: { distributorCode: codeOf(shop.seller) },
        lines: [line()],
        ...change,
      });
      if (made.status !== 201) throw new Error(`no order: ${made.text}`);
      return made.body as Placed;
    },
    read: async (orderId) => (await app.shop.get(`/v1/orders/${orderId}`)).body as Placed,
    refund: (orderId, lines) =>
      app.shop.post(`/v1/orders/${orderId}/refunds`, {
        externalId: unique('RF'),
        refundedAt: new Date().toISOString(),
        lines,
      }),
    balance: async (id) => (await app.shop.get(`/v1/distributors/${id}/balance`)).body as Balance,
    release: async () => {
      await releaseDue(db, { programId: shop.programId, until: new Date() });
    },
    lock,
    payOut: async () => decideAndBook(db, vault, await lock(), 'approve', { at: new Date() }),
    distributor: (of = {}) =>
      givenDistributor(db, { storeId: shop.storeId, programId: shop.programId, ...of }),
    wrongBooks: () => wrongBooks(db, shop.programId),
  };
}

/** Amounts by level of an order's commissions. */
export function byLevel(order: Placed): Record<number, number> {
  return Object.fromEntries(
    order.commissions.flatMap(({ level, amount }) => (level === null ? [] : [[level, amount]])),
  );
}
