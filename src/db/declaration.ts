import { groupBy } from '../domain/kernel/group';
import { monthsOfYearUntil } from '../domain/kernel/period';
import { Refusal } from '../domain/kernel/refusal';
import {
  type DeclarationFigures,
  declarationFigures,
  type DeclaredMethod,
  sameFigures,
} from '../domain/tax/declaration';
import { methodOfMonth } from '../domain/tax/method';
import { type MonthTotal, standingOf } from '../domain/tax/withhold';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';
import { methodsOf } from './payer';
import { lockPayerTotals } from './withholding';

/** What is declared: one month of one payer, of its test or its live programs. */
export interface DeclarationScope {
  payerId: string;
  mode: 'test' | 'live';
  month: string;
}

/** One person in a declaration. */
export interface DeclarationRow {
  person: string;
  method: DeclaredMethod;
  figures: DeclarationFigures;
}

/** A month as it was declared; a correction is the next version. */
export interface DeclarationHead {
  id: string;
  month: string;
  version: number;
  reference: string | null;
  createdAt: Date;
}

/** A row that is not what was declared of an earlier month any more. */
export interface DeclarationCorrection extends DeclarationRow {
  month: string;
  /** null: nothing was declared of the person */
  declared: DeclarationFigures | null;
}

interface Slice {
  limit: number;
  /** the person and method with which the page before ended */
  after: { person: string; method: string } | undefined;
}

/** Corrections look this many declared months back. */
const monthsBack = 36;
const everything: Slice = { limit: 10_000_000, after: undefined };

/** What was declared last of a month, or undefined. */
export function lastDeclaration(
  read: Tx,
  { payerId, mode, month }: DeclarationScope,
): Promise<DeclarationHead | undefined> {
  return read.first<DeclarationHead>(
    `SELECT id, month, version, reference, created_at FROM tax_declaration
     WHERE payer_id = $1 AND mode = $2 AND month = $3 ORDER BY version DESC LIMIT 1`,
    [payerId, mode, month],
  );
}

/** The rows of a month: as they were declared, else as they stand now. By person and method. */
export async function declarationRows(
  read: Tx,
  scope: DeclarationScope,
  declared: DeclarationHead | undefined,
  slice: Slice = everything,
): Promise<DeclarationRow[]> {
  return declared === undefined
    ? rowsNow(read, scope, await taxedIn(read, scope, slice))
    : declaredRows(read, declared.id, slice);
}

function declaredRows(read: Tx, id: string, { limit, after }: Slice): Promise<DeclarationRow[]> {
  return read.rows<DeclarationRow>(
    `SELECT person, method, figures FROM tax_declaration_row
     WHERE declaration_id = $1 AND (person, method) > ($2, $3)
     ORDER BY person, method LIMIT $4`,
    [id, after?.person ?? '', after?.method ?? '', limit],
  );
}

/** Who was taxed in a month by which method: whose payments all came back is not declared. */
function taxedIn(
  read: Tx,
  { payerId, mode, month }: DeclarationScope,
  { limit, after }: Slice,
): Promise<Taxed[]> {
  return read.rows<Taxed>(
    `SELECT w.person, s.tax_method AS method
     FROM withholding w JOIN statement s ON s.id = w.statement_id
     JOIN program p ON p.id = s.program_id
     WHERE w.payer_id = $1 AND p.mode = $2 AND w.month = $3 AND (w.person, s.tax_method) > ($4, $5)
     GROUP BY w.person, s.tax_method
     HAVING sum(w.income_amount) <> 0 OR sum(w.tax_amount) <> 0
     ORDER BY w.person, s.tax_method LIMIT $6`,
    [payerId, mode, month, after?.person ?? '', after?.method ?? '', limit],
  );
}

interface Taxed {
  person: string;
  method: DeclaredMethod;
}

const keyOf = ({ person, method }: Taxed) => `${method} ${person}`;

/** What would be declared of people for a month now. */
async function rowsNow(
  read: Tx,
  scope: DeclarationScope,
  taxed: readonly Taxed[],
): Promise<DeclarationRow[]> {
  const { payerId, mode, month } = scope;
  if (taxed.length === 0) return [];
  const totals = groupBy(
    await read.rows<MonthTotal & Taxed>(
      `SELECT w.person, s.tax_method AS method, w.month, sum(w.income_amount)::bigint AS income_amount,
         sum(w.tax_amount)::bigint AS tax_amount
       FROM withholding w JOIN statement s ON s.id = w.statement_id
       JOIN program p ON p.id = s.program_id
       WHERE w.payer_id = $1 AND p.mode = $2 AND w.month = ANY($3) AND w.person = ANY($4)
       GROUP BY w.person, s.tax_method, w.month`,
      [payerId, mode, monthsOfYearUntil(month), [...new Set(taxed.map(({ person }) => person))]],
    ),
    keyOf,
  );
  const methods = (await methodsOf(read, [payerId])).get(payerId) ?? [];
  return taxed.map(({ person, method }) => {
    const { gapPolicy, since } = methodOfMonth(methods, month, method) ?? neverChanged;
    const history = (totals.get(keyOf({ person, method })) ?? []).filter(
      (total) => since === null || total.month >= since,
    );
    const standing = standingOf(method, { gapPolicy, month, history });
    return { person, method, figures: declarationFigures(method, month, standing) };
  });
}

const neverChanged = { gapPolicy: 'restart', since: null } as const;

/** People and sums of a month, fen. */
export interface DeclarationTotals {
  people: number;
  incomeAmount: bigint;
  withheldAmount: bigint;
}

