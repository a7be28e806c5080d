import { kindOf } from '../../channels/registry';
import { lookAgainAtRisk } from '../../db/application';
import { channelById, openSettings } from '../../db/channel';
import type { Tx } from '../../db/database';
import { findDistributor } from '../../db/distributor';
import {
  balanceOf,
  entriesOf,
  payoutAccountOf,
  type PayoutAccountRow,
  putPayoutAccount,
  putTaxProfile,
  taxProfileOf,
  type TaxProfileRow,
} from '../../db/distributor-account';
import { type TeamRow, teamOf, teamSums } from '../../db/team';
import type { Vault } from '../../db/vault';
import { maySeeTeam } from '../../domain/distributor/privilege';
import type { DistributorStatus } from '../../domain/distributor/state';
import { Refusal } from '../../domain/kernel/refusal';
import type { DistributorRole } from '../../domain/ledger/account';
import { normalIdNumber } from '../../domain/tax/id-number';
import { listOf, listQuery, mapPage, page, wholeNumber } from '../list';
import { demandPrivilege, privilegesFor } from '../privilege';
import { answer, defineRoute } from '../route';
import {
  BalanceView,
  distributorParams,
  EntryView,
  PayoutAccountBody,
  PayoutAccountView,
  TaxProfileBody,
  TaxProfileView,
  teamQuery,
  TeamView,
} from '../schemas/distributor';

const tag = 'Distributors';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;

const getBalance = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/balance',
  summary: 'What a distributor has earned and where the money stands',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: BalanceView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    return answer(200, await balanceOf(db.read, id));
  },
});

const getLedger = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/ledger',
  summary: 'The ledger entries of a distributor, the latest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(EntryView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await entriesOf(db.read, id, { limit: limit + 1, before: wholeNumber(cursor) });
    const entries = page(rows, limit, (row) => row.id.toString());
    const view = ({ role, ...row }: (typeof rows)[0]) => ({
      ...row,
      id: row.id.toString(),
      account: role as DistributorRole,
    });
    return answer(200, mapPage(entries, view));
  },
});

const getTeam = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/team',
  summary: 'The people below a distributor, level by level',
  tag,
  access: mayRead,
  params: distributorParams,
  query: teamQuery,
  answers: { 200: TeamView },
  handle: async ({ params, query: { limit, cursor, depth }, caller, now, deps: { db } }) => {
    const distributor = await findDistributor(db.read, caller, params.id);
    const privileges = await privilegesFor(db.read, caller, distributor, now);
    demandPrivilege(privileges, (granted) => maySeeTeam(granted, depth), 'this view of the team');
    const team = { programId: distributor.programId, distributorId: distributor.id, depth };
    const [rows, sums] = await Promise.all([
      teamOf(db.read, team, { limit: limit + 1, after: teamPosition(cursor) }),
      cursor === undefined ? teamSums(db.read, team) : null,
    ]);
    const members = page(rows, limit, (row) => `${row.level} ${row.id}`);
    const view = (row: TeamRow) => ({ ...row, status: row.status as DistributorStatus });
    return answer(200, { ...mapPage(members, view), sums });
  },
});

function teamPosition(cursor: string | undefined): { level: number; id: string } {
  const match = /^(\d{1,2}) (\S+)$/.exec(cursor ?? '');
  return { level: Number(match?.[1] ?? 0), id: match?.[2] ?? '' };
}

const payoutAccountPath = '/v1/distributors/:id/payout-account';

