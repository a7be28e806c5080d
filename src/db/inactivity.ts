import { earns, movesTo } from '../domain/distributor/state';
import {
  countedFrom,
  decideWithinDays,
  isAnythingUnderWay,
  isSignOfLife,
  lookAgainAfterDays,
  proposalMoment,
  type UnderWay,
  waitAtMostDays,
} from '../domain/distributor/inactivity';
import { addDays } from '../domain/kernel/clock';
import { distributorAccounts } from '../domain/ledger/account';
import { newId } from './id';
import { insertMany } from './bulk';
import { onceADay, type Round } from './daily';
import type { Database, Tx } from './database';
import {
  type Life,
  lockLife,
  moveLife,
  openCase,
  openLifeMoment,
  proposeMoment,
  tell,
} from './life-case';
import type { LifeStep } from './life-steps';
import { lifeWorkflow } from './life-workflow';
import { isOwnAccount } from './ledger';
import { programById } from './program';
import { openReview } from './review';

export const warnMoment = 'inactivity.warn';

const atOnce = 2_000;

/** The sweep of a real day: what the program's zone calls yesterday is over for everybody. */
export function sweepInactivity(db: Database, round: Round): Promise<void> {
  return onceADay(db, 'inactivity', round, async (tx) => {
    await planWarnings(tx, round.programId, round.until);
  });
}

interface Candidate {
  distributorId: string;
  dueAt: Date;
}

/**
 * Opens the moment of a warning for everybody in a program who has not sold, not signed in and not
 * begun for so long, up to a moment of the program's clock; others are not touched. It falls on the
 * end of the day in the program's zone. Safe to repeat.
 * @returns how many were opened
 */
export async function planWarnings(tx: Tx, programId: string, until: Date): Promise<number> {
  const { warnAfterDays, timeZone } = await programById(tx, programId);
  const threshold = addDays(until, -warnAfterDays);
  let count = 0;
  for (let after = ''; ;) {
    const found = await tx.rows<Candidate>(
      `SELECT c.id AS distributor_id, c.due_at FROM (
         SELECT d.id, date_trunc('day', (greatest(d.joined_at, d.created_at, s.at, o.at, p.seen_at)
             + $4 * interval '24 hours' - interval '1 millisecond') AT TIME ZONE $5)
             AT TIME ZONE $5 + interval '1 day' AS due_at
         FROM (
           SELECT d.id, d.joined_at, d.created_at FROM distributor d
           WHERE d.program_id = $1 AND d.status = 'active' AND d.id > $6
             AND d.joined_at <= $3
             AND NOT EXISTS (SELECT 1 FROM orders o
               WHERE o.attributed_distributor_id = d.id AND o.paid_at > $3)
             AND NOT EXISTS (SELECT 1 FROM due_moment m
               WHERE m.subject_id = d.id AND m.status = 'waiting' AND m.name = '${warnMoment}')
         ) d
         LEFT JOIN distributor_presence p ON p.distributor_id = d.id
         CROSS JOIN LATERAL (SELECT max(paid_at) AS at FROM orders
           WHERE attributed_distributor_id = d.id) o
         CROSS JOIN LATERAL (SELECT max(valid_from) AS at FROM distributor_standing
           WHERE distributor_id = d.id AND cause = ANY($7)) s
       ) c WHERE c.due_at <= $2 ORDER BY c.id LIMIT ${atOnce}`,
      [programId, until, threshold, warnAfterDays, timeZone, after, movesTo('active')],
    );
    await openWarnings(tx, programId, found);
    count += found.length;
    after = found.at(-1)?.distributorId ?? '';
    if (found.length < atOnce) return count;
  }
}

const momentColumns = {
  id: 'text',
  programId: 'text',
  dueAt: 'timestamptz',
  subjectId: 'text',
  name: 'text',
  workflowType: 'text',
  workflowId: 'text',
  input: 'jsonb',
  status: 'text',
  createdAt: 'timestamptz',
} as const;

