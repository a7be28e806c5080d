import { programNow } from '../domain/kernel/clock';
import { groupBy } from '../domain/kernel/group';
import { monthOf, monthSpan } from '../domain/kernel/period';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { newId } from './id';
import type { GapPolicy, Reach, TaxMethod } from './program';

/** How a payer withholds tax from a moment on. */
export interface TaxTerms {
  method: TaxMethod;
  /** what `platformCumulative` does after a month without income */
  gapPolicy: GapPolicy;
  /** the payer's own record that it filed as a platform */
  platformDeclaration: { filedAt: Date; reference: string } | null;
}

export interface PayerRow {
  id: string;
  storeId: string;
  name: string;
  taxNumber: string;
  createdAt: Date;
}

export interface MethodRow {
  validFrom: Date;
  method: TaxMethod;
  gapPolicy: GapPolicy;
  platformDeclaration: { filedAt: string; reference: string } | null;
}

/** Who pays and the tax method that counts last, as a program's answer shows them. */
export interface PayerView {
  payer: PayerRow;
  tax: MethodRow;
}

/**
 * The payer with this tax number in a store, made when it is new. All programs of a payer share one
 * tax method.
 * @throws Refusal `payer_method_conflict`
 */
export async function payerFor(
  tx: Tx,
  input: {
    storeId: string;
    name: string;
    taxNumber: string;
    terms: TaxTerms;
    /** from when the method counts when the payer is new */
    validFrom: Date;
    realNow: Date;
  },
): Promise<PayerView> {
  const { storeId, name, taxNumber, terms, validFrom, realNow } = input;
  const id = newId('payer');
  const made = await tx.run(
    `INSERT INTO payer (id, store_id, name, tax_number, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (store_id, tax_number) DO NOTHING`,
    [id, storeId, name, taxNumber, realNow],
  );
  if (made === 1) {
    await tx.insert('payer_tax_method', {
      payerId: id,
      validFrom,
      method: terms.method,
      gapPolicy: terms.gapPolicy,
      platformDeclaration:
        terms.platformDeclaration === null ? null : JSON.stringify(terms.platformDeclaration),
    });
  }
  const payer = await tx.first<{ id: string }>(
    'SELECT id FROM payer WHERE store_id = $1 AND tax_number = $2 FOR SHARE',
    [storeId, taxNumber],
  );
  const view = await payerView(tx, payer?.id ?? id, realNow);
  const gapCounts = terms.method === 'platformCumulative';
  const { method, gapPolicy } = view.tax;
  if (method !== terms.method || (gapCounts && gapPolicy !== terms.gapPolicy)) {
    throw new Refusal(
      'payer_method_conflict',
      `This payer withholds by ${method} (${gapPolicy}); all its programs share that.`,
    );
  }
  return view;
}

/**
 * A payer with the tax method in force at a moment; before the first one began, the first.
 * @param at on the clock of the program that asks, or real time
 */
export async function payerView(read: Tx, payerId: string, at: Date): Promise<PayerView> {
  const payer = await read.first<PayerRow>('SELECT * FROM payer WHERE id = $1', [payerId]);
  const tax = await read.first<MethodRow>(
    `SELECT valid_from, method, gap_policy, platform_declaration FROM payer_tax_method
     WHERE payer_id = $1 ORDER BY (valid_from <= $2) DESC,
       CASE WHEN valid_from <= $2 THEN valid_from END DESC, valid_from LIMIT 1`,
    [payerId, at],
  );
  if (payer === undefined || tax === undefined) throw new Error(`payer ${payerId} is incomplete`);
  return { payer, tax };
}

/** A key sees the payers of programs of its own mode. Parameters: $1 store, $2 mode. */
const reachable = `store_id = $1 AND ($2 = 'both' OR EXISTS (
  SELECT 1 FROM program g WHERE g.payer_id = payer.id AND g.mode = $2))`;

/** @throws Refusal `not_found`, also for another store's payer and one of the other mode */
export async function findPayer(read: Tx, caller: Reach, id: string): Promise<PayerRow> {
  const payer = await read.first<PayerRow>(`SELECT * FROM payer WHERE ${reachable} AND id = $3`, [
    caller.storeId,
    caller.mode,
    id,
  ]);
  if (payer === undefined) throw new Refusal('not_found', 'There is no such payer.');
  return payer;
}

