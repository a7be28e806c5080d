import { bookDueBonuses } from '../../src/db/bonus';
import { loadBonusFacts } from '../../src/db/bonus-explanation';
import type { Database } from '../../src/db/database';
import { releaseDue } from '../../src/db/release';
import { explainBonus } from '../../src/domain/commission/bonus-explanation';
import type {
  BreakthroughBonus,
  InvitationBonus,
  TeamBonus,
} from '../../src/domain/commission/bonus';
import type { Bonus } from '../../src/domain/commission/plan';
import type { Language } from '../../src/domain/kernel/language';
import type { OrderInput } from '../../src/domain/order/order';
import { givenDistributor } from './given';
import {
  acceptOne,
  acceptRefund,
  codeOf,
  givenLine,
  givenOrder,
  givenRefund,
  givenShop,
  type Shop,
  twoLevels,
  wrongBooks,
} from './shop';

/** The program counts its months in Shanghai: February ends at 16:00 UTC. */
export const monthEnd = new Date('2026-02-28T16:00:00Z');
export const realNow = new Date('2026-06-01T00:00:00Z');
export const bonusRelease = new Date('2026-03-07T16:00:00Z');

export const invitation: InvitationBonus = {
  id: 'invite',
  kind: 'invitation',
  amount: 2000,
  onFirstOrderOfAtLeastAmount: 10_000,
};
export const team: TeamBonus = { id: 'team', kind: 'team', bps: 100, depth: 1 };
export const breakthrough: BreakthroughBonus = {
  id: 'break',
  kind: 'breakthrough',
  steps: [
    { ownSalesAtLeastAmount: 10_000, amount: 300 },
    { ownSalesAtLeastAmount: 20_000, amount: 500 },
    { ownSalesAtLeastAmount: 90_000, amount: 9000 },
  ],
};

/** A program in which no rule pays but the bonuses: what is in the books is theirs. */
export const bonusShop = (db: Database, ...bonuses: Bonus[]) =>
  givenShop(db, {
    plan: { bonuses, rules: [{ ...twoLevels.rules[0]!, rate: { bps: 0 } }] },
  });

let sales = 0;

export interface Booked {
  id: string;
  distributorId: string;
  kind: string;
  period: string;
  bonusId: string;
  bonusKey: string;
  amount: bigint;
  originalAmount: bigint;
  baseAmount: bigint;
  orderId: string | null;
  facts: { invitation?: { beyond?: string[] } };
}

/** What the tests of bonuses do, on a database. */
export function bonusWorld(db: Database) {
  const explained = async (id: string, language: Language = 'en') =>
    explainBonus(await loadBonusFacts(db.read, id), language);
  return {
    explained,
    /** An order of one piece that somebody brought; paid on 10 February unless said. */
    sold: (shop: Shop, distributorId: string, amount: number, more: Partial<OrderInput> = {}) => {
      sales += 1;
      const order = givenOrder(shop, {
        paidAt: new Date('2026-02-10T00:00:00Z'),
        customerExternalId: `c-${sales}`,
        attribution: { distributorCode: codeOf(distributorId) },
        lines: [givenLine({ quantity: 1, unitPriceAmount: BigInt(amount) })],
        ...more,
      });
      return acceptOne(db, shop, order, realNow);
    },
    refund: (shop: Shop, orderId: string, amount: number, refundedAt = monthEnd) => {
      const lines = [{ externalId: '1', quantity: 0, amount: BigInt(amount) }];
      return acceptRefund(db, shop, orderId, givenRefund(lines, { refundedAt }), realNow);
    },
    book: ({ programId }: Shop, until = monthEnd) =>
      bookDueBonuses(db, { programId, until, realNow, moved: true }),
    release: ({ programId }: Shop, until = bonusRelease) => releaseDue(db, { programId, until }),
    bonusesOf: ({ programId }: Shop) =>
      db.read.rows<Booked>(
        `SELECT * FROM commission WHERE program_id = $1 AND bonus_id IS NOT NULL
         ORDER BY period, distributor_id, bonus_key`,
        [programId],
      ),
    periodsOf: async ({ programId }: Shop) => {
      const rows = await db.read.rows<{ period: string }>(
        'SELECT period FROM bonus_period WHERE program_id = $1 ORDER BY period',
        [programId],
      );
      return rows.map(({ period }) => period);
    },
    invitedBy: (shop: Shop, sponsorId: string | undefined, more = {}) =>
      givenDistributor(db, {
        storeId: shop.storeId,
        programId: shop.programId,
        sponsorId,
        ...more,
      }),
    /** From a moment on somebody has another standing. */
    standsFrom: async (id: string, at: Date, to: { status: string; sponsorId: string | null }) => {
      await db.read.run('UPDATE distributor_standing SET valid_to = $2 WHERE distributor_id = $1', [
        id,
        at,
      ]);
      const row = { distributorId: id, validFrom: at, ...to, tier: 'bronze' };
      await db.read.insert('distributor_standing', {
        ...row,
        cause: 'test',
        actor: 'test',
        recordedAt: at,
      });
    },
    /** The second change of somebody's standing: active from a moment on. */
    standsAgain: async (id: string, at: Date, sponsorId: string) => {
      await db.read.run(
        'UPDATE distributor_standing SET valid_to = $2 WHERE distributor_id = $1 AND valid_to IS NULL',
        [id, at],
      );
      const row = { distributorId: id, validFrom: at, status: 'active', sponsorId, tier: 'bronze' };
      await db.read.insert('distributor_standing', {
        ...row,
        cause: 'test',
        actor: 'test',
        recordedAt: at,
      });
    },
    /** Whatever a test did: the books are right, and every bonus can be computed again. */
    wrongBonuses: async () => {
      const wrong: unknown[] = [];
      const programs = await db.read.rows<{ id: string }>('SELECT id FROM program');
      for (const { id } of programs) wrong.push(...(await wrongBooks(db, id)));
      const bonuses = await db.read.rows<{ id: string }>(
        'SELECT id FROM commission WHERE bonus_id IS NOT NULL',
      );
      for (const { id } of bonuses) {
        const { checks } = await explained(id);
        wrong.push(...checks.filter(({ ok }) => !ok).map(({ name }) => `${id} ${name}`));
      }
      return wrong;
    },
  };
}
