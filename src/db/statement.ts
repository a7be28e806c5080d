import { monthOf } from '../domain/kernel/period';
import {
  figuresOf,
  type Figures,
  reasonNotToPay,
  type SkipReason,
} from '../domain/settlement/assess';
import type { SealedStatement } from '../domain/settlement/result';
import type { TaxProfileKind } from '../domain/tax/id-number';
import { isAboveVatExemption } from '../domain/tax/stop';
import { incomeOf, type MonthTotal, type TaxRecord, withhold } from '../domain/tax/withhold';
import { wholeAtMost } from './channel';
import type { Tx } from './database';
import { programById, type ProgramRow } from './program';
import { advance, lockSettlementRow } from './settlement';
import { chunkSize } from './settlement-lock';
import { dropStatements } from './settlement-unlock';
import { approvedStops, openTaxStops } from './tax-stop';
import { pendingTotals, personTotals, taxTermsOf, type TaxTerms } from './withholding';

/** A statement that is to be taxed, with where it would be paid to. */
export interface OpenStatement {
  id: string;
  distributorId: string;
  person: string | null;
  /** null: nobody had to know */
  taxpayerKind: TaxProfileKind | null;
  grossAmount: bigint;
  channelKind: string | null;
  /** the largest net that its channel takes; null: any, if need be in parts */
  wholeAtMostAmount: bigint | null;
}

/** What a statement comes to, and why. */
export interface ComputedStatement<S extends OpenStatement = OpenStatement> {
  statement: S;
  figures: Figures;
  record: TaxRecord;
  taxMonth: string;
  taxMethod: TaxTerms['method'];
  /** why it cannot be paid after all */
  reason: SkipReason | undefined;
}

export interface ComputeInput<S extends OpenStatement> {
  program: ProgramRow;
  terms: TaxTerms;
  month: string;
  /** in the order in which they are taxed: two of one person count one after the other */
  statements: readonly S[];
  totals: ReadonlyMap<string, MonthTotal[]>;
  /** people whom a review lets be paid above the VAT exemption of the month */
  vatApproved: ReadonlySet<string>;
}

/** Taxes statements one after the other on their persons' running totals. */
export function computeAll<S extends OpenStatement>(
  input: ComputeInput<S>,
): ComputedStatement<S>[] {
  const { program, month, vatApproved } = input;
  const totals = new Map([...input.totals].map(([person, months]) => [person, [...months]]));
  const fee = { fixedAmount: program.feeFixedAmount, bps: program.feeBps };
  return input.statements.map((statement) => {
    const incomeAmount = statement.grossAmount;
    const history = totals.get(statement.person ?? '') ?? [];
    const { taxMethod, record, taxAmount } = taxOf(statement, input, history);
    const figures = figuresOf(incomeAmount, taxAmount, fee);
    const isAbove =
      taxMethod !== 'none' &&
      !vatApproved.has(statement.person ?? '') &&
      isAboveVatExemption(month, incomeOf(history, month) + incomeAmount);
    const reason = isAbove ? 'vat_exemption' : reasonNotToPay(figures.netAmount, statement);
    // What is not paid is no income yet, and what is paid against an invoice never is.
    if (reason === undefined && taxMethod !== 'none') {
      history.push({ month, incomeAmount, taxAmount });
    }
    return { statement, figures, record, taxMonth: month, taxMethod, reason };
  });
}

/** Companies and individual businesses are paid against their invoices: nothing is withheld. */
function taxOf<S extends OpenStatement>(
  { taxpayerKind, grossAmount: incomeAmount }: S,
  { terms, month }: ComputeInput<S>,
  history: readonly MonthTotal[],
): Pick<ComputedStatement, 'taxMethod' | 'record'> & { taxAmount: bigint } {
  const isBusiness = taxpayerKind === 'individualBusiness' || taxpayerKind === 'company';
  const taxMethod = isBusiness ? 'none' : terms.method;
  const withheld = withhold({ ...terms, method: taxMethod, month, incomeAmount, history });
  const record = isBusiness
    ? { ...withheld.record, paidAgainstInvoice: taxpayerKind }
    : withheld.record;
  return { taxMethod, record, taxAmount: withheld.taxAmount };
}

