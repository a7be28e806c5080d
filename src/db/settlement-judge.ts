import { monthOf } from '../domain/kernel/period';
import { type Candidate, reasonToSkip, type SkipReason } from '../domain/settlement/assess';
import { compute, type Computed } from '../domain/tax/payment';
import { wholeAtMost } from './channel';
import type { Tx } from './database';
import type { ProgramRow } from './program';
import { isBeingReversed } from './reversal-read';
import type { SettlementRow } from './settlement';
import { paymentTerms } from './statement';
import { type TaxpayerCase, taxpayersOf } from './taxpayer';
import type { Vault } from './vault';
import { pendingTotals, personTotals, taxTermsOf } from './withholding';

/**
 * Lines to settle. Parameters: $1 program, $2 cutoff. A deduction counts as soon as it is booked, or
 * the gross could pass what is available.
 */
export const settleable = `e.program_id = $1 AND e.statement_id IS NULL AND e.available_at IS NOT NULL
  AND (e.available_at <= $2 OR e.amount < 0)`;

export interface CandidateRow extends Omit<Candidate, 'taxProfile'> {
  distributorId: string;
  channelKind: string | null;
  /** the largest net that the channel takes; null: any, if need be in parts */
  wholeAtMostAmount: bigint | null;
}

export interface Judged {
  row: CandidateRow;
  /** undefined: no tax profile was given */
  taxpayer: TaxpayerCase | undefined;
  /** undefined: something spoke against it before its tax was computed */
  computed: Computed | undefined;
  reason: SkipReason | undefined;
}

/**
 * Whether what was computed holds whatever else is settled: only people of whom several accounts are
 * known are taxed in an order, by `computeChunk`.
 */
export function isTaxedAtOnce({ taxpayer }: Judged): boolean {
  return taxpayer?.hasOtherAccounts !== true;
}

/**
 * Only those with something to settle. Who was listed before a restart stays listed, and who was
 * locked before it is locked: what became theirs since belongs to the next settlement.
 */
export function candidateRows(
  tx: Tx,
  settlement: Pick<SettlementRow, 'id' | 'programId' | 'cutoffAt'>,
  ids: readonly string[],
): Promise<CandidateRow[]> {
  return tx.rows<CandidateRow>(
    `SELECT due.distributor_id, due.gross_amount, d.status, a.id IS NOT NULL AS has_payout_account,
       EXISTS (SELECT 1 FROM settlement_hold h
         WHERE h.distributor_id = d.id AND h.lifted_at IS NULL) OR ${isBeingReversed} AS is_on_hold,
       c.kind AS channel_kind, ${wholeAtMost} AS whole_at_most_amount
     FROM (
       SELECT e.distributor_id, sum(e.amount)::bigint AS gross_amount FROM earning e
       WHERE ${settleable} AND e.distributor_id = ANY($3)
       GROUP BY e.distributor_id HAVING sum(e.amount) > 0
     ) due
     JOIN distributor d ON d.id = due.distributor_id
     LEFT JOIN payout_account a ON a.distributor_id = d.id AND a.replaced_at IS NULL
     LEFT JOIN channel c ON c.id = a.channel_id
     WHERE NOT EXISTS (SELECT 1 FROM settlement_skip k
       WHERE k.settlement_id = $4 AND k.distributor_id = d.id)
     AND NOT EXISTS (SELECT 1 FROM statement s
       WHERE s.settlement_id = $4 AND s.distributor_id = d.id)
     ORDER BY due.distributor_id`,
    [settlement.programId, settlement.cutoffAt, ids, settlement.id],
  );
}

/**
 * What each would come to, and what speaks against it. The caller holds the locks of their `available`
 * accounts.
 */
export async function judge(
  tx: Tx,
  vault: Vault,
  program: ProgramRow,
  settlement: Pick<SettlementRow, 'createdAt'>,
  rows: readonly CandidateRow[],
): Promise<Judged[]> {
  const terms = await taxTermsOf(tx, program.id, settlement.createdAt);
  const month = monthOf(settlement.createdAt, program.timeZone);
  const withholds = terms.method !== 'none';
  const ids = rows.map(({ distributorId }) => distributorId);
  const taxpayers = await taxpayersOf(tx, vault, { program, month, withholds, ids });
  const persons = [...taxpayers.values()].map(({ person }) => person);
  const totals = await personTotals(tx, terms, persons, month);
  await pendingTotals(tx, terms, totals, month);
  const { minimumPayoutAmount } = program;
  const payment = paymentTerms(program, terms, month);
  return rows.map((row) => {
    const taxpayer = taxpayers.get(row.distributorId);
    const candidate = { taxProfile: taxpayer?.profile ?? null, ...row };
    const before = reasonToSkip(candidate, { minimumPayoutAmount, withholds });
    if (before !== undefined) return { row, taxpayer, computed: undefined, reason: before };
    const history = totals.get(taxpayer?.person ?? '') ?? [];
    const vatApproved = taxpayer?.vatApproved ?? false;
    const taxed = { taxpayerKind: taxpayer?.kind ?? null, ...row };
    const computed = compute(taxed, payment, { history, vatApproved });
    return { row, taxpayer, computed, reason: computed.reason };
  });
}
