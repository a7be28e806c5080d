import { programNow } from '../domain/kernel/clock';
import { distributorAccount } from '../domain/ledger/account';
import { givenBack, type NetPlace } from '../domain/ledger/posting';
import { monthOf } from '../domain/kernel/period';
import { type MethodOfMonth, methodOfMonth } from '../domain/tax/method';
import { monthsThatCount, type MonthTotal } from '../domain/tax/withhold';
import { insertMany } from './bulk';
import { giveInvoicesBack } from './invoice';
import { holdRemittances, isRemitted, openReturnedTaxCase } from './tax-remittance';
import type { Tx } from './database';
import { newId } from './id';
import { lockBalances, postTransactions } from './ledger';
import { methodsOf } from './payer';

/** Under which terms the people of a settlement are taxed. */
export interface TaxTerms extends MethodOfMonth {
  payerId: string;
  /** payments of test programs never count for live ones */
  mode: 'test' | 'live';
}

/**
 * The terms of a payment at a moment of the program's clock: those of its month in the program's
 * zone, so that two programs in two zones agree about a month.
 */
export async function taxTermsOf(read: Tx, programId: string, at: Date): Promise<TaxTerms> {
  const program = await read.first<Pick<TaxTerms, 'payerId' | 'mode'> & { timeZone: string }>(
    'SELECT payer_id, mode, time_zone FROM program WHERE id = $1',
    [programId],
  );
  if (program === undefined) throw new Error(`program ${programId} is gone`);
  const { payerId, mode, timeZone } = program;
  const methods = (await methodsOf(read, [payerId])).get(payerId) ?? [];
  const terms = methodOfMonth(methods, monthOf(at, timeZone));
  if (terms === undefined) throw new Error(`program ${programId} has a payer without a tax method`);
  return { payerId, mode, ...terms };
}

/** The months whose payments count for a payment in `month` under these terms. */
function monthsCounting({ method, since }: TaxTerms, month: string): string[] {
  const months = monthsThatCount(method, month);
  return since === null ? months : months.filter((one) => one >= since);
}

/**
 * What people have got from a payer and what was withheld of it, per month, under the same method,
 * as far as it counts for a payment in `month`.
 */
export async function personTotals(
  read: Tx,
  terms: TaxTerms,
  persons: readonly string[],
  month: string,
): Promise<Map<string, MonthTotal[]>> {
  const totals = new Map<string, MonthTotal[]>(persons.map((person) => [person, []]));
  const months = monthsCounting(terms, month);
  if (persons.length === 0 || months.length === 0) return totals;
  const rows = await read.rows<MonthTotal & { person: string }>(
    `SELECT w.person, w.month, sum(w.income_amount)::bigint AS income_amount,
       sum(w.tax_amount)::bigint AS tax_amount
     FROM withholding w JOIN statement s ON s.id = w.statement_id
     JOIN program p ON p.id = s.program_id
     WHERE w.payer_id = $1 AND w.person = ANY($2) AND w.month = ANY($3)
       AND s.tax_method = $4 AND p.mode = $5
     GROUP BY w.person, w.month`,
    [terms.payerId, [...totals.keys()], months, terms.method, terms.mode],
  );
  for (const { person, ...total } of rows) totals.get(person)?.push(total);
  return totals;
}

/**
 * Adds what settlements of the payer have computed and not booked yet to the totals of their people:
 * the next one is reviewed with a tax that counts them. Only the approval decides.
 */
export async function pendingTotals(
  read: Tx,
  terms: TaxTerms,
  totals: ReadonlyMap<string, MonthTotal[]>,
  month: string,
): Promise<void> {
  const months = monthsCounting(terms, month);
  if (totals.size === 0 || months.length === 0) return;
  const rows = await read.rows<MonthTotal & { person: string }>(
    `SELECT t.person, t.tax_month AS month, sum(t.gross_amount)::bigint AS income_amount,
       sum(t.tax_amount)::bigint AS tax_amount
     FROM statement t JOIN settlement s ON s.id = t.settlement_id
     JOIN program p ON p.id = t.program_id
     WHERE t.status = 'computed' AND t.payer_id = $1 AND t.person = ANY($2)
       AND t.tax_month = ANY($3) AND t.tax_method = $4 AND p.mode = $5 AND s.status <> 'rejected'
     GROUP BY t.person, t.tax_month`,
    [terms.payerId, [...totals.keys()], months, terms.method, terms.mode],
  );
  for (const { person, ...total } of rows) totals.get(person)?.push(total);
}

