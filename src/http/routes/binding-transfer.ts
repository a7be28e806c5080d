import {
  findTransfer,
  listTransfers,
  type ObjectionRow,
  objectionsTo,
  objectToTransfer,
  requestTransfer,
  type TransferRow,
  withdrawTransfer,
} from '../../db/binding-transfer';
import type { Tx } from '../../db/database';
import { findProgram } from '../../db/program';
import { listOf, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  ObjectedView,
  ObjectionBody,
  TransferBody,
  transferParams,
  transferQuery,
  TransferView,
} from '../schemas/binding-transfer';

const tag = 'Bindings';
const mayRead = { scope: 'bindings:read' } as const;
const mayWrite = { scope: 'bindings:write', roles: ['owner', 'operations'] } as const;

const postTransfer = defineRoute({
  method: 'post',
  path: '/v1/binding-transfers',
  summary: 'Ask for the transfer of a customer to another distributor',
  description:
    'Both sides are told by an event. Without an objection it takes effect at `effectiveAt`, the end of `binding.transferObjectionDays`; past orders keep their owner. One transfer of a customer is open at a time.',
  tag,
  access: mayWrite,
  body: TransferBody,
  answers: { 201: TransferView },
  write: async ({ tx, body, caller, now, audit }) => {
    const { programId, reason, ...input } = body;
    const program = await findProgram(tx, caller, programId);
    const asked = { program, reason, ...input };
    const transfer = await requestTransfer(tx, { caller, now }, asked);
    const { id, fromDistributorId, toDistributorId, effectiveAt } = transfer;
    await audit({
      action: 'binding_transfer.requested',
      subjectId: id,
      reason,
      after: { programId, fromDistributorId, toDistributorId, effectiveAt },
    });
    return answer(201, transferView(transfer, []));
  },
});

function objectionView({ transferId: _transfer, ...objection }: ObjectionRow) {
  return objection;
}

function transferView(transfer: TransferRow, objections: readonly ObjectionRow[]) {
  const { storeId: _store, createdAt: _created, ...shown } = transfer;
  return { ...shown, objections: objections.map(objectionView) };
}

async function wholeView(read: Tx, transfer: TransferRow) {
  return transferView(transfer, await objectionsTo(read, transfer.id));
}

const getTransfers = defineRoute({
  method: 'get',
  path: '/v1/binding-transfers',
  summary: 'List transfers of customers',
  tag,
  access: mayRead,
  query: transferQuery,
  answers: { 200: listOf(TransferView) },
  handle: async ({ query, caller, deps: { db } }) => {
    const { limit } = query;
    const rows = await listTransfers(db.read, caller, { ...query, limit: limit + 1 });
    const { data, nextCursor } = page(rows, limit, ({ id }) => id);
    const views = await Promise.all(data.map((transfer) => wholeView(db.read, transfer)));
    return answer(200, { data: views, nextCursor });
  },
});

const getTransfer = defineRoute({
  method: 'get',
  path: '/v1/binding-transfers/:id',
  summary: 'Read the transfer of a customer, with its objections',
  tag,
  access: mayRead,
  params: transferParams,
  answers: { 200: TransferView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, await wholeView(db.read, await findTransfer(db.read, caller, params.id))),
});

const postObjection = defineRoute({
  method: 'post',
  path: '/v1/binding-transfers/:id/objections',
  summary: 'Object to the transfer of a customer',
  description:
    'Until the objection window ends. The first objection opens a review of kind `bindingTransfer`; nothing changes hands until an admin has decided it.',
  tag,
  access: mayWrite,
  params: transferParams,
  body: ObjectionBody,
  answers: { 201: ObjectedView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const { id, programId } = await findTransfer(tx, caller, params.id);
    const program = await findProgram(tx, caller, programId);
    const input = { program, id, side: body.side, text: body.text };
    const objected = await objectToTransfer(tx, { caller, now }, input);
    const { transfer, objection } = objected;
    await audit({
      action: 'binding_transfer.objected',
      subjectId: id,
      before: { status: objected.before },
      after: { status: transfer.status, objectionId: objection.id, side: objection.side },
    });
    const view = await wholeView(tx, transfer);
    return answer(201, { ...view, objection: objectionView(objection) });
  },
});

const postWithdrawal = defineRoute({
  method: 'post',
  path: '/v1/binding-transfers/:id/withdrawal',
  summary: 'Take the transfer of a customer back',
  description: 'By who asked for it, as long as it has not taken effect.',
  tag,
  access: mayWrite,
  params: transferParams,
  answers: { 200: TransferView },
  write: async ({ tx, params, caller, now, audit }) => {
    const { id, programId } = await findTransfer(tx, caller, params.id);
    const program = await findProgram(tx, caller, programId);
    const { transfer, before } = await withdrawTransfer(tx, { caller, now }, { program, id });
    await audit({
      action: 'binding_transfer.withdrawn',
      subjectId: id,
      before: { status: before },
      after: { status: transfer.status },
    });
    return answer(200, await wholeView(tx, transfer));
  },
});

export const bindingTransferRoutes = [
  postTransfer,
  getTransfers,
  getTransfer,
  postObjection,
  postWithdrawal,
];
