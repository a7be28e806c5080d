import { Refusal } from '../domain/kernel/refusal';
import {
  type DistributorMove,
  type DistributorStatus,
  transition,
} from '../domain/distributor/state';
import type { Tx } from './database';

/** Status, tier and sponsor of a distributor over a span of time, and why they are so. */
export interface StandingRow {
  id: bigint;
  distributorId: string;
  validFrom: Date;
  /** null: in force */
  validTo: Date | null;
  status: DistributorStatus;
  tier: string;
  sponsorId: string | null;
  cause: string;
  reason: string | null;
  actor: string;
  recordedAt: Date;
}

export interface FirstStandings {
  distributorId: string;
  joinedAt: Date;
  tier: string;
  sponsorId: string | null;
  actor: string;
  recordedAt: Date;
  /** the statuses of the first moment, in order; only the last one lasts */
  steps: readonly { status: DistributorStatus; cause: string; reason?: string | null }[];
}

/** Writes how a distributor began. A step that is passed at once is kept as a row without length. */
export async function beginStanding(tx: Tx, first: FirstStandings): Promise<void> {
  const { distributorId, joinedAt, tier, sponsorId, actor, recordedAt, steps } = first;
  await tx.insert(
    'distributor_standing',
    steps.map(({ status, cause, reason = null }, index) => ({
      distributorId,
      validFrom: joinedAt,
      validTo: index === steps.length - 1 ? null : joinedAt,
      status,
      tier,
      sponsorId,
      cause,
      reason,
      actor,
      recordedAt,
    })),
  );
}

export interface Move {
  distributorId: string;
  move: DistributorMove;
  /** on the program's clock */
  at: Date;
  reason: string | null;
  actor: string;
}

/**
 * Moves a distributor by the table of its lifecycle: ends the standing in force and begins the
 * next. Nothing is overwritten.
 * @throws Error when the table does not allow the move: the caller should have known
 */
export async function moveStanding(tx: Tx, input: Move): Promise<DistributorStatus> {
  const { distributorId, move, reason, actor } = input;
  await tx.run('SELECT 1 FROM distributor WHERE id = $1 FOR UPDATE', [distributorId]);
  const [current, ...later] = await standingsFrom(tx, distributorId, input.at);
  if (current === undefined) throw new Refusal('not_found', 'There is no such distributor.');
  const status = transition(current.status, move);
  if (status === undefined) {
    throw new Error(`${distributorId} is ${current.status}: ${move} is not allowed from there`);
  }
  const at = input.at < current.validFrom ? current.validFrom : input.at;
  await replace(tx, current, { validFrom: at, status, cause: move, reason, actor });
  // A sponsor who was announced for later still comes then.
  for (const next of later) await replace(tx, next, { status });
  await tx.run('UPDATE distributor SET status = $2 WHERE id = $1', [distributorId, status]);
  return status;
}

/** The standing at a moment and those that begin later, in order; without the ones of no length. */
export function standingsFrom(read: Tx, distributorId: string, at: Date): Promise<StandingRow[]> {
  return read.rows<StandingRow>(
    `SELECT * FROM distributor_standing
     WHERE distributor_id = $1 AND (valid_to IS NULL OR (valid_to > $2 AND valid_to > valid_from))
     ORDER BY valid_from, id`,
    [distributorId, at],
  );
}

/** Ends a standing where the changed one begins, which lasts as long as it would have lasted. */
export async function replace(
  tx: Tx,
  row: StandingRow,
  change: Partial<
    Pick<StandingRow, 'validFrom' | 'status' | 'sponsorId' | 'cause' | 'reason' | 'actor'>
  >,
): Promise<void> {
  const next = { ...row, ...change };
  await tx.run('UPDATE distributor_standing SET valid_to = $2 WHERE id = $1', [
    ...[row.id, next.validFrom],
  ]);
  await tx.run(
    `INSERT INTO distributor_standing
       (distributor_id, valid_from, valid_to, status, tier, sponsor_id, cause, reason, actor,
        recorded_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())`,
    [
      ...[next.distributorId, next.validFrom, row.validTo, next.status, next.tier],
      ...[next.sponsorId, next.cause, next.reason, next.actor],
    ],
  );
}

/** All standings from the first, oldest first, beyond a cursor. */
export function standingsOf(
  read: Tx,
  distributorId: string,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<StandingRow[]> {
  return read.rows<StandingRow>(
    `SELECT * FROM distributor_standing WHERE distributor_id = $1 AND id > $2
     ORDER BY id LIMIT $3`,
    [distributorId, after ?? '0', limit],
  );
}
