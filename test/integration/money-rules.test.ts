import { type Database, sqlState } from '../../src/db/database';
import { newId } from '../../src/db/id';
import { programById } from '../../src/db/program';
import { LedgerConflict, lockBalances, postTransactions } from '../../src/db/ledger';
import { distributorAccount } from '../../src/domain/ledger/account';
import {
  commissionEarned,
  type LedgerTransactionInput,
  locked,
  refundedAfterRelease,
  released,
} from '../../src/domain/ledger/posting';
import { constraintAgainst, testDatabase, type TestDatabase } from '../support/database';
import { givenDistributor, givenProgram, givenStore } from '../support/given';

const at = new Date('2026-11-01T00:00:00Z');

describe('money rules that the database holds by itself', () => {
  let db: TestDatabase;
  let programId: string;
  let distributorId: string;

  beforeAll(async () => {
    db = await testDatabase();
    const storeId = await givenStore(db);
    programId = await givenProgram(db, storeId);
    distributorId = await givenDistributor(db, { storeId, programId });
    await post(
      db,
      programId,
      earned('seed', 1000n),
      moved('seed:release', released(distributorId, 600n, 0n)),
    );
  });
  afterAll(() => db.drop());

  function earned(reference: string, amount: bigint): LedgerTransactionInput {
    return moved(reference, commissionEarned(distributorId, amount));
  }

  test('a transaction whose entries do not sum to 0 is refused', async () => {
    await refused(
      insertEntries(
        `(SELECT id FROM account WHERE code = 'commission-expense'), -100`,
        `(SELECT id FROM account WHERE code LIKE '%:held'), 99`,
      ),
      'ledger_entries_sum_to_zero',
    );
  });

  test('a transaction of a single entry is refused, also when it is added later', async () => {
    await refused(
      insertEntries(`(SELECT id FROM account WHERE code = 'commission-expense'), -100`),
      'ledger_entries_sum_to_zero',
    );
    await refused(
      db.read.run(
        `INSERT INTO ledger_entry (transaction_id, account_id, amount)
         SELECT t.id, a.id, 1 FROM ledger_transaction t, ledger_account a LIMIT 1`,
      ),
      'ledger_entries_sum_to_zero',
    );
  });

  test('a transaction without entries is refused at its commit', async () => {
    await refused(insertTransaction(db, programId), 'ledger_transaction_has_entries');
  });

  test('an entry of 0 is refused', async () => {
    await refused(
      insertEntries(
        `(SELECT id FROM account WHERE code = 'commission-expense'), 0`,
        `(SELECT id FROM account WHERE code LIKE '%:held'), 0`,
      ),
      'ledger_entry_amount_not_zero',
    );
  });

  test.each(['ledger_transaction', 'ledger_entry'])('%s is append-only', async (table) => {
    await refused(db.read.run(`UPDATE ${table} SET id = id + 1000`), `${table}_append_only`);
    await refused(db.read.run(`DELETE FROM ${table}`), `${table}_append_only`);
    await refused(db.read.run(`TRUNCATE ${table} CASCADE`), `append_only`);
  });

  test('a balance moves by entries only, and no account is opened with money in it', async () => {
    await refused(
      db.read.run('UPDATE ledger_account SET balance = balance + 1'),
      'ledger_account_balance_is_entries',
    );
    await refused(
      db.read.run(
        `INSERT INTO ledger_account (program_id, code, role, balance) VALUES ($1, 'fee-income', 'fee-income', 5)`,
        [programId],
      ),
      'ledger_account_balance_is_entries',
    );
  });

  test('accounts and statements belong to one program, with whom they name', async () => {
    const storeId = await givenStore(db);
    const otherProgram = await givenProgram(db, storeId);
    const stranger = await givenDistributor(db, { storeId, programId: otherProgram });
    const account = (program: string, owner: string | null, role: string) =>
      db.read.insert('ledger_account', {
        ...{ programId: program, code: owner === null ? role : `distributor:${owner}:${role}` },
        ...{ role, distributorId: owner },
      });
    await refused(account(programId, stranger, 'held'), 'ledger_account_belongs');
    await refused(account(programId, newId('distributor'), 'held'), 'ledger_account_belongs');
    await refused(account(newId('program'), null, 'cash'), 'ledger_account_belongs');
    await account(otherProgram, stranger, 'held');
    await refused(
      db.read.run('UPDATE ledger_account SET distributor_id = $1 WHERE distributor_id = $2', [
        distributorId,
        stranger,
      ]),
      'ledger_account_is_fixed',
    );
    await refused(givenStatement(programId, stranger), 'statement_belongs');
    await refused(givenStatement(programId, newId('distributor')), 'statement_belongs');
    const statement = await givenStatement(otherProgram, stranger);
    const again = (settlementId: string) =>
      db.read.run(
        `INSERT INTO statement (id, settlement_id, program_id, distributor_id, payer_id, status,
           gross_amount, created_at)
         SELECT $2, $3, program_id, distributor_id, payer_id, status, gross_amount, created_at
         FROM statement WHERE id = $1`,
        [statement, newId('statement'), settlementId],
      );
    await refused(again(newId('settlement')), 'statement_belongs');
  });

  test.each(['distributor', 'settlement'])('%s stays, and stays where it is', async (table) => {
    const storeId = await givenStore(db);
    const ownProgram = await givenProgram(db, storeId);
    const owner = await givenDistributor(db, { storeId, programId: ownProgram });
    await givenStatement(ownProgram, owner);
    const where = 'WHERE program_id = $1';
    await refused(db.read.run(`DELETE FROM ${table} ${where}`, [ownProgram]), 'append_only');
    await refused(
      db.read.run(`UPDATE ${table} SET program_id = $2 ${where}`, [ownProgram, programId]),
      'append_only',
    );
  });

  test('an account cannot be given another role that may go below zero', async () => {
    await refused(
      db.read.run(
        `UPDATE ledger_account SET code = 'bad-debt', role = 'bad-debt', distributor_id = NULL
         WHERE role = 'held'`,
      ),
      'ledger_account_is_fixed',
    );
  });

  test.each<[string, () => LedgerTransactionInput]>([
    ['held', () => moved('x1', released(distributorId, 401n, 0n))],
    ['available', () => moved('x2', locked(distributorId, 601n))],
    [
      'settling',
      () =>
        moved('x3', [
          { from: distributorAccount(distributorId, 'settling'), to: 'tax-payable', amount: 1n },
        ]),
    ],
  ])('%s never goes below zero', async (_, transaction) => {
    await refused(post(db, programId, transaction()), 'ledger_account_not_negative');
  });

  test('receivable never goes above zero', async () => {
    const above = moved('x4', [
      {
        from: 'commission-expense',
        to: distributorAccount(distributorId, 'receivable'),
        amount: 1n,
      },
    ]);
    await refused(post(db, programId, above), 'ledger_account_not_negative');
    await post(db, programId, moved('debt', refundedAfterRelease(distributorId, 7n, 0n)));
    const code = distributorAccount(distributorId, 'receivable');
    const balances = await db.transaction((tx) => lockBalances(tx, programId, [code]));
    expect(balances.get(code)).toBe(-7n);
  });

  test('the same reference with the same content is posted once, with other content it is an error', async () => {
    const before = await heldBalance();
    await post(db, programId, earned('once', 5n));
    await post(db, programId, earned('once', 5n));
    expect(await heldBalance()).toBe(before + 5n);
    await expect(post(db, programId, earned('once', 6n))).rejects.toThrow(LedgerConflict);
    expect(await heldBalance()).toBe(before + 5n);
  });

  test('20 parallel posts of one reference move the money once', async () => {
    const before = await heldBalance();
    await Promise.all(
      Array.from({ length: 20 }, () => post(db, programId, earned('parallel', 3n))),
    );
    expect(await heldBalance()).toBe(before + 3n);
  });

  test('the reference is unique in the database itself', async () => {
    const error = await db
      .transaction(async (tx) => {
        await tx.run(
          `INSERT INTO ledger_transaction (program_id, reference, request_hash, kind, occurred_at, recorded_at)
           SELECT program_id, reference, request_hash, kind, occurred_at, recorded_at FROM ledger_transaction LIMIT 1`,
        );
      })
      .catch((caught: unknown) => caught);
    expect(sqlState(error)).toBe('23505');
  });

  test('an entry of a transaction or an account that is not there is refused', async () => {
    await refused(
      insertEntries(`(SELECT id FROM account WHERE code = 'commission-expense'), -1`, '0, 1'),
      'ledger_entry_has_both',
    );
    await refused(
      db.read.run(
        `INSERT INTO ledger_entry (transaction_id, account_id, amount)
         SELECT 0, id, CASE code WHEN 'commission-expense' THEN -1 ELSE 1 END FROM ledger_account
         WHERE code IN ('commission-expense', 'tax-payable') OR code LIKE '%:held'
         ORDER BY code LIMIT 2`,
      ),
      'ledger_entry_has_both',
    );
  });

  test('an entry cannot join two programs', async () => {
    const storeId = await givenStore(db);
    const other = await givenProgram(db, storeId);
    await refused(
      db.transaction(async (tx) => {
        const id = await newTransaction(tx, other);
        await tx.run(
          `INSERT INTO ledger_entry (transaction_id, account_id, amount)
           SELECT $1, id, CASE code WHEN 'commission-expense' THEN -1 ELSE 1 END FROM ledger_account
           WHERE program_id = $2 AND (code = 'commission-expense' OR code LIKE '%:held')`,
          [id, programId],
        );
      }),
      'ledger_entry_one_program',
    );
  });

  test('entries of two programs come in one statement, each with the accounts of its own', async () => {
    const storeId = await givenStore(db);
    const programs = [await givenProgram(db, storeId), await givenProgram(db, storeId)];
    const accountsOf = async (id: string) => {
      const owner = await givenDistributor(db, { storeId, programId: id });
      await post(db, id, moved(`first-of-${id}`, commissionEarned(owner, 9n)));
      return db.read.rows<{ id: bigint }>(
        'SELECT id FROM ledger_account WHERE program_id = $1 ORDER BY code',
        [id],
      );
    };
    const [one, two] = [await accountsOf(programs[0]!), await accountsOf(programs[1]!)];
    type Accounts = readonly { id: bigint }[];
    const move = (moves: readonly (readonly [string, Accounts])[]) =>
      db.transaction(async (tx) => {
        const ids: bigint[] = [];
        for (const [program] of moves) ids.push(await newTransaction(tx, program));
        await tx.run(
          `INSERT INTO ledger_entry (transaction_id, account_id, amount)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])`,
          [
            ids.flatMap((id) => [id, id]),
            moves.flatMap(([, accounts]) => accounts.map(({ id }) => id)),
            moves.flatMap(() => [-2n, 2n]),
          ],
        );
      });
    const [first = '', second = ''] = programs;
    const strangers = 'ledger_entry_one_program';
    await refused(
      move([
        [first, two],
        [second, one],
      ]),
      strangers,
    );
    // Whichever of the two is found first: one entry of its own, one of the other's.
    for (const program of programs) await refused(move([[program, [one[0]!, two[1]!]]]), strangers);
    await move([
      [first, one],
      [second, two],
    ]);
    const balances = await db.read.rows<{ balance: bigint }>(
      'SELECT balance FROM ledger_account WHERE id = ANY($1) ORDER BY code, id',
      [[...one, ...two].map(({ id }) => id)],
    );
    expect(balances.map(({ balance }) => balance)).toEqual([-11n, -11n, 11n, 11n]);
  });

  test('an earning is in a statement that exists and is of the same distributor', async () => {
    const storeId = await givenStore(db);
    const ownProgram = await givenProgram(db, storeId);
    const [mine, theirs] = [
      await givenDistributor(db, { storeId, programId: ownProgram }),
      await givenDistributor(db, { storeId, programId: ownProgram }),
    ];
    const statement = await givenStatement(ownProgram, theirs);
    const line = (id: string, statementId: string | null) => ({
      ...{ id, programId: ownProgram, distributorId: mine, kind: 'adjustment', amount: 5n },
      ...{ releaseAt: at, availableAt: at, createdAt: at, statementId },
    });
    const id = newId('earning');
    await db.read.insert('earning', line(id, null));
    const put = (statementId: string) =>
      db.read.run('UPDATE earning SET statement_id = $2 WHERE id = $1', [id, statementId]);
    for (const wrong of [newId('statement'), statement]) {
      await refused(put(wrong), 'earning_has_statement');
      await refused(
        db.read.insert('earning', line(newId('earning'), wrong)),
        'earning_has_statement',
      );
    }
    const own = await givenStatement(ownProgram, mine);
    await put(own);
    await refused(
      db.read.run('UPDATE statement SET distributor_id = $2 WHERE id = $1', [own, theirs]),
      'statement_append_only',
    );
  });

  test('an earning keeps its amount, is released once and is in one statement at most', async () => {
    const id = newId('earning');
    await db.read.insert('earning', {
      id,
      programId,
      distributorId,
      kind: 'part',
      amount: 5n,
      releaseAt: at,
      availableAt: at,
      createdAt: at,
    });
    const change = (set: string) => db.read.run(`UPDATE earning SET ${set} WHERE id = $1`, [id]);
    await refused(change('amount = 6'), 'earning_fixed');
    await refused(change('available_at = NULL'), 'earning_released_once');
    await refused(change(`available_at = now()`), 'earning_released_once');
    await refused(db.read.run('DELETE FROM earning'), 'earning_append_only');
  });

  test('every balance is the sum of its entries and all of them sum to 0', async () => {
    const wrong = await db.read.rows(
      `SELECT a.code FROM ledger_account a LEFT JOIN ledger_entry e ON e.account_id = a.id
       GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0)`,
    );
    expect(wrong).toEqual([]);
    const total = await db.read.first<{ sum: string }>('SELECT sum(balance) FROM ledger_account');
    expect(String(total?.sum)).toBe('0');
  });

  /** A statement of 1 fen, of a settlement of its own. */
  async function givenStatement(ofProgram: string, distributor: string): Promise<string> {
    const program = await programById(db.read, ofProgram);
    const settlementId = newId('settlement');
    await db.read.insert('settlement', {
      ...{ id: settlementId, programId: ofProgram, period: settlementId, run: 1, cutoffAt: at },
      ...{ status: 'closed', requestedBy: 'test', createdAt: at },
    });
    const id = newId('statement');
    await db.read.insert('statement', {
      ...{ id, settlementId, programId: ofProgram, distributorId: distributor, createdAt: at },
      ...{ payerId: program.payerId, status: 'locked', grossAmount: 1n },
    });
    return id;
  }

  async function heldBalance(): Promise<bigint> {
    const code = distributorAccount(distributorId, 'held');
    const balances = await db.transaction((tx) => lockBalances(tx, programId, [code]));
    return balances.get(code) ?? 0n;
  }

  function insertEntries(...entries: string[]): Promise<void> {
    return db.transaction(async (tx) => {
      const id = await newTransaction(tx, programId);
      const rows = entries.map((entry) => `(${id}, ${entry})`).join(', ');
      await tx.run(
        `WITH account AS (SELECT id, code FROM ledger_account WHERE program_id = $1)
         INSERT INTO ledger_entry (transaction_id, account_id, amount) VALUES ${rows}`,
        [programId],
      );
    });
  }
});

function moved(
  reference: string,
  postings: LedgerTransactionInput['postings'],
): LedgerTransactionInput {
  return { reference, kind: 'commission_earned', occurredAt: at, postings };
}

async function post(db: Database, programId: string, ...transactions: LedgerTransactionInput[]) {
  await db.transaction((tx) => postTransactions(tx, programId, transactions));
}

async function newTransaction(
  tx: Parameters<Parameters<Database['transaction']>[0]>[0],
  programId: string,
) {
  const row = await tx.first<{ id: bigint }>(
    `INSERT INTO ledger_transaction (program_id, reference, request_hash, kind, occurred_at, recorded_at)
     VALUES ($1, $2, '', 'commission_earned', now(), now()) RETURNING id`,
    [programId, `raw:${newId('event')}`],
  );
  return row!.id;
}

async function insertTransaction(db: Database, programId: string): Promise<void> {
  await db.transaction(async (tx) => {
    await newTransaction(tx, programId);
  });
}

/** The database must say no, and name the rule. */
async function refused(attempt: Promise<unknown>, constraint: string): Promise<void> {
  expect(await constraintAgainst(attempt)).toContain(constraint);
}
