import type { Database } from '../src/db/database';
import type { Say } from '../src/main/servers/process';

/** What one commission of the seeded ones is worth, fen: ten of them are above the tax exemption. */
const leastAmount = 8000;
const availableAt = '2026-02-01T00:00:00+08:00';

/**
 * Gives every distributor of a program so many commissions that are released: the rows and postings
 * that orders and the release would have made, by plain SQL.
 */
export async function seedCommissions(
  db: Database,
  { programId, each, say }: { programId: string; each: number; say: Say },
): Promise<void> {
  say(`${each} released commissions for each`);
  const params = [programId, each, availableAt];
  const people = `SELECT d.id, n, row_number() OVER (ORDER BY d.id, n) AS line,
      ${leastAmount} + (n * 37) % 1000 AS amount
    FROM distributor d, generate_series(1, $2::int) AS n WHERE d.program_id = $1`;
  await db.transaction(async (tx) => {
    await tx.run('SET LOCAL statement_timeout = 0');
    await tx.run(
      `INSERT INTO commission (id, program_id, kind, distributor_id, base_amount, amount,
         original_amount, bonus_id, period, bonus_key, first_earning_id, created_at)
       SELECT 'com_' || lpad(line::text, 26, '0'), $1, 'team', id, amount * 10, amount, amount,
         'bench', '2026-01', n::text, 'ern_' || lpad(line::text, 26, '0'), $3::timestamptz
       FROM (${people}) people`,
      params,
    );
    await tx.run(
      `INSERT INTO earning (id, program_id, distributor_id, kind, commission_id, amount, release_at,
         available_at, created_at)
       SELECT 'ern_' || lpad(line::text, 26, '0'), $1, id, 'commission',
         'com_' || lpad(line::text, 26, '0'), amount, $3::timestamptz, $3::timestamptz,
         $3::timestamptz FROM (${people}) people`,
      params,
    );
    await seedLedger(tx, programId);
  });
  await db.read.run('VACUUM (ANALYZE) earning, commission, ledger_account, ledger_entry');
}

async function seedLedger(tx: Pick<Database['read'], 'run'>, programId: string): Promise<void> {
  await tx.run(
    `INSERT INTO ledger_account (program_id, code, role, distributor_id)
     SELECT $1, 'commission-expense', 'commission-expense', NULL
     UNION ALL SELECT $1, 'distributor:' || id || ':available', 'available', id
     FROM distributor WHERE program_id = $1
     ON CONFLICT (program_id, code) DO NOTHING`,
    [programId],
  );
  await tx.run(
    `INSERT INTO ledger_transaction (program_id, reference, request_hash, kind, occurred_at,
       recorded_at)
     SELECT $1, 'bench:' || id, '', 'released', now(), now()
     FROM distributor WHERE program_id = $1`,
    [programId],
  );
  await tx.run('ANALYZE earning, ledger_account, ledger_transaction');
  await tx.run(
    `INSERT INTO ledger_entry (transaction_id, account_id, amount)
     SELECT t.id, side.account_id, side.amount
     FROM (SELECT distributor_id, sum(amount)::bigint AS amount FROM earning
           WHERE program_id = $1 GROUP BY distributor_id) e
     JOIN ledger_transaction t
       ON t.program_id = $1 AND t.reference = 'bench:' || e.distributor_id
     JOIN ledger_account own ON own.program_id = $1
       AND own.code = 'distributor:' || e.distributor_id || ':available'
     JOIN ledger_account expense
       ON expense.program_id = $1 AND expense.code = 'commission-expense'
     CROSS JOIN LATERAL (VALUES (own.id, e.amount), (expense.id, -e.amount))
       AS side (account_id, amount)`,
    [programId],
  );
}

export interface PlainTimes {
  readonly step: string;
  readonly seconds: number;
}

const copies = ['earning', 'statement', 'ledger_transaction', 'ledger_entry', 'ledger_account'];

