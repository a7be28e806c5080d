import { recordAudit } from '../../db/audit';
import {
  correctionsUpTo,
  type DeclarationCorrection,
  declarationRows,
  type DeclarationRow,
  type DeclarationScope,
  declarationTotals,
  declareMonth,
  lastDeclaration,
} from '../../db/declaration';
import { findPayer, mustBeOver } from '../../db/payer';
import { type TaxpayerName, taxpayerNames } from '../../db/taxpayer';
import type { Caller } from '../../domain/kernel/access';
import { Refusal } from '../../domain/kernel/refusal';
import {
  declarationCsv,
  declarationDueOn,
  type DeclarationLine,
} from '../../domain/tax/declaration';
import { documentTypeOf } from '../../domain/tax/id-number';
import type { HttpDeps } from '../deps';
import { page } from '../list';
import { media } from '../openapi';
import { answer, defineRoute, RawBody } from '../route';
import {
  DeclarationBody,
  declarationFileQuery,
  declarationParams,
  declarationQuery,
  DeclarationView,
  DeclaredView,
  payerParams,
} from '../schemas/payer';
import { modeFor } from './payer';

const tag = 'Tax';
const mayRead = { scope: 'settlements:read' } as const;
const csv = 'text/csv; charset=utf-8';

interface Reader {
  caller: Caller;
  deps: HttpDeps;
  requestId: string;
  now: Date;
}

