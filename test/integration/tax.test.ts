import { declarationRows, type DeclarationScope } from '../../src/db/declaration';
import { programById } from '../../src/db/program';
import { settlementById } from '../../src/db/settlement';
import { giveBackPayout } from '../../src/db/withholding';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenProgram, givenStore } from '../support/given';
import { givenChannel, testVault } from '../support/payout';
import {
  decideAndBook,
  givenEarning,
  givenOpenSettlement,
  givenPayable,
  lockAndCompute,
  settledAt,
} from '../support/settlement';

const vault = testVault();
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
}, 120_000);
afterAll(() => db.drop());

async function givenScene(settings: Record<string, unknown> = {}) {
  const storeId = await givenStore(db);
  const programId = await givenProgram(db, storeId, settings);
  const channelId = await givenChannel(db, vault, storeId);
  const { payerId } = await programById(db.read, programId);
  return { storeId, programId, channelId, payerId };
}

type Scene = Awaited<ReturnType<typeof givenScene>>;

/** Settles and approves what a program owes, and answers the payouts. */
async function pay(programId: string, at = settledAt) {
  const settlementId = await givenOpenSettlement(db, programId, at);
  await lockAndCompute(db, vault, settlementId);
  const { status } = await settlementById(db.read, settlementId);
  // With nobody to pay there is nothing to decide.
  if (status === 'closed') return [];
  await decideAndBook(db, vault, settlementId, 'approve', { at });
  return payoutsOf(settlementId);
}

interface Paid {
  id: string;
  programId: string;
  statementId: string;
  distributorId: string;
  channelId: string;
  amount: bigint;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
}

const payoutsOf = (settlementId: string) =>
  db.read.rows<Paid>('SELECT * FROM payout WHERE settlement_id = $1 ORDER BY id', [settlementId]);

const fail = (payout: Paid) =>
  db.transaction((tx) =>
    giveBackPayout(tx, { ...payout, clockOffsetMs: 0n }, { netAt: 'settling', realNow: settledAt }),
  );

async function standing(scope: DeclarationScope) {
  const [row] = await declarationRows(db.read, scope, undefined);
  return row?.figures;
}

async function trialBalance(programId: string) {
  const row = await db.read.first<{ sum: bigint }>(
    'SELECT sum(balance)::bigint AS sum FROM ledger_account WHERE program_id = $1',
    [programId],
  );
  return row?.sum;
}

describe('one person, two programs of one payer', () => {
  test('approved at the same moment, the two payments together are taxed as one', async () => {
    const scene = await givenScene();
    const { payerId } = scene;
    const other = await givenProgram(db, scene.storeId, { payerId });
    for (let round = 0; round < 5; round += 1) {
      const person = `twin ${round}`;
      for (const programId of [scene.programId, other]) {
        const id = await givenPayable(db, vault, { ...scene, programId, person });
        await givenEarning(db, programId, id, 250_000n);
      }
    }
    const settlements = await Promise.all(
      [scene.programId, other].map((programId) => givenOpenSettlement(db, programId)),
    );
    await Promise.all(settlements.map((id) => lockAndCompute(db, vault, id, 2)));
    await Promise.all(
      settlements.map((id) => decideAndBook(db, vault, id, 'approve', { chunk: 2 })),
    );
    const withheld = await db.read.rows<{ income: bigint; tax: bigint }>(
      `SELECT sum(income_amount)::bigint AS income, sum(tax_amount)::bigint AS tax
       FROM withholding WHERE payer_id = $1 GROUP BY person`,
      [payerId],
    );
    expect(withheld).toHaveLength(5);
    for (const row of withheld) expect(row).toEqual({ income: 500_000n, tax: 80_000n });
    expect(await trialBalance(scene.programId)).toBe(0n);
    expect(await trialBalance(other)).toBe(0n);
  });

  test('a test program never counts for a live one', async () => {
    const scene = await givenScene();
    const live = await givenProgram(db, scene.storeId, { payerId: scene.payerId, mode: 'live' });
    for (const programId of [scene.programId, live]) {
      const id = await givenPayable(db, vault, { ...scene, programId, person: 'in both' });
      await givenEarning(db, programId, id, 100_000n);
    }
    expect((await pay(scene.programId)).map(({ taxAmount }) => taxAmount)).toEqual([4_000n]);
    expect((await pay(live)).map(({ taxAmount }) => taxAmount)).toEqual([4_000n]);
  });
});

