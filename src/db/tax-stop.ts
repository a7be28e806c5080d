import { addDays } from '../domain/kernel/clock';
import type { SkipReason } from '../domain/settlement/assess';
import { stopMonth, stopWords, type TaxStopReason, taxStopReasons } from '../domain/tax/stop';
import type { Tx } from './database';
import { newId } from './id';
import type { ProgramRow } from './program';
import { openReview } from './review';

/** Days of the program's clock until a task is escalated. */
const reviewDays = 5;

/** A payment that was stopped because its tax is not computed here. */
export interface StoppedPayment {
  distributorId: string;
  person: string | null;
  reason: SkipReason;
  /** what would have been paid, gross */
  grossAmount: bigint;
}

type Place = Pick<ProgramRow, 'id' | 'storeId' | 'payerId' | 'mode'>;

/**
 * Calls finance to those whose tax is not computed here, once for each person, reason and (for the
 * VAT exemption) month. A payment goes on, in the next settlement, when the review has approved.
 * @param at on the program's clock
 */
export async function openTaxStops(
  tx: Tx,
  program: Place,
  { stopped, month, at }: { stopped: readonly StoppedPayment[]; month: string; at: Date },
): Promise<void> {
  for (const payment of stopped) {
    if (!isTaxStop(payment.reason) || payment.person === null) continue;
    await openTaxStop(tx, program, { ...payment, reason: payment.reason, month, at });
  }
}

/** Whether a person of finance has to look before this is paid. */
export function isTaxStop(reason: SkipReason): reason is TaxStopReason {
  return taxStopReasons.some((one) => one === reason);
}

async function openTaxStop(
  tx: Tx,
  program: Place,
  stop: StoppedPayment & { reason: TaxStopReason; month: string; at: Date },
): Promise<void> {
  const { id: programId, payerId, mode } = program;
  const { person, distributorId, reason, grossAmount: amount, at } = stop;
  const month = stopMonth(reason, stop.month);
  // Two settlements of the payer may stop one person at the same moment.
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('tax-stop:' || $1 || $2, 0))`, [
    payerId,
    person,
  ]);
  const known = await tx.first(
    `SELECT 1 FROM tax_stop WHERE payer_id = $1 AND mode = $2 AND person = $3 AND reason = $4
       AND month = $5`,
    [payerId, mode, person, reason, month],
  );
  if (known !== undefined) return;
  const id = newId('taxStop');
  const reviewId = await openReview(tx, {
    storeId: program.storeId,
    programId,
    kind: 'reconciliation',
    subjectId: id,
    dueAt: addDays(at, reviewDays),
    createdAt: at,
    facts: {
      about: 'tax_stop',
      reason,
      distributorId,
      payerId,
      month: stop.month,
      grossAmount: amount.toString(),
      approving: stopWords[reason],
    },
  });
  await tx.insert('tax_stop', {
    id,
    programId,
    payerId,
    mode,
    person,
    distributorId,
    reason,
    month,
    amount,
    reviewId,
    createdAt: at,
  });
}

/** The reasons that reviews have approved for people of a payer, as far as they count in a month. */
export async function approvedStops(
  read: Tx,
  { payerId, mode }: Pick<ProgramRow, 'payerId' | 'mode'>,
  persons: readonly string[],
  month: string,
): Promise<Map<string, Set<TaxStopReason>>> {
  const approved = new Map<string, Set<TaxStopReason>>();
  if (persons.length === 0) return approved;
  const rows = await read.rows<{ person: string; reason: TaxStopReason }>(
    `SELECT s.person, s.reason FROM tax_stop s JOIN review_task r ON r.id = s.review_id
     WHERE s.payer_id = $1 AND s.mode = $2 AND s.person = ANY($3) AND s.month IN ('', $4)
       AND r.outcome = 'approve'`,
    [payerId, mode, persons, month],
  );
  for (const { person, reason } of rows) {
    approved.set(person, (approved.get(person) ?? new Set()).add(reason));
  }
  return approved;
}
