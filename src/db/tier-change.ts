import type { Tier } from '../domain/distributor/tier';
import { type Columns, insertMany } from './bulk';
import type { Tx } from './database';
import { type EventInput, recordEvents } from './event';
import { notify, type NewNotice } from './notice';
import type { ProgramRow } from './program';
import type { StandingRow } from './standing';

export type TierCause = 'promoted' | 'demoted' | 'tier_changed' | 'tier_regraded';

/** One person's way from one tier to another. */
export interface TierChange {
  distributorId: string;
  from: string;
  to: string;
  cause: TierCause;
  /** in words that the person reads */
  reason: string | null;
}

/** On whose behalf tiers change, and when. */
export interface ChangeContext {
  program: Pick<ProgramRow, 'id' | 'storeId'>;
  /** of the plan in force: they say what is up and what is down */
  tiers: readonly Tier[];
  /** on the program's clock */
  at: Date;
  actor: string;
}

/**
 * Changes tiers: the standing in force ends where the next begins, and those that were announced for
 * later keep their moment. Whoever is not in `from` any more when the rows are locked is left as he
 * is. Set-based, in the order of ids, with events and notices.
 * @returns the changes that were made
 */
export async function changeTiers(
  tx: Tx,
  context: ChangeContext,
  changes: readonly TierChange[],
): Promise<TierChange[]> {
  const made = await stillAsKnown(tx, changes);
  if (made.length === 0) return [];
  await writeStandings(tx, context, made);
  await tx.run(
    `UPDATE distributor d SET tier = c.tier FROM unnest($1::text[], $2::text[]) AS c (id, tier)
     WHERE d.id = c.id`,
    [made.map(({ distributorId }) => distributorId), made.map(({ to }) => to)],
  );
  await closeNotices(tx, context, made);
  await recordEvents(
    tx,
    made.flatMap((change) => eventOf(context, change)),
  );
  await notify(tx, ...made.map((change) => noticeOf(context, change)));
  return made;
}

async function stillAsKnown(tx: Tx, changes: readonly TierChange[]): Promise<TierChange[]> {
  if (changes.length === 0) return [];
  const rows = await tx.rows<{ id: string; tier: string }>(
    'SELECT id, tier FROM distributor WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE',
    [changes.map(({ distributorId }) => distributorId)],
  );
  const tiers = new Map(rows.map(({ id, tier }) => [id, tier]));
  return changes.filter(({ distributorId, from }) => tiers.get(distributorId) === from);
}

const standingColumns = {
  distributorId: 'text',
  validFrom: 'timestamptz',
  validTo: 'timestamptz',
  status: 'text',
  tier: 'text',
  sponsorId: 'text',
  cause: 'text',
  reason: 'text',
  actor: 'text',
  recordedAt: 'timestamptz',
} as const;

async function writeStandings(
  tx: Tx,
  { at, actor }: ChangeContext,
  changes: readonly TierChange[],
): Promise<void> {
  const rows = await tx.rows<StandingRow>(
    `SELECT * FROM distributor_standing
     WHERE distributor_id = ANY($1) AND (valid_to IS NULL OR (valid_to > $2 AND valid_to > valid_from))
     ORDER BY distributor_id, valid_from, id`,
    [changes.map(({ distributorId }) => distributorId), at],
  );
  const [clock] = await tx.rows<{ now: Date }>('SELECT clock_timestamp() AS now');
  const wanted = new Map(changes.map((change) => [change.distributorId, change]));
  const current = new Set<string>();
  const next = rows.map(({ id: _, ...row }) => {
    const { to, cause, reason } = wanted.get(row.distributorId)!;
    const first = !current.has(row.distributorId);
    current.add(row.distributorId);
    const recordedAt = clock!.now;
    if (!first) return { ...row, tier: to, recordedAt };
    const validFrom = row.validFrom > at ? row.validFrom : at;
    return { ...row, tier: to, validFrom, cause, reason, actor, recordedAt };
  });
  await tx.run(
    `UPDATE distributor_standing s SET valid_to = e.valid_to
     FROM unnest($1::bigint[], $2::timestamptz[]) AS e (id, valid_to) WHERE s.id = e.id`,
    [rows.map(({ id }) => id), next.map(({ validFrom }) => validFrom)],
  );
  const columns: Columns<(typeof next)[number]> = standingColumns;
  await insertMany(tx, 'distributor_standing', columns, next);
}

/** Whatever moves somebody ends the notice that ran. */
async function closeNotices(
  tx: Tx,
  { at }: ChangeContext,
  changes: readonly TierChange[],
): Promise<void> {
  const idsOf = (demoted: boolean) =>
    changes
      .filter(({ cause }) => (cause === 'demoted') === demoted)
      .map(({ distributorId }) => distributorId);
  await closeOpenNotices(tx, idsOf(true), 'demoted', at);
  await closeOpenNotices(tx, idsOf(false), 'superseded', at);
}

/** Ends the notices that run for these people, and what waits for their ends. */
export async function closeOpenNotices(
  tx: Tx,
  distributorIds: readonly string[],
  status: 'withdrawn' | 'demoted' | 'superseded',
  at: Date,
): Promise<void> {
  if (distributorIds.length === 0) return;
  await tx.run(
    `WITH ended AS (
       UPDATE tier_notice SET status = $2, closed_at = $3
       WHERE distributor_id = ANY($1) AND status = 'open' RETURNING id)
     UPDATE due_moment m SET status = 'canceled' FROM ended
     WHERE m.subject_id = ended.id AND m.status = 'waiting'`,
    [distributorIds, status, at],
  );
}

/** A tier that took the place of another of the same rank is nothing to tell the outside. */
function eventOf({ program, tiers, at }: ChangeContext, change: TierChange): EventInput[] {
  const { distributorId, from, to, cause } = change;
  const way = wayOf(tiers, change);
  if (way === 0) return [];
  return [
    {
      storeId: program.storeId,
      programId: program.id,
      type: `distributor.${way > 0 ? 'promoted' : 'demoted'}`,
      subjectId: distributorId,
      payload: { distributorId, programId: program.id, from, to, cause },
      occurredAt: at,
    },
  ];
}

/** More than 0: up. Of a tier that the plan does not list the cause says it. */
function wayOf(tiers: readonly Tier[], { from, to, cause }: TierChange): number {
  const rank = (code: string) => tiers.find((tier) => tier.code === code)?.rank;
  const [before, after] = [rank(from), rank(to)];
  if (before !== undefined && after !== undefined) return after - before;
  if (cause === 'tier_regraded') return 0;
  return cause === 'demoted' ? -1 : 1;
}

function noticeOf({ program, at }: ChangeContext, change: TierChange): NewNotice {
  const { distributorId, from, to, cause, reason } = change;
  const template =
    cause === 'promoted' || cause === 'demoted' ? (`tier_${cause}` as const) : 'tier_changed';
  return {
    programId: program.id,
    distributorId,
    template,
    params: { from, to, reason },
    subjectId: `${distributorId}:${to}:${at.toISOString()}`,
    at,
  };
}