describe('payments that fail, in any order', () => {
  const incomes = [200_000n, 200_000n, 100_000n];
  const taxes = [24_000n, 40_000n, 16_000n];

  test.each([
    [[0]],
    [[1]],
    [[2]],
    [[0, 1]],
    [[1, 0]],
    [[2, 0]],
    [[1, 2]],
    [[0, 1, 2]],
    [[2, 1, 0]],
  ])(
    'of three payments %p come back: what is withheld plus carried is the tax of the rest',
    async (failing) => {
      const scene = await givenScene();
      const id = await givenPayable(db, vault, { ...scene, person: 'p' });
      const paid: Paid[] = [];
      for (const income of incomes) {
        await givenEarning(db, scene.programId, id, income);
        paid.push(...(await pay(scene.programId)));
      }
      expect(paid.map(({ taxAmount }) => taxAmount)).toEqual(taxes);
      for (const which of failing) expect(await fail(paid[which]!)).toBe(true);
      const kept = [0, 1, 2].filter((which) => !failing.includes(which));
      const income = kept.reduce((sum, which) => sum + incomes[which]!, 0n);
      const withheld = kept.reduce((sum, which) => sum + taxes[which]!, 0n);
      const scope = { payerId: scene.payerId, mode: 'test' as const, month: '2026-11' };
      const now = await standing(scope);
      if (kept.length > 0) {
        expect(now).toMatchObject({
          incomeAmount: Number(income),
          withheldAmount: Number(withheld),
        });
        expect(now!.withheldAmount + now!.carriedAmount).toBe(now!.taxAmount);
      } else {
        expect(now).toBeUndefined();
      }
      // What came back settles again, with what was carried: the month is as if nothing had failed.
      const [again] = await pay(scene.programId);
      expect(again!.taxAmount).toBe(80_000n - withheld);
      expect(await standing(scope)).toMatchObject({
        incomeAmount: 500_000,
        withheldAmount: 80_000,
        carriedAmount: 0,
      });
      expect(await trialBalance(scene.programId)).toBe(0n);
    },
  );

  test('of a payment in parts each gives back its own share of the tax', async () => {
    const scene = await givenScene();
    await db.read.run('UPDATE channel SET per_transfer_amount = 100000 WHERE id = $1', [
      scene.channelId,
    ]);
    const id = await givenPayable(db, vault, { ...scene, person: 'p' });
    await givenEarning(db, scene.programId, id, 500_000n);
    const parts = await pay(scene.programId);
    expect(parts.length).toBe(5);
    await fail(parts[3]!);
    const scope = { payerId: scene.payerId, mode: 'test' as const, month: '2026-11' };
    expect(await standing(scope)).toMatchObject({
      incomeAmount: 500_000 - Number(parts[3]!.grossAmount),
      withheldAmount: 80_000 - Number(parts[3]!.taxAmount),
    });
    for (const which of [0, 4, 1, 2]) await fail(parts[which]!);
    expect(await standing(scope)).toBeUndefined();
  });

  test('a return after the turn of the month is a correction of the month of the payment', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, { ...scene, person: 'p' });
    await givenEarning(db, scene.programId, id, 100_000n);
    const [paid] = await pay(scene.programId);
    await fail(paid!);
    const december = new Date('2026-12-10T02:00:00Z');
    const [again] = await pay(scene.programId, december);
    expect(again!.taxAmount).toBe(4_000n);
    const scope = { payerId: scene.payerId, mode: 'test' as const };
    expect(await standing({ ...scope, month: '2026-11' })).toBeUndefined();
    expect(await standing({ ...scope, month: '2026-12' })).toMatchObject({ withheldAmount: 4_000 });
  });
});

