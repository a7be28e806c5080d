import type { Tx } from '../../src/db/database';
import { lockBalances } from '../../src/db/ledger';
import { programById } from '../../src/db/program';
import { closeWhenPaid } from '../../src/db/settlement-close';
import {
  decideSettlement,
  openSettlement,
  settlementById,
  skippedOf,
} from '../../src/db/settlement';
import { approveChunk } from '../../src/db/settlement-approve';
import { finishLocking, lockPeople, nextPeople } from '../../src/db/settlement-lock';
import { finishComputing } from '../../src/db/settlement-review';
import { verifySettlement } from '../../src/db/settlement-result';
import { computeChunk } from '../../src/db/statement';
import { requestWithdrawal } from '../../src/db/withdrawal';
import { giveBackPayout } from '../../src/db/withholding';
import { Refusal } from '../../src/domain/kernel/refusal';
import { distributorAccount } from '../../src/domain/ledger/account';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor, givenProgram, givenStore } from '../support/given';
import { givenChannel, testVault } from '../support/payout';
import {
  approveAll,
  decideAndBook,
  earlier,
  givenAccount,
  givenEarning,
  givenOpenSettlement,
  givenPayable,
  givenProfile,
  lockAndCompute,
  moneyOf,
  reviewOf,
  settledAt,
} from '../support/settlement';
import { until } from '../support/until';

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
  return { storeId, programId, channelId };
}

const statementsOf = (settlementId: string) =>
  db.read.rows<{
    id: string;
    distributorId: string;
    status: string;
    grossAmount: bigint;
    taxAmount: bigint;
    feeAmount: bigint;
    netAmount: bigint;
    taxTrace: { reviewed?: object };
    taxMonth: string;
  }>('SELECT * FROM statement WHERE settlement_id = $1 ORDER BY id', [settlementId]);

const payoutsOf = (settlementId: string) =>
  db.read.rows<{
    id: string;
    statementId: string;
    distributorId: string;
    amount: bigint;
    grossAmount: bigint;
    taxAmount: bigint;
    feeAmount: bigint;
    channelNumber: string;
    accountCipher: string;
    programId: string;
    channelId: string;
  }>('SELECT * FROM payout WHERE settlement_id = $1 ORDER BY id', [settlementId]);

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );

describe('only one settlement of a program is undecided', () => {
  test('of ten requests at once one is accepted', async () => {
    const { programId } = await givenScene();
    const program = await programById(db.read, programId);
    const input = { cutoffAt: undefined, requestedBy: 'test', realNow: settledAt };
    const codes = await Promise.all(
      Array.from({ length: 10 }, () =>
        codeOf(db.transaction((tx) => openSettlement(tx, program, input))),
      ),
    );
    expect(codes.sort()).toEqual(
      ['done', ...Array.from({ length: 9 }, () => 'settlement_already_open')].sort(),
    );
    const started = await db.read.rows('SELECT 1 FROM outbox WHERE workflow_id LIKE $1', [
      `settlement:${programId}:%`,
    ]);
    expect(started).toHaveLength(1);
  });

  test('the next run of a period gets its own number', async () => {
    const { programId } = await givenScene();
    const first = await givenOpenSettlement(db, programId);
    await lockAndCompute(db, vault, first);
    const second = await givenOpenSettlement(db, programId);
    expect(await settlementById(db.read, first)).toMatchObject({
      status: 'closed',
      period: '2026-11',
      run: 1,
    });
    expect(await settlementById(db.read, second)).toMatchObject({
      status: 'locking',
      period: '2026-11',
      run: 2,
    });
  });

  test.each([
    ['after the clock', new Date('2026-11-21T00:00:00Z'), 'in_the_future'],
    ['before the program', new Date('2025-11-21T00:00:00Z'), 'before_program_start'],
  ])('a cutoff %s is refused', async (_, cutoffAt, code) => {
    const program = await programById(db.read, (await givenScene()).programId);
    const input = { cutoffAt, requestedBy: 'test', realNow: settledAt };
    expect(await codeOf(db.transaction((tx) => openSettlement(tx, program, input)))).toBe(code);
  });
});