const getFile = defineRoute({
  method: 'get',
  path: '/v1/payers/:id/declarations/:month.csv',
  summary: 'The declaration of a month as a file for the tax client',
  description:
    'UTF-8 with BOM, amounts in yuan: first the month, then corrections of months that were declared before.',
  tag,
  access: mayRead,
  params: declarationParams,
  query: declarationFileQuery,
  answers: { 200: media(csv) },
  handle: async ({ params, query, ...reader }) => {
    const { scope, storeId } = await scopeOf(reader, params, query.mode);
    const { read } = reader.deps.db;
    const rows = await declarationRows(read, scope, await lastDeclaration(read, scope));
    const corrections = await correctionsUpTo(read, scope);
    const named = await nameAll(reader, scope, storeId, query.idNumbers, [...rows, ...corrections]);
    const content = declarationCsv(named.map((row) => lineOf(row, scope)));
    const name = `declaration-${params.month}.csv`;
    return answer(200, new RawBody(csv, content), {
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'no-store',
    });
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/payers/:id/declarations/:month',
  summary: 'What a payer declares of a month: everybody who was taxed, and corrections',
  description:
    'A declared month stays as it was declared; what came later is listed under `corrections`.',
  tag,
  access: mayRead,
  params: declarationParams,
  query: declarationQuery,
  answers: { 200: DeclarationView },
  handle: async ({ params, query, ...reader }) => {
    const { scope, storeId, payer } = await scopeOf(reader, params, query.mode);
    const { read } = reader.deps.db;
    const declared = await lastDeclaration(read, scope);
    const slice = { limit: query.limit + 1, after: positionOf(query.cursor) };
    const rows = page(
      await declarationRows(read, scope, declared, slice),
      query.limit,
      ({ person, method }) => `${method} ${person}`,
    );
    const corrections = await correctionsUpTo(read, scope);
    const all = [...rows.data, ...corrections];
    const named = await nameAll(reader, scope, storeId, query.idNumbers, all);
    return answer(200, {
      payerId: payer.id,
      payerName: payer.name,
      taxNumber: payer.taxNumber,
      mode: scope.mode,
      month: scope.month,
      dueOn: declarationDueOn(scope.month),
      status: declared === undefined ? ('open' as const) : ('declared' as const),
      declared: declared ?? null,
      totals: await declarationTotals(read, scope),
      data: named.filter((row) => !isCorrection(row)).map(rowView),
      nextCursor: rows.nextCursor,
      corrections: named.filter(isCorrection).map(correctionView),
    });
  },
});

async function scopeOf(
  { caller, deps: { db } }: Reader,
  { id, month }: { id: string; month: string },
  wanted: 'test' | 'live' | undefined,
) {
  const payer = await findPayer(db.read, caller, id);
  const mode = await modeFor(db.read, caller, payer.id, wanted);
  const scope: DeclarationScope = { payerId: payer.id, mode, month };
  return { scope, payer, storeId: caller.storeId };
}

function positionOf(cursor: string | undefined) {
  const match = /^(\S+) (.+)$/.exec(cursor ?? '');
  return match === null ? undefined : { method: match[1] ?? '', person: match[2] ?? '' };
}

type Named<R extends DeclarationRow = DeclarationRow | DeclarationCorrection> = R & {
  name: string;
  documentType: DeclarationLine['documentType'];
  idNumber: string;
};

/** Puts names to people; whole ID numbers only for those who may see them, and with a record. */
async function nameAll(
  reader: Reader,
  scope: DeclarationScope,
  storeId: string,
  idNumbers: 'masked' | 'full',
  rows: readonly (DeclarationRow | DeclarationCorrection)[],
): Promise<Named[]> {
  const { db, vault } = reader.deps;
  if (idNumbers === 'full') await recordDisclosure(reader, scope);
  const persons = [...new Set(rows.map(({ person }) => person))];
  const names = await taxpayerNames(db.read, vault, storeId, persons);
  return rows.map((row) => ({ ...row, ...shown(names.get(row.person), idNumbers) }));
}

/** @throws Refusal `role_required` */
async function recordDisclosure(
  { caller, deps: { db }, requestId, now }: Reader,
  { payerId, month, mode }: DeclarationScope,
): Promise<void> {
  if (!caller.roles.some((role) => role === 'owner' || role === 'finance')) {
    throw new Refusal('role_required', 'Whole ID numbers are for finance.');
  }
  await db.transaction((tx) =>
    recordAudit(tx, {
      storeId: caller.storeId,
      actor: caller.actor,
      action: 'payer.id_numbers_disclosed',
      subjectId: payerId,
      requestId,
      after: { month, mode },
      at: now,
    }),
  );
}

function shown(taxpayer: TaxpayerName | undefined, idNumbers: 'masked' | 'full') {
  if (taxpayer === undefined) {
    return { name: '', documentType: 'residentId' as const, idNumber: '' };
  }
  const number = taxpayer.idNumber();
  return {
    name: taxpayer.name,
    documentType: documentTypeOf(number),
    idNumber: idNumbers === 'full' ? number : taxpayer.idNumberMasked,
  };
}

function isCorrection(row: Named): row is Named<DeclarationCorrection> {
  return 'declared' in row;
}

function lineOf(row: Named, { month }: DeclarationScope): DeclarationLine {
  const { name, documentType, idNumber, method, figures } = row;
  const line = { name, documentType, idNumber, method, figures };
  return isCorrection(row)
    ? { ...line, month: row.month, declared: row.declared }
    : { ...line, month };
}

function rowView({ name, documentType, idNumber, method, figures }: Named) {
  return { name, documentType, idNumber, method, figures };
}

function correctionView(row: Named<DeclarationCorrection>) {
  const { month, declared, figures } = row;
  return {
    ...rowView(row),
    month,
    declared,
    incomeDifferenceAmount: BigInt(figures.incomeAmount - (declared?.incomeAmount ?? 0)),
    withheldDifferenceAmount: BigInt(figures.withheldAmount - (declared?.withheldAmount ?? 0)),
  };
}

const post = defineRoute({
  method: 'post',
  path: '/v1/payers/:id/declarations',
  summary: 'Record that a month was declared as it stands now',
  description:
    'Keeps what was declared. What changes later is listed as a correction; declared again, the month gets its next version.',
  tag,
  access: { scope: 'settlements:write', roles: ['owner', 'finance'] },
  params: payerParams,
  body: DeclarationBody,
  answers: { 201: DeclaredView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id: payerId } = await findPayer(tx, caller, params.id);
    const { month, reference = null } = body;
    const mode = await modeFor(tx, caller, payerId, body.mode);
    await mustBeOver(tx, payerId, { month, mode, realNow: now });
    const scope = { payerId, mode, month };
    const head = await declareMonth(tx, scope, { reference, actor: caller.actor, realNow: now });
    await audit({
      action: 'payer.month_declared',
      subjectId: payerId,
      after: { declarationId: head.id, month, mode, version: head.version },
    });
    return answer(201, head);
  },
});

export const declarationRoutes = [getFile, get, post];