export async function declarationTotals(
  read: Tx,
  { payerId, mode, month }: DeclarationScope,
): Promise<DeclarationTotals> {
  const totals = await read.first<DeclarationTotals>(
    `SELECT count(*)::int AS people, coalesce(sum(income), 0)::bigint AS income_amount,
       coalesce(sum(tax), 0)::bigint AS withheld_amount
     FROM (
       SELECT sum(w.income_amount) AS income, sum(w.tax_amount) AS tax
       FROM withholding w JOIN statement s ON s.id = w.statement_id
       JOIN program p ON p.id = s.program_id
       WHERE w.payer_id = $1 AND p.mode = $2 AND w.month = $3
       GROUP BY w.person HAVING sum(w.income_amount) <> 0 OR sum(w.tax_amount) <> 0
     ) person`,
    [payerId, mode, month],
  );
  return totals ?? { people: 0, incomeAmount: 0n, withheldAmount: 0n };
}

/**
 * What is not as it was declared, in the months declared so far up to and with this one: payments
 * that came back or were made later, and what follows from them in the months after of the year.
 */
export async function correctionsUpTo(
  read: Tx,
  scope: DeclarationScope,
): Promise<DeclarationCorrection[]> {
  const { payerId, mode, month } = scope;
  const heads = await read.rows<DeclarationHead>(
    `SELECT DISTINCT ON (month) id, month, version, reference, created_at FROM tax_declaration
     WHERE payer_id = $1 AND mode = $2 AND month <= $3 ORDER BY month DESC, version DESC
     LIMIT ${monthsBack}`,
    [payerId, mode, month],
  );
  const corrections: DeclarationCorrection[] = [];
  const touched = new Map<string, Taxed>();
  let year = '';
  for (const head of heads.reverse()) {
    if (head.month.slice(0, 4) !== year) touched.clear();
    year = head.month.slice(0, 4);
    const own = { ...scope, month: head.month };
    for (const taxed of await movedSince(read, own, head.id)) touched.set(keyOf(taxed), taxed);
    corrections.push(...(await correctionsOf(read, own, head.id, [...touched.values()])));
  }
  return corrections;
}

/** Whose income or tax of a month is not what was declared. */
function movedSince(
  read: Tx,
  { payerId, mode, month }: DeclarationScope,
  declarationId: string,
): Promise<Taxed[]> {
  return read.rows<Taxed>(
    `WITH now AS (
       SELECT w.person, s.tax_method AS method, sum(w.income_amount) AS income,
         sum(w.tax_amount) AS tax
       FROM withholding w JOIN statement s ON s.id = w.statement_id
       JOIN program p ON p.id = s.program_id
       WHERE w.payer_id = $1 AND p.mode = $2 AND w.month = $3 GROUP BY 1, 2
     ), declared AS (
       SELECT person, method, (figures ->> 'incomeAmount')::numeric AS income,
         (figures ->> 'withheldAmount')::numeric AS tax
       FROM tax_declaration_row WHERE declaration_id = $4
     )
     SELECT person, method FROM now FULL JOIN declared USING (person, method)
     WHERE coalesce(now.income, 0) <> coalesce(declared.income, 0)
       OR coalesce(now.tax, 0) <> coalesce(declared.tax, 0)
     ORDER BY person, method`,
    [payerId, mode, month, declarationId],
  );
}

async function correctionsOf(
  read: Tx,
  scope: DeclarationScope,
  declarationId: string,
  taxed: readonly Taxed[],
): Promise<DeclarationCorrection[]> {
  const rows = await rowsNow(read, scope, taxed);
  const before = new Map(
    (
      await read.rows<DeclarationRow>(
        `SELECT person, method, figures FROM tax_declaration_row
         WHERE declaration_id = $1 AND person = ANY($2)`,
        [declarationId, taxed.map(({ person }) => person)],
      )
    ).map((row) => [keyOf(row), row.figures]),
  );
  return rows.flatMap((row) => {
    const declared = before.get(keyOf(row)) ?? null;
    const isNothing = row.figures.incomeAmount === 0 && row.figures.withheldAmount === 0;
    if (declared === null ? isNothing : sameFigures(row.figures, declared)) return [];
    return [{ ...row, month: scope.month, declared }];
  });
}

const rowColumns = {
  declarationId: 'text',
  person: 'text',
  method: 'text',
  figures: 'jsonb',
} as const;

/**
 * Records that a month was declared as it stands now; what changes later is a correction against it.
 * Declared again, it is the next version.
 * @throws Refusal `nothing_to_declare` when it is as it was declared already
 */
export async function declareMonth(
  tx: Tx,
  scope: DeclarationScope,
  { reference, actor, realNow }: { reference: string | null; actor: string; realNow: Date },
): Promise<DeclarationHead> {
  // A payment that is approved at this moment is in it or a correction, never half.
  await lockPayerTotals(tx, scope.payerId);
  const last = await lastDeclaration(tx, scope);
  const corrections = last === undefined ? [] : await correctionsUpTo(tx, scope);
  if (last !== undefined && corrections.every(({ month }) => month !== scope.month)) {
    throw new Refusal('nothing_to_declare', 'This month was declared as it stands.');
  }
  const rows = await declarationRows(tx, scope, undefined);
  const id = newId('taxDeclaration');
  const { payerId, mode, month } = scope;
  const version = (last?.version ?? 0) + 1;
  const head = { id, month, version, reference, createdAt: realNow };
  await tx.insert('tax_declaration', { ...head, payerId, mode, actor });
  await insertMany(
    tx,
    'tax_declaration_row',
    rowColumns,
    rows.map((row) => ({ declarationId: id, ...row })),
  );
  return head;
}
