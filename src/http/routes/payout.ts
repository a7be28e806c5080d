import { z } from 'zod';
import {
  type AttemptRow,
  attemptsOf,
  attemptsOfMany,
  findPayout,
  listPayouts,
  lockPayout,
  requestCancel,
  type ShownPayout,
  wakePayout,
} from '../../db/payout';
import { endHold } from '../../db/channel-state';
import { withdrawPayout } from '../../db/payout-booking';
import { Refusal } from '../../domain/kernel/refusal';
import { isRetryable, isStoppable } from '../../domain/payout/state';
import { whyNotYet } from '../../domain/payout/waiting';
import { listOf, mapPage, page } from '../list';
import type { Locale } from '../problem';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';
import { PayoutQuery, PayoutView } from '../schemas/payout';

const tag = 'Payouts';
const mayRead = { scope: 'payouts:read' } as const;
const mayWrite = { scope: 'payouts:write', roles: ['owner', 'finance'] } as const;
const params = z.strictObject({ id: idParam('payout') });

const list = defineRoute({
  method: 'get',
  path: '/v1/payouts',
  summary: 'List payouts',
  tag,
  access: mayRead,
  query: PayoutQuery,
  answers: { 200: listOf(PayoutView) },
  handle: async ({ query, caller, deps, locale }) => {
    const rows = await listPayouts(deps.db.read, caller, query);
    const payouts = page(rows, query.limit, ({ id }) => id);
    const attempts = await attemptsOfMany(
      deps.db.read,
      payouts.data.map(({ id }) => id),
    );
    return answer(
      200,
      mapPage(payouts, (row) => viewOf(row, attempts.get(row.id) ?? [], locale)),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/payouts/:id',
  summary: 'Read a payout: where it is, every attempt, and why the money is not there yet',
  tag,
  access: mayRead,
  params,
  answers: { 200: PayoutView },
  handle: async ({ params, caller, deps, locale }) => {
    const payout = await findPayout(deps.db.read, caller, params.id);
    return answer(200, viewOf(payout, await attemptsOf(deps.db.read, payout.id), locale));
  },
});

const retry = defineRoute({
  method: 'post',
  path: '/v1/payouts/:id/retries',
  summary: 'Go on with a payout now',
  description:
    'For a payout that is queued or unknown, or that its channel did not take. An unknown one is asked about first and never sent under a new number. A channel that is held (its balance was short, for example) is tried at once.',
  tag,
  access: mayWrite,
  params,
  answers: { 202: PayoutView },
  write: async ({ tx, params, caller, now, locale, audit }) => {
    const { id, timeZone } = await findPayout(tx, caller, params.id);
    const payout = await lockPayout(tx, id);
    if (!isRetryable(payout.status, payout.waitingText)) {
      throw new Refusal('payout_not_retryable', `It is ${payout.status}.`);
    }
    await endHold(tx, payout.channelId, now);
    await wakePayout(tx, id);
    await audit({ action: 'payout.retried', subjectId: id, before: { status: payout.status } });
    return answer(202, viewOf({ ...payout, timeZone }, await attemptsOf(tx, id), locale));
  },
});

const cancel = defineRoute({
  method: 'post',
  path: '/v1/payouts/:id/cancellations',
  summary: 'Take a payout back',
  description:
    'One that was not submitted is canceled at once (200). For one that was, the channel is asked to stop it (202); whether it could is in the attempts.',
  tag,
  access: mayWrite,
  params,
  answers: { 200: PayoutView, 202: PayoutView },
  write: async ({ tx, params, caller, now, locale, audit }) => {
    const { id, timeZone } = await findPayout(tx, caller, params.id);
    const before = await lockPayout(tx, id);
    const { status } = before;
    if (status !== 'queued' && !isStoppable(status, before.waitingText)) {
      throw new Refusal('payout_not_cancelable', `It is ${status}.`);
    }
    await audit({ action: 'payout.canceled', subjectId: id, before: { status } });
    if (status === 'queued') {
      const payout = await withdrawPayout(tx, id, now);
      await wakePayout(tx, id);
      return answer(200, viewOf({ ...payout, timeZone }, await attemptsOf(tx, id), locale));
    }
    await requestCancel(tx, id, now);
    return answer(202, viewOf({ ...before, timeZone }, await attemptsOf(tx, id), locale));
  },
});

function viewOf(row: ShownPayout, attempts: readonly AttemptRow[], locale: Locale) {
  const { status, waitingText: reason, waitingUntil: until, createdAt: madeAt } = row;
  return {
    id: row.id,
    statementId: row.statementId,
    settlementId: row.settlementId,
    distributorId: row.distributorId,
    status: row.status,
    channelId: row.channelId,
    channelNumber: row.channelNumber,
    amount: row.amount,
    grossAmount: row.grossAmount,
    taxAmount: row.taxAmount,
    feeAmount: row.feeAmount,
    account: row.accountMasked,
    attempts: attempts.map(({ at, operation, outcome, detail }) => ({
      at,
      operation,
      outcome,
      detail,
    })),
    failure:
      row.failureCode === null
        ? null
        : { code: row.failureCode, message: row.failureMessage ?? '' },
    whyNotYet: whyNotYet({ status, reason, until, madeAt }, locale, row.timeZone),
    confirmation: row.confirmation,
    createdAt: row.createdAt,
    submittedAt: row.submittedAt,
    finalAt: row.finalAt,
    returnedAt: row.returnedAt,
  };
}

export const payoutRoutes = [list, get, retry, cancel];
