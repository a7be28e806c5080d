import type { Tx } from '../../db/database';
import {
  announceMethod,
  findPayer,
  methodsOf,
  mustBeOver,
  payersOf,
  type PayerRow,
  usualMode,
} from '../../db/payer';
import { remittancesOf, remitTax } from '../../db/tax-remittance';
import type { Caller, Mode } from '../../domain/kernel/access';
import { Refusal } from '../../domain/kernel/refusal';
import { normalCreditCode } from '../../domain/tax/id-number';
import { listOf, listQuery, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  payerParams,
  PayerView,
  RemittanceBody,
  RemittanceView,
  TaxMethodBody,
  TaxMethodView,
} from '../schemas/payer';

const tag = 'Tax';
const mayRead = { scope: 'programs:read' } as const;
const mayPay = { scope: 'settlements:write', roles: ['owner', 'finance'] } as const;

const listPayers = defineRoute({
  method: 'get',
  path: '/v1/payers',
  summary: 'List the payers: who owes the money and withholds the tax',
  tag,
  access: mayRead,
  query: listQuery,
  answers: { 200: listOf(PayerView) },
  handle: async ({ query: { limit, cursor }, caller, deps: { db } }) => {
    const rows = await payersOf(db.read, caller, { limit: limit + 1, before: cursor });
    const payers = page(rows, limit, ({ id }) => id);
    return answer(200, { ...payers, data: await viewsOf(db.read, payers.data) });
  },
});

const getPayer = defineRoute({
  method: 'get',
  path: '/v1/payers/:id',
  summary: 'Read a payer with its tax methods',
  tag,
  access: mayRead,
  params: payerParams,
  answers: { 200: PayerView },
  handle: async ({ params, caller, deps: { db } }) => {
    const [view] = await viewsOf(db.read, [await findPayer(db.read, caller, params.id)]);
    return answer(200, view!);
  },
});

async function viewsOf(read: Tx, payers: readonly PayerRow[]) {
  const methods = await methodsOf(
    read,
    payers.map(({ id }) => id),
  );
  return payers.map(({ id, name, taxNumber, createdAt }) => ({
    id,
    name,
    taxNumber,
    taxMethods: (methods.get(id) ?? []).map(({ validFrom, method, gapPolicy, ...rest }) => ({
      validFrom,
      method,
      gapPolicy,
      platformDeclaration: rest.platformDeclaration,
    })),
    createdAt,
  }));
}

const postMethod = defineRoute({
  method: 'post',
  path: '/v1/payers/:id/tax-methods',
  summary: 'Change the tax method of a payer from a month on',
  description:
    'The month lies ahead for all programs of the payer; what was paid before stays as it was taxed. The new method begins with new running totals.',
  tag,
  access: { scope: 'programs:write', roles: ['owner', 'finance'] },
  params: payerParams,
  body: TaxMethodBody,
  answers: { 201: TaxMethodView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const payer = await findPayer(tx, caller, params.id);
    const { month, method, gapPolicy, platformDeclaration } = body;
    if (method === 'platformCumulative' && platformDeclaration === undefined) {
      throw new Refusal(
        'platform_declaration_required',
        'platformCumulative is for payers that filed as a platform (STA Announcement 2025 No. 15).',
      );
    }
    if (method !== 'none' && normalCreditCode(payer.taxNumber) === undefined) {
      throw new Refusal('invalid_tax_number', "The payer's tax number cannot withhold tax.");
    }
    const terms = { method, gapPolicy, platformDeclaration: platformDeclaration ?? null };
    const made = await announceMethod(tx, payer.id, { month, terms, realNow: now });
    await audit({
      action: 'payer.tax_method_announced',
      subjectId: payer.id,
      after: { month, method, gapPolicy },
    });
    const { validFrom } = made;
    return answer(201, {
      validFrom,
      method: made.method,
      gapPolicy: made.gapPolicy,
      platformDeclaration: made.platformDeclaration,
    });
  },
});

const postRemittance = defineRoute({
  method: 'post',
  path: '/v1/payers/:id/tax-remittances',
  summary: 'Book that the tax of a month was paid to the bureau',
  description:
    'Takes everything withheld in the month that was not paid before: tax-payable becomes tax-remitted in each program of the payer. The same reference again books nothing.',
  tag,
  access: mayPay,
  params: payerParams,
  body: RemittanceBody,
  answers: { 201: RemittanceView, 200: RemittanceView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id: payerId } = await findPayer(tx, caller, params.id);
    const { month, reference } = body;
    const mode = await modeFor(tx, caller, payerId, body.mode);
    await mustBeOver(tx, payerId, { month, mode, realNow: now });
    const input = { payerId, mode, month, reference, actor: caller.actor, realNow: now };
    const { remittance, created } = await remitTax(tx, input);
    if (!created) return answer(200, remittance);
    await audit({
      action: 'payer.tax_remitted',
      subjectId: payerId,
      after: { remittanceId: remittance.id, month, mode, amount: remittance.amount.toString() },
    });
    return answer(201, remittance);
  },
});

/**
 * Whose programs a request is about: an API key knows its own mode only.
 * @throws Refusal `not_found` when a key asks for the other mode
 */
export async function modeFor(
  read: Tx,
  caller: Caller,
  payerId: string,
  wanted: Mode | undefined,
): Promise<Mode> {
  if (caller.mode === 'both') return wanted ?? usualMode(read, payerId);
  if (wanted !== undefined && wanted !== caller.mode) {
    throw new Refusal('not_found', `A ${caller.mode} key sees ${caller.mode} programs only.`);
  }
  return caller.mode;
}

const listRemittances = defineRoute({
  method: 'get',
  path: '/v1/payers/:id/tax-remittances',
  summary: 'List what was paid to the bureau, the latest first',
  tag,
  access: { scope: 'settlements:read' },
  params: payerParams,
  query: listQuery,
  answers: { 200: listOf(RemittanceView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findPayer(db.read, caller, params.id);
    const { mode } = caller;
    const rows = await remittancesOf(db.read, id, { mode, limit: limit + 1, before: cursor });
    return answer(
      200,
      page(rows, limit, (row) => row.id),
    );
  },
});

export const payerRoutes = [listPayers, getPayer, postMethod, postRemittance, listRemittances];
