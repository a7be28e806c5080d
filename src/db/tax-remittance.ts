import { addDays, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { taxRecovered, taxRemitted } from '../domain/ledger/posting';
import type { Decision } from '../domain/review/kind';
import type { Tx } from './database';
import { newId } from './id';
import { postTransactions } from './ledger';
import { openReview } from './review';

/** Days of the program's clock until a task is escalated. */
const reviewDays = 5;

/** Tax of a month that a payer has paid to the bureau, fen. */
export interface RemittanceRow {
  id: string;
  payerId: string;
  mode: 'test' | 'live';
  month: string;
  reference: string;
  amount: bigint;
  actor: string;
  createdAt: Date;
}

export interface NewRemittance {
  payerId: string;
  mode: 'test' | 'live';
  month: string;
  /** of the payment to the bureau: the same again books nothing */
  reference: string;
  actor: string;
  realNow: Date;
}

const returnedTax = 'returned_tax';
const lockOf = (payer: string) => `hashtextextended('remittance:' || ${payer}, 0)`;

/**
 * Books that what was withheld in a month is paid to the bureau: `tax-payable` to `tax-remitted`, in
 * every program of the payer, less what came back before. What a month brings later is the next one's.
 * @throws Refusal `nothing_to_remit`, `remittance_conflict`
 */
export async function remitTax(
  tx: Tx,
  input: NewRemittance,
): Promise<{ remittance: RemittanceRow; created: boolean }> {
  const { payerId, mode, month, reference, actor, realNow: createdAt } = input;
  await tx.run(`SELECT pg_advisory_xact_lock(${lockOf('$1::text')})`, [payerId]);
  const before = await tx.first<RemittanceRow>(
    'SELECT * FROM tax_remittance WHERE payer_id = $1 AND mode = $2 AND reference = $3',
    [payerId, mode, reference],
  );
  if (before !== undefined && before.month !== month) {
    throw new Refusal('remittance_conflict', 'This reference paid the tax of another month.');
  }
  if (before !== undefined) return { remittance: before, created: false };
  const items = await unremitted(tx, input);
  const amount = items.reduce((sum, { taxAmount }) => sum + taxAmount, 0n);
  if (amount <= 0n) {
    throw new Refusal('nothing_to_remit', `Of ${month} there is no tax that is not paid yet.`);
  }
  const id = newId('taxRemittance');
  const remittance = { id, payerId, mode, month, reference, amount, actor, createdAt };
  await tx.insert('tax_remittance', remittance);
  await tx.run(
    `INSERT INTO tax_remittance_item (withholding_id, remittance_id, statement_id)
     SELECT w.id, $2, w.statement_id FROM withholding w WHERE w.id = ANY($1)`,
    [items.map((item) => item.id), id],
  );
  await postRemittance(tx, remittance, items);
  return { remittance, created: true };
}

interface Item {
  id: bigint;
  taxAmount: bigint;
  programId: string;
  clockOffsetMs: bigint;
}

/** A statement of which a part was paid already has no share here: its give-backs are claims. */
function unremitted(tx: Tx, { payerId, mode, month }: NewRemittance): Promise<Item[]> {
  return tx.rows<Item>(
    `SELECT w.id, w.tax_amount, s.program_id, p.clock_offset_ms
     FROM withholding w JOIN statement s ON s.id = w.statement_id
     JOIN program p ON p.id = s.program_id
     WHERE w.payer_id = $1 AND w.month = $2 AND p.mode = $3 AND w.tax_amount <> 0
       AND NOT EXISTS (SELECT 1 FROM tax_remittance_item r WHERE r.statement_id = w.statement_id)
     ORDER BY w.id`,
    [payerId, month, mode],
  );
}

async function postRemittance(
  tx: Tx,
  remittance: RemittanceRow,
  items: readonly Item[],
): Promise<void> {
  const programs = new Map(items.map((item) => [item.programId, item]));
  for (const programId of [...programs.keys()].sort()) {
    const amount = items
      .filter((item) => item.programId === programId)
      .reduce((sum, { taxAmount }) => sum + taxAmount, 0n);
    if (amount === 0n) continue;
    await postTransactions(tx, programId, [
      {
        reference: `tax-remittance:${remittance.id}:${programId}`,
        kind: 'tax_remitted',
        occurredAt: programNow(programs.get(programId)!, remittance.createdAt),
        postings: taxRemitted(amount),
      },
    ]);
  }
}

/** Until the end of the transaction nobody pays tax of this statement's payer to the bureau. */
export async function holdRemittances(tx: Tx, statementId: string): Promise<void> {
  await tx.run(
    `SELECT pg_advisory_xact_lock_shared(${lockOf('payer_id')}) FROM statement WHERE id = $1`,
    [statementId],
  );
}

/** Whether the tax of a statement was paid to the bureau. */
export async function isRemitted(read: Tx, statementId: string): Promise<boolean> {
  const item = await read.first(
    'SELECT 1 FROM tax_remittance_item WHERE statement_id = $1 LIMIT 1',
    [statementId],
  );
  return item !== undefined;
}

/** Tax that the bureau has came back to the person: finance corrects the month there. */
export async function openReturnedTaxCase(
  tx: Tx,
  payout: { id: string; programId: string; statementId: string; taxAmount: bigint },
  at: Date,
): Promise<void> {
  const { id, programId, statementId, taxAmount } = payout;
  const found = await tx.first<{ storeId: string; payerId: string; month: string }>(
    `SELECT p.store_id, s.payer_id, s.tax_month AS month FROM statement s
     JOIN program p ON p.id = s.program_id WHERE s.id = $1`,
    [statementId],
  );
  if (found === undefined) throw new Error(`payout ${id} has no statement`);
  const { storeId, ...facts } = found;
  await openReview(tx, {
    storeId,
    programId,
    kind: 'reconciliation',
    subjectId: id,
    dueAt: addDays(at, reviewDays),
    createdAt: at,
    facts: { about: returnedTax, ...facts, statementId, taxAmount: taxAmount.toString() },
  });
}

/** What finance decides of tax that the bureau has: of which payment, and how much. */
interface ReturnedTax {
  programId: string;
  /** the payout that came back */
  subjectId: string;
  facts: Record<string, unknown>;
}

/**
 * Finance has decided about returned tax: approved, the bureau has refunded it or set it off, and the
 * claim is booked out; rejected, it stays a claim.
 * @param at on the program's clock
 */
export async function decideReturnedTax(
  tx: Tx,
  { programId, subjectId, facts }: ReturnedTax,
  { outcome, at }: { outcome: Decision; at: Date },
): Promise<void> {
  if (facts['about'] !== returnedTax || outcome === 'reject') return;
  const amount = BigInt(String(facts['taxAmount']));
  await postTransactions(tx, programId, [
    {
      reference: `payout:${subjectId}:tax-recovered`,
      kind: 'tax_recovered',
      occurredAt: at,
      postings: taxRecovered(amount),
    },
  ]);
}

/** Remittances of a payer, the latest first, before a cursor. */
export function remittancesOf(
  read: Tx,
  payerId: string,
  slice: { mode: 'test' | 'live' | 'both'; limit: number; before: string | undefined },
): Promise<RemittanceRow[]> {
  return read.rows<RemittanceRow>(
    `SELECT * FROM tax_remittance WHERE payer_id = $1 AND ($2 = 'both' OR mode = $2)
       AND ($3::text IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
    [payerId, slice.mode, slice.before ?? null, slice.limit],
  );
}