describe('several hundred people', () => {
  test('are locked, taxed, approved and paid; every fen is accounted for', async () => {
    const scene = await givenScene({ feeFixedAmount: 50n, feeBps: 100 });
    const amounts = new Map<string, bigint>();
    for (let i = 0; i < 300; i += 1) {
      const id = await givenPayable(db, vault, scene);
      await givenEarning(db, scene.programId, id, BigInt(1000 + i * 977));
      amounts.set(id, BigInt(1000 + i * 977));
    }
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId, 64);
    const some = [...amounts.keys()][7]!;
    expect(await moneyOf(db, scene.programId, some)).toMatchObject({
      available: 0n,
      settling: amounts.get(some),
    });
    await decideAndBook(db, vault, settlementId, 'approve', { chunk: 64 });

    const statements = await statementsOf(settlementId);
    expect(statements).toHaveLength(300);
    for (const { distributorId, grossAmount, taxAmount, feeAmount, netAmount } of statements) {
      expect(grossAmount).toBe(amounts.get(distributorId));
      expect(netAmount + taxAmount + feeAmount).toBe(grossAmount);
      const money = await moneyOf(db, scene.programId, distributorId);
      expect(money).toEqual({
        available: 0n,
        settling: netAmount,
        receivable: 0n,
        trialBalance: 0n,
      });
    }
    const settlement = await settlementById(db.read, settlementId);
    const sum = (pick: (row: (typeof statements)[0]) => bigint) =>
      statements.reduce((total, row) => total + pick(row), 0n);
    expect(settlement).toMatchObject({
      status: 'paying',
      distributors: 300,
      grossAmount: sum((row) => row.grossAmount),
      taxAmount: sum((row) => row.taxAmount),
      feeAmount: sum((row) => row.feeAmount),
      netAmount: sum((row) => row.netAmount),
      progressDone: 300,
      progressTotal: 300,
      taxMonth: '2026-11',
    });
    const account = (role: string) =>
      db.read.first<{ balance: bigint }>(
        'SELECT balance FROM ledger_account WHERE program_id = $1 AND code = $2',
        [scene.programId, role],
      );
    expect((await account('tax-payable'))?.balance).toBe(settlement.taxAmount);
    expect((await account('fee-income'))?.balance).toBe(settlement.feeAmount);
    const payouts = await payoutsOf(settlementId);
    expect(payouts).toHaveLength(300);
    expect(new Set(payouts.map(({ channelNumber }) => channelNumber)).size).toBe(300);
    expect(payouts.every(({ channelNumber }) => /^[a-z0-9]{1,32}$/.test(channelNumber))).toBe(true);
    expect(vault.open(`payout.account:${payouts[0]!.id}`, payouts[0]!.accountCipher)).toBe('ok');
    const started = await db.read.rows(
      `SELECT 1 FROM outbox WHERE workflow_type = 'payout' AND input->>'payoutId' = ANY($1)`,
      [payouts.map(({ id }) => id)],
    );
    expect(started).toHaveLength(300);
  }, 120_000);
});

