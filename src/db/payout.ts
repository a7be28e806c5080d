import { workflowIds } from '../contracts/workflow';
import { Refusal } from '../domain/kernel/refusal';
import type { AskingRules, HoldCause } from '../domain/payout/asking';
import type { PayoutStatus } from '../domain/payout/state';
import { limitReasons, type WaitingReason } from '../domain/payout/waiting';
import type { Tx } from './database';
import { enqueueSignal } from './outbox';
import type { Reach } from './program';

/** A payout as it is stored. Amounts are fen; `amount` is the net. Its own moments are real time. */
export interface PayoutRow {
  id: string;
  programId: string;
  settlementId: string;
  statementId: string;
  distributorId: string;
  channelId: string;
  channelNumber: string;
  amount: bigint;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  accountCipher: string;
  accountMasked: string;
  holderName: string;
  status: PayoutStatus;
  failureCode: string | null;
  failureMessage: string | null;
  waitingText: WaitingReason | null;
  waitingUntil: Date | null;
  createdAt: Date;
  submittedAt: Date | null;
  finalAt: Date | null;
  returnedAt: Date | null;
  /** while it waits for its payee: what the payee's page hands to the provider's front end */
  confirmation: Readonly<Record<string, string>> | null;
  /** questions since its status changed last */
  asked: number;
  /** how often in a row the channel did not take it */
  refusals: number;
  paidAt: Date | null;
  watchAt: Date | null;
  /** questions since it was paid */
  watched: number;
}

/** A payout as a person sees it: moments are written in its program's zone. */
export interface ShownPayout extends PayoutRow {
  timeZone: string;
}

/** A payout with what is needed to book what happens to it. */
export interface PayoutCase extends PayoutRow {
  storeId: string;
  clockOffsetMs: bigint;
  period: string;
  run: number;
  distributorStatus: string;
  /** limits of the channel; null: none */
  perTransferAmount: bigint | null;
  perDayAmount: bigint | null;
  perPayeeDayAmount: bigint | null;
  channelKind: string;
  settingsCipher: string;
  heldCause: HoldCause | null;
  heldUntil: Date | null;
  /** an open task of the review queue about it */
  openReviewId: string | null;
}

export type Operation = 'submit' | 'query' | 'callback' | 'cancel';

/** Where a piece of news comes from. `at` is real time; `rules` say when it is asked about next. */
export interface Source {
  operation: Operation;
  at: Date;
  rules: AskingRules;
}

/** @throws Refusal `not_found`, also for a payout of another store or of the other mode */
export async function findPayout(read: Tx, caller: Reach, payoutId: string): Promise<ShownPayout> {
  const payout = await read.first<ShownPayout>(
    `SELECT p.*, g.time_zone FROM payout p JOIN program g ON g.id = p.program_id
     WHERE p.id = $1 AND g.store_id = $2 AND ($3 = 'both' OR g.mode = $3)`,
    [payoutId, caller.storeId, caller.mode],
  );
  if (payout === undefined) throw new Refusal('not_found', 'There is no such payout.');
  return payout;
}

export interface PayoutFilter {
  limit: number;
  cursor?: string | undefined;
  status?: PayoutStatus | undefined;
  settlementId?: string | undefined;
  distributorId?: string | undefined;
}

/** Payouts that a caller may see, newest first, one more than a page holds. */
export function listPayouts(read: Tx, caller: Reach, filter: PayoutFilter): Promise<ShownPayout[]> {
  return read.rows<ShownPayout>(
    `SELECT p.*, g.time_zone FROM payout p JOIN program g ON g.id = p.program_id
     WHERE g.store_id = $1 AND ($2 = 'both' OR g.mode = $2)
       AND ($3::text IS NULL OR p.status = $3) AND ($4::text IS NULL OR p.settlement_id = $4)
       AND ($5::text IS NULL OR p.distributor_id = $5) AND ($6::text IS NULL OR p.id < $6)
     ORDER BY p.id DESC LIMIT $7`,
    [
      caller.storeId,
      caller.mode,
      filter.status ?? null,
      filter.settlementId ?? null,
      filter.distributorId ?? null,
      filter.cursor ?? null,
      filter.limit + 1,
    ],
  );
}

/** Locks a payout until the end of the transaction: of two that bring the same news one books it. */
export async function lockPayout(tx: Tx, payoutId: string): Promise<PayoutCase> {
  const found = await tx.first<PayoutCase>(
    `SELECT p.*, g.store_id, g.clock_offset_ms, s.period, s.run, d.status AS distributor_status,
       c.per_transfer_amount, c.per_day_amount, c.per_payee_day_amount,
       c.kind AS channel_kind, c.settings_cipher, h.held_cause, h.held_until,
       (SELECT r.id FROM review_task r WHERE r.kind = 'payout' AND r.subject_id = p.id
          AND r.status = 'open' LIMIT 1) AS open_review_id
     FROM payout p JOIN program g ON g.id = p.program_id
     JOIN settlement s ON s.id = p.settlement_id JOIN distributor d ON d.id = p.distributor_id
     JOIN channel c ON c.id = p.channel_id LEFT JOIN channel_state h ON h.channel_id = p.channel_id
     WHERE p.id = $1 FOR UPDATE OF p`,
    [payoutId],
  );
  if (found === undefined) throw new Refusal('not_found', 'There is no such payout.');
  return found;
}

