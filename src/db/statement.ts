import { monthOf } from '../domain/kernel/period';
import { compute, type Computed, type Payment, type PaymentTerms } from '../domain/tax/payment';
import type { SealedStatement } from '../domain/settlement/result';
import type { MonthTotal } from '../domain/tax/withhold';
import { wholeAtMost } from './channel';
import type { Tx } from './database';
import { programById, type ProgramRow } from './program';
import { advance, settlementById } from './settlement';
import { holdLane, type Lane } from './settlement-lane';
import { dropStatements } from './settlement-unlock';
import { approvedStops, openTaxStops } from './tax-stop';
import { pendingTotals, personTotals, taxTermsOf, type TaxTerms } from './withholding';

/** A statement that is to be taxed. */
export interface OpenStatement extends Payment {
  id: string;
  distributorId: string;
  person: string | null;
}

/** What a statement comes to, and why. */
export interface ComputedStatement<S extends OpenStatement = OpenStatement> extends Computed {
  statement: S;
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
  const totals = new Map([...input.totals].map(([person, months]) => [person, [...months]]));
  const terms = paymentTerms(input.program, input.terms, input.month);
  return input.statements.map((statement) => {
    const history = totals.get(statement.person ?? '') ?? [];
    const vatApproved = input.vatApproved.has(statement.person ?? '');
    const computed = compute(statement, terms, { history, vatApproved });
    // What is not paid is no income yet, and what is paid against an invoice never is.
    if (computed.reason === undefined && computed.taxMethod !== 'none') {
      const { grossAmount: incomeAmount, taxAmount } = computed.figures;
      history.push({ month: input.month, incomeAmount, taxAmount });
    }
    return { statement, ...computed };
  });
}

/** The terms under which a program pays in a month. */
export function paymentTerms(
  { feeFixedAmount: fixedAmount, feeBps: bps }: ProgramRow,
  { method, gapPolicy }: TaxTerms,
  month: string,
): PaymentTerms {
  return { method, gapPolicy, month, fee: { fixedAmount, bps } };
}

export interface ChunkStart {
  /** the statement with which the lane's chunk before ended; empty: from the start */
  after: string;
  lane: Lane;
  limit: number;
}

/**
 * Computes tax, fee and net of the next statements of people with several accounts, for the review;
 * all others were computed when they were locked. The approval computes again on the running totals
 * of its own moment. Who gets nothing is dropped and carried over.
 * @returns where the lane's next chunk begins, or null when nothing is left of it
 */
export async function computeChunk(
  tx: Tx,
  settlementId: string,
  { after, lane, limit }: ChunkStart,
): Promise<string | null> {
  await holdLane(tx, settlementId, lane);
  const settlement = await settlementById(tx, settlementId);
  if (settlement.status !== 'computing') return null;
  const statements = await tx.rows<OpenStatement>(
    `SELECT t.id, t.distributor_id, t.person, t.taxpayer_kind, t.gross_amount,
       c.kind AS channel_kind, ${wholeAtMost} AS whole_at_most_amount
     FROM statement t
     LEFT JOIN payout_account a ON a.distributor_id = t.distributor_id AND a.replaced_at IS NULL
     LEFT JOIN channel c ON c.id = a.channel_id
     WHERE t.settlement_id = $1 AND t.id > $2 AND t.status = 'locked'
       AND abs(hashtext(coalesce(t.person, t.id)) % $4) = $5
     ORDER BY t.id LIMIT $3`,
    [settlementId, after, limit, lane.of, lane.number],
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
