import { type OutlierKind, usualOfLast } from '../domain/settlement/outlier';
import { groupBy } from '../domain/kernel/group';
import type { Tx } from './database';
import { oddColumns, type OddRow } from './settlement-outlier';

/** A statement that is not as usual, with what it is held against. Amounts are fen. */
export interface OutlierRow {
  statementId: string;
  distributorId: string;
  kinds: OutlierKind[];
  grossAmount: bigint;
  /** the average of `comparedWith`; null: there was none */
  usualAmount: bigint | null;
  /** this person's statements before, the latest first */
  comparedWith: PastStatement[];
  /** where it goes */
  account: { masked: string; since: Date } | null;
  /** where the money of this person went the last time */
  lastPayout: { id: string; accountMasked: string; createdAt: Date } | null;
}

export interface PastStatement {
  statementId: string;
  settlementId: string;
  period: string;
  grossAmount: bigint;
}

interface JudgedRow extends OddRow {
  accountMasked: string | null;
  accountSince: Date | null;
}

/** Where a page of outliers begins: after this statement, in the order of the largest first. */
export interface OutlierPlace {
  grossAmount: bigint;
  statementId: string;
}

/**
 * All statements of a settlement that are not as usual, the largest first, beyond a place. The same
 * rules as the counts of the settlement; what was approved since the review is held against what was
 * there before it.
 */
export async function listOutliers(
  read: Tx,
  settlementId: string,
  query: { limit: number; after: OutlierPlace | undefined; kind: OutlierKind | undefined },
): Promise<OutlierRow[]> {
  const { limit, after, kind } = query;
  const judged = await read.rows<JudgedRow>(judgedSql, [
    settlementId,
    kind ?? null,
    after?.grossAmount ?? null,
    after?.statementId ?? null,
    limit,
  ]);
  const ids = judged.map(({ statementId }) => statementId);
  const [past, payouts] = await Promise.all([pastOf(read, ids), lastPayoutsOf(read, ids)]);
  return judged.map((row) => ({
    statementId: row.statementId,
    distributorId: row.distributorId,
    kinds: kindsOf(row),
    grossAmount: row.grossAmount,
    usualAmount: row.usualAmount,
    comparedWith: past.get(row.statementId) ?? [],
    account:
      row.accountMasked === null || row.accountSince === null
        ? null
        : { masked: row.accountMasked, since: row.accountSince },
    lastPayout: payouts.get(row.statementId) ?? null,
  }));
}

function kindsOf({ isMuchLarger, isNew, isChanged }: OddRow): OutlierKind[] {
  const kinds: [OutlierKind, boolean][] = [
    ['muchLarger', isMuchLarger],
    ['newPayees', isNew],
    ['changedAccounts', isChanged],
  ];
  return kinds.flatMap(([kind, is]) => (is ? [kind] : []));
}

/** The last statements that were approved before those with the given alias, per statement. */
const pastSql = (own: string) => `
  SELECT o.id AS of_id, t.id, t.settlement_id, t.gross_amount,
    row_number() OVER (PARTITION BY o.id ORDER BY t.id DESC) AS nth
  FROM ${own} o JOIN statement t ON t.distributor_id = o.distributor_id
  WHERE t.status = 'approved' AND t.id < o.id`;

// Payout accounts and payouts both live on real time. Once approved, the account is the one of then.
const judgedSql = `
  WITH own AS (
    SELECT id, distributor_id, gross_amount FROM statement
    WHERE settlement_id = $1 AND status IN ('computed', 'approved')
  ), seen AS (
    SELECT coalesce(min(created_at), 'infinity') AS at FROM payout WHERE settlement_id = $1
  ), before AS (
    SELECT of_id, count(*) AS statements, avg(gross_amount) AS usual
    FROM (${pastSql('own')}) past WHERE nth <= ${usualOfLast} GROUP BY of_id
  ), last_paid AS (
    SELECT p.distributor_id, max(p.created_at) AS at
    FROM own o JOIN payout p ON p.distributor_id = o.distributor_id
    WHERE p.settlement_id <> $1 AND p.created_at <= (SELECT at FROM seen)
    GROUP BY p.distributor_id
  ), judged AS (
    SELECT o.id AS statement_id, o.distributor_id, o.gross_amount,
      ${oddColumns},
      a.account_masked, a.created_at AS account_since
    FROM own o CROSS JOIN seen LEFT JOIN before b ON b.of_id = o.id
    LEFT JOIN last_paid l ON l.distributor_id = o.distributor_id
    LEFT JOIN payout_account a ON a.distributor_id = o.distributor_id
      AND a.created_at <= seen.at AND coalesce(a.replaced_at, 'infinity') >= seen.at
  )
  SELECT * FROM judged
  WHERE CASE $2::text WHEN 'muchLarger' THEN is_much_larger WHEN 'newPayees' THEN is_new
      WHEN 'changedAccounts' THEN is_changed ELSE is_much_larger OR is_new OR is_changed END
    AND ($3::bigint IS NULL OR gross_amount < $3 OR (gross_amount = $3 AND statement_id > $4))
  ORDER BY gross_amount DESC, statement_id LIMIT $5`;

async function pastOf(
  read: Tx,
  statementIds: readonly string[],
): Promise<Map<string, PastStatement[]>> {
  const rows = await read.rows<PastStatement & { ofId: string }>(
    `WITH own AS (SELECT id, distributor_id FROM statement WHERE id = ANY($1))
     SELECT p.of_id, p.id AS statement_id, p.settlement_id, s.period, p.gross_amount
     FROM (${pastSql('own')}) p JOIN settlement s ON s.id = p.settlement_id
     WHERE p.nth <= ${usualOfLast} ORDER BY p.id DESC`,
    [statementIds],
  );
  const of = groupBy(rows, ({ ofId }) => ofId);
  return new Map([...of].map(([id, own]) => [id, own.map(({ ofId: _, ...past }) => past)]));
}

async function lastPayoutsOf(
  read: Tx,
  statementIds: readonly string[],
): Promise<Map<string, NonNullable<OutlierRow['lastPayout']>>> {
  const rows = await read.rows<NonNullable<OutlierRow['lastPayout']> & { statementId: string }>(
    `SELECT DISTINCT ON (o.id) o.id AS statement_id, p.id, p.account_masked, p.created_at
     FROM statement o JOIN payout p
       ON p.distributor_id = o.distributor_id AND p.settlement_id <> o.settlement_id
     WHERE o.id = ANY($1) AND p.statement_id < o.id ORDER BY o.id, p.id DESC`,
    [statementIds],
  );
  return new Map(rows.map(({ statementId, ...payout }) => [statementId, payout]));
}
