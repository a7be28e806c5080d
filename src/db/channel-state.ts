import { holdMs, type HoldCause, type Question } from '../domain/payout/asking';
import type { Database, Tx } from './database';

/** How long one payout that tries for all others keeps them waiting. */
const probeMs = 15_000;
/** A call is claimed at most this far ahead; a worker sleeps until its moment. */
const claimAheadMs = 1_000;
/** The same for a question, which nothing is booked for: an activity has seconds to wait. */
const questionAheadMs = 5_000;

/** Why a channel is handed nothing for a while, and until when (real time). */
export interface Hold {
  heldCause: HoldCause | null;
  heldUntil: Date | null;
}

/** `go`: the call may be made after `waitMs`. `wait`: look again at `until`. Real time. */
export type Turn =
  { kind: 'go'; waitMs: number } | { kind: 'wait'; until: Date; cause: HoldCause | 'turn' };

/**
 * Asks for the turn of one submission, for all workers together. A held channel lets one payout
 * through when its time is over; the others wait for what that one finds. A channel with a pace
 * gives out moments, one after the other: a near one is claimed, else the caller comes again when
 * its turn will be. Call it last before the booking: the row stays locked until the commit.
 * @param callsPerSecond what the provider allows; undefined: no limit
 */
export async function takeTurn(
  tx: Tx,
  channelId: string,
  hold: Hold,
  callsPerSecond: number | undefined,
  at: Date,
): Promise<Turn> {
  if (hold.heldCause !== null && hold.heldUntil !== null) {
    const probes = hold.heldUntil <= at && (await claimProbe(tx, channelId, at));
    if (!probes) {
      const until = new Date(Math.max(hold.heldUntil.getTime(), at.getTime() + 1_000));
      return { kind: 'wait', until, cause: hold.heldCause };
    }
  }
  return callsPerSecond === undefined
    ? { kind: 'go', waitMs: 0 }
    : claimCall(tx, channelId, 1000 / callsPerSecond);
}

async function claimProbe(tx: Tx, channelId: string, at: Date): Promise<boolean> {
  const claimed = await tx.run(
    `UPDATE channel_state SET held_until = $3
     WHERE channel_id = $1 AND held_cause IS NOT NULL AND held_until <= $2`,
    [channelId, at, new Date(at.getTime() + probeMs)],
  );
  return claimed > 0;
}

/** The database's clock rules the pace: workers may have clocks of their own. */
async function claimCall(tx: Tx, channelId: string, everyMs: number): Promise<Turn> {
  await tx.run(
    'INSERT INTO channel_state (channel_id) VALUES ($1) ON CONFLICT (channel_id) DO NOTHING',
    [channelId],
  );
  const every = `$2 * interval '1 millisecond'`;
  const claimed = await tx.first<{ waitMs: number }>(
    `WITH moment AS (SELECT clock_timestamp() AS now)
     UPDATE channel_state SET next_call_at = greatest(next_call_at, now) + ${every} FROM moment
     WHERE channel_id = $1
       AND (next_call_at IS NULL OR next_call_at <= now + $3 * interval '1 millisecond')
     RETURNING (extract(epoch FROM next_call_at - ${every} - now) * 1000)::float AS wait_ms`,
    [channelId, everyMs, claimAheadMs],
  );
  if (claimed !== undefined) return { kind: 'go', waitMs: Math.max(0, claimed.waitMs) };
  const turn = await tx.first<{ until: Date }>(
    `UPDATE channel_state
     SET next_turn_at = greatest(next_turn_at, next_call_at, clock_timestamp()) + ${every}
     WHERE channel_id = $1 RETURNING next_turn_at AS until`,
    [channelId, everyMs],
  );
  if (turn === undefined) throw new Error(`channel ${channelId} has lost its state`);
  return { kind: 'wait', until: turn.until, cause: 'turn' };
}

/**
 * Claims the next moment at which a provider may be asked, for all workers together. In a statement
 * of its own: nothing else waits for the row.
 * @returns how long to sleep until then, ms; undefined: too many wait already, nothing was claimed
 */
export async function claimQuestion(
  db: Pick<Database, 'read'>,
  channelId: string,
  { question, perSecond }: { question: Question; perSecond: number },
): Promise<number | undefined> {
  const every = `$3 * interval '1 millisecond'`;
  const claimed = await db.read.first<{ waitMs: number }>(
    `INSERT INTO channel_pace AS p (channel_id, operation, next_call_at)
     VALUES ($1, $2, clock_timestamp() + ${every})
     ON CONFLICT (channel_id, operation) DO UPDATE
       SET next_call_at = greatest(p.next_call_at, clock_timestamp()) + ${every}
       WHERE p.next_call_at <= clock_timestamp() + $4 * interval '1 millisecond'
     RETURNING (extract(epoch FROM next_call_at - ${every} - clock_timestamp()) * 1000)::float AS wait_ms`,
    [channelId, question, 1000 / perSecond, questionAheadMs],
  );
  return claimed === undefined ? undefined : Math.max(0, claimed.waitMs);
}

/**
 * Holds a channel after a refusal that concerns every payout of it.
 * @returns until when (real time)
 */
export async function holdChannel(
  tx: Tx,
  channelId: string,
  cause: HoldCause,
  at: Date,
): Promise<Date> {
  const before = await tx.first<Hold & { heldSince: Date | null }>(
    `INSERT INTO channel_state (channel_id) VALUES ($1)
     ON CONFLICT (channel_id) DO UPDATE SET channel_id = excluded.channel_id
     RETURNING held_cause, held_until, held_since`,
    [channelId],
  );
  const since = before?.heldCause === cause ? (before.heldSince ?? at) : at;
  const until = new Date(at.getTime() + holdMs(cause, at.getTime() - since.getTime()));
  await tx.run(
    `UPDATE channel_state SET held_cause = $2, held_since = $3, held_until = $4
     WHERE channel_id = $1`,
    [channelId, cause, since, until],
  );
  return until;
}

/** The channel takes orders again. */
export async function releaseHold(tx: Tx, channelId: string): Promise<void> {
  await tx.run(
    `UPDATE channel_state SET held_cause = NULL, held_since = NULL, held_until = NULL
     WHERE channel_id = $1 AND held_cause IS NOT NULL`,
    [channelId],
  );
}

/** The next payout of a held channel tries at once: an admin says that the cause is gone. */
export async function endHold(tx: Tx, channelId: string, at: Date): Promise<void> {
  await tx.run(
    `UPDATE channel_state SET held_until = $2
     WHERE channel_id = $1 AND held_cause IS NOT NULL AND held_until > $2`,
    [channelId, at],
  );
}

/** How many channels are held, by cause. */
export function heldChannels(read: Tx): Promise<{ cause: HoldCause; count: number }[]> {
  return read.rows(
    `SELECT held_cause AS cause, count(*)::int AS count FROM channel_state
     WHERE held_cause IS NOT NULL GROUP BY held_cause`,
  );
}