/** The place that the account of a payout is sealed for. */
export const accountPlace = (payoutId: string) => `payout.account:${payoutId}`;

/**
 * One row of the history that a person reads. A question that is answered like the one before it
 * leaves none: a payee may take a day to confirm.
 */
export async function recordAttempt(
  tx: Tx,
  payoutId: string,
  { operation, at }: Pick<Source, 'operation' | 'at'>,
  outcome: string,
  detail: string | null = null,
): Promise<void> {
  const last = operation === 'query' ? await lastAttempt(tx, payoutId) : undefined;
  const isRepeated = last?.operation === 'query' && last.outcome === outcome;
  if (isRepeated && last.detail === detail) return;
  await tx.insert('payout_attempt', { payoutId, at, operation, outcome, detail });
}

export interface AttemptRow {
  at: Date;
  operation: Operation;
  outcome: string;
  detail: string | null;
}

function lastAttempt(tx: Tx, payoutId: string): Promise<AttemptRow | undefined> {
  return tx.first<AttemptRow>(
    `SELECT at, operation, outcome, detail FROM payout_attempt
     WHERE payout_id = $1 ORDER BY id DESC LIMIT 1`,
    [payoutId],
  );
}

/** The calls and the news of a payout, oldest first. */
export function attemptsOf(read: Tx, payoutId: string): Promise<AttemptRow[]> {
  return read.rows<AttemptRow>(
    'SELECT at, operation, outcome, detail FROM payout_attempt WHERE payout_id = $1 ORDER BY id',
    [payoutId],
  );
}

/** The attempts of several payouts, oldest first, by payout. */
export async function attemptsOfMany(
  read: Tx,
  payoutIds: readonly string[],
): Promise<Map<string, AttemptRow[]>> {
  const rows = await read.rows<AttemptRow & { payoutId: string }>(
    `SELECT payout_id, at, operation, outcome, detail FROM payout_attempt
     WHERE payout_id = ANY($1) ORDER BY id`,
    [payoutIds],
  );
  const byPayout = new Map<string, AttemptRow[]>();
  for (const row of rows) byPayout.set(row.payoutId, [...(byPayout.get(row.payoutId) ?? []), row]);
  return byPayout;
}

/** When the order was handed to the provider last; real time. */
export async function lastSubmissionAt(read: Tx, payoutId: string): Promise<Date | null> {
  const last = await read.first<{ at: Date }>(
    `SELECT at FROM payout_attempt WHERE payout_id = $1 AND operation = 'submit'
     ORDER BY id DESC LIMIT 1`,
    [payoutId],
  );
  return last?.at ?? null;
}

/** An admin wants it stopped, and the channel has not been asked to yet. */
export async function isCancelRequested(read: Tx, payoutId: string): Promise<boolean> {
  const last = await read.first<{ outcome: string }>(
    `SELECT outcome FROM payout_attempt
     WHERE payout_id = $1 AND operation = 'cancel' ORDER BY id DESC LIMIT 1`,
    [payoutId],
  );
  return last?.outcome === 'requested';
}

/** An admin wants a submitted payout stopped: its workflow asks the channel, which may say no. */
export async function requestCancel(tx: Tx, payoutId: string, at: Date): Promise<void> {
  await recordAttempt(tx, payoutId, { operation: 'cancel', at }, 'requested');
  await wakePayout(tx, payoutId);
}

/** Says why a payout waits, and until when if that is known (real time). */
export async function setWaiting(
  tx: Tx,
  payoutId: string,
  reason: WaitingReason | null,
  until: Date | null,
): Promise<void> {
  await tx.run('UPDATE payout SET waiting_text = $2, waiting_until = $3 WHERE id = $1', [
    payoutId,
    reason,
    until,
  ]);
}

/** Wakes what waits for a limit of a channel: the limits are others now. */
export async function wakeLimited(tx: Tx, channelId: string): Promise<void> {
  const waiting = await tx.rows<{ id: string }>(
    `SELECT id FROM payout
     WHERE channel_id = $1 AND status = 'queued' AND waiting_text = ANY($2) ORDER BY id`,
    [channelId, limitReasons],
  );
  await enqueueSignal(tx, ...waiting.map(({ id }) => wakeUp(id)));
}

/** Wakes the payout's workflow, starting it where it does not run: it looks at its row and inbox. */
export async function wakePayout(tx: Tx, payoutId: string): Promise<void> {
  await enqueueSignal(tx, wakeUp(payoutId));
}

const wakeUp = (payoutId: string) =>
  ({
    workflowType: 'payout',
    workflowId: workflowIds.payout(payoutId),
    signalName: 'providerNews',
    input: { payoutId },
  }) as const;