/**
 * Computes tax, fee and net of the next statements, for the review; the approval computes again on
 * the running totals of its own moment. Who gets nothing is dropped and carried over.
 * @param after the statement with which the chunk before ended; empty: from the start
 * @returns where the next chunk begins, or null when nothing is left
 */
export async function computeChunk(
  tx: Tx,
  settlementId: string,
  after: string,
  limit = chunkSize,
): Promise<string | null> {
  const settlement = await lockSettlementRow(tx, settlementId);
  if (settlement.status !== 'computing') return null;
  const statements = await tx.rows<OpenStatement>(
    `SELECT t.id, t.distributor_id, t.person, t.taxpayer_kind, t.gross_amount,
       c.kind AS channel_kind, ${wholeAtMost} AS whole_at_most_amount
     FROM statement t
     LEFT JOIN payout_account a ON a.distributor_id = t.distributor_id AND a.replaced_at IS NULL
     LEFT JOIN channel c ON c.id = a.channel_id
     WHERE t.settlement_id = $1 AND t.id > $2 AND t.status = 'locked'
     ORDER BY t.id LIMIT $3`,
    [settlementId, after, limit],
  );
  const last = statements.at(-1);
  if (last === undefined) return null;
  const program = await programById(tx, settlement.programId);
  const terms = await taxTermsOf(tx, program.id, settlement.createdAt);
  const month = monthOf(settlement.createdAt, program.timeZone);
  const persons = personsOf(statements);
  const totals = await personTotals(tx, terms, persons, month);
  await pendingTotals(tx, terms, totals, month);
  const vatApproved = await vatApprovedOf(tx, program, persons, month);
  const computed = computeAll({ program, terms, month, statements, totals, vatApproved });
  await writeFigures(tx, computed.filter(isPayable), 'computed');
  const at = settlement.createdAt;
  const dropped = computed.flatMap(droppedOf);
  await dropStatements(tx, settlement, dropped, at);
  await openTaxStops(tx, program, { stopped: dropped, month, at });
  await advance(tx, settlement, statements.length);
  return last.id;
}

/** The people whom reviews let be paid above the VAT exemption of a month. */
export async function vatApprovedOf(
  read: Tx,
  program: ProgramRow,
  persons: readonly string[],
  month: string,
): Promise<Set<string>> {
  const approved = await approvedStops(read, program, persons, month);
  return new Set(persons.filter((person) => approved.get(person)?.has('vat_exemption') === true));
}

export function isPayable(computed: ComputedStatement): boolean {
  return computed.reason === undefined;
}

/** A computed statement as `dropStatements` takes it; nothing when it can be paid. */
export function droppedOf({ statement, reason }: ComputedStatement) {
  const { id, distributorId, grossAmount, person } = statement;
  return reason === undefined ? [] : [{ id, distributorId, grossAmount, person, reason }];
}

export function personsOf(statements: readonly OpenStatement[]): string[] {
  return statements.map(({ person }) => person).filter((person) => person !== null);
}

/** Writes what statements come to, and what is sealed of it, in one SQL statement for all. */
export async function writeFigures(
  tx: Tx,
  computed: readonly ComputedStatement[],
  status: 'computed' | 'approved',
  sealed?: ReadonlyMap<string, SealedStatement>,
): Promise<void> {
  if (computed.length === 0) return;
  await tx.run(
    `UPDATE statement t SET status = $1, tax_amount = n.tax, fee_amount = n.fee, net_amount = n.net,
       tax_method = n.method, tax_month = n.month, tax_trace = n.trace, sealed = n.sealed
     FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::jsonb[],
       $9::jsonb[]) AS n (id, tax, fee, net, method, month, trace, sealed)
     WHERE t.id = n.id`,
    [
      status,
      computed.map(({ statement }) => statement.id),
      computed.map(({ figures }) => figures.taxAmount),
      computed.map(({ figures }) => figures.feeAmount),
      computed.map(({ figures }) => figures.netAmount),
      computed.map(({ taxMethod }) => taxMethod),
      computed.map(({ taxMonth }) => taxMonth),
      computed.map(({ record }) => JSON.stringify(record)),
      computed.map(({ statement }) => sealedText(sealed?.get(statement.id))),
    ],
  );
}

function sealedText(sealed: SealedStatement | undefined): string | null {
  return sealed === undefined ? null : JSON.stringify(sealed);
}
