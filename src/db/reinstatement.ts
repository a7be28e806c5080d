import { type Columns, insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';
import type { CaseRow, Life } from './life-case';
import { bindingColumns } from './order-write';
import { replace, standingsFrom } from './standing';

/** What a reinstatement gave back. */
export interface GivenBack {
  downlines: number;
  customers: number;
}

/**
 * Gives back what an eviction or departure took: a downline whose sponsor nobody has changed since,
 * a customer who has belonged to nobody else since. The rest stays as it is. Nothing is rewritten:
 * it counts from now on. The caller holds the program alone.
 */
export async function giveBackTeam(tx: Tx, life: Life, cause: CaseRow): Promise<GivenBack> {
  return {
    downlines: await restoreDownlines(tx, life, cause),
    customers: await restoreCustomers(tx, life, cause),
  };
}

async function restoreDownlines(tx: Tx, life: Life, cause: CaseRow): Promise<number> {
  const { distributor, at, actor } = life;
  const rows = await tx.rows<{
    changeId: bigint;
    distributorId: string;
    toId: string | null;
  }>(
    `WITH RECURSIVE above AS (
       SELECT $2::text AS id
       UNION
       SELECT s.sponsor_id FROM above a JOIN distributor_standing s ON s.distributor_id = a.id
       WHERE s.sponsor_id IS NOT NULL
         AND (s.valid_to IS NULL OR (s.valid_to > $3 AND s.valid_to > s.valid_from))
     )
     SELECT c.id AS change_id, d.id AS distributor_id, c.to_id
     FROM life_change c JOIN distributor d ON d.id = c.subject_id
     WHERE c.case_id = $1 AND c.kind = 'downline' AND c.restored_at IS NULL
       AND d.sponsor_id IS NOT DISTINCT FROM c.to_id
       AND d.id NOT IN (SELECT id FROM above)
       AND NOT EXISTS (SELECT 1 FROM distributor_standing s
         WHERE s.distributor_id = d.id AND s.id > c.written_id::bigint
           AND (s.cause IN ('sponsor_changed', 'sponsor_left', 'sponsor_back')
             OR s.sponsor_id IS DISTINCT FROM c.to_id))
     ORDER BY d.id FOR UPDATE OF d`,
    [cause.id, distributor.id, at],
  );
  for (const { distributorId, toId } of rows) {
    const change = { sponsorId: distributor.id, cause: 'sponsor_back', reason: cause.id, actor };
    for (const row of await standingsFrom(tx, distributorId, at)) {
      if (row.sponsorId !== toId) continue; // announced for later, before the eviction
      const validFrom = row.validFrom > at ? row.validFrom : at;
      await replace(tx, row, { ...change, validFrom });
    }
  }
  await tx.run('UPDATE distributor SET sponsor_id = $2 WHERE id = ANY($1)', [
    rows.map(({ distributorId }) => distributorId),
    distributor.id,
  ]);
  return markRestored(
    tx,
    rows.map(({ changeId }) => changeId),
    at,
  );
}

interface LostCustomer {
  changeId: bigint;
  programId: string;
  customerExternalId: string;
  endsAt: Date | null;
  protectedUntil: Date | null;
  writtenId: string | null;
}

async function restoreCustomers(tx: Tx, life: Life, cause: CaseRow): Promise<number> {
  const { distributor, at, actor } = life;
  const lost = await tx.rows<LostCustomer>(
    `SELECT c.id AS change_id, c.ends_at, c.written_id, b.program_id, b.customer_external_id,
       b.protected_until
     FROM life_change c JOIN binding b ON b.id = c.subject_id
     WHERE c.case_id = $1 AND c.kind = 'customer' AND c.restored_at IS NULL
       AND (c.ends_at IS NULL OR c.ends_at > $2)
       AND NOT EXISTS (SELECT 1 FROM binding n
         WHERE n.program_id = b.program_id AND n.customer_external_id = b.customer_external_id
           AND n.id IS DISTINCT FROM c.written_id AND n.id <> b.id
           AND (n.ends_at IS NULL OR n.ends_at > b.ends_at))
     ORDER BY c.id FOR UPDATE OF b`,
    [cause.id, at],
  );
  await tx.run('UPDATE binding SET ends_at = greatest(starts_at, $2) WHERE id = ANY($1)', [
    lost.flatMap(({ writtenId }) => (writtenId === null ? [] : [writtenId])),
    at,
  ]);
  const bindings = lost.map(({ programId, customerExternalId, endsAt, protectedUntil }) => ({
    ...{ id: newId('binding'), programId, customerExternalId, distributorId: distributor.id },
    ...{ startsAt: at, endsAt, protectedUntil, cause: 'reinstatement', causeId: cause.id, actor },
    createdAt: new Date(),
  }));
  if (bindings.length > 0) {
    type Binding = (typeof bindings)[number];
    await insertMany(tx, 'binding', bindingColumns as Columns<Binding>, bindings);
  }
  return markRestored(
    tx,
    lost.map(({ changeId }) => changeId),
    at,
  );
}

async function markRestored(tx: Tx, changeIds: readonly bigint[], at: Date): Promise<number> {
  await tx.run('UPDATE life_change SET restored_at = $2 WHERE id = ANY($1)', [changeIds, at]);
  return changeIds.length;
}