describe('who is not settled is listed with the reason and carried over', () => {
  test('each reason', async () => {
    const scene = await givenScene({ minimumPayoutAmount: 500n, feeFixedAmount: 600n });
    const { programId, channelId } = scene;
    const rich = 10_000n;
    const expected = new Map<string, string>();
    const add = async (reason: string, id: string, amount = rich) => {
      await givenEarning(db, programId, id, amount);
      expected.set(id, reason);
      return id;
    };
    const withoutAccount = await givenDistributor(db, scene);
    await givenProfile(db, vault, withoutAccount, {});
    await add('no_payout_account', withoutAccount);
    const withoutProfile = await givenDistributor(db, scene);
    await givenAccount(db, vault, withoutProfile, channelId);
    await add('no_tax_profile', withoutProfile);
    const company = await givenDistributor(db, scene);
    await givenAccount(db, vault, company, channelId);
    await givenProfile(db, vault, company, { kind: 'company', idNumber: '91310000MA1K000006' });
    await add('needs_invoice', company);
    await add('minor', await givenPayable(db, vault, { ...scene, idNumber: '110105201501010016' }));
    await add('below_minimum', await givenPayable(db, vault, scene), 499n);
    await add('net_zero', await givenPayable(db, vault, scene), 550n);
    const suspended = await add('suspended', await givenPayable(db, vault, scene));
    await db.read.run(`UPDATE distributor SET status = 'suspended' WHERE id = $1`, [suspended]);
    const left = await givenPayable(db, vault, scene);
    await db.read.run(`UPDATE distributor SET status = 'left' WHERE id = $1`, [left]);
    await givenEarning(db, programId, left, 700n);

    const first = await givenOpenSettlement(db, programId);
    await lockAndCompute(db, vault, first);
    const skips = await db.read.rows<{ distributorId: string; reason: string }>(
      'SELECT distributor_id, reason FROM settlement_skip WHERE settlement_id = $1',
      [first],
    );
    expect(new Map(skips.map(({ distributorId, reason }) => [distributorId, reason]))).toEqual(
      expected,
    );
    expect((await statementsOf(first)).map(({ distributorId }) => distributorId)).toEqual([left]);
    for (const id of expected.keys()) {
      expect((await moneyOf(db, programId, id)).settling).toBe(0n);
    }
    await decideAndBook(db, vault, first);

    await givenProfile(db, vault, withoutProfile, {});
    const second = await givenOpenSettlement(db, programId);
    await lockAndCompute(db, vault, second);
    expect(
      (await statementsOf(second)).map(({ distributorId, grossAmount }) => [
        distributorId,
        grossAmount,
      ]),
    ).toEqual([[withoutProfile, rich]]);
    expect((await skippedOf(db.read, [second])).get(second)).toHaveLength(6);
  });

  test('the minimum does not hold back those who are out', async () => {
    const scene = await givenScene({ minimumPayoutAmount: 5000n });
    const id = await givenPayable(db, vault, scene);
    await db.read.run(`UPDATE distributor SET status = 'evicted' WHERE id = $1`, [id]);
    await givenEarning(db, scene.programId, id, 100n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    expect(await statementsOf(settlementId)).toHaveLength(1);
  });

  test('what became available after the cutoff waits; a deduction does not', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, scene);
    await givenEarning(db, scene.programId, id, 5000n);
    await givenEarning(db, scene.programId, id, 3000n, settledAt);
    const program = await programById(db.read, scene.programId);
    const cutoffAt = new Date(earlier.getTime() + 1000);
    const input = { cutoffAt, requestedBy: 'test', realNow: settledAt };
    const { id: settlementId } = await db.transaction((tx) => openSettlement(tx, program, input));
    await lockAndCompute(db, vault, settlementId);
    expect(await statementsOf(settlementId)).toMatchObject([{ grossAmount: 5000n }]);
    expect(await moneyOf(db, scene.programId, id)).toMatchObject({
      available: 3000n,
      settling: 5000n,
    });
  });
});