describe('companies and individual businesses', () => {
  const code = '91310000MA1K000006';

  async function givenCompany(scene: Scene, invoices: bigint[]) {
    const id = await givenPayable(db, vault, { ...scene, person: 'c', idNumber: code });
    await db.read.run(`UPDATE tax_profile SET kind = 'company' WHERE distributor_id = $1`, [id]);
    for (const [index, amount] of invoices.entries()) {
      await db.read.insert('invoice', {
        id: `inv_${scene.programId.slice(4)}_${index}`,
        storeId: scene.storeId,
        payerId: scene.payerId,
        distributorId: id,
        person: 'c',
        number: `N-${index}`,
        amount,
        issuedAt: settledAt,
        actor: 'test',
        createdAt: settledAt,
      });
    }
    return id;
  }

  const leftOf = (distributorId: string) =>
    db.read.rows<{ left: bigint }>(
      `SELECT (i.amount - coalesce((SELECT sum(u.amount) FROM invoice_use u WHERE u.invoice_id = i.id), 0))::bigint AS left
       FROM invoice i WHERE i.distributor_id = $1 ORDER BY i.id`,
      [distributorId],
    );

  test('are paid in full against invoices, which are used once and free again when it fails', async () => {
    const scene = await givenScene();
    const id = await givenCompany(scene, [300_000n, 500_000n]);
    await givenEarning(db, scene.programId, id, 400_000n);
    const [paid] = await pay(scene.programId);
    expect(paid).toMatchObject({ grossAmount: 400_000n, taxAmount: 0n, amount: 400_000n });
    expect((await leftOf(id)).map(({ left }) => left)).toEqual([0n, 400_000n]);
    expect(
      await db.read.rows('SELECT 1 FROM withholding WHERE payer_id = $1', [scene.payerId]),
    ).toEqual([]);
    await givenEarning(db, scene.programId, id, 400_001n);
    expect(await pay(scene.programId)).toEqual([]);
    const skip = await db.read.first(
      'SELECT reason, missing_amount FROM settlement_skip WHERE distributor_id = $1',
      [id],
    );
    expect(skip).toEqual({ reason: 'needs_invoice', missingAmount: 1n });
    await fail(paid!);
    expect((await leftOf(id)).map(({ left }) => left)).toEqual([300_000n, 500_000n]);
    // 800,001 are available now, invoiced are 800,000.
    expect(await pay(scene.programId)).toEqual([]);
  });

  test('an invoice that another settlement used between lock and approval does not pay twice', async () => {
    const scene = await givenScene();
    const id = await givenCompany(scene, [300_000n]);
    await givenEarning(db, scene.programId, id, 300_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    const [statement] = await db.read.rows<{ id: string }>(
      'SELECT id FROM statement WHERE settlement_id = $1',
      [settlementId],
    );
    await db.read.insert('invoice_use', {
      invoiceId: `inv_${scene.programId.slice(4)}_0`,
      statementId: statement!.id,
      reference: 'somebody else',
      amount: 1n,
      createdAt: settledAt,
    });
    await decideAndBook(db, vault, settlementId);
    expect(await payoutsOf(settlementId)).toEqual([]);
    const skip = await db.read.first(
      'SELECT reason FROM settlement_skip WHERE settlement_id = $1',
      [settlementId],
    );
    expect(skip).toEqual({ reason: 'needs_invoice' });
    expect(await trialBalance(scene.programId)).toBe(0n);
  });

  test('the database itself refuses to use more of an invoice than there is', async () => {
    const scene = await givenScene();
    const id = await givenCompany(scene, [100n]);
    await givenEarning(db, scene.programId, id, 100n);
    const [paid] = await pay(scene.programId);
    await expect(
      db.read.insert('invoice_use', {
        invoiceId: `inv_${scene.programId.slice(4)}_0`,
        statementId: paid!.statementId,
        reference: `again ${scene.programId}`,
        amount: 1n,
        createdAt: settledAt,
      }),
    ).rejects.toThrow('used more than once');
  });
});

describe('payments that stop for review', () => {
  const stopsOf = (payerId: string) =>
    db.read.rows<{ reason: string; reviewId: string; month: string; facts: object }>(
      `SELECT s.reason, s.review_id, s.month, r.facts FROM tax_stop s
       JOIN review_task r ON r.id = s.review_id WHERE s.payer_id = $1 ORDER BY s.id`,
      [payerId],
    );
  const approve = (reviewId: string) =>
    db.read.run(`UPDATE review_task SET status = 'decided', outcome = 'approve' WHERE id = $1`, [
      reviewId,
    ]);
  const skipsOf = async (distributorId: string) =>
    (
      await db.read.rows<{ reason: string }>(
        'SELECT reason FROM settlement_skip WHERE distributor_id = $1 ORDER BY settlement_id',
        [distributorId],
      )
    ).map(({ reason }) => reason);

  test('above the VAT exemption of the month, also over several payments; approved, it is paid', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, { ...scene, person: 'rich' });
    await givenEarning(db, scene.programId, id, 10_000_000n);
    const [first] = await pay(scene.programId); // exactly at the exemption
    expect(first!.taxAmount).toBe(2_500_000n);
    await givenEarning(db, scene.programId, id, 100n);
    expect(await pay(scene.programId)).toEqual([]);
    expect(await pay(scene.programId)).toEqual([]);
    expect(await skipsOf(id)).toEqual(['vat_exemption', 'vat_exemption']);
    const [stop, ...others] = await stopsOf(scene.payerId);
    expect(others).toEqual([]);
    expect(stop).toMatchObject({
      reason: 'vat_exemption',
      month: '2026-11',
      facts: { about: 'tax_stop', distributorId: id, grossAmount: '100' },
    });
    await approve(stop!.reviewId);
    expect(await pay(scene.programId)).toMatchObject([{ grossAmount: 100n, taxAmount: 32n }]);
    // The approval counts for its month.
    await givenEarning(db, scene.programId, id, 10_000_001n);
    expect(await pay(scene.programId, new Date('2026-12-10T02:00:00Z'))).toEqual([]);
  });

  test('two accounts of one person in one settlement are above it together', async () => {
    const scene = await givenScene();
    const ids: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      ids.push(await givenPayable(db, vault, { ...scene, person: 'two accounts' }));
      await givenEarning(db, scene.programId, ids[i]!, 6_000_000n);
    }
    expect(await pay(scene.programId)).toHaveLength(1);
    expect((await stopsOf(scene.payerId)).map(({ reason }) => reason)).toEqual(['vat_exemption']);
  });

  test('a minor of 16 is paid once approved, a younger one and a non-resident never', async () => {
    const scene = await givenScene();
    const of = async (idNumber: string) => {
      const id = await givenPayable(db, vault, { ...scene, person: idNumber, idNumber });
      await givenEarning(db, scene.programId, id, 50_000n);
      return id;
    };
    const sixteen = await of('110105201006150012');
    const child = await of('110105201501010016');
    const foreign = await of('E12345678');
    await db.read.run(
      `UPDATE tax_profile SET residency = 'nonResident' WHERE distributor_id = $1`,
      [foreign],
    );
    expect(await pay(scene.programId)).toEqual([]);
    const stops = await stopsOf(scene.payerId);
    expect(stops.map(({ reason }) => reason).sort()).toEqual(['minor', 'minor', 'non_resident']);
    for (const { reviewId } of stops) await approve(reviewId);
    const paid = await pay(scene.programId);
    expect(paid.map(({ distributorId }) => distributorId)).toEqual([sixteen]);
    expect(await skipsOf(child)).toEqual(['minor', 'minor']);
    expect(await skipsOf(foreign)).toEqual(['non_resident', 'non_resident']);
    expect(await stopsOf(scene.payerId)).toHaveLength(3);
  });
});
