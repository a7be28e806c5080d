import { findProgram } from '../../db/program';
import {
  findVerification,
  listVerifications,
  openVerification,
  type VerificationRow,
} from '../../db/verification';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { programParams } from '../schemas/program';
import {
  ProgramVerification,
  verificationParams,
  VerificationRequest,
} from '../schemas/verification';

const tag = 'Verification';
const mayRead = { scope: 'ledger:read' } as const;
const mayAsk = { scope: 'ledger:read', roles: ['owner', 'operations', 'finance'] } as const;

const postVerification = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/verifications',
  summary: 'Compute stored commissions again and sum all accounts again',
  description:
    'Runs in the background; the nightly run does the same for what was stored since the last one. ' +
    'A difference opens a review of kind `reconciliation`; nothing is repaired. One at a time: while ' +
    'one runs, it is the answer (200).',
  tag,
  access: mayAsk,
  params: programParams,
  body: VerificationRequest,
  answers: { 202: ProgramVerification, 200: ProgramVerification },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const { verification, created } = await openVerification(tx, {
      program,
      fromAt: body.from ?? null,
      cause: 'request',
      requestedBy: caller.actor,
      now,
    });
    if (!created) return answer(200, verificationView(verification));
    await audit({ action: 'verification.requested', subjectId: verification.id });
    return answer(202, verificationView(verification));
  },
});

const getVerifications = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/verifications',
  summary: 'List the verifications of a program',
  tag,
  access: mayRead,
  params: programParams,
  query: listQuery,
  answers: { 200: listOf(ProgramVerification) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id: programId } = await findProgram(db.read, caller, params.id);
    const rows = await listVerifications(db.read, { programId, cursor, limit: limit + 1 });
    const found = page(rows, limit, ({ id }) => id);
    return answer(200, mapPage(found, verificationView));
  },
});

const getVerification = defineRoute({
  method: 'get',
  path: '/v1/verifications/:id',
  summary: 'Read a verification',
  tag,
  access: mayRead,
  params: verificationParams,
  answers: { 200: ProgramVerification },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, verificationView(await findVerification(db.read, caller, params.id))),
});

function verificationView(row: VerificationRow) {
  const { id, programId, status, cause, commissions, accounts, differenceCount } = row;
  return {
    ...{ id, programId, status, cause, commissions, accounts, differenceCount },
    from: row.fromAt,
    to: row.toAt,
    progress: { done: row.progressDone, total: row.progressTotal },
    matches: status === 'done' ? differenceCount === 0 : null,
    differences: row.differences,
    reviewId: row.reviewId,
    createdAt: row.createdAt,
    finishedAt: row.finishedAt,
  };
}

export const verificationRoutes = [postVerification, getVerifications, getVerification];