/**
 * The same work as locking and computing, by plain set-based SQL in one transaction on copies of the
 * tables with their indexes, without rules, triggers, chunks, reasons or traces: the measure that the
 * real settlement is held against.
 */
export async function measurePlain(db: Database, programId: string): Promise<PlainTimes[]> {
  for (const table of copies) {
    await db.read.run(`DROP TABLE IF EXISTS plain_${table}`);
    await db.read.run(`CREATE TABLE plain_${table} (LIKE ${table} INCLUDING ALL)`);
  }
  await db.read.run('ALTER TABLE plain_statement ALTER COLUMN payer_id DROP NOT NULL');
  await db.transaction(async (tx) => {
    await tx.run('SET LOCAL statement_timeout = 0');
    await tx.run('INSERT INTO plain_earning SELECT * FROM earning WHERE program_id = $1', [
      programId,
    ]);
    await tx.run(
      `INSERT INTO plain_ledger_account OVERRIDING SYSTEM VALUE
       SELECT * FROM ledger_account WHERE program_id = $1`,
      [programId],
    );
  });
  await db.read.run('ANALYZE plain_earning, plain_ledger_account');
  const times: PlainTimes[] = [];
  await db.transaction(async (tx) => {
    await tx.run('SET LOCAL statement_timeout = 0');
    for (const [step, sql] of plainSteps) {
      const began = performance.now();
      await tx.run(sql, sql.includes('$1') ? [programId] : []);
      times.push({ step, seconds: Math.round((performance.now() - began) / 10) / 100 });
    }
  });
  for (const table of copies) await db.read.run(`DROP TABLE plain_${table}`);
  return times;
}

const plainSteps: readonly (readonly [string, string])[] = [
  [
    'mark',
    `UPDATE plain_earning SET statement_id = 'stm' || substr(distributor_id, 4)
     WHERE program_id = $1 AND statement_id IS NULL AND available_at <= now()`,
  ],
  [
    'sum',
    `INSERT INTO plain_statement (id, settlement_id, program_id, distributor_id, status,
       gross_amount, created_at)
     SELECT statement_id, 'set', program_id, distributor_id, 'locked', sum(amount)::bigint, now()
     FROM plain_earning WHERE program_id = $1 GROUP BY statement_id, program_id, distributor_id`,
  ],
  [
    'tax',
    `UPDATE plain_statement SET status = 'computed', tax_method = 'general',
       tax_amount = round(0.2 * greatest(0, CASE WHEN gross_amount <= 400000
         THEN gross_amount - 80000 ELSE gross_amount * 0.8 END))::bigint,
       net_amount = gross_amount - round(0.2 * greatest(0, CASE WHEN gross_amount <= 400000
         THEN gross_amount - 80000 ELSE gross_amount * 0.8 END))::bigint`,
  ],
  [
    'accounts',
    `INSERT INTO plain_ledger_account (program_id, code, role, distributor_id)
     SELECT program_id, 'distributor:' || distributor_id || ':settling', 'settling', distributor_id
     FROM plain_statement`,
  ],
  [
    'transactions',
    `INSERT INTO plain_ledger_transaction (program_id, reference, request_hash, kind, occurred_at,
       recorded_at)
     SELECT program_id, 'lock:' || id, '', 'settlement_locked', now(), now() FROM plain_statement`,
  ],
  [
    'entries',
    `INSERT INTO plain_ledger_entry (transaction_id, account_id, amount)
     SELECT t.id, a.id, CASE a.role WHEN 'settling' THEN s.gross_amount ELSE -s.gross_amount END
     FROM plain_statement s JOIN plain_ledger_transaction t ON t.reference = 'lock:' || s.id
     JOIN plain_ledger_account a ON a.distributor_id = s.distributor_id
       AND a.role IN ('settling', 'available')`,
  ],
  [
    'balances',
    `UPDATE plain_ledger_account a SET balance = a.balance + e.amount
     FROM plain_ledger_entry e WHERE e.account_id = a.id`,
  ],
];