const putAccount = defineRoute({
  method: 'put',
  path: payoutAccountPath,
  summary: 'Say where the money goes',
  description:
    'Counts for payouts approved from now on; an approved payout keeps its account. An account that its channel cannot pay is refused: a card or an IBAN whose check digits are wrong, an openid, a sign-in name or a user id of another form.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: PayoutAccountBody,
  answers: { 200: PayoutAccountView },
  write: async ({ tx, params, body, caller, now, deps: { vault }, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const { id: distributorId, storeId } = distributor;
    const number = await accountAt(tx, vault, { ...body, storeId });
    const input = { ...body, account: number, distributorId, storeId, realNow: now };
    const account = await putPayoutAccount(tx, vault, input);
    await lookAgainAtRisk(tx, distributor);
    await audit({
      action: 'distributor.payout_account_set',
      subjectId: distributorId,
      after: { payoutAccountId: account.id, channelId: account.channelId },
    });
    return answer(200, accountView(account));
  },
});

/**
 * The account as its channel writes accounts. Of a channel of somebody else nothing is said here.
 * @throws Refusal `invalid_payout_account`
 */
async function accountAt(
  read: Tx,
  vault: Vault,
  { channelId, storeId, account }: { channelId: string; storeId: string; account: string },
): Promise<string> {
  const channel = await channelById(read, channelId);
  if (channel?.storeId !== storeId) return account;
  const { kind, settings } = openSettings(vault, channel);
  const normal = kindOf(kind)?.account(account, settings);
  if (normal !== undefined) return normal;
  const message = `A channel of kind ${kind} pays no such account: form or check digit is wrong.`;
  throw new Refusal('invalid_payout_account', message, {
    errors: [{ pointer: '/account', code: 'invalid_payout_account', message }],
  });
}

const getAccount = defineRoute({
  method: 'get',
  path: payoutAccountPath,
  summary: 'Where the money goes, masked',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: PayoutAccountView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const account = await payoutAccountOf(db.read, id);
    if (account === undefined) throw new Refusal('not_found', 'No payout account is set.');
    return answer(200, accountView(account));
  },
});

function accountView({ id, channelId, accountMasked, holderName, createdAt }: PayoutAccountRow) {
  return { id, channelId, account: accountMasked, holderName, createdAt };
}

const taxProfilePath = '/v1/distributors/:id/tax-profile';

const putProfile = defineRoute({
  method: 'put',
  path: taxProfilePath,
  summary: 'Say who a distributor is for the tax office',
  description:
    "`idNumber` is a resident's ID number for `individual` and a unified social credit code for the others; its check character must be right.",
  tag,
  access: mayWrite,
  params: distributorParams,
  body: TaxProfileBody,
  answers: { 200: TaxProfileView },
  write: async ({ tx, params, body, caller, now, deps: { vault }, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const { id: distributorId } = distributor;
    const { kind, name, residency } = body;
    if (residency === 'nonResident' && kind !== 'individual') throw onlyIndividuals();
    const idNumber = normalIdNumber(kind, body.idNumber, residency);
    if (idNumber === undefined) throw wrongIdNumber();
    const input = { distributorId, kind, name, residency, idNumber, realNow: now };
    const profile = await putTaxProfile(tx, vault, input);
    await lookAgainAtRisk(tx, distributor);
    await audit({
      action: 'distributor.tax_profile_set',
      subjectId: distributorId,
      after: { kind, residency },
    });
    return answer(200, profileView(profile));
  },
});

function onlyIndividuals(): Refusal {
  const message = 'Only an individual can be a non-resident here.';
  return new Refusal('residency_not_possible', message, {
    errors: [{ pointer: '/residency', code: 'residency_not_possible', message }],
  });
}

function wrongIdNumber(): Refusal {
  const message = 'The ID number cannot exist: form, region, date or check character is wrong.';
  return new Refusal('invalid_id_number', message, {
    errors: [{ pointer: '/idNumber', code: 'invalid_id_number', message }],
  });
}

const getProfile = defineRoute({
  method: 'get',
  path: taxProfilePath,
  summary: 'Who a distributor is for the tax office, masked',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: TaxProfileView },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const profile = await taxProfileOf(db.read, id);
    if (profile === undefined) throw new Refusal('not_found', 'No tax profile is set.');
    return answer(200, profileView(profile));
  },
});

function profileView({ kind, name, idNumberMasked, residency, updatedAt }: TaxProfileRow) {
  return { kind, name, idNumber: idNumberMasked, residency, updatedAt };
}

export const distributorAccountRoutes = [
  getBalance,
  getLedger,
  getTeam,
  putAccount,
  getAccount,
  putProfile,
  getProfile,
];
