import { maySponsor, type DistributorStatus } from '../domain/distributor/state';
import { type Columns, insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';
import { type CaseRow, type Life } from './life-case';
import { notify } from './notice';
import { bindingColumns } from './order-write';
import type { StandingRow } from './standing';

/** How high nobody's chain of sponsors is; a longer one would be a circle. */
const heightAtMost = 10_000;

/**
 * Moves the downlines of somebody who is out to the nearest active upline and releases the
 * customers, by the program's policy, and keeps a record of each that a reinstatement can give back.
 * The caller holds the program alone, so that nobody's path changes while an order is booked.
 */
export async function giveUpTeam(tx: Tx, life: Life, cause: CaseRow): Promise<void> {
  const uplineId = await nearestUpline(tx, life.distributor.sponsorId);
  await moveDownlines(tx, life, cause, uplineId);
  await moveCustomers(tx, life, cause, uplineId);
}

/** The first upline that counts as active. */
async function nearestUpline(tx: Tx, sponsorId: string | null): Promise<string | null> {
  const path = await tx.rows<{ id: string; status: DistributorStatus }>(
    `WITH RECURSIVE path AS (
       SELECT d.id, d.status, d.sponsor_id, 1 AS height FROM distributor d WHERE d.id = $1
       UNION ALL
       SELECT d.id, d.status, d.sponsor_id, p.height + 1
       FROM path p JOIN distributor d ON d.id = p.sponsor_id WHERE p.height < ${heightAtMost}
     ) SELECT id, status FROM path ORDER BY height`,
    [sponsorId],
  );
  return path.find(({ status }) => maySponsor(status))?.id ?? null;
}

async function moveDownlines(
  tx: Tx,
  life: Life,
  cause: CaseRow,
  uplineId: string | null,
): Promise<void> {
  const { distributor, program, at, actor } = life;
  const toId = program.downlinePolicy === 'none' ? null : uplineId;
  // The people first: a status of theirs that changes now is written before their standings are read.
  await tx.rows(
    `SELECT d.id FROM distributor d WHERE d.id IN (
       SELECT distributor_id FROM distributor_standing
       WHERE sponsor_id = $1 AND (valid_to IS NULL OR valid_to > $2))
     ORDER BY d.id FOR UPDATE`,
    [distributor.id, at],
  );
  const rows = await tx.rows<StandingRow>(
    `SELECT * FROM distributor_standing
     WHERE sponsor_id = $1 AND (valid_to IS NULL OR (valid_to > $2 AND valid_to > valid_from))
     ORDER BY distributor_id, id`,
    [distributor.id, at],
  );
  if (rows.length === 0) return;
  const from = rows.map(({ validFrom }) => (validFrom > at ? validFrom : at));
  await tx.run(
    `UPDATE distributor_standing s SET valid_to = r.at
     FROM unnest($1::bigint[], $2::timestamptz[]) AS r (id, at) WHERE s.id = r.id`,
    [rows.map(({ id }) => id), from],
  );
  const written = await tx.rows<{ id: bigint; distributorId: string; isLast: boolean }>(
    `INSERT INTO distributor_standing (distributor_id, valid_from, valid_to, status, tier,
       sponsor_id, cause, reason, actor, recorded_at)
     SELECT s.distributor_id, r.at, r.ends, s.status, s.tier, $4, 'sponsor_left', $5, $6, now()
     FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) AS r (id, at, ends)
     JOIN distributor_standing s ON s.id = r.id
     RETURNING id, distributor_id, valid_to IS NULL AS is_last`,
    [rows.map(({ id }) => id), from, rows.map(({ validTo }) => validTo), toId, cause.id, actor],
  );
  const ids = [...new Set(rows.map(({ distributorId }) => distributorId))];
  await tx.run('UPDATE distributor SET sponsor_id = $2 WHERE id = ANY($1) AND sponsor_id = $3', [
    ids,
    toId,
    distributor.id,
  ]);
  await insertChanges(
    tx,
    ids.map((subjectId) => {
      const own = written.filter(({ distributorId }) => distributorId === subjectId);
      const last = own.reduce((high, { id }) => (id > high ? id : high), 0n);
      const writtenId = String(last);
      return { caseId: cause.id, kind: 'downline', subjectId, toId, writtenId, endsAt: null };
    }),
  );
  const told = { programId: program.id, template: 'sponsor_left', subjectId: cause.id } as const;
  await notify(tx, ...ids.map((distributorId) => ({ ...told, distributorId, params: {}, at })));
}

const changeColumns = {
  caseId: 'text',
  kind: 'text',
  subjectId: 'text',
  toId: 'text',
  writtenId: 'text',
  endsAt: 'timestamptz',
} as const;

interface NewChange {
  caseId: string;
  kind: 'downline' | 'customer';
  subjectId: string;
  toId: string | null;
  writtenId: string | null;
  endsAt: Date | null;
}

async function insertChanges(tx: Tx, changes: readonly object[]): Promise<void> {
  await insertMany(tx, 'life_change', changeColumns as Columns<NewChange>, changes as NewChange[]);
}

interface HeldCustomer {
  id: string;
  programId: string;
  customerExternalId: string;
  startsAt: Date;
  endsAt: Date | null;
}

async function moveCustomers(
  tx: Tx,
  life: Life,
  cause: CaseRow,
  uplineId: string | null,
): Promise<void> {
  const { distributor, program, at, actor } = life;
  const held = await tx.rows<HeldCustomer>(
    `SELECT id, program_id, customer_external_id, starts_at, ends_at FROM binding
     WHERE distributor_id = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY id FOR UPDATE`,
    [distributor.id, at],
  );
  if (held.length === 0) return;
  await tx.run('UPDATE binding SET ends_at = greatest(starts_at, $2) WHERE id = ANY($1)', [
    held.map(({ id }) => id),
    at,
  ]);
  const toId = program.customerPolicy === 'release' ? null : uplineId;
  const bindings = held.map(({ programId, customerExternalId, startsAt, endsAt }) => ({
    ...{ id: newId('binding'), programId, customerExternalId, distributorId: toId ?? '' },
    ...{ startsAt: startsAt > at ? startsAt : at, endsAt, protectedUntil: null },
    ...{ cause: 'release', causeId: cause.id, actor, createdAt: new Date() },
  }));
  if (toId !== null) {
    type Binding = (typeof bindings)[number];
    await insertMany(tx, 'binding', bindingColumns as Columns<Binding>, bindings);
  }
  await insertChanges(
    tx,
    held.map(({ id, endsAt }, i) => ({
      ...{ caseId: cause.id, kind: 'customer', subjectId: id, toId, endsAt },
      writtenId: toId === null ? null : bindings[i]!.id,
    })),
  );
}