describe('a kill between chunks costs nothing', () => {
  test('every stage is called again from the start and ends with the same result', async () => {
    const scene = await givenScene();
    for (let i = 0; i < 25; i += 1) {
      const id = await givenPayable(db, vault, scene);
      await givenEarning(db, scene.programId, id, BigInt(90_000 + i));
    }
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await db.transaction((tx) => lockFirst(tx, settlementId, 10)); // and killed
    await expect(
      db.transaction(async (tx) => {
        await lockFirst(tx, settlementId, 10);
        throw new Error('killed before the commit');
      }),
    ).rejects.toThrow('killed');
    expect(await statementsOf(settlementId)).toHaveLength(10);
    await lockAndCompute(db, vault, settlementId, 10);
    const computed = await statementsOf(settlementId);
    expect(computed).toHaveLength(25);
    await lockAndCompute(db, vault, settlementId, 10); // the activities once more
    expect(await statementsOf(settlementId)).toEqual(computed);
    expect((await reviewOf(db, settlementId)).status).toBe('open');

    await db.transaction((tx) =>
      decideSettlement(tx, { settlementId, outcome: 'approve', at: settledAt }),
    );
    await db.transaction((tx) =>
      approveChunk(tx, vault, settlementId, { after: '', realNow: settledAt, limit: 10 }),
    ); // and killed
    expect(await payoutsOf(settlementId)).toHaveLength(10);
    for (let again = 0; again < 3; again += 1) {
      await approveAll(db, vault, settlementId, { chunk: 10 });
    }
    expect(await payoutsOf(settlementId)).toHaveLength(25);
    expect((await statementsOf(settlementId)).every(({ status }) => status === 'approved')).toBe(
      true,
    );
    const withheld = await db.read.rows(
      'SELECT w.id FROM withholding w JOIN statement s ON s.id = w.statement_id WHERE s.settlement_id = $1',
      [settlementId],
    );
    expect(withheld).toHaveLength(25);
  });

  test('what becomes due meanwhile for somebody who is locked waits for the next settlement', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, scene);
    await givenEarning(db, scene.programId, id, 90_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await db.transaction((tx) => lockFirst(tx, settlementId, 10)); // and killed
    await givenEarning(db, scene.programId, id, 500n);
    await lockAndCompute(db, vault, settlementId);
    expect(await statementsOf(settlementId)).toMatchObject([{ grossAmount: 90_000n }]);
    expect(await moneyOf(db, scene.programId, id)).toMatchObject({
      available: 500n,
      settling: 90_000n,
    });
  });

  test('a chunk that slept while the settlement moved on changes nothing', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, scene);
    await givenEarning(db, scene.programId, id, 90_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    let chunk: Promise<void> | undefined;
    await db.transaction(async (tx) => {
      await lockBalances(tx, scene.programId, [distributorAccount(id, 'available')]);
      chunk = db.transaction((late) => lockFirst(late, settlementId, 10));
      await until(async () => (await waitingFor(tx)) > 0, 'the chunk waits for the account');
      await db.transaction((other) => finishLocking(other, settlementId));
    });
    await chunk;
    expect(await statementsOf(settlementId)).toEqual([]);
    expect(await moneyOf(db, scene.programId, id)).toMatchObject({ available: 90_000n });
  });

  test('two workers at the same chunk do its work once', async () => {
    const scene = await givenScene();
    for (let i = 0; i < 12; i += 1) {
      await givenEarning(db, scene.programId, await givenPayable(db, vault, scene), 90_000n);
    }
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await Promise.all(
      [1, 2, 3].map(() => db.transaction((tx) => lockFirst(tx, settlementId, 100))),
    );
    expect(await statementsOf(settlementId)).toHaveLength(12);
    await lockAndCompute(db, vault, settlementId);
    await db.transaction((tx) =>
      decideSettlement(tx, { settlementId, outcome: 'approve', at: settledAt }),
    );
    await Promise.all(
      [1, 2, 3].map(() =>
        db.transaction((tx) =>
          approveChunk(tx, vault, settlementId, { after: '', realNow: settledAt, limit: 100 }),
        ),
      ),
    );
    expect(await payoutsOf(settlementId)).toHaveLength(12);
  });
});