/** Payers that a caller may see, the latest first, before a cursor. */
export function payersOf(
  read: Tx,
  caller: Reach,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<PayerRow[]> {
  return read.rows<PayerRow>(
    `SELECT * FROM payer WHERE ${reachable} AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [caller.storeId, caller.mode, before ?? null, limit],
  );
}

/** All methods of payers by payer, the earliest first. */
export async function methodsOf(
  read: Tx,
  payerIds: readonly string[],
): Promise<Map<string, MethodRow[]>> {
  const rows = await read.rows<MethodRow & { payerId: string }>(
    `SELECT payer_id, valid_from, method, gap_policy, platform_declaration FROM payer_tax_method
     WHERE payer_id = ANY($1) ORDER BY valid_from`,
    [payerIds],
  );
  return groupBy(rows, ({ payerId }) => payerId);
}

/** A program of a payer, as far as tax asks for it. */
interface OwnProgram {
  mode: 'test' | 'live';
  currency: string;
  timeZone: string;
  clockOffsetMs: bigint;
}

function programsOf(read: Tx, payerId: string): Promise<OwnProgram[]> {
  return read.rows<OwnProgram>(
    'SELECT mode, currency, time_zone, clock_offset_ms FROM program WHERE payer_id = $1 ORDER BY id',
    [payerId],
  );
}

/**
 * The programs that count when nobody says which: live ones where the payer has any. Payments of
 * test programs are never declared together with live ones.
 */
export async function usualMode(read: Tx, payerId: string): Promise<'test' | 'live'> {
  const programs = await programsOf(read, payerId);
  return programs.some(({ mode }) => mode === 'live') ? 'live' : 'test';
}

/**
 * Makes sure that a month is over on the clock of a program of the payer.
 * @throws Refusal `month_not_over`
 */
export async function mustBeOver(
  read: Tx,
  payerId: string,
  { month, mode, realNow }: { month: string; mode: 'test' | 'live'; realNow: Date },
): Promise<void> {
  const programs = await programsOf(read, payerId);
  const isOver = programs.some(
    (program) =>
      program.mode === mode && monthOf(programNow(program, realNow), program.timeZone) > month,
  );
  if (!isOver) throw new Refusal('month_not_over', `${month} is not over yet.`);
}

/**
 * Announces the tax method of a payer from a month on. What was paid stays as it was taxed, so the
 * month must lie ahead on the clocks of all programs, after the last change; a new method begins
 * with new running totals.
 * @throws Refusal `tax_method_would_rewrite`, `currency_not_supported`
 */
export async function announceMethod(
  tx: Tx,
  payerId: string,
  { month, terms, realNow }: { month: string; terms: TaxTerms; realNow: Date },
): Promise<MethodRow> {
  await tx.run('SELECT 1 FROM payer WHERE id = $1 FOR NO KEY UPDATE', [payerId]);
  const programs = await programsOf(tx, payerId);
  const validFrom = monthSpan(month, programs[0]?.timeZone ?? defaultZone).from;
  const latest = (await methodsOf(tx, [payerId])).get(payerId)?.at(-1);
  const isAhead = programs.every(
    (program) => monthOf(programNow(program, realNow), program.timeZone) < month,
  );
  if (!isAhead || (latest !== undefined && latest.validFrom >= validFrom)) {
    throw new Refusal(
      'tax_method_would_rewrite',
      'A method begins with a month that is still ahead for all programs, after the last change.',
    );
  }
  if (terms.method !== 'none' && programs.some(({ currency }) => currency !== 'CNY')) {
    throw new Refusal('currency_not_supported', 'Only CNY can be taxed; a program has another.');
  }
  const { platformDeclaration } = terms;
  await tx.insert('payer_tax_method', {
    payerId,
    validFrom,
    method: terms.method,
    gapPolicy: terms.gapPolicy,
    platformDeclaration: platformDeclaration === null ? null : JSON.stringify(platformDeclaration),
  });
  const view = await payerView(tx, payerId, validFrom);
  return view.tax;
}

const defaultZone = 'Asia/Shanghai';
