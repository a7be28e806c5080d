import {
  muchLargerTimes,
  namedAtMost,
  type OddList,
  type OddStatement,
  type Outliers,
  usualFromStatements,
  usualOfLast,
} from '../domain/settlement/outlier';
import type { Tx } from './database';
import type { SettlementRow } from './settlement';

const cyclesShown = 3;

/** What is not as usual in a computed settlement; read-only, so it can be asked for at any time. */
export async function outliersOf(read: Tx, settlement: SettlementRow): Promise<Outliers> {
  const odd = await read.rows<OddRow>(oddSql, [settlement.id]);
  const listOf = (is: (row: OddRow) => boolean): OddList => {
    const rows = odd.filter(is);
    return { count: rows.length, statements: rows.slice(0, namedAtMost).map(nameOf) };
  };
  return {
    muchLarger: listOf(({ isMuchLarger }) => isMuchLarger),
    newPayees: listOf(({ isNew }) => isNew),
    changedAccounts: listOf(({ isChanged }) => isChanged),
    lastCycles: await cyclesBefore(read, settlement),
  };
}

/** A statement as it was judged by `oddColumns`. */
export interface OddRow {
  statementId: string;
  distributorId: string;
  grossAmount: bigint;
  usualAmount: bigint | null;
  isMuchLarger: boolean;
  isNew: boolean;
  isChanged: boolean;
}

/**
 * SQL: whether the statement `o` is not as usual, beside `b`, the count and the average of this
 * person's statements before, `a`, the payout account, and `l`, when the person was paid last.
 */
export const oddColumns = `round(b.usual)::bigint AS usual_amount,
      coalesce(b.statements >= ${usualFromStatements}
        AND o.gross_amount > ${muchLargerTimes} * b.usual, FALSE) AS is_much_larger,
      b.statements IS NULL AS is_new,
      coalesce(a.created_at > l.at, FALSE) AS is_changed`;

// Payout accounts and payouts both live on real time; statements on the program's clock.
const oddSql = `
  WITH own AS (
    SELECT id, distributor_id, gross_amount FROM statement
    WHERE settlement_id = $1 AND status = 'computed'
  ), before AS (
    SELECT distributor_id, count(*) AS statements, avg(gross_amount) AS usual
    FROM (SELECT t.distributor_id, t.gross_amount,
            row_number() OVER (PARTITION BY t.distributor_id ORDER BY t.id DESC) AS nth
          FROM own o JOIN statement t ON t.distributor_id = o.distributor_id
          WHERE t.status = 'approved') past
    WHERE nth <= ${usualOfLast} GROUP BY distributor_id
  ), last_paid AS (
    SELECT p.distributor_id, max(p.created_at) AS at
    FROM own o JOIN payout p ON p.distributor_id = o.distributor_id GROUP BY p.distributor_id
  ), judged AS (
    SELECT o.id AS statement_id, o.distributor_id, o.gross_amount,
      ${oddColumns}
    FROM own o LEFT JOIN before b ON b.distributor_id = o.distributor_id
    LEFT JOIN last_paid l ON l.distributor_id = o.distributor_id
    LEFT JOIN payout_account a
      ON a.distributor_id = o.distributor_id AND a.replaced_at IS NULL
  )
  SELECT * FROM judged WHERE is_much_larger OR is_new OR is_changed
  ORDER BY gross_amount DESC, statement_id`;

function nameOf({ statementId, distributorId, grossAmount, usualAmount }: OddRow): OddStatement {
  return {
    statementId,
    distributorId,
    grossAmount: String(grossAmount),
    usualAmount: usualAmount === null ? null : String(usualAmount),
  };
}

async function cyclesBefore(read: Tx, settlement: SettlementRow): Promise<Outliers['lastCycles']> {
  const rows = await read.rows<{
    settlementId: string;
    period: string;
    distributors: number;
    grossAmount: bigint;
    netAmount: bigint;
  }>(
    `SELECT id AS settlement_id, period, distributors, gross_amount, net_amount FROM settlement
     WHERE program_id = $1 AND kind = 'cycle' AND approved_at IS NOT NULL AND id < $2
     ORDER BY id DESC LIMIT ${cyclesShown}`,
    [settlement.programId, settlement.id],
  );
  return rows.map(({ grossAmount, netAmount, ...row }) => ({
    ...row,
    grossAmount: String(grossAmount),
    netAmount: String(netAmount),
  }));
}