describe('the review', () => {
  test.each([
    ['at the limit one person decides', 100_000n, 1],
    ['above the limit two do', 99_999n, 2],
  ])('%s', async (_, reviewAboveAmount, stepsNeeded) => {
    const scene = await givenScene({ reviewAboveAmount });
    await givenEarning(db, scene.programId, await givenPayable(db, vault, scene), 100_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    expect(await reviewOf(db, settlementId)).toMatchObject({
      stepsNeeded,
      facts: { distributors: 1, grossAmount: '100000', taxAmount: '4000', netAmount: '96000' },
    });
  });

  test('a rejection gives everything back, and the next run takes it again', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, scene);
    await givenEarning(db, scene.programId, id, 100_000n);
    const first = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, first);
    await decideAndBook(db, vault, first, 'reject');
    expect(await settlementById(db.read, first)).toMatchObject({ status: 'rejected' });
    expect(await payoutsOf(first)).toEqual([]);
    expect(await moneyOf(db, scene.programId, id)).toMatchObject({
      available: 100_000n,
      settling: 0n,
      trialBalance: 0n,
    });
    const second = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, second);
    expect(await statementsOf(second)).toMatchObject([
      { grossAmount: 100_000n, status: 'computed' },
    ]);
  });

  test('while a rejected settlement is being unlocked no other one starts', async () => {
    const scene = await givenScene();
    await givenEarning(db, scene.programId, await givenPayable(db, vault, scene), 100_000n);
    const first = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, first);
    await db.transaction((tx) =>
      decideSettlement(tx, { settlementId: first, outcome: 'reject', at: settledAt }),
    );
    expect(await codeOf(givenOpenSettlement(db, scene.programId))).toBe('settlement_already_open');
  });

  test('with nobody to pay there is nothing to decide', async () => {
    const scene = await givenScene();
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    expect(await settlementById(db.read, settlementId)).toMatchObject({
      status: 'closed',
      distributors: 0,
    });
  });
});

