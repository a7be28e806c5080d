import { findDistributor } from '../../db/distributor';
import { programById } from '../../db/program';
import { requestWithdrawal } from '../../db/withdrawal';
import { findWithdrawal, type WithdrawalRow, withdrawalsOf } from '../../db/withdrawal-read';
import { Refusal } from '../../domain/kernel/refusal';
import { whyNotYet, zonedText } from '../../domain/payout/waiting';
import { whyNotWithdrawn } from '../../domain/settlement/waiting';
import { listOf, listQuery, mapPage, page } from '../list';
import type { Locale } from '../problem';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import { WithdrawalBody, withdrawalParams, WithdrawalView } from '../schemas/withdrawal';

const tag = 'Settlements';
const mayRead = { scope: 'settlements:read' } as const;
const mayWrite = { scope: 'settlements:write', roles: ['owner', 'finance'] } as const;

const request = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/withdrawals',
  summary: 'Withdraw from what is available',
  description:
    'A settlement of one person: the gross moves to `settling` at once, the oldest lines first; then tax, review and payout as in every settlement. The tier of the distributor limits the amount of one and of a day of the program’s zone. One whose tax is not computed here is refused, and a review asks finance.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: WithdrawalBody,
  answers: { 202: WithdrawalView },
  write: async ({ tx, params, body, caller, now, deps, locale, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const program = await programById(tx, distributor.programId);
    const { amount } = body;
    const requestedBy = caller.actor;
    const made = { distributor, program, amount, requestedBy, realNow: now };
    const requested = await requestWithdrawal(tx, deps.vault, made);
    if (requested instanceof Refusal) return requested;
    const { id } = requested;
    const after = { distributorId: distributor.id, amount: String(amount) };
    await audit({ action: 'withdrawal.requested', subjectId: id, after });
    return answer(202, viewOf(await findWithdrawal(tx, distributor.id, id), locale));
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/withdrawals',
  summary: 'List the withdrawals of a distributor, the latest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(WithdrawalView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db }, locale }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await withdrawalsOf(db.read, id, { limit: limit + 1, before: cursor });
    return answer(
      200,
      mapPage(
        page(rows, limit, (row) => row.id),
        (row) => viewOf(row, locale),
      ),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/withdrawals/:withdrawalId',
  summary: 'Read a withdrawal: where it stands and what it came to',
  tag,
  access: mayRead,
  params: withdrawalParams,
  answers: { 200: WithdrawalView },
  handle: async ({ params, caller, deps: { db }, locale }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    return answer(200, viewOf(await findWithdrawal(db.read, id, params.withdrawalId), locale));
  },
});

/** Once there is a payout under way, it says what is waited for. */
function waitOf(row: WithdrawalRow, locale: Locale): { text: string; until: Date | null } | null {
  const { status, openPayout, reviewDueAt, timeZone } = row;
  if (status === 'paying' && openPayout !== null) {
    const { until, madeAt } = openPayout;
    const payout = {
      ...openPayout,
      until: until === null ? null : new Date(until),
      madeAt: new Date(madeAt),
    };
    return whyNotYet(payout, locale, timeZone);
  }
  const written = (moment: Date | null) => moment && zonedText(moment, timeZone);
  const wait = {
    status,
    requestedAt: zonedText(row.createdAt, timeZone),
    dueAt: written(reviewDueAt),
    approvedAt: written(row.approvedAt),
  };
  const text = whyNotWithdrawn(wait, locale);
  return text === null ? null : { text, until: status === 'review' ? reviewDueAt : null };
}

function viewOf(row: WithdrawalRow, locale: Locale) {
  return {
    id: row.id,
    programId: row.programId,
    distributorId: row.distributorId,
    status: row.status,
    amount: row.amount,
    taxAmount: row.taxAmount,
    feeAmount: row.feeAmount,
    netAmount: row.netAmount,
    statementId: row.statementId,
    payoutIds: row.payoutIds,
    reviewId: row.reviewId,
    whyNotYet: waitOf(row, locale),
    requestedBy: row.requestedBy,
    requestedAt: row.createdAt,
    approvedAt: row.approvedAt,
    closedAt: row.closedAt,
  };
}

export const withdrawalRoutes = [request, list, get];