/**
 * Until the end of the transaction nobody else approves payments of this payer: the running totals
 * that are read now are those on which the next payment is taxed.
 */
export async function lockPayerTotals(tx: Tx, payerId: string): Promise<void> {
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('withholding:' || $1, 0))`, [
    payerId,
  ]);
}

export interface WithholdingRow {
  payerId: string;
  person: string;
  month: string;
  statementId: string;
  /** the business key: what was withheld is recorded once */
  reference: string;
  incomeAmount: bigint;
  taxAmount: bigint;
  createdAt: Date;
}

export async function recordWithholdings(tx: Tx, rows: readonly WithholdingRow[]): Promise<void> {
  await insertMany(
    tx,
    'withholding',
    {
      payerId: 'text',
      person: 'text',
      month: 'text',
      statementId: 'text',
      reference: 'text',
      incomeAmount: 'int8',
      taxAmount: 'int8',
      createdAt: 'timestamptz',
    },
    rows,
  );
}

interface Payout {
  id: string;
  programId: string;
  statementId: string;
  distributorId: string;
  channelId: string;
  /** net */
  amount: bigint;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  clockOffsetMs: bigint;
}

/**
 * Gives a payout's money back, once: net from where it lies, with exactly its own tax and fee, all
 * to `available`, where it waits for the next settlement as an earning of its own. What was withheld
 * is taken back in the month it belongs to, which is a correction to declare; a tax that was paid to
 * the bureau before becomes a claim, and finance is called.
 * The caller holds the lock on the payout's row.
 * @returns false when it was given back before
 */
export async function giveBackPayout(
  tx: Tx,
  payout: Payout,
  { netAt, realNow }: { netAt: NetPlace['at']; realNow: Date },
): Promise<boolean> {
  const reference = `payout:${payout.id}:${netAt === 'cash' ? 'return' : 'give-back'}`;
  const { programId, distributorId, channelId } = payout;
  const isTaxPaid = await isTaxRemitted(tx, payout);
  const receivable = distributorAccount(distributorId, 'receivable');
  const balances = await lockBalances(tx, programId, [
    receivable,
    distributorAccount(distributorId, 'available'),
  ]);
  const posted = await tx.first('SELECT 1 FROM ledger_transaction WHERE reference = $1', [
    reference,
  ]);
  if (posted !== undefined) return false;
  const occurredAt = programNow(payout, realNow);
  const place: NetPlace = netAt === 'settling' ? { at: netAt } : { at: netAt, channelId };
  const shares = {
    netAmount: payout.amount,
    taxAmount: payout.taxAmount,
    feeAmount: payout.feeAmount,
  };
  await postTransactions(tx, programId, [
    {
      reference,
      kind: netAt === 'cash' ? 'payout_returned' : 'payout_given_back',
      occurredAt,
      postings: givenBack(
        distributorId,
        place,
        shares,
        -(balances.get(receivable) ?? 0n),
        isTaxPaid ? 'tax-receivable' : 'tax-payable',
      ),
    },
  ]);
  await tx.insert('earning', {
    id: newId('earning'),
    programId,
    distributorId,
    kind: 'giveBack',
    payoutId: payout.id,
    amount: payout.grossAmount,
    releaseAt: occurredAt,
    availableAt: occurredAt,
    createdAt: occurredAt,
  });
  await takeBackWithholding(tx, payout, reference, occurredAt);
  const { statementId, grossAmount } = payout;
  await giveInvoicesBack(tx, { statementId, grossAmount, reference, at: occurredAt });
  if (isTaxPaid) await openReturnedTaxCase(tx, payout, occurredAt);
  return true;
}

/** Whether the bureau has the tax already; nobody pays it there until the end of the transaction. */
async function isTaxRemitted(tx: Tx, { statementId, taxAmount }: Payout): Promise<boolean> {
  if (taxAmount === 0n) return false;
  await holdRemittances(tx, statementId);
  return isRemitted(tx, statementId);
}

/** The reversal lies in the month of the payment, not in that of the failure. */
async function takeBackWithholding(
  tx: Tx,
  payout: Payout,
  reference: string,
  at: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO withholding (payer_id, person, month, statement_id, reference, income_amount,
       tax_amount, created_at)
     SELECT payer_id, person, tax_month, id, $2, -($3::bigint), -($4::bigint), $5 FROM statement
     WHERE id = $1 AND person IS NOT NULL AND tax_method <> 'none'`,
    [payout.statementId, reference, payout.grossAmount, payout.taxAmount, at],
  );
}