async function openWarnings(
  tx: Tx,
  programId: string,
  candidates: readonly Candidate[],
): Promise<void> {
  const rows = candidates.map(({ distributorId, dueAt }) => ({
    ...{ id: newId('dueMoment'), programId, dueAt, subjectId: distributorId, name: warnMoment },
    ...lifeWorkflow(distributorId),
    ...{ status: 'waiting', createdAt: new Date() },
  }));
  await insertMany(tx, 'due_moment', momentColumns, rows);
}

/** Warns who is still inactive, offers help, and says when an eviction will be proposed. */
export const warn: LifeStep = async (tx, { moment, realNow }) => {
  const life = await lockLife(tx, moment.subjectId, { realNow, actor: 'system:inactivity' });
  const { distributor, program, at } = life;
  if (distributor.status !== 'active') return;
  const last = await lastSignOfLife(tx, distributor.id);
  if (isSignOfLife(last, at, program)) return;
  const proposedAt = proposalMoment(countedFrom(moment.dueAt, at), program);
  const reason = `No sale and no sign-in for ${program.warnAfterDays} days.`;
  await moveLife(tx, life, 'inactivity_seen', reason);
  await openLifeMoment(tx, life, {
    ...{ name: proposeMoment, dueAt: proposedAt, subjectId: distributor.id },
  });
  await tell(tx, life, {
    event: 'distributor.warned',
    notice: 'warned',
    subjectId: moment.id,
    params: { days: program.warnAfterDays, proposedAt: proposedAt.toISOString() },
  });
};

/** The last sale, sign-in or beginning of a distributor who is active or was warned. */
async function lastSignOfLife(tx: Tx, distributorId: string): Promise<Date> {
  const row = await tx.first<{ at: Date }>(
    `SELECT greatest(d.joined_at, d.created_at,
       (SELECT max(paid_at) FROM orders WHERE attributed_distributor_id = d.id),
       (SELECT seen_at FROM distributor_presence WHERE distributor_id = d.id),
       (SELECT max(valid_from) FROM distributor_standing
        WHERE distributor_id = d.id AND cause = ANY($2))) AS at
     FROM distributor d WHERE d.id = $1`,
    [distributorId, movesTo('active')],
  );
  if (row === undefined) throw new Error(`the distributor ${distributorId} does not exist`);
  return row.at;
}

/**
 * Proposes the eviction of who did not come back after the warning. While an after-sale case of an
 * order of theirs, the transfer of a customer or a payout is under way the proposal waits, for 90
 * days at most; the facts of the review say for what.
 */
export const propose: LifeStep = async (tx, { moment, realNow }) => {
  const life = await lockLife(tx, moment.subjectId, { realNow, actor: 'system:inactivity' });
  const { distributor, program, at } = life;
  if (distributor.status !== 'warned') return;
  const warning = await lastWarning(tx, distributor.id);
  const planned = proposalMoment(warning, program);
  const underWay = await findUnderWay(tx, distributor.id);
  if (isAnythingUnderWay(underWay) && at < addDays(planned, waitAtMostDays)) {
    const dueAt = addDays(countedFrom(moment.dueAt, at), lookAgainAfterDays);
    await openLifeMoment(tx, life, { name: proposeMoment, dueAt, subjectId: distributor.id });
    return;
  }
  await openEviction(tx, life, { warning, underWay, from: countedFrom(moment.dueAt, at) });
};

async function openEviction(
  tx: Tx,
  life: Life,
  grounds: { warning: Date; underWay: UnderWay; from: Date },
): Promise<void> {
  const { distributor, program, at } = life;
  const lastSignAt = await lastSignOfLife(tx, distributor.id);
  const reason = `No sale since the warning of ${grounds.warning.toISOString().slice(0, 10)}.`;
  await moveLife(tx, life, 'eviction_proposed', reason);
  const reviewId = await openReview(tx, {
    ...{ storeId: program.storeId, programId: program.id, kind: 'eviction' },
    subjectId: distributor.id,
    workflowId: lifeWorkflow(distributor.id).workflowId,
    dueAt: addDays(grounds.from, decideWithinDays),
    facts: {
      distributorId: distributor.id,
      cause: 'inactivity',
      lastSignOfLifeAt: lastSignAt.toISOString(),
      warnedAt: grounds.warning.toISOString(),
      underWay: grounds.underWay,
      ...(await standingFacts(tx, distributor.id)),
    },
    createdAt: at,
  });
  const terms = { underWay: grounds.underWay };
  const opened = { kind: 'eviction', reasonCode: 'inactivity', reason, reviewId, terms } as const;
  const { id } = await openCase(tx, life, opened);
  await tell(tx, life, {
    event: 'distributor.eviction_proposed',
    notice: 'eviction_proposed',
    subjectId: id,
    params: { reviewId },
  });
}