describe('one taxpayer behind several accounts', () => {
  test('is taxed on the sum, in one settlement and over programs of one payer', async () => {
    const scene = await givenScene();
    const person = 'one and the same';
    for (const amount of [60_000n, 60_000n]) {
      await givenEarning(
        db,
        scene.programId,
        await givenPayable(db, vault, { ...scene, person }),
        amount,
      );
    }
    const { payerId } = await programById(db.read, scene.programId);
    const other = await givenProgram(db, scene.storeId, { payerId });
    await givenEarning(
      db,
      other,
      await givenPayable(db, vault, { ...scene, programId: other, person }),
      100_000n,
    );

    // Both are reviewed before either is approved: the second counts what the first has computed.
    const first = await givenOpenSettlement(db, scene.programId);
    const second = await givenOpenSettlement(db, other);
    await lockAndCompute(db, vault, first, 1);
    await lockAndCompute(db, vault, second);
    expect((await statementsOf(first)).map(({ taxAmount }) => taxAmount)).toEqual([0n, 8000n]);
    expect((await statementsOf(second)).map(({ taxAmount }) => taxAmount)).toEqual([20_000n]);
    // They are approved the other way round: only what was approved before counts.
    await decideAndBook(db, vault, second);
    await decideAndBook(db, vault, first);
    expect(await statementsOf(second)).toMatchObject([
      {
        taxAmount: 4000n,
        netAmount: 96_000n,
        taxTrace: { reviewed: { taxAmount: 20_000, month: '2026-11' } },
      },
    ]);
    // 220,000 fen in the month: 28,000 of tax, of which 4,000 was withheld.
    expect((await statementsOf(first)).map(({ taxAmount }) => taxAmount)).toEqual([
      12_000n,
      12_000n,
    ]);
  });

  test('the tax month is that of the approval', async () => {
    const scene = await givenScene();
    await givenEarning(db, scene.programId, await givenPayable(db, vault, scene), 100_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    await decideAndBook(db, vault, settlementId, 'approve', {
      at: new Date('2026-11-30T16:00:00Z'),
    });
    expect(await statementsOf(settlementId)).toMatchObject([
      { taxMonth: '2026-12', taxAmount: 4000n },
    ]);
  });
});

describe('a payout that fails or comes back', () => {
  async function givenPaidOut(settings: Record<string, unknown> = {}) {
    const scene = await givenScene({ feeBps: 100, ...settings });
    const id = await givenPayable(db, vault, { ...scene, person: `p ${scene.programId}` });
    await givenEarning(db, scene.programId, id, 300_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    await decideAndBook(db, vault, settlementId);
    return { ...scene, distributorId: id, settlementId, payouts: await payoutsOf(settlementId) };
  }

  test('gives back the whole gross, once, and the tax of it', async () => {
    const { programId, distributorId, payouts } = await givenPaidOut();
    const payout = { ...payouts[0]!, clockOffsetMs: 0n };
    const giveBack = () =>
      db.transaction((tx) => giveBackPayout(tx, payout, { netAt: 'settling', realNow: settledAt }));
    expect(await giveBack()).toBe(true);
    expect(await giveBack()).toBe(false);
    expect(await moneyOf(db, programId, distributorId)).toEqual({
      available: 300_000n,
      settling: 0n,
      receivable: 0n,
      trialBalance: 0n,
    });
    const withheld = await db.read.first<{ income: bigint; tax: bigint }>(
      'SELECT sum(income_amount)::bigint AS income, sum(tax_amount)::bigint AS tax FROM withholding WHERE statement_id = $1',
      [payout.statementId],
    );
    expect(withheld).toEqual({ income: 0n, tax: 0n });

    const next = await givenOpenSettlement(db, programId);
    await lockAndCompute(db, vault, next);
    expect(await statementsOf(next)).toMatchObject([
      { distributorId, grossAmount: 300_000n, taxAmount: 44_000n },
    ]);
  });

  test('above the limit of a transfer each part gives back its own share', async () => {
    const { programId, distributorId, channelId, settlementId } = await givenPaidOut();
    await db.read.run('UPDATE channel SET per_transfer_amount = 100000 WHERE id = $1', [channelId]);
    await givenEarning(db, programId, distributorId, 300_000n);
    const next = await givenOpenSettlement(db, programId);
    await lockAndCompute(db, vault, next);
    await decideAndBook(db, vault, next);
    const [statement] = await statementsOf(next);
    const parts = await payoutsOf(next);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.every(({ amount }) => amount <= 100_000n)).toBe(true);
    expect(parts.reduce((sum, { grossAmount }) => sum + grossAmount, 0n)).toBe(
      statement!.grossAmount,
    );
    expect(parts.reduce((sum, { taxAmount }) => sum + taxAmount, 0n)).toBe(statement!.taxAmount);
    const [part] = parts;
    await db.transaction((tx) =>
      giveBackPayout(
        tx,
        { ...part!, clockOffsetMs: 0n },
        { netAt: 'settling', realNow: settledAt },
      ),
    );
    expect((await moneyOf(db, programId, distributorId)).available).toBe(part!.grossAmount);
    expect(settlementId).not.toBe(next);
  });
});

describe('the result hash', () => {
  test('stays true whatever becomes of the payouts, and a changed row is named', async () => {
    const scene = await givenScene();
    const id = await givenPayable(db, vault, scene);
    const earning = await givenEarning(db, scene.programId, id, 300_000n);
    const settlementId = await givenOpenSettlement(db, scene.programId);
    await lockAndCompute(db, vault, settlementId);
    const verified = async () =>
      verifySettlement(db.read, await settlementById(db.read, settlementId));
    expect(await codeOf(verified())).toBe('settlement_not_approved');
    await decideAndBook(db, vault, settlementId);
    expect(await db.transaction((tx) => closeWhenPaid(tx, settlementId, settledAt))).toBe(false);
    await db.read.run(`UPDATE payout SET status = 'failed' WHERE settlement_id = $1`, [
      settlementId,
    ]);
    expect(await db.transaction((tx) => closeWhenPaid(tx, settlementId, settledAt))).toBe(true);
    expect(await settlementById(db.read, settlementId)).toMatchObject({ status: 'closed' });
    expect(await verified()).toMatchObject({ matches: true, differences: [] });

    const [statement] = await statementsOf(settlementId);
    await db.transaction(async (tx) => {
      await tx.run('ALTER TABLE earning DISABLE TRIGGER USER');
      await tx.run('UPDATE earning SET amount = 300001 WHERE id = $1', [earning]);
      await tx.run('ALTER TABLE earning ENABLE TRIGGER USER');
    });
    await db.read.run(
      'UPDATE statement SET tax_amount = tax_amount - 1, net_amount = net_amount + 1 WHERE id = $1',
      [statement!.id],
    );
    const result = await verified();
    expect(result.matches).toBe(false);
    expect(result.differences).toEqual([
      {
        statementId: statement!.id,
        kind: 'statement',
        name: 'netAmount',
        approved: '256000',
        found: '256001',
      },
      {
        statementId: statement!.id,
        kind: 'statement',
        name: 'taxAmount',
        approved: '44000',
        found: '43999',
      },
      {
        statementId: statement!.id,
        kind: 'line',
        name: earning,
        approved: '300000',
        found: '300001',
      },
    ]);
  });
});

test('who has one account is computed when locked, with what is not booked yet', async () => {
  const scene = await givenScene();
  const [alone, first, second] = [
    await givenPayable(db, vault, scene),
    await givenPayable(db, vault, { ...scene, person: 'twice there' }),
    await givenPayable(db, vault, { ...scene, person: 'twice there' }),
  ];
  for (const id of [alone, first, second]) await givenEarning(db, scene.programId, id, 100_000n);
  const settlementId = await givenOpenSettlement(db, scene.programId);
  await db.transaction((tx) => lockFirst(tx, settlementId, 10));
  await db.transaction((tx) => finishLocking(tx, settlementId));
  const amounts = async () => {
    const statements = await statementsOf(settlementId);
    const of = (id: string) => statements.find(({ distributorId }) => distributorId === id)!;
    return [alone, first, second].map((id) => [of(id).status, of(id).taxAmount]);
  };
  expect(await amounts()).toEqual([
    ['computed', 4000n],
    ['locked', 0n],
    ['locked', 0n],
  ]);
  expect(await settlementById(db.read, settlementId)).toMatchObject({
    progressDone: 1,
    progressTotal: 3,
  });
  // Two runs at the same chunk: a person is taxed once, and the second account on top of the first.
  const start = { after: '', lane: { number: 0, of: 1 }, limit: 10 };
  const chunk = () => db.transaction((tx) => computeChunk(tx, settlementId, start));
  await Promise.all([chunk(), chunk()]);
  const [ofAlone, ...ofTwice] = await amounts();
  expect(ofAlone).toEqual(['computed', 4000n]);
  expect(ofTwice).toEqual(
    expect.arrayContaining([
      ['computed', 4000n],
      ['computed', 20_000n],
    ]),
  );
  expect(await settlementById(db.read, settlementId)).toMatchObject({
    progressDone: 3,
    progressTotal: 3,
  });
  await db.transaction((tx) => finishComputing(tx, settlementId, settledAt));

  // Nothing of it is booked: another payment of the month is reviewed on top of it.
  await givenEarning(db, scene.programId, alone, 100_000n);
  const program = await programById(db.read, scene.programId);
  const withdrawal = await db.transaction((tx) =>
    requestWithdrawal(tx, vault, {
      distributor: { id: alone, tier: 'bronze' },
      ...{ program, amount: 100_000n, requestedBy: 'test', realNow: settledAt },
    }),
  );
  if (withdrawal instanceof Refusal) throw withdrawal;
  expect(await statementsOf(withdrawal.id)).toMatchObject([
    { status: 'computed', taxAmount: 20_000n },
  ]);
});

/** One chunk of locking. */
async function lockFirst(tx: Tx, settlementId: string, limit: number): Promise<void> {
  const settlement = await settlementById(tx, settlementId);
  await lockPeople(tx, vault, settlementId, await nextPeople(tx, settlement, '', limit));
}

/** How many sessions wait for a lock of this one. */
async function waitingFor(tx: Tx): Promise<number> {
  const row = await tx.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))`,
  );
  return row?.count ?? 0;
}
