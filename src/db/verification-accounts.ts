import type { Difference } from '../domain/commission/verification';
import type { Tx } from './database';

/** Differing accounts that are named; their number is told in any case. */
const namedAtMost = 100;

/**
 * Sums all accounts of a program again: each balance from its entries, all of them to 0, what is
 * held from the earnings that are not released, what is available (less what is owed) from those
 * that are released and in no statement, the budgets of campaigns from their uses, and what reversals
 * moved from the earnings that they wrote.
 */
export async function differingAccounts(
  read: Tx,
  programId: string,
): Promise<{ accounts: number; differences: Difference[] }> {
  const balances = await read.rows<Row>(
    `SELECT a.code AS subject, coalesce(e.amount, 0)::bigint AS expected, a.balance AS found
     FROM ledger_account a
     LEFT JOIN (SELECT e.account_id, sum(e.amount)::bigint AS amount FROM ledger_entry e
                JOIN ledger_account own ON own.id = e.account_id AND own.program_id = $1
                GROUP BY e.account_id) e ON e.account_id = a.id
     WHERE a.program_id = $1 AND a.balance <> coalesce(e.amount, 0)
     ORDER BY a.id LIMIT ${namedAtMost}`,
    [programId],
  );
  const totals = await read.first<{ accounts: number; sum: bigint }>(
    `SELECT count(*)::int AS accounts, coalesce(sum(balance), 0)::bigint AS sum
     FROM ledger_account WHERE program_id = $1`,
    [programId],
  );
  const sum = totals?.sum ?? 0n;
  const differences = [
    ...named('balance', balances),
    ...(sum === 0n
      ? []
      : named('trial_balance', [{ subject: programId, expected: 0n, found: sum }])),
    ...named('earnings', await differingEarnings(read, programId)),
    ...named('budget', await differingBudgets(read, programId)),
    ...named('reversal', await differingReversals(read, programId)),
  ];
  return { accounts: totals?.accounts ?? 0, differences };
}

interface Row {
  subject: string;
  expected: bigint;
  found: bigint;
}

function named(check: Difference['check'], rows: readonly Row[]): Difference[] {
  return rows.map(({ subject, expected, found }) => ({
    subject,
    check,
    expected: String(expected),
    found: String(found),
  }));
}

function differingEarnings(read: Tx, programId: string): Promise<Row[]> {
  return read.rows<Row>(
    `WITH earned AS (
       SELECT distributor_id,
         coalesce(sum(amount) FILTER (WHERE available_at IS NULL), 0)::bigint AS held,
         coalesce(sum(amount) FILTER (
           WHERE available_at IS NOT NULL AND statement_id IS NULL), 0)::bigint AS open
       FROM earning WHERE program_id = $1 GROUP BY distributor_id),
     booked AS (
       SELECT distributor_id,
         coalesce(sum(balance) FILTER (WHERE role = 'held'), 0)::bigint AS held,
         coalesce(sum(balance) FILTER (WHERE role IN ('available', 'receivable')), 0)::bigint AS open
       FROM ledger_account WHERE program_id = $1 AND distributor_id IS NOT NULL
       GROUP BY distributor_id),
     both_sides AS (
       SELECT coalesce(e.distributor_id, b.distributor_id) AS distributor_id,
         coalesce(e.held, 0) AS held_earned, coalesce(b.held, 0) AS held_booked,
         coalesce(e.open, 0) AS open_earned, coalesce(b.open, 0) AS open_booked
       FROM earned e FULL JOIN booked b ON b.distributor_id = e.distributor_id)
     SELECT distributor_id || ':held' AS subject, held_earned AS expected, held_booked AS found
     FROM both_sides WHERE held_earned <> held_booked
     UNION ALL
     SELECT distributor_id || ':available', open_earned, open_booked
     FROM both_sides WHERE open_earned <> open_booked
     ORDER BY subject LIMIT ${namedAtMost}`,
    [programId],
  );
}

function differingBudgets(read: Tx, programId: string): Promise<Row[]> {
  return read.rows<Row>(
    `SELECT c.id AS subject, coalesce(sum(u.amount), 0)::bigint AS expected, c.used_amount AS found
     FROM campaign c LEFT JOIN campaign_use u ON u.campaign_id = c.id
     WHERE c.program_id = $1 GROUP BY c.id
     HAVING c.used_amount <> coalesce(sum(u.amount), 0) ORDER BY c.id LIMIT ${namedAtMost}`,
    [programId],
  );
}

/** What the ledger took back for a reversal, less what it gave back, and what its earnings say. */
function differingReversals(read: Tx, programId: string): Promise<Row[]> {
  return read.rows<Row>(
    `SELECT * FROM (
       SELECT v.id AS subject,
         (SELECT coalesce(-sum(e.amount), 0)::bigint FROM earning e WHERE e.reversal_id = v.id)
           AS expected,
         (SELECT coalesce(sum(e.amount), 0)::bigint
          FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
          JOIN ledger_account a ON a.id = e.account_id AND a.role = 'commission-expense'
          WHERE t.reference IN ('reversal:' || v.id, 'reversal:' || v.id || ':restored')) AS found
       FROM reversal v WHERE v.program_id = $1) sums
     WHERE expected <> found ORDER BY subject LIMIT ${namedAtMost}`,
    [programId],
  );
}