async function lastWarning(tx: Tx, distributorId: string): Promise<Date> {
  const row = await tx.first<{ at: Date }>(
    `SELECT max(valid_from) AS at FROM distributor_standing
     WHERE distributor_id = $1 AND cause = 'inactivity_seen'`,
    [distributorId],
  );
  if (row === undefined) throw new Error(`${distributorId} was never warned`);
  return row.at;
}

/** What is under way: cases about their orders, transfers of customers, payouts that are not final. */
export async function findUnderWay(read: Tx, distributorId: string): Promise<UnderWay> {
  const row = await read.first<UnderWay>(
    `SELECT
       (SELECT count(*)::int FROM after_sale a JOIN orders o ON o.id = a.order_id
        WHERE o.attributed_distributor_id = $1 AND a.closed_at IS NULL) AS open_after_sales,
       (SELECT count(*)::int FROM binding_transfer
        WHERE status IN ('open', 'objected')
          AND (from_distributor_id = $1 OR to_distributor_id = $1)) AS open_transfers,
       (SELECT count(*)::int FROM payout WHERE distributor_id = $1
          AND status NOT IN ('paid', 'returned', 'failed', 'canceled')) AS payouts_under_way`,
    [distributorId],
  );
  return row ?? { openAfterSales: 0, openTransfers: 0, payoutsUnderWay: 0 };
}

/** What an eviction would move: ids and counts only. */
async function standingFacts(read: Tx, distributorId: string): Promise<Record<string, unknown>> {
  const row = await read.first<{ downlines: number; customers: number; balance: bigint }>(
    `SELECT
       (SELECT count(*)::int FROM distributor WHERE sponsor_id = $1) AS downlines,
       (SELECT count(*)::int FROM binding
        WHERE distributor_id = $1 AND ends_at IS NULL) AS customers,
       (SELECT coalesce(sum(a.balance), 0)::bigint FROM ledger_account a
        WHERE ${isOwnAccount}) AS balance`,
    [distributorId, distributorAccounts(distributorId)],
  );
  const { downlines = 0, customers = 0, balance = 0n } = row ?? {};
  return { downlines, customers, balanceAmount: String(balance) };
}

/**
 * A distributor has signed in. It counts once an hour, so that a page that asks often costs nothing,
 * and it ends a warning. On the program's clock.
 */
export async function noteSignOfLife(tx: Tx, distributorId: string, realNow: Date): Promise<void> {
  const known = await tx.first<{ status: Life['distributor']['status']; fresh: boolean }>(
    `SELECT d.status, p.seen_at > $2::timestamptz
         + g.clock_offset_ms * interval '1 millisecond' - interval '1 hour' AS fresh
     FROM distributor d JOIN program g ON g.id = d.program_id
     LEFT JOIN distributor_presence p ON p.distributor_id = d.id WHERE d.id = $1`,
    [distributorId, realNow],
  );
  if (known === undefined || !earns(known.status)) return;
  if (known.fresh && known.status !== 'warned') return;
  const actor = `distributor:${distributorId}`;
  const life = await lockLife(tx, distributorId, { realNow, actor });
  await tx.run(
    `INSERT INTO distributor_presence (distributor_id, seen_at) VALUES ($1, $2)
     ON CONFLICT (distributor_id) DO UPDATE
       SET seen_at = greatest(distributor_presence.seen_at, excluded.seen_at)`,
    [distributorId, life.at],
  );
  if (life.distributor.status !== 'warned') return;
  await moveLife(tx, life, 'seen', null);
  const subjectId = `${distributorId}:${life.at.toISOString()}`;
  await tell(tx, life, {
    ...{ event: 'distributor.reinstated', notice: 'active_again', subjectId },
    params: { cause: 'seen' },
  });
}
